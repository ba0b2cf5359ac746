package workers

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

// ErrDraining is what a duty returns when it stopped between two records because the worker is shutting down.
var ErrDraining = errors.New("the worker is shutting down")

// Job is one batch in hand.
type Job struct {
	Batch state.Batch
	Run   state.Run
	Lease state.Lease
	Last  bool            // the last attempt: what still fails becomes a failure row
	Stop  <-chan struct{} // closed when the worker drains: return ErrDraining before the next record
}

// Draining says whether to stop before the next record.
func (j Job) Draining() bool {
	select {
	case <-j.Stop:
		return true
	default:
		return false
	}
}

// Duty does the part of a batch that is its own. It settles records as it goes, so that a second try of the batch finds
// nothing left to do for them. An error hands the batch back by its class; a record that fails for good is a Failure.
type Duty interface {
	Do(ctx context.Context, job Job) (state.Counts, []state.Failure, error)
}

// Executor runs the batches of all duties of one process.
type Executor struct {
	Store    Store
	Duties   map[string]Duty // by sync
	Attempts map[string]int  // by sync: failed attempts before a record's trouble becomes a failure row
	Notify   map[string]bool // by sync: no run writes, whoever began it and whatever it was to do then
	Name     string          // this worker, for people
	TTL      time.Duration   // of a lease; default 15 s
	Log      zerolog.Logger
	Observe  func(batch state.Batch, outcome string, counts state.Counts)
}

// Result is what the queue shows of a finished task.
type Result struct {
	Outcome string       `json:"outcome"` // settled | stale | overtaken | handed_back | later | retry | paused | stuck
	Sync    string       `json:"sync,omitempty"`
	Counts  state.Counts `json:"counts,omitempty"`
}

// Batch executes one generation of one batch. A task that is out of date is no error: it does nothing.
func (e *Executor) Batch(ctx context.Context, task tasks.Batch, stop <-chan struct{}) (Result, error) {
	batch, run, lease, err := e.Store.BeginBatch(ctx, task.Batch, task.Generation, e.Name, e.ttl())
	if errors.Is(err, state.ErrStale) {
		return Result{Outcome: "stale"}, nil
	}
	if err != nil {
		return Result{}, err
	}
	return e.execute(ctx, batch, run, lease, stop)
}

// Touched executes the pending touches of one sync as one small run. guardLimit is the guard of that run.
func (e *Executor) Touched(ctx context.Context, sync string, limit, guardLimit int, stop <-chan struct{}) (Result, error) {
	batch, run, lease, err := e.Store.ClaimTouches(ctx, sync, limit, e.Name, e.ttl(), guardLimit, e.Notify[sync])
	if errors.Is(err, state.ErrNothing) {
		return Result{Outcome: "stale", Sync: sync}, nil
	}
	if err != nil {
		return Result{}, err
	}
	return e.execute(ctx, batch, run, lease, stop)
}

func (e *Executor) execute(ctx context.Context, batch state.Batch, run state.Run, lease state.Lease, stop <-chan struct{}) (Result, error) {
	duty, ok := e.Duties[batch.Sync]
	if !ok {
		err := fault.New(fault.Held, batch.Account, "execute batch", "this worker's configuration has no sync %q", batch.Sync)
		return e.handBack(ctx, batch, lease, err)
	}
	run.Notify = run.Notify || e.Notify[batch.Sync]
	job := Job{Batch: batch, Run: run, Lease: lease, Stop: stop, Last: batch.Attempts+1 >= e.Attempts[batch.Sync]}
	kept, release := keepLease(ctx, e.Store, lease, e.ttl())
	counts, failures, err := e.do(kept, duty, job)
	release()
	if err == nil {
		err = e.Store.FinishBatch(ctx, lease, counts, failures)
	}
	switch {
	case err == nil:
		e.observe(batch, "settled", counts)
		return Result{Outcome: "settled", Sync: batch.Sync, Counts: counts}, nil
	case errors.Is(err, state.ErrLeaseLost) || errors.Is(context.Cause(kept), state.ErrLeaseLost):
		e.observe(batch, "overtaken", nil)
		return Result{Outcome: "overtaken", Sync: batch.Sync}, nil
	default:
		return e.handBack(ctx, batch, lease, err)
	}
}

