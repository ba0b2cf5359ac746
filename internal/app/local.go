package app

import (
	"context"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// RunLocal starts scheduler and worker for one sync inside this process and returns at once; Close ends them. What is due
// is left to others, and so are all other syncs. When another scheduler leads, ours stands by and our worker helps.
func (a *App) RunLocal(ctx context.Context, sync string) error {
	return a.runLocal(ctx, Roles{Only: sync})
}

// RehearseLocal is RunLocal for dry runs: whatever else was asked for or pointed at is left alone, too.
func (a *App) RehearseLocal(ctx context.Context, sync string) error {
	return a.runLocal(ctx, Roles{Only: sync, Rehearse: true})
}

func (a *App) runLocal(ctx context.Context, roles Roles) error {
	if err := a.OpenQueue(ctx); err != nil { // before our closer, so that it is closed after the roles have ended
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	started, ended := make(chan struct{}), make(chan error, 1)
	roles.Scheduler, roles.Worker, roles.Ready = true, true, func(string) { close(started) }
	go func() { ended <- a.Run(ctx, roles) }()
	a.onClose(func() {
		cancel()
		if err := <-ended; err != nil {
			a.Log.Error().Err(err).Msg("roles ended with an error")
		}
	})
	select {
	case <-started:
		return nil
	case err := <-ended:
		ended <- nil
		return err
	}
}

// AwaitReport waits until the reports of a run that has ended were told or given up, for programs that end with the run. It
// gives up after a few seconds: they are owed still, and whoever schedules next has them told.
func (a *App) AwaitReport(ctx context.Context, run int64) {
	if a.queue == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		told, err := a.told(ctx, run)
		if err != nil || told {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// told says whether nothing is left to be told about a run that has ended.
func (a *App) told(ctx context.Context, run int64) (bool, error) {
	reports, err := a.Store.Reports(ctx, run)
	return err == nil && !slices.ContainsFunc(reports, func(r state.Report) bool { return r.State == state.ReportOwed }), err
}

// HostsQueue says that this process would have to host the embedded Redis: nobody else can be working then.
func (a *App) HostsQueue() bool {
	if a.Config.Redis.URL.Reveal() != config.Embedded {
		return false
	}
	address := a.address(redisAddress)
	if address == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	redis, err := queue.Connect(ctx, address, a.Log)
	if err != nil {
		return true
	}
	_ = redis.Close()
	return false
}

// RunView is one run as it is shown, with its progress while it is under way.
func (a *App) RunView(ctx context.Context, id int64) (server.Run, error) {
	run, err := a.Store.Run(ctx, id)
	if err != nil {
		return server.Run{}, err
	}
	view := runView(run)
	if run.State.Ended() {
		return view, nil
	}
	return view, (pages{a}).addProgress(ctx, run, &view)
}
