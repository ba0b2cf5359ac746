package services_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

func startPostgres(t *testing.T, dir string) *services.Postgres {
	t.Helper()
	server, err := services.StartPostgres(t.Context(), services.Options{Dir: dir, Log: zerolog.Nop(), Durable: true})
	need(t, err)
	t.Cleanup(server.Stop)
	return server
}

func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startPostgres(t, dir)
	inPostgres(t, server.URL, "CREATE TABLE a (id int)", "INSERT INTO a VALUES (1)")

	t.Run("over a crash, on the same port", func(t *testing.T) {
		server.Kill()
		check(t, server.Restart(t.Context()))
		if got := inPostgres(t, server.URL, "SELECT count(*) FROM a"); got != 1 {
			t.Errorf("got %d rows, want 1", got)
		}
	})
	t.Run("over a stop and a new start", func(t *testing.T) {
		server.Stop()
		again := startPostgres(t, dir)
		if got := inPostgres(t, again.URL, "SELECT count(*) FROM a"); got != 1 {
			t.Errorf("got %d rows, want 1", got)
		}
	})
}

func TestPostgresIsClosedToOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startPostgres(t, dir)
	t.Run("a wrong password is refused", func(t *testing.T) {
		config, err := pgx.ParseConfig(server.URL)
		check(t, err)
		config.Password = "guessed"
		if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
			conn.Close(t.Context())
			t.Error("it let us in")
		}
	})
	t.Run("the password file is ours alone", func(t *testing.T) {
		info, err := os.Stat(filepath.Join(dir, "password"))
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %o, want 600", info.Mode().Perm())
		}
	})
	t.Run("it listens on loopback only", func(t *testing.T) {
		if got := inPostgres(t, server.URL, "SELECT count(*) FROM pg_settings WHERE name = 'listen_addresses' AND setting = '127.0.0.1'"); got != 1 {
			t.Error("listen_addresses is not 127.0.0.1")
		}
	})
}

func TestOneDirectoryServesOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startPostgres(t, dir)
	_, err := services.StartPostgres(t.Context(), services.Options{Dir: dir, Log: zerolog.Nop()})
	want := fmt.Sprintf("%s is in use by process %d: one data directory serves one process (if it is only starting, try again", dir, os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

func TestPostgresStartsOverAForeignPidFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startPostgres(t, dir).Stop()
	// In a container that starts again, the number in the file is often that of some other, living process.
	other := exec.Command("sleep", "1000")
	check(t, other.Start())
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	stale := fmt.Sprintf("%d\n%s\n1\n1\n\n127.0.0.1\n", other.Process.Pid, filepath.Join(dir, "data"))
	check(t, os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte(stale), 0o600))
	inPostgres(t, startPostgres(t, dir).URL, "SELECT 1")
}

func TestPostgresNamesTheVersionThatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startPostgres(t, dir).Stop()
	check(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600))
	_, err := services.StartPostgres(t.Context(), services.Options{Dir: dir, Log: zerolog.Nop()})
	if err == nil || !strings.Contains(err.Error(), "was made by PostgreSQL 9") {
		t.Errorf("got %v", err)
	}
}

func TestPostgresSaysWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startPostgres(t, dir).Stop()
	check(t, os.WriteFile(filepath.Join(dir, "data", "postgresql.conf"), []byte("nonsense = 1\n"), 0o600))
	_, err := services.StartPostgres(t.Context(), services.Options{Dir: dir, Log: zerolog.Nop()})
	if err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("got %v, want the server's own words", err)
	}
}
