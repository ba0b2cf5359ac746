package testkit

import (
	"context"
	"database/sql"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MySQL returns the DSN of a fresh, empty utf8mb4 database that is dropped at the end of the test.
func MySQL(t testing.TB) string {
	t.Helper()
	config, err := mysql.ParseDSN(fromEnv(t, EnvMySQL))
	if err != nil {
		t.Fatalf("testkit: %s: %v", EnvMySQL, err)
	}
	admin := config.FormatDSN()
	config.DBName = databaseName("test")
	mysqlExec(t, admin, "CREATE DATABASE "+config.DBName+" CHARACTER SET utf8mb4")
	t.Cleanup(func() { mysqlExec(t, admin, "DROP DATABASE IF EXISTS "+config.DBName) })
	return config.FormatDSN()
}

// mysqlExec runs one statement over a connection of its own.
func mysqlExec(t testing.TB, dsn, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
	defer cancel()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("testkit: %s: %v", statement, err)
	}
}
