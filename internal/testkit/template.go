package testkit

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Template is a database that is prepared once per test program and cloned for every test, which costs a tenth of
// preparing it anew; a clone that can be emptied is lent again. The zero value with Prepare set is ready; keep it in a
// package variable of the tests.
type Template struct {
	Prepare func(ctx context.Context, url string) error // migrates, or whatever the tests need

	once  sync.Once
	name  string
	err   error
	alive *pgx.Conn // marks the template as in use for as long as this program runs

	shape          shape
	tables, seeded []string // without rows, and with

	mu     sync.Mutex
	idle   []string // clones that wait for a test
	clones int      // made so far
}

// Clone returns the URL of a copy that nobody else uses before the end of the test.
func (tpl *Template) Clone(t testing.TB) string {
	t.Helper()
	admin := fromEnv(t, EnvPostgres)
	tpl.once.Do(func() { tpl.err = tpl.make(admin) })
	if tpl.err != nil {
		t.Fatalf("testkit: prepare the template database: %v", tpl.err)
	}
	return tpl.borrow(t, admin)
}

// make creates and prepares the template. A test program has no last moment to drop it in, so each one marks its own
// with a connection of that name and sweeps those whose program is gone.
func (tpl *Template) make(admin string) error {
	ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
	defer cancel()
	tpl.name = databaseName("template")
	u, err := url.Parse(admin)
	if err != nil {
		return err
	}
	config, err := pgx.ParseConfig(admin)
	if err != nil {
		return err
	}
	config.RuntimeParams["application_name"] = tpl.name
	if tpl.alive, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	if err := sweep(ctx, tpl.alive); err != nil {
		return err
	}
	if _, err := tpl.alive.Exec(ctx, "CREATE DATABASE "+tpl.name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return err
	}
	u.Path = "/" + tpl.name
	if err := tpl.Prepare(ctx, u.String()); err != nil {
		return err
	}
	return tpl.measure(ctx, *u)
}

// sweep drops the templates, and the clones of them, of test programs that have ended.
func sweep(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database d WHERE datname LIKE 'whmcsync\_template\_%'
		AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.datname OR starts_with(d.datname, a.application_name || '_'))`)
	if err != nil {
		return err
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range left {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}
