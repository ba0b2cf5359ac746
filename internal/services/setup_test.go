package services_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

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

// startParent runs the test program as the owner of a server in dir and returns it with the server's process id.
func startParent(t *testing.T, dir string) (parent *exec.Cmd, server int) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), envChild+"="+dir)
	stdin, err := parent.StdinPipe()
	check(t, err)
	t.Cleanup(func() { stdin.Close() })
	var stdout, stderr bytes.Buffer
	said := &firstLine{text: &stdout, done: make(chan struct{})}
	parent.Stdout, parent.Stderr = said, &stderr
	check(t, parent.Start())
	t.Cleanup(func() { _ = parent.Process.Kill(); _ = parent.Wait() })
	select {
	case <-said.done:
	case <-time.After(time.Minute):
		t.Fatalf("the parent started no server: %s", stderr.String())
	}
	pid, err := strconv.Atoi(strings.TrimSpace(stdout.String()))
	check(t, err)
	return parent, pid
}

// firstLine closes done once a line was written.
type firstLine struct {
	text *bytes.Buffer
	done chan struct{}
}

func (f *firstLine) Write(p []byte) (int, error) {
	n, err := f.text.Write(p)
	if bytes.ContainsRune(p, '\n') {
		close(f.done)
	}
	return n, err
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

// eventually polls until cond holds; testkit has the same, but stands on this package.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// gone says whether the process has ended; one that only waits to be collected by its new parent has.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
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
