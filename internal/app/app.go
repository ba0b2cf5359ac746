package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
)

// App is one process of whmcsync with what it has opened. Close gives all of it back.
type App struct {
	Config  config.Config
	Version string
	Name    string // of this process, for people: host, pid
	Log     zerolog.Logger
	Store   *postgres.Store
	Metrics *obs.Metrics

	redis   *queue.Redis
	queue   *queue.Client
	sources map[string]*source
	leading atomic.Bool

	mu       sync.Mutex
	accounts map[string]*account
	closers  []func()
	joined   []host // only opening writes it
}

// Options are what a process knows beside its configuration.
type Options struct {
	Version string
	Log     zerolog.Logger
	Migrate bool // bring the schema up to date; otherwise an older one is an error
}

// Open connects to Postgres (or hosts it), checks the schema and makes the configured syncs known.
func Open(ctx context.Context, cfg config.Config, opts Options) (*App, error) {
	a := newApp(cfg, opts)
	if err := a.openStore(ctx, opts.Migrate); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// newApp is an application that has opened nothing yet.
func newApp(cfg config.Config, opts Options) *App {
	host, _ := os.Hostname()
	a := &App{
		Config: cfg, Version: opts.Version, Log: opts.Log, Metrics: obs.NewMetrics(opts.Version),
		Name:    fmt.Sprintf("%s/%d", host, os.Getpid()),
		sources: map[string]*source{}, accounts: map[string]*account{},
	}
	for name, src := range cfg.Sources {
		made := &source{name: name, config: src}
		a.sources[name] = made
		a.onClose(made.close)
	}
	return a
}

func (a *App) openStore(ctx context.Context, migrate bool) error {
	url, embedded, err := a.postgresURL(ctx)
	if err != nil {
		return err
	}
	if a.Store, err = connectPostgres(ctx, url, a.Config.Postgres.MaxConns); err != nil {
		return err
	}
	a.onClose(a.Store.Close)
	if migrate || embedded {
		if _, err := a.Store.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := a.Store.CheckSchema(ctx); err != nil {
		return err
	}
	return a.Store.EnsureSyncs(ctx, a.syncs())
}

func (a *App) syncs() []state.Sync {
	var syncs []state.Sync
	for name, s := range a.Config.Syncs {
		syncs = append(syncs, state.Sync{Name: name, Type: s.Type, Source: s.Source, Account: s.Account})
	}
	return syncs
}

// OpenQueue connects to Redis, or hosts it.
func (a *App) OpenQueue(ctx context.Context) error {
	if a.redis != nil {
		return nil
	}
	redis, err := a.connectRedis(ctx)
	if err != nil {
		return err
	}
	a.redis, a.queue = redis, queue.NewClient(redis)
	a.onClose(func() { _ = redis.Close() })
	for _, warning := range redis.Warnings(ctx) {
		a.Log.Warn().Msg(warning)
	}
	return nil
}

func (a *App) onClose(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closers = append(a.closers, f)
}

// Close gives everything back, newest first.
func (a *App) Close() {
	a.mu.Lock()
	closers := a.closers
	a.closers = nil
	a.mu.Unlock()
	for _, give := range slices.Backward(closers) {
		give()
	}
}

// Pausable pauses or resumes a sync or an account by name.
func (a *App) Pausable(ctx context.Context, name string, pause bool, reason string) (kind string, err error) {
	onSync := func() error { return a.Store.ResumeSync(ctx, name) }
	onAccount := func() error { return a.Store.ResumeAccount(ctx, name) }
	if pause {
		onSync = func() error { return a.Store.PauseSync(ctx, name, reason) }
		onAccount = func() error { return a.Store.PauseAccount(ctx, name, reason) }
	}
	if _, isSync := a.Config.Syncs[name]; isSync {
		return "sync", onSync()
	}
	if _, isAccount := a.Config.Accounts[name]; isAccount {
		return "account", onAccount()
	}
	return "", fmt.Errorf("there is no sync and no account %q in the configuration", name)
}

// patience is how long a role waits for a server that is not there yet when it starts.
const patience = 30 * time.Second

// eventually tries to open something until it works, ctx ends or patience is over.
func eventually(ctx context.Context, log zerolog.Logger, what string, try func(context.Context) error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try(ctx)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		log.Warn().Err(err).Msg(what + " does not answer yet")
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(2 * time.Second):
		}
	}
}
