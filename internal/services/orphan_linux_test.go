package services_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Only Linux ends a child with its parent.

func TestPostgresDiesWithItsParent(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	parent, server := startParent(t, t.TempDir())
	check(t, parent.Process.Kill())
	eventually(t, "the server is gone", func() bool { return gone(server) })
}

func TestPostgresWaitsForAnOrphanOfAKilledParent(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	dir := t.TempDir()
	parent, server := startParent(t, dir)
	check(t, syscall.Kill(server, syscall.SIGSTOP)) // it cannot leave yet
	check(t, parent.Process.Kill())
	_ = parent.Wait()
	time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(server, syscall.SIGCONT) })
	inPostgres(t, startPostgres(t, dir).URL, "SELECT 1")
	if !gone(server) {
		t.Error("two servers work on one directory")
	}
}

// needPostgres ends the test where there is no PostgreSQL.
func needPostgres(t *testing.T) {
	t.Helper()
	startPostgres(t, t.TempDir()).Stop()
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
