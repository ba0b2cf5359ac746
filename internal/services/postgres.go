package services

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a private PostgreSQL server.
type Postgres struct {
	*Server
	URL string // postgres:// of the superuser "postgres" with the password, database "postgres"
}

// StartPostgres starts a private PostgreSQL in opts.Dir, making the data directory the first time. It needs no
// privileges; as root it runs the server as the user postgres or nobody. ErrNotInstalled when the machine has no
// PostgreSQL and opts.Fetch does not allow or bring one. An existing data directory of a major version that is not
// installed any more is an error that names both.
func StartPostgres(ctx context.Context, opts Options) (*Postgres, error) {
	h, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	bin, err := h.readyPostgres(ctx, opts)
	if err != nil {
		h.lock.release()
		return nil, err
	}
	s, err := open(ctx, h.postgresPlan(bin), h, opts.Log)
	if err != nil {
		return nil, err
	}
	return &Postgres{Server: s, URL: h.postgresURL(s.plan.port)}, nil
}

// readyPostgres finds the programs and makes the data directory; it returns the programs' folder.
func (h *home) readyPostgres(ctx context.Context, opts Options) (string, error) {
	if err := h.unroot("postgres"); err != nil {
		return "", err
	}
	bin, err := h.postgresBinaries(ctx, opts)
	if err != nil {
		return "", err
	}
	return bin, h.initPostgres(ctx, bin)
}

func (h *home) postgresPlan(bin string) plan {
	return plan{
		name:     "PostgreSQL",
		launch:   func(port int) launch { return h.postgresLaunch(bin, port) },
		ready:    h.postgresReady,
		before:   h.clearPostgres,
		stop:     syscall.SIGINT, // "fast": sessions are cut, data is written
		patience: 30 * time.Second,
	}
}

// postgresBinaries finds the programs for the data directory, or fetches them when that is allowed.
func (h *home) postgresBinaries(ctx context.Context, opts Options) (string, error) {
	major, err := h.postgresMajor()
	if err != nil {
		return "", err
	}
	bin, err := findPostgres(major)
	if err != nil && opts.Fetch {
		bin, err = h.fetchPostgres(ctx, opts)
	}
	if err != nil {
		return "", err
	}
	if have := versionIn(bin); major != anyMajor && have != 0 && have != major {
		return "", fmt.Errorf("services: %s was made by PostgreSQL %d, here is PostgreSQL %d: install version %d again or move the data with pg_upgrade", h.data, major, have, major)
	}
	return bin, nil
}

// HoldsPostgres says that StartPostgres has made its data in dir before.
func HoldsPostgres(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "data", "PG_VERSION"))
	return err == nil
}

// postgresMajor reads which version made the data directory; anyMajor when it is still empty.
func (h *home) postgresMajor() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.data, "PG_VERSION"))
	if os.IsNotExist(err) {
		return anyMajor, nil
	}
	if err != nil {
		return 0, fmt.Errorf("services: %w", err)
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(text)), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0, fmt.Errorf("services: %s/PG_VERSION is not a version", h.data)
	}
	return n, nil
}

// initPostgres makes the data directory unless there is one. It is made beside its place and moved there when
// complete, so that a crash in between leaves nothing half-made.
func (h *home) initPostgres(ctx context.Context, bin string) error {
	if major, err := h.postgresMajor(); err != nil || major != anyMajor {
		return err
	}
	work := filepath.Join(h.dir, "new")
	if err := h.emptyFor(work); err != nil {
		return err
	}
	fresh, pwfile := filepath.Join(work, "data"), filepath.Join(work, "password")
	if err := os.WriteFile(pwfile, []byte(h.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := h.as.own(work); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	args := []string{"-D", fresh, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", pwfile, "--no-locale", "-E", "UTF8"}
	if !h.durable {
		args = append(args, "--no-sync")
	}
	init := launch{name: "initdb", path: filepath.Join(bin, "initdb"), args: args, dir: work, as: h.as}
	if err := init.run(ctx); err != nil {
		return err
	}
	return h.moveIn(fresh, work)
}

// emptyFor makes dir an empty folder of its own.
func (h *home) emptyFor(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

// moveIn puts the finished folder fresh in the place of the data and removes the workshop around it.
func (h *home) moveIn(fresh, work string) error {
	if err := os.Remove(h.data); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := os.Rename(fresh, h.data); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

func (h *home) postgresLaunch(bin string, port int) launch {
	settings := []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=200",
		"shared_buffers=" + h.buffers + "B",
		"jit=off",
		"timezone=UTC",
		"log_timezone=UTC",
		"logging_collector=off",
		"log_destination=stderr",
	}
	if !h.durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
	}
	args := []string{"-D", h.data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return launch{name: "PostgreSQL", path: filepath.Join(bin, "postgres"), args: args, dir: h.data, as: h.as, onDeath: h.onDeath(syscall.SIGINT)}
}

func (h *home) postgresURL(port int) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", h.password, port)
}

func (h *home) postgresReady(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, h.postgresURL(port))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// clearPostgres deals with what a crash of ours left: a server that is still on its way out is awaited, and a pid
// file whose number belongs to some other process by now is removed (PostgreSQL itself would refuse to start).
// That is safe because we hold the directory's lock: nobody else starts servers here.
func (h *home) clearPostgres(ctx context.Context) error {
	path := filepath.Join(h.data, "postmaster.pid")
	for {
		pid := pidIn(path)
		if pid == 0 {
			return nil
		}
		if !alive(pid) || !runsIn(pid, h.data) {
			return removeStale(path)
		}
		_ = syscall.Kill(pid, syscall.SIGINT)
		select {
		case <-ctx.Done():
			return fmt.Errorf("services: an earlier PostgreSQL (process %d) still uses %s: %w", pid, h.data, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// pidIn reads the process number in the first line of a pid file; 0 when there is none.
func pidIn(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	return pid
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}

func removeStale(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}
