package services_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

// envChild makes the test program start a server and wait, so that a test can kill the parent of one.
const envChild = "WHMCSYNC_SERVICES_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envChild); dir != "" {
		os.Exit(holdPostgres(dir))
	}
	os.Exit(m.Run())
}

// holdPostgres starts a server in dir, says its process id and waits to be killed.
func holdPostgres(dir string) int {
	server, err := services.StartPostgres(context.Background(), services.Options{Dir: dir, Log: zerolog.Nop(), Durable: true})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	os.Stdout.WriteString(strconv.Itoa(server.PID()) + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// need ends the test when a server is not installed here; CI has all of them.
func need(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, services.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	check(t, err)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inPostgres runs the statements over one connection; a query's single number is returned.
func inPostgres(t *testing.T, url string, statements ...string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer conn.Close(context.Background())
	for _, statement := range statements {
		rows, err := conn.Query(t.Context(), statement)
		check(t, err)
		for rows.Next() {
			check(t, rows.Scan(&n))
		}
		check(t, rows.Err())
	}
	return n
}
