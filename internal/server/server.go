package server

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Limits of every listener. Answers are small and quick, so that a slow peer is cut off rather than served.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 32 << 10
	shutdownTimeout   = 10 * time.Second
	depTimeout        = 5 * time.Second // what a request waits for a database or a queue
)

// Server answers HTTP on one or two listeners. It holds them from New on.
type Server struct {
	cfg      Config
	deps     Deps
	gate     *gate
	ready    *readiness
	draining atomic.Bool
	doors    []door
}

// door is a listener and what is behind it.
type door struct {
	listener net.Listener
	handler  http.Handler
}

// New checks the configuration and opens the listeners: Addr is known and connections queue up until Serve runs.
func New(cfg Config, deps Deps) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("http server: %w", err)
	}
	s := &Server{cfg: cfg, deps: deps, gate: newGate(cfg)}
	s.ready = newReadiness(deps.Checks, cfg)
	if err := s.open(cfg.Listen, s.routes()); err != nil {
		return nil, err
	}
	if cfg.MetricsListen == "" {
		return s, nil
	}
	if err := s.open(cfg.MetricsListen, s.metricsRoutes()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// NewHealth opens a listener that answers /healthz, /readyz and /metrics only, to everybody: for the roles that have no
// pages. metrics may be nil.
func NewHealth(listen string, checks []Check, metrics http.Handler, log zerolog.Logger) (*Server, error) {
	cfg := Config{Listen: listen, Log: log}.withDefaults()
	s := &Server{cfg: cfg, deps: Deps{Checks: checks, Metrics: metrics}}
	s.ready = newReadiness(checks, cfg)
	if err := s.open(cfg.Listen, s.metricsRoutes()); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) open(addr string, handler http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("http server: %w (http.listen, http.metrics_listen or --health-listen say where it listens)", err)
	}
	s.doors = append(s.doors, door{listener: l, handler: s.wrap(handler)})
	return nil
}

// Addr is the address of the main listener, with the real port.
func (s *Server) Addr() string { return s.doors[0].listener.Addr().String() }

// MetricsAddr is the address of the listener that answers /metrics.
func (s *Server) MetricsAddr() string { return s.doors[len(s.doors)-1].listener.Addr().String() }

// Drain makes /readyz say no while everything else is still answered. Serve does it when it is told to end; a process
// that has more to finish calls it earlier.
func (s *Server) Drain() { s.draining.Store(true) }

// Close frees the listeners of a server that Serve was never called for. A nil server has none.
func (s *Server) Close() error {
	if s == nil {
		return nil
	}
	var problems []error
	for _, d := range s.doors {
		problems = append(problems, d.listener.Close())
	}
	return errors.Join(problems...)
}

// Serve answers until ctx ends, then lets requests in hand finish for at most ten seconds. It returns nil after a clean end.
func (s *Server) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, d := range s.doors {
		srv := s.httpServer(d.handler)
		group.Go(func() error { return serve(srv, d.listener) })
		group.Go(func() error {
			<-ctx.Done()
			s.Drain()
			return shutdown(srv)
		})
	}
	s.cfg.Log.Info().Str("listen", s.Addr()).Msg("http server is up")
	return group.Wait()
}

func serve(srv *http.Server, l net.Listener) error {
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http server: %w", err)
	}
	return nil
}

func shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("http server: stop: %w", err), srv.Close())
	}
	return nil
}

func (s *Server) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          stdlog.New(debugWriter{s.cfg.Log}, "", 0),
	}
}

// debugWriter takes net/http's own complaints (mostly about peers that went away).
type debugWriter struct{ log zerolog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	w.log.Debug().Str("detail", string(p)).Msg("http connection trouble")
	return len(p), nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.healthRoutes(mux)
	if s.cfg.MetricsListen == "" && s.deps.Metrics != nil {
		mux.Handle("GET /metrics", s.forReaders(s.deps.Metrics))
	}
	mux.HandleFunc("/cron/{name}", s.cron)
	mux.HandleFunc("POST /hooks/whmcs/{source}", s.hook)
	mux.Handle("GET /api/v1/status", s.forReaders(http.HandlerFunc(s.apiStatus)))
	s.pageRoutes(mux)
	return mux
}

func (s *Server) metricsRoutes() http.Handler {
	mux := http.NewServeMux()
	s.healthRoutes(mux)
	if s.deps.Metrics != nil {
		mux.Handle("GET /metrics", s.deps.Metrics)
	}
	return mux
}

func (s *Server) healthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
}
