package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

// sender puts the scheduler's tasks into the queue.
type sender struct{ *App }

// taskTime is the longest a batch may take in one go; it is handed back between records long before.
const taskTime = 15 * time.Minute

func (s sender) Batch(ctx context.Context, account string, task tasks.Batch) error {
	again := task.Generation > 1 // a worker was lost with it, or Redis lost it: it does not queue a second time
	return s.queue.Enqueue(ctx, account, tasks.KindBatch, task.ID(), task, queue.EnqueueOptions{Timeout: taskTime, First: again})
}

// Touch wakes a worker up for touched records; again tells a repeated wake-up from the first.
func (s sender) Touch(ctx context.Context, task tasks.Touch, again string) error {
	id := task.ID()
	if again != "" {
		id += "/" + again
	}
	return s.queue.Enqueue(ctx, tasks.QueueEvents, tasks.KindTouch, id, task, queue.EnqueueOptions{Timeout: taskTime, Retention: time.Hour})
}

// Report has a report told, once for each generation of it.
func (s sender) Report(ctx context.Context, r state.Report) error {
	if r.Kind == state.ReportMail {
		task := tasks.NewMail(r.RunID)
		return s.queue.Enqueue(ctx, tasks.QueueMail, tasks.KindMail, task.ID(r.Generation), task, queue.EnqueueOptions{Timeout: mailTime})
	}
	task := tasks.NewReport(r.RunID)
	return s.queue.Enqueue(ctx, tasks.QueueReports, tasks.KindReport, task.ID(r.Generation), task, queue.EnqueueOptions{Timeout: notesTime})
}

// Reporting says whether the queue will still tell a report, or is at it.
func (s sender) Reporting(ctx context.Context, r state.Report) (bool, error) {
	if r.Kind == state.ReportMail {
		return s.queue.Known(ctx, tasks.QueueMail, tasks.NewMail(r.RunID).ID(r.Generation))
	}
	return s.queue.Known(ctx, tasks.QueueReports, tasks.NewReport(r.RunID).ID(r.Generation))
}

func (s sender) Known(ctx context.Context, name, id string) (bool, error) {
	return s.queue.Known(ctx, name, id)
}

// Restore makes all queues known to Redis again after it lost its data, and puts tasks back that nobody holds.
func (s sender) Restore(ctx context.Context) error {
	names := s.queues()
	if err := s.queue.Register(ctx, names); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := s.queue.SweepOrphans(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// queues are the names of all queues: one per account that a sync uses, and the common ones.
func (a *App) queues() []string {
	names := map[string]bool{tasks.QueueEvents: true, tasks.QueueReports: true}
	if a.Config.Mail.Host != "" {
		names[tasks.QueueMail] = true
	}
	for _, s := range a.Config.Syncs {
		names[s.Account] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Touch notes records to be looked at and wakes a worker up for them.
func (a *App) Touch(ctx context.Context, sync string, ids []int64, trigger state.Trigger) error {
	seqs, err := a.Store.Touch(ctx, sync, ids, trigger)
	if err != nil || len(seqs) == 0 || a.queue == nil {
		return err
	}
	if err := (sender{a}).Touch(ctx, tasks.NewTouch(sync, seqs[0]), ""); err != nil {
		// The touches are kept: the scheduler wakes a worker up for them in a few seconds.
		a.Log.Warn().Err(err).Str("sync", sync).Msg("wake-up could not be sent")
	}
	return nil
}

// Wake wakes a worker up for records of a sync that are pointed at already.
func (a *App) Wake(ctx context.Context, sync string) error {
	if a.queue == nil {
		return nil
	}
	oldest, pending, err := a.Store.PendingTouches(ctx, sync, 0)
	if err != nil || pending == 0 {
		return err
	}
	return sender{a}.Touch(ctx, tasks.NewTouch(sync, oldest), fmt.Sprintf("wake-%d", time.Now().UnixMicro()))
}

// RequestRun asks the scheduler for a run. While one is under way the error is state.ErrRunInProgress and the id is that
// of the run.
func (a *App) RequestRun(ctx context.Context, sync string, trigger state.Trigger) (int64, error) {
	return a.Request(ctx, state.Request{Sync: sync, Trigger: trigger})
}

// Request asks for a run with all its wishes. fault.Held when the sync or its account is paused.
func (a *App) Request(ctx context.Context, request state.Request) (int64, error) {
	if err := a.Paused(ctx, request.Sync); err != nil {
		return 0, err
	}
	open, err := a.Store.OpenRuns(ctx, request.Sync)
	if err != nil {
		return 0, err
	}
	for _, run := range open {
		if run.Kind == state.RunPass {
			return run.ID, state.ErrRunInProgress
		}
	}
	waiting, err := a.Store.OpenRequests(ctx, request.Sync)
	if err != nil {
		return 0, err
	}
	for _, earlier := range waiting {
		if earlier.Full == request.Full && earlier.Notify == request.Notify {
			return earlier.ID, nil // it is asked for already
		}
	}
	return a.Store.RequestRun(ctx, request)
}

// Paused says as an error of class fault.Held that the sync or its account is paused, and why; nil = neither is.
func (a *App) Paused(ctx context.Context, name string) error {
	sync, err := a.Store.Sync(ctx, name)
	if err != nil {
		return err
	}
	if !sync.PausedAt.IsZero() {
		return fault.New(fault.Held, "", name, "the sync is paused (%s): `whmcsync resume %s`", sync.PauseReason, name)
	}
	accounts, err := a.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	if pause := accountPause(accounts, sync.Account); pause != nil {
		return fault.New(fault.Held, "", name, "account %s is paused (%s): `whmcsync resume %s`", sync.Account, pause.Reason, sync.Account)
	}
	return nil
}

// Seen remembers a nonce in Redis for ttl and says whether it was there already.
func (a *App) Seen(ctx context.Context, source, nonce string, ttl time.Duration) (bool, error) {
	fresh, err := a.redis.Client().SetNX(ctx, "whmcsync:nonce:"+source+":"+nonce, 1, ttl).Result()
	return !fresh, err
}
