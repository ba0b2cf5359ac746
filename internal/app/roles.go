package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
	"github.com/whmcsync/whmcsync/workers"
)

// Roles says what this process does. Any combination may run together.
type Roles struct {
	Scheduler bool
	Worker    bool
	Server    bool
	Accounts  []string          // the worker serves only these; empty = all, and the common queues
	Health    string            // host:port for /healthz, /readyz and /metrics of a process without the server role
	Only      string            // a sync: what was asked for of it is all that the scheduler of this process does
	Rehearse  bool              // and of that only dry runs, nor does the worker do anything else
	Ready     func(addr string) // called once everything has started; addr is the server's, "" without one
}

// grace is how long the roles have to end after SIGTERM; what is not done by then is recovered by others.
const grace = 20 * time.Second

// Run starts the roles and keeps them until ctx ends or one of them fails. On the way out workers finish the record in
// hand and give their batches back.
func (a *App) Run(ctx context.Context, roles Roles) error {
	if err := eventually(ctx, a.Log, "Redis", a.OpenQueue); err != nil {
		return err
	}
	a.Metrics.SnapshotFrom(a.snapshot)
	run, ctx := errgroup.WithContext(ctx)
	start := func(part func(context.Context) error) { run.Go(func() error { return part(ctx) }) }
	addr, err := a.begin(ctx, roles, start)
	if err != nil {
		return err
	}
	start(a.watchHosts)
	if roles.Ready != nil {
		roles.Ready(addr)
	}
	if err := run.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// begin starts the parts of the roles, first those that may fail to, and returns where the server listens.
func (a *App) begin(ctx context.Context, roles Roles, start func(part func(context.Context) error)) (addr string, err error) {
	var scheduler *schedule.Scheduler
	if roles.Scheduler {
		if scheduler, err = a.Scheduler(); err != nil {
			return "", err
		}
		if roles.Only != "" {
			confine(scheduler, roles.Only)
		}
		if roles.Rehearse {
			scheduler.Store = rehearsal{scheduler.Store}
		}
	}
	srv, err := a.listen(roles)
	if err != nil {
		return "", err
	}
	if roles.Worker {
		stop, err := a.startWorker(ctx, roles)
		if err != nil {
			return "", errors.Join(err, srv.Close())
		}
		start(func(ctx context.Context) error {
			<-ctx.Done()
			stop()
			return nil
		})
	}
	if scheduler != nil {
		start(scheduler.Run)
	}
	if srv == nil {
		return "", nil
	}
	start(srv.Serve)
	return srv.Addr(), nil
}

// listen opens the HTTP server of the role, or the small one for health; nil when neither is wanted.
func (a *App) listen(roles Roles) (*server.Server, error) {
	switch {
	case roles.Server:
		return server.New(a.serverConfig(), a.serverDeps())
	case roles.Health != "":
		return server.NewHealth(roles.Health, a.checks(), a.Metrics.Handler(), a.Log)
	default:
		return nil, nil
	}
}

// Scheduler builds the scheduler of this process.
func (a *App) Scheduler() (*schedule.Scheduler, error) {
	s := &schedule.Scheduler{
		Holder: a.Name, Store: a.Store, Queue: sender{a}, Log: a.Log,
		Retain:  schedule.Retain{Changes: a.Config.Retain.Changes, Batches: a.Config.Retain.Batches},
		Observe: schedule.Observer{Leading: a.leading.Store, Finished: a.runEnded, Held: a.runHeld},
	}
	for name, cfg := range a.Config.Syncs {
		sync, err := a.scheduled(name, cfg)
		if err != nil {
			return nil, fmt.Errorf("sync %s: %w", name, err)
		}
		s.Syncs = append(s.Syncs, sync)
	}
	slices.SortFunc(s.Syncs, func(x, y schedule.Sync) int { return compareText(x.Name, y.Name) })
	return s, nil
}

// Executor builds the executor of the batches of this process's accounts.
func (a *App) Executor(accounts []string) (*workers.Executor, error) {
	e := &workers.Executor{
		Store: a.Store, Name: a.Name, Log: a.Log, Observe: a.batchEnded,
		Duties: map[string]workers.Duty{}, Attempts: map[string]int{}, Notify: map[string]bool{},
	}
	for name, cfg := range a.Config.Syncs {
		if len(accounts) > 0 && !slices.Contains(accounts, cfg.Account) {
			continue
		}
		duty, err := a.newDuty(name, cfg)
		if err != nil {
			return nil, err
		}
		e.Duties[name], e.Attempts[name], e.Notify[name] = duty, cfg.Attempts, cfg.Mode == "notify"
	}
	return e, nil
}

// startWorker serves the queues of the accounts, and the common ones. stop drains them all at once.
func (a *App) startWorker(ctx context.Context, roles Roles) (stop func(), err error) {
	for _, name := range roles.Accounts {
		if _, ok := a.Config.Accounts[name]; !ok {
			return nil, fmt.Errorf("there is no account %q in the configuration", name)
		}
	}
	executor, err := a.Executor(roles.Accounts)
	if err != nil {
		return nil, err
	}
	var servers []*queue.Server
	stop = func() { drainAll(servers) }
	for _, name := range a.served(roles) {
		srv, err := queue.Serve(ctx, a.redis, a.serving(name, executor))
		if err != nil {
			stop()
			return nil, err
		}
		servers = append(servers, srv)
	}
	return stop, nil
}

// served are the queues that a worker serves: those of its accounts and the common ones; in a rehearsal the one account's
// and the reports, but not the events, which are about records to be written.
func (a *App) served(roles Roles) []string {
	if roles.Rehearse {
		return []string{a.Config.Syncs[roles.Only].Account, tasks.QueueReports}
	}
	return slices.DeleteFunc(a.queues(), func(name string) bool {
		_, isAccount := a.Config.Accounts[name]
		return isAccount && len(roles.Accounts) > 0 && !slices.Contains(roles.Accounts, name)
	})
}

func drainAll(servers []*queue.Server) {
	for _, srv := range servers {
		srv.Drain()
	}
	var ended errgroup.Group
	for _, srv := range servers {
		ended.Go(func() error { srv.Shutdown(); return nil })
	}
	_ = ended.Wait()
}

// accountPoll is how often an idle account's queue is looked at. A pass often empties it for a moment, and a worker that
// looked just then would sit out a good part of the pass.
const accountPoll = 20 * time.Millisecond

// serving says how one queue is served: an account with as many batches at once as it takes calls at once.
func (a *App) serving(name string, executor *workers.Executor) queue.ServerConfig {
	cfg := queue.ServerConfig{
		Queue: name, Log: a.Log, Metrics: a.Metrics, ShutdownTimeout: grace,
		Handler: queue.Mux(map[tasks.Kind]queue.Handler{tasks.KindBatch: a.onBatch(executor)}),
	}
	switch name {
	case tasks.QueueEvents:
		cfg.Concurrency = touchSlots * max(len(a.Config.Accounts), 1)
		cfg.Handler = queue.Mux(map[tasks.Kind]queue.Handler{tasks.KindTouch: a.onTouch(executor)})
	case tasks.QueueReports:
		cfg.Concurrency = 1
		cfg.Handler = queue.Mux(map[tasks.Kind]queue.Handler{tasks.KindReport: a.onReport})
	case tasks.QueueMail:
		cfg.Concurrency = 1
		cfg.Handler = queue.Mux(map[tasks.Kind]queue.Handler{tasks.KindMail: a.onMail})
	default:
		cfg.Concurrency = max(a.Config.Accounts[name].Rate.InFlight, 1)
		cfg.Poll = accountPoll
	}
	return cfg
}

func (a *App) onBatch(executor *workers.Executor) queue.Handler {
	return func(ctx context.Context, t queue.Task) (any, error) {
		task, err := tasks.Decode[tasks.Batch](t.Payload)
		if err != nil {
			return nil, undecoded(err)
		}
		return executor.Batch(ctx, task, queue.Draining(ctx))
	}
}

// touchSlots is how many wake-ups of one account a process handles at once. There are as many slots for each account, so
// that one which gives no answer leaves the others theirs.
const touchSlots = 2

func (a *App) onTouch(executor *workers.Executor) queue.Handler {
	slots := a.slotsForTouches()
	return func(ctx context.Context, t queue.Task) (any, error) {
		task, err := tasks.Decode[tasks.Touch](t.Payload)
		if err != nil {
			return nil, undecoded(err)
		}
		cfg := a.Config.Syncs[task.Sync]
		if _, ours := executor.Duties[task.Sync]; !ours {
			return nil, notOurs(task.Sync)
		}
		select {
		case slots[cfg.Account] <- struct{}{}:
			defer func() { <-slots[cfg.Account] }()
		default:
			return nil, busy(cfg.Account)
		}
		sync, err := a.Store.Sync(ctx, task.Sync)
		if err != nil {
			return nil, err
		}
		limit := guardOf(cfg).Limit(sync.RecordsTotal)
		return executor.Touched(ctx, task.Sync, cfg.BatchSize, limit, queue.Draining(ctx))
	}
}

func (a *App) slotsForTouches() map[string]chan struct{} {
	slots := map[string]chan struct{}{}
	for account := range a.Config.Accounts {
		slots[account] = make(chan struct{}, touchSlots)
	}
	return slots
}

// busy has a wake-up come again. What it is about is taken by whichever comes first.
func busy(account string) error {
	return &fault.Error{
		Class: fault.Held, Account: account, Op: "look at touched records", RetryAfter: time.Second,
		Err: errors.New("as many wake-ups as may be at once are under way"),
	}
}

func (a *App) serverConfig() server.Config {
	cfg := server.Config{
		Listen: a.Config.HTTP.Listen, MetricsListen: a.Config.HTTP.MetricsListen, PublicURL: a.Config.HTTP.PublicURL,
		Version: a.Version, Log: a.Log, Sources: map[string]server.Source{}, Syncs: map[string]server.SyncInfo{},
	}
	for _, u := range a.Config.HTTP.Users {
		cfg.Users = append(cfg.Users, server.User{Name: u.Name, Password: u.Password, Role: server.Role(u.Role)})
	}
	for _, t := range a.Config.HTTP.Tokens {
		cfg.Tokens = append(cfg.Tokens, server.Token{Name: t.Name, Value: t.Value})
	}
	for name, src := range a.Config.Sources {
		touched := server.Source{HookSecret: src.HookSecret}
		for sync, s := range a.Config.Syncs {
			if s.Source == name && s.Type == "clients" {
				touched.Syncs = append(touched.Syncs, sync)
			}
			if s.Source == name && isDomains(s) {
				touched.DomainSyncs = append(touched.DomainSyncs, sync)
			}
		}
		cfg.Sources[name] = touched
	}
	for name, s := range a.Config.Syncs {
		cfg.Syncs[name] = server.SyncInfo{CronKey: s.CronKey}
	}
	return cfg
}

func (a *App) serverDeps() server.Deps {
	return server.Deps{
		Checks: a.checks(), Runs: a, Touches: a, Nonces: a, Pages: pages{a}, Metrics: a.Metrics.Handler(),
		Queues: server.Queues{Operator: a.queueUI(false), Viewer: a.queueUI(true)},
	}
}

func (a *App) queueUI(readOnly bool) http.Handler { return queue.UI(a.redis, "/queues", readOnly) }

func (a *App) checks() []server.Check {
	return []server.Check{
		{Name: "postgres", Probe: a.Store.Ping},
		{Name: "redis", Probe: a.redis.Ping},
	}
}

// batchEnded counts what a batch did.
func (a *App) batchEnded(batch state.Batch, outcome string, counts state.Counts) {
	a.Metrics.Batch(batch.Sync, string(batch.Kind), outcome)
	for key, n := range counts {
		if key == state.CountRecords || key == state.CountCalls {
			continue
		}
		a.Metrics.Records(batch.Sync, key, n)
	}
}
