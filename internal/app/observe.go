package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

func compareText(x, y string) int { return cmp.Compare(x, y) }

// notOurs hands a touch on to a worker that serves the account.
func notOurs(sync string) error {
	return &fault.Error{
		Class: fault.Held, Op: "settle touched records", RetryAfter: time.Second,
		Err: fmt.Errorf("sync %s belongs to another worker", sync),
	}
}

// undecoded classifies a payload that cannot be read: a newer program's is passed on by the queue, any other is nothing
// that another try would mend.
func undecoded(err error) error {
	if _, newer := errors.AsType[*tasks.NewerError](err); newer {
		return err
	}
	return fault.New(fault.Refused, "", "read task", "%w", err)
}

// runEnded counts a run and what became of its changes.
func (a *App) runEnded(ctx context.Context, run state.Run) {
	a.Metrics.Run(run.Sync, string(run.Kind), string(run.State))
	totals, err := a.Store.ChangeTotals(ctx, run.ID)
	if err != nil {
		a.Log.Warn().Err(err).Int64("run", run.ID).Msg("changes could not be counted")
	}
	for _, total := range totals {
		a.Metrics.Changes(run.Sync, total.Field, string(total.State), total.N)
	}
}

func (a *App) runHeld(run state.Run, why string) {
	a.Log.Warn().Str("sync", run.Sync).Int64("run", run.ID).Int("changes", run.Held).Str("why", why).
		Msg("changes are held until a person approves or rejects them")
}

// snapshot is what the gauges show.
func (a *App) snapshot(ctx context.Context) (obs.Snapshot, error) {
	shot := obs.Snapshot{Leader: a.leading.Load()}
	a.Metrics.RedisUp(a.redis.Ping(ctx) == nil)
	syncs, err := a.Store.Syncs(ctx)
	if err != nil {
		return shot, err
	}
	for _, sync := range syncs {
		if _, configured := a.Config.Syncs[sync.Name]; !configured {
			continue
		}
		view, err := a.syncSnapshot(ctx, sync)
		if err != nil {
			return shot, err
		}
		shot.Syncs = append(shot.Syncs, view)
	}
	accounts, err := a.Store.Accounts(ctx)
	if err != nil {
		return shot, err
	}
	for _, account := range accounts {
		if _, configured := a.Config.Accounts[account.Name]; configured {
			shot.Accounts = append(shot.Accounts, obs.AccountSnapshot{Name: account.Name, Paused: !account.PausedAt.IsZero()})
		}
	}
	return a.queueSnapshot(ctx, shot)
}

func (a *App) syncSnapshot(ctx context.Context, sync state.Sync) (obs.SyncSnapshot, error) {
	view := obs.SyncSnapshot{
		Name: sync.Name, Offset: sync.Offset, SourceRecords: sync.RecordsTotal, LastPass: sync.LastPassAt, Failures: map[string]int64{},
	}
	failures, err := a.Store.CountFailures(ctx, sync.Name)
	if err != nil {
		return view, err
	}
	for class, n := range failures {
		view.Failures[class] = int64(n)
	}
	cfg := a.Config.Syncs[sync.Name]
	fresh, err := pages{a}.freshnessOf(ctx, sync, cfg)
	if err != nil {
		return view, err
	}
	if fresh != nil {
		view.Promise, view.Freshness = cfg.Domains.Freshness, time.Duration(fresh.ExpectedSeconds*float64(time.Second))
	}
	untold, err := a.untold(ctx, sync.Name, cfg)
	if err != nil {
		return view, err
	}
	for _, u := range untold {
		if u.GivenUp {
			view.GivenUp++
		} else {
			view.Waiting++
		}
	}
	transfers, err := a.transfersOf(ctx, sync.Name, false)
	if err != nil {
		return view, err
	}
	if transfers != nil {
		view.Transfers = &obs.Transfers{N: int64(transfers.UnderWay), Oldest: transfers.OldestSince}
	}
	view.Held, err = a.heldOf(ctx, sync.Name)
	return view, err
}

// heldOf counts the changes of a sync that wait for a person; its newest pass counts as one when it is held as a whole.
func (a *App) heldOf(ctx context.Context, sync string) (int64, error) {
	newest, err := a.Store.Runs(ctx, state.RunFilter{Sync: sync, Kind: state.RunPass, Limit: 1})
	if err != nil {
		return 0, err
	}
	var n int64
	if len(newest) == 1 && newest[0].State == state.RunHeld {
		n++
	}
	byRun, err := a.Store.HeldRuns(ctx, sync)
	for _, changes := range byRun {
		n += int64(changes)
	}
	return n, err
}

func (a *App) queueSnapshot(ctx context.Context, shot obs.Snapshot) (obs.Snapshot, error) {
	depths, err := a.queue.Depths(ctx)
	if err != nil {
		return shot, err
	}
	for name, d := range depths {
		shot.Queues = append(shot.Queues, obs.QueueSnapshot{Name: name, LatencySeconds: d.LatencySeconds, Depth: map[string]int64{
			"pending": d.Pending, "active": d.Active, "scheduled": d.Scheduled,
			"retry": d.Retry, "archived": d.Archived, "completed": d.Completed,
		}})
	}
	return shot, nil
}
