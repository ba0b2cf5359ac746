package services_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

func TestMariaDBKeepsItsData(t *testing.T) {
	t.Parallel()
	// A socket's path may have 107 bytes; a checkout may lie deeper than that.
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep", 30))
	opts := services.Options{Dir: dir, Log: zerolog.Nop(), Durable: true}
	server, err := services.StartMariaDB(t.Context(), opts)
	need(t, err)
	t.Cleanup(server.Stop)
	inMariaDB(t, server.DSN, "CREATE DATABASE a", "CREATE TABLE a.a (id INT)", "INSERT INTO a.a VALUES (1)")

	t.Run("over a crash, on the same port", func(t *testing.T) {
		server.Kill()
		check(t, server.Restart(t.Context()))
		inMariaDB(t, server.DSN, "UPDATE a.a SET id = 2")
	})
	t.Run("over a stop and a new start", func(t *testing.T) {
		server.Stop()
		again, err := services.StartMariaDB(t.Context(), opts)
		check(t, err)
		t.Cleanup(again.Stop)
		inMariaDB(t, again.DSN, "DROP DATABASE a") // reads the system tables that procedures are in
	})
}

func TestMariaDBRefusesAWrongPassword(t *testing.T) {
	t.Parallel()
	server, err := services.StartMariaDB(t.Context(), services.Options{Dir: t.TempDir(), Log: zerolog.Nop()})
	need(t, err)
	t.Cleanup(server.Stop)
	for _, login := range []string{"root", "root:guessed"} {
		_, address, _ := strings.Cut(server.DSN, "@")
		db, err := sql.Open("mysql", login+"@"+address)
		check(t, err)
		if db.PingContext(t.Context()) == nil {
			t.Errorf("%s was let in", login)
		}
		db.Close()
	}
}

func TestRedisKeepsItsDataOnlyWhenDurable(t *testing.T) {
	t.Parallel()
	for name, durable := range map[string]bool{"durable": true, "not durable": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := services.StartRedis(t.Context(), services.Options{Dir: t.TempDir(), Log: zerolog.Nop(), Durable: durable})
			need(t, err)
			t.Cleanup(server.Stop)
			opt, err := redis.ParseURL(server.URL)
			check(t, err)
			client := redis.NewClient(opt)
			defer client.Close()
			check(t, client.Set(t.Context(), "k", "v", 0).Err())
			check(t, server.Restart(t.Context()))
			if kept := client.Get(t.Context(), "k").Err() == nil; kept != durable {
				t.Errorf("kept: %v, want %v", kept, durable)
			}
		})
	}
}

func TestAServerTellsWhenItEnds(t *testing.T) {
	t.Parallel()
	server, err := services.StartRedis(t.Context(), services.Options{Dir: t.TempDir(), Log: zerolog.Nop()})
	need(t, err)
	t.Cleanup(server.Stop)
	exited := server.Exited()
	server.Kill()
	<-exited
	t.Run("and stays stopped once it was stopped", func(t *testing.T) {
		server.Stop()
		server.Stop()
		if err := server.Restart(t.Context()); err == nil {
			t.Error("it came back")
		}
	})
}

func TestServersStartAllAtOnce(t *testing.T) {
	t.Parallel()
	for range 12 { // ports are found free and taken by somebody else all the time
		t.Run("a Redis of many", func(t *testing.T) {
			t.Parallel()
			server, err := services.StartRedis(t.Context(), services.Options{Dir: t.TempDir(), Log: zerolog.Nop()})
			need(t, err)
			server.Stop()
		})
	}
}

func inMariaDB(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	check(t, err)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		check(t, err)
	}
}
