package testkit

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres returns the URL of a fresh, empty database that is dropped at the end of the test.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := fromEnv(t, EnvPostgres)
	name := databaseName("test")
	// template0 is the one template nobody can be connected to, which would make this fail.
	adminExec(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	return lend(t, admin, name)
}

// lend hands a database to the test and drops it at its end.
func lend(t testing.TB, admin, name string) string {
	t.Helper()
	t.Cleanup(func() { adminExec(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withDatabase(t, admin, name)
}

func withDatabase(t testing.TB, admin, name string) string {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("testkit: %s is not a URL: %v", EnvPostgres, err)
	}
	u.Path = "/" + name
	return u.String()
}

// adminExec runs one statement over a connection of its own.
func adminExec(t testing.TB, admin, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Fatalf("testkit: connect to PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("testkit: %s: %v", statement, err)
	}
}
