package queue

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
)

// Metrics is told whether Redis answers. *obs.Metrics fits.
type Metrics interface {
	RedisUp(up bool)
}

// ServerConfig is how one queue is served. Queue and Handler are needed.
type ServerConfig struct {
	Queue           string
	Concurrency     int           // handlers at once in this process; default 1
	Poll            time.Duration // how often an idle queue is looked at; default 100 ms
	ShutdownTimeout time.Duration // for the tasks in hand, then they go back to the queue; default 20 s
	Handler         Handler
	Log             zerolog.Logger
	Metrics         Metrics // may be nil
}

const (
	defaultPoll     = 100 * time.Millisecond
	defaultShutdown = 20 * time.Second
	healthEvery     = 5 * time.Second
	lastGrace       = 2 * time.Second // for handlers to notice that their context ended
)

// Server executes the tasks of one queue.
type Server struct {
	engine   *asynq.Server
	timeout  time.Duration
	draining chan struct{}
	drain    sync.Once
	shutdown sync.Once
	slots    chan struct{}
	log      zerolog.Logger
}

// Serve starts executing the tasks of one queue and returns. Handlers see the values of ctx, not its end: a context
// cancelled at once would make every task in hand a failure. End with Drain and Shutdown. Errors: Refused for a bad
// config, Transient and Auth from Redis.
func Serve(ctx context.Context, r *Redis, cfg ServerConfig) (*Server, error) {
	if !validQueue(cfg.Queue) || cfg.Handler == nil {
		return nil, refuse("serve queue", "queue %q: a valid name and a handler are needed", cfg.Queue)
	}
	if err := r.Ping(ctx); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		timeout:  cfg.ShutdownTimeout,
		draining: make(chan struct{}),
		slots:    make(chan struct{}, cfg.Concurrency),
		log:      cfg.Log,
	}
	// The engine has connections of its own: it panics when a shared client is closed before it has ended, as happens
	// when Redis is gone and its end was not waited for.
	s.engine = asynq.NewServer(r.opt, engineConfig(ctx, cfg))
	run := &runner{
		queue: cfg.Queue, handle: cfg.Handler, slots: s.slots, draining: s.draining, rdb: r.client, log: cfg.Log,
	}
	if err := s.engine.Start(run); err != nil {
		return nil, redisFault("serve queue", err)
	}
	return s, nil
}

func (cfg ServerConfig) withDefaults() ServerConfig {
	cfg.Concurrency = max(cfg.Concurrency, 1)
	cfg.Poll = cmp.Or(cfg.Poll, defaultPoll)
	cfg.ShutdownTimeout = cmp.Or(cfg.ShutdownTimeout, defaultShutdown)
	return cfg
}

func engineConfig(ctx context.Context, cfg ServerConfig) asynq.Config {
	base := context.WithoutCancel(ctx)
	return asynq.Config{
		BaseContext:              func() context.Context { return base },
		Concurrency:              cfg.Concurrency,
		Queues:                   map[string]int{cfg.Queue: 1},
		TaskCheckInterval:        cfg.Poll,
		DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout:          cfg.ShutdownTimeout,
		Logger:                   engineLogger{cfg.Log},
		LogLevel:                 asynq.InfoLevel, // below that it writes a line at every look at an idle queue
		HealthCheckInterval:      healthEvery,
		HealthCheckFunc:          healthCheck(cfg.Metrics),
		IsFailure:                func(err error) bool { return OutcomeOf(err, 0).Counted },
		RetryDelayFunc: func(retried int, err error, _ *asynq.Task) time.Duration {
			return OutcomeOf(err, retried).Delay()
		},
	}
}

func healthCheck(m Metrics) func(error) {
	if m == nil {
		return nil
	}
	m.RedisUp(true) // it answered a moment ago
	return func(err error) { m.RedisUp(err == nil) }
}

// Drain stops taking tasks and lets the handlers know, through Draining, that the worker wants to end. It does not
// wait for either, and may be called more than once.
func (s *Server) Drain() {
	s.drain.Do(func() {
		close(s.draining)
		go s.engine.Stop() // it waits for a look at the queue that is under way, which takes long when Redis is gone
	})
}

// Shutdown drains, waits ShutdownTimeout for the tasks in hand, puts the others back into the queue and returns. It
// never takes more than 5 s longer, whatever Redis and the handlers do.
func (s *Server) Shutdown() {
	s.shutdown.Do(func() {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.Drain()
			s.engine.Shutdown()
		}()
		select {
		case <-ended:
			s.awaitHandlers()
		case <-time.After(s.timeout + lastGrace):
			s.log.Warn().Msg("queue could not be shut down in time, its tasks will be recovered")
		}
	})
}

// awaitHandlers waits for handlers whose tasks were taken away from them: their context has ended.
func (s *Server) awaitHandlers() {
	timer := time.NewTimer(lastGrace)
	defer timer.Stop()
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-timer.C:
			s.log.Warn().Msg("a handler did not end when its time was up")
			return
		}
	}
}
