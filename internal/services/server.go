package services

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// Server is a running private server. Its methods may be called from several goroutines.
type Server struct {
	plan plan
	lock *dirLock
	log  zerolog.Logger

	mu      sync.Mutex
	running *child
	closed  bool
}

// plan is what differs between the servers.
type plan struct {
	name     string
	port     int
	launch   func(port int) launch
	ready    func(ctx context.Context, port int) error
	before   func(ctx context.Context) error // clears what a crash left; nil = nothing to clear
	stop     syscall.Signal                  // asks for an orderly end
	patience time.Duration                   // how long the orderly end may take
}

// portTries is how often another port is tried when somebody took the one that was free a moment ago.
const portTries = 5

// open starts the plan on a free port. On failure the directory is free again.
func open(ctx context.Context, p plan, h *home, log zerolog.Logger) (*Server, error) {
	s := &Server{plan: p, lock: h.lock, log: log}
	var err error
	for range portTries {
		if s.plan.port, err = freePort(); err != nil {
			break
		}
		if err = s.start(ctx); err == nil || !portTaken(err) {
			break
		}
	}
	if err != nil {
		h.lock.release()
		return nil, err
	}
	return s, nil
}

// portTaken recognises the three servers' ways of saying so.
func portTaken(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "address already in use") || strings.Contains(text, "could not bind")
}

// start launches the process and waits until it answers.
func (s *Server) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if s.plan.before != nil {
		if err := s.plan.before(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	c, err := s.plan.launch(s.plan.port).start()
	if err != nil {
		return err
	}
	if err := c.await(ctx, s.plan.name, func(ctx context.Context) error { return s.plan.ready(ctx, s.plan.port) }); err != nil {
		c.kill()
		return err
	}
	s.running = c
	s.log.Info().Str("server", s.plan.name).Int("port", s.plan.port).Int("pid", c.cmd.Process.Pid).Dur("took_ms", time.Since(began)).Msg("private server is up")
	return nil
}

// PID is the process id of the server.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running.cmd.Process.Pid
}

// Exited is closed when the present process ends, for whatever reason.
func (s *Server) Exited() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running.exited
}

// Output is the end of what the present process printed, for a message about its death.
func (s *Server) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running.output.String()
}

// Stop ends the server in good order and gives its directory up. Further calls do nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.running.stop(s.plan.stop, s.plan.patience)
	s.lock.release()
	s.log.Info().Str("server", s.plan.name).Msg("private server is stopped")
}

// Kill ends the process with SIGKILL, as a crash would. Restart brings it back; Stop is still needed in the end.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running.kill()
}

// Restart stops the process in good order if it still runs and starts it again on the same port with the same data.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("services: %s was stopped for good", s.plan.name)
	}
	s.running.stop(s.plan.stop, s.plan.patience)
	return s.start(ctx)
}
