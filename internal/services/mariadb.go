package services

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is a private MariaDB server.
type MariaDB struct {
	*Server
	DSN string // go-sql-driver form, user root with the password, no database
}

// StartMariaDB starts a private MariaDB in opts.Dir, making the data directory the first time. It runs as the user
// we are: run as another one with a special right to pass closed folders, MariaDB 10.11 makes system tables that it
// later takes for another machine's. ErrNotInstalled when the machine has none.
func StartMariaDB(ctx context.Context, opts Options) (*MariaDB, error) {
	tools, err := findMariaDB()
	if err != nil {
		return nil, err
	}
	h, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	if err := h.initMariaDB(ctx, tools); err != nil {
		h.lock.release()
		return nil, err
	}
	s, err := open(ctx, h.mariaDBPlan(tools), h, opts.Log)
	if err != nil {
		return nil, err
	}
	return &MariaDB{Server: s, DSN: h.mariaDBDSN(s.plan.port)}, nil
}

func (h *home) mariaDBPlan(tools mariaDBTools) plan {
	return plan{
		name:     "MariaDB",
		launch:   func(port int) launch { return h.mariaDBLaunch(tools, port) },
		ready:    h.mariaDBReady,
		stop:     syscall.SIGTERM,
		patience: 30 * time.Second,
	}
}

// initMariaDB makes the data directory unless there is one. A crash in between leaves no mark that it is complete,
// so it is made again.
func (h *home) initMariaDB(ctx context.Context, tools mariaDBTools) error {
	complete := filepath.Join(h.dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return nil
	}
	if err := h.emptyFor(h.data); err != nil {
		return err
	}
	// The server gives root its password from this file; its folder is closed to everybody else.
	if err := os.WriteFile(h.grants(), []byte(h.grantSQL()), 0o600); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	args := []string{
		"--no-defaults", "--datadir=" + h.data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
	}
	install := launch{name: "mariadb-install-db", path: tools.install, args: args, dir: h.data}
	if err := install.run(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(complete, nil, 0o600); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

func (h *home) grants() string { return filepath.Join(h.data, "grants.sql") }

// grantSQL lets root in over loopback with the password and nobody without one.
func (h *home) grantSQL() string {
	return "CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '" + h.password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n" +
		"ALTER USER 'root'@'localhost' IDENTIFIED BY '" + h.password + "';\n"
}

func (h *home) mariaDBLaunch(tools mariaDBTools, port int) launch {
	args := []string{
		"--no-defaults", "--datadir=" + h.data, "--tmpdir=" + h.data, "--init-file=" + h.grants(),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port),
		"--socket=mariadb.sock", // relative to the data directory: a socket's path may have 107 bytes only
		"--pid-file=" + filepath.Join(h.data, "mariadb.pid"),
		"--skip-name-resolve", "--skip-log-bin", "--performance-schema=off",
		"--character-set-server=utf8mb4", "--max-connections=300",
		"--innodb-buffer-pool-size=" + h.buffers, "--innodb-flush-log-at-trx-commit=" + map[bool]string{true: "1", false: "0"}[h.durable],
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root") // it wants to hear that this is meant
	}
	if !h.durable {
		args = append(args, "--innodb-doublewrite=0", "--sync-frm=0")
	}
	return launch{name: "MariaDB", path: tools.server, args: args, dir: h.data, onDeath: h.onDeath(syscall.SIGTERM)}
}

func (h *home) mariaDBConfig(port int) *mysql.Config {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "root", h.password, "tcp", fmt.Sprintf("127.0.0.1:%d", port)
	return cfg
}

func (h *home) mariaDBDSN(port int) string { return h.mariaDBConfig(port).FormatDSN() }

func (h *home) mariaDBReady(ctx context.Context, port int) error {
	cfg := h.mariaDBConfig(port)
	cfg.Logger = &mysql.NopLogger{} // a server that is not up yet is no news
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.PingContext(ctx)
}