// do turns a panic into an error, so that it counts as an attempt and the lease is given back.
func (e *Executor) do(ctx context.Context, duty Duty, job Job) (counts state.Counts, failures []state.Failure, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			e.Log.Error().Interface("cause", cause).Bytes("stack", debug.Stack()).Int64("batch", job.Batch.ID).Msg("a batch panicked")
			err = fault.New(fault.Transient, job.Batch.Account, "execute batch", "panic: %v", cause)
		}
	}()
	return duty.Do(ctx, job)
}

// handBack gives the batch up for now. What cannot even be handed back is found by the scheduler when its lease lapses.
func (e *Executor) handBack(ctx context.Context, batch state.Batch, lease state.Lease, cause error) (Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	back, outcome := handBackFor(cause)
	if fault.Is(cause, fault.Auth) {
		e.pause(ctx, batch, cause)
	}
	if err := e.Store.HandBack(ctx, lease, back); err != nil && !errors.Is(err, state.ErrLeaseLost) {
		e.Log.Warn().Err(err).Int64("batch", batch.ID).Msg("batch could not be handed back and waits for its lease to lapse")
	}
	e.observe(batch, outcome, nil)
	result := Result{Outcome: outcome, Sync: batch.Sync}
	if errors.Is(cause, ErrDraining) {
		return result, nil
	}
	e.Log.Warn().Err(cause).Str("sync", batch.Sync).Int64("run", batch.RunID).Int64("batch", batch.ID).
		Int("attempts", batch.Attempts).Str("class", string(fault.ClassOf(cause))).Msg("batch handed back")
	return result, cause
}

// pause stops what lacks the right credentials: the account, or the sync alone when its source refused them, so that
// the account's other syncs go on.
func (e *Executor) pause(ctx context.Context, batch state.Batch, cause error) {
	var err error
	if refused, ok := errors.AsType[*fault.Error](cause); ok && refused.Account != "" && refused.Account != batch.Account {
		err = e.Store.PauseSync(ctx, batch.Sync, cause.Error())
	} else {
		err = e.Store.PauseAccount(ctx, batch.Account, cause.Error())
	}
	if err != nil {
		e.Log.Error().Err(err).Str("sync", batch.Sync).Str("account", batch.Account).Msg("credentials were refused, and the pause could not be noted")
	}
}

// unlikely is how long a batch waits whose trouble needs a person.
const unlikely = 15 * time.Minute

func handBackFor(cause error) (state.HandBack, string) {
	back := state.HandBack{To: state.BatchQueued, Error: cause.Error()}
	if errors.Is(cause, ErrDraining) {
		return state.HandBack{To: state.BatchReady}, "handed_back"
	}
	switch fault.ClassOf(cause) {
	case fault.RateLimited, fault.Held:
		back.After = max(fault.RetryAfter(cause), time.Second)
		return back, "later"
	case fault.Transient, fault.Protocol:
		back.CountAttempt = true
		return back, "retry"
	case fault.Auth: // goes on when a person resumes the account or the sync
		back.To = state.BatchReady
		return back, "paused"
	default:
		back.CountAttempt, back.After = true, unlikely
		return back, "stuck"
	}
}

func (e *Executor) observe(batch state.Batch, outcome string, counts state.Counts) {
	if e.Observe != nil {
		e.Observe(batch, outcome, counts)
	}
}

func (e *Executor) ttl() time.Duration {
	if e.TTL > 0 {
		return e.TTL
	}
	return 15 * time.Second
}

// keepLease renews the lease until release is called, and cancels the work when it is lost.
func keepLease(ctx context.Context, store Store, lease state.Lease, ttl time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(ttl / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if _, err := store.RenewLease(ctx, lease, ttl); errors.Is(err, state.ErrLeaseLost) {
				cancel(state.ErrLeaseLost)
				return
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}
