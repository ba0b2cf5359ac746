package services

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// home is the directory of one server: its lock, its password, and a folder "data" that belongs to the user the
// server runs as.
type home struct {
	dir      string
	data     string
	password string
	as       *identity
	durable  bool
	buffers  string // memory for tables, as both databases write it
	lock     *dirLock
}

// prepare makes the directory usable for the service and takes its lock.
func prepare(opts Options) (*home, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	// The kernel shows real paths, and so must we when we compare.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir, data: filepath.Join(dir, "data"), durable: opts.Durable, buffers: "64M", lock: lock}
	if opts.Large {
		h.buffers = "1024M"
	}
	if err := h.furnish(); err != nil {
		lock.release()
		return nil, err
	}
	return h, nil
}

// furnish fills in what stands behind the lock.
func (h *home) furnish() (err error) {
	if h.password, err = h.secret("password"); err != nil {
		return err
	}
	if err := os.MkdirAll(h.data, 0o700); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

// unroot gives the data to the user the server runs as in our stead when we are root. That user passes through the
// directory; the files beside "data" stay ours alone.
func (h *home) unroot(service string) (err error) {
	if h.as, err = pickIdentity(service, h.data); err != nil || h.as == nil {
		return err
	}
	if err := os.Chmod(h.dir, 0o711); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := h.as.own(h.data); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}

// secret returns the one kept in the file name, a new random one the first time.
func (h *home) secret(name string) (string, error) {
	path := filepath.Join(h.dir, name)
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) > 0 {
		return strings.TrimSpace(string(kept)), nil
	}
	fresh := rand.Text()
	if err := os.WriteFile(path, []byte(fresh+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("services: %w", err)
	}
	return fresh, nil
}

// onDeath is the signal for the server when we are killed: an orderly end for data that is to last, none needed for
// data that nobody will look at again.
func (h *home) onDeath(orderly syscall.Signal) syscall.Signal {
	if h.durable {
		return orderly
	}
	return syscall.SIGKILL
}
