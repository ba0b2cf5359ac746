package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
)

const (
	checkTimeout = 3 * time.Second
	// readyFresh is how long an answer of the checks is used again: anybody may ask, and must not be able to load the
	// databases by asking.
	readyFresh = time.Second
)

// healthz says that the process is alive, nothing more: a broken database must not make anybody restart it.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// readyAnswer is the body of /readyz.
type readyAnswer struct {
	Ready    bool              `json:"ready"`
	Draining bool              `json:"draining"`
	Checks   map[string]string `json:"checks"`
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	results := s.ready.look(r.Context())
	answer := readyAnswer{Ready: !s.draining.Load(), Draining: s.draining.Load(), Checks: map[string]string{}}
	for name, err := range results {
		answer.Checks[name] = checkText(err, isLocal(r))
		answer.Ready = answer.Ready && err == nil
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

// checkText hides the detail (host names, ports) from strangers.
func checkText(err error, detail bool) string {
	if err == nil {
		return "ok"
	}
	if detail {
		return err.Error()
	}
	return "failed: " + string(fault.ClassOf(err))
}

// readiness runs the checks and keeps their answer for a moment.
type readiness struct {
	checks []Check
	now    func() time.Time
	log    zerolog.Logger

	mu      sync.Mutex
	at      time.Time
	results map[string]error
}

func newReadiness(checks []Check, cfg Config) *readiness {
	return &readiness{checks: checks, now: cfg.Now, log: cfg.Log, results: map[string]error{}}
}

// look returns each check's result by name. Who comes while the checks run waits for them.
func (r *readiness) look(ctx context.Context) map[string]error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.at.IsZero() || now.Sub(r.at) >= readyFresh {
		// One caller's early leave must not be kept as everybody's answer.
		before := r.results
		r.results = r.run(context.WithoutCancel(ctx))
		r.at = r.now()
		r.report(before)
	}
	return r.results
}

func (r *readiness) run(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	errs := make([]error, len(r.checks))
	var group sync.WaitGroup
	for i, check := range r.checks {
		group.Go(func() { errs[i] = check.Probe(ctx) })
	}
	group.Wait()
	results := make(map[string]error, len(errs))
	for i, check := range r.checks {
		results[check.Name] = errs[i]
	}
	return results
}

// report logs a check when it turns, not each time it is asked.
func (r *readiness) report(before map[string]error) {
	for name, err := range r.results {
		switch was := before[name]; {
		case err != nil && was == nil:
			r.log.Warn().Err(err).Str("check", name).Msg("readiness check fails")
		case err == nil && was != nil:
			r.log.Info().Str("check", name).Msg("readiness check is well again")
		}
	}
}

// Probe asks a running process for its health by the address of its /healthz or /readyz; nil means it answered 200. It is
// what a container's health check calls where there is no curl.
func Probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, depTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fault.New(fault.Refused, "", "health probe", "the URL cannot be read")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &fault.Error{Class: fault.Transient, Op: "health probe", Err: bare(err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fault.New(fault.Transient, "", "health probe", "answered %s", resp.Status)
	}
	return nil
}

// bare drops the URL that net/http puts into its errors.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
