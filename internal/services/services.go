package services

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"
)

// Options say where and how a server runs.
type Options struct {
	Dir       string         // holds all of the server's files and is made when absent; one process at a time
	Log       zerolog.Logger // zerolog.Nop() for silence
	Large     bool           // PostgreSQL and MariaDB keep up to 1 GB of their tables in memory instead of 64 MB
	Durable   bool           // data outlives a crash of the machine (fsync; with Redis an append-only file)
	Fetch     bool           // PostgreSQL only: download binaries into Dir when the machine has none
	FetchFrom string         // PostgreSQL only: base URL of a mirror to download from; "" = the public one
}

// ErrNotInstalled is wrapped by the error of a server whose binaries are not on this machine; the text says what to
// install.
var ErrNotInstalled = errors.New("not installed")

// startLimit is how long a server may take to answer when the caller's context sets no earlier deadline. Crash
// recovery of a large directory is the slow case.
const startLimit = 2 * time.Minute

// freePort returns a loopback port nobody listens on now. Somebody may take it before the server does, so starting
// is tried again with another one.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("services: no free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
