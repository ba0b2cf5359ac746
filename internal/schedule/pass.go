package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

// pass drives the runs of one sync, for as long as this scheduler leads.
type pass struct {
	*Scheduler
	Sync
	started   time.Time
	recovered time.Time
	advanced  time.Time
	polled    time.Time
	open      []state.Run   // as of the newest tick
	lull      time.Duration // before the next look for ready batches
	waiting   bool          // a run is due and waits for an earlier one, logged once
}

const (
	idleEvery    = time.Second
	recoverEvery = 3 * time.Second
	offsetEvery  = time.Second
	feedEvery    = 10 * time.Millisecond // between two looks for ready batches while batches go out; it doubles when none do
	feedLeast    = 25 * time.Millisecond // between two ticks while there is work but none is ready
	feedMost     = 50 * time.Millisecond // between two ticks while there is work
	lullMost     = 20 * time.Millisecond // between two looks for ready batches, or for the end of them
	queuedGrace  = 10 * time.Second      // a queued batch younger than this is not looked for in Redis
)

func (s *Scheduler) newPass(sync Sync, started time.Time) *pass {
	return &pass{Scheduler: s, Sync: sync, started: started, lull: feedEvery}
}

// loop ticks until ctx ends: often while there is work, each second otherwise.
func (p *pass) loop(ctx context.Context) {
	for ctx.Err() == nil {
		pace, err := p.tick(ctx)
		if err == nil && pace == soon {
			err = p.feed(ctx)
		} else {
			p.lull = feedEvery
		}
		if err != nil && ctx.Err() == nil {
			p.Log.Warn().Err(err).Str("sync", p.Name).Msg("scheduling goes on in a moment")
			pace = later
		}
		if pace == later {
			pause(ctx, idleEvery)
		}
	}
}

// feed hands batches to the queue as workers take them, until it is time for the next tick: soon, and at once when a run
// has nothing left to be worked on.
func (p *pass) feed(ctx context.Context) error {
	began := time.Now()
	for {
		pause(ctx, p.lull)
		sent, err := p.dispatch(ctx)
		p.lull = min(2*p.lull, lullMost)
		if sent > 0 {
			p.lull = feedEvery
		}
		took := time.Since(began)
		if err != nil || took >= feedMost || (sent == 0 && took >= feedLeast) {
			return err
		}
		if sent == 0 {
			if over, err := p.over(ctx); err != nil || over {
				return err
			}
		}
	}
}

// over says whether all batches of an open run are settled.
func (p *pass) over(ctx context.Context) (bool, error) {
	for _, run := range p.open {
		begun, unsettled, err := p.Store.Standing(ctx, run.ID)
		if err != nil || begun && !unsettled {
			return err == nil, err
		}
	}
	return false, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pace says when a pass wants its next tick.
type pace int

const (
	later  pace = iota // in a second: there is nothing to do
	soon               // in a moment: batches are to be handed out, or are being worked on
	atOnce             // a run moved on
)

// tick does what is to be done now: recover, create, poll, dispatch, advance.
func (p *pass) tick(ctx context.Context) (pace, error) {
	if p.now().Sub(p.recovered) >= recoverEvery {
		p.recovered = p.now()
		if err := p.recover(ctx); err != nil {
			return later, err
		}
	}
	sync, err := p.Store.Sync(ctx, p.Name)
	if err != nil {
		return later, err
	}
	sync = believe(sync, p.now())
	if sync.PausedAt.IsZero() {
		if err := p.create(ctx, sync); err != nil {
			return later, err
		}
		if err := p.poll(ctx, sync); err != nil {
			p.Log.Warn().Err(err).Str("sync", p.Name).Msg("changed clients could not be polled")
		}
	}
	if p.open, err = p.Store.OpenRuns(ctx, p.Name); err != nil || len(p.open) == 0 {
		return later, err
	}
	if _, err := p.dispatch(ctx); err != nil {
		return later, err
	}
	when := later
	if sync.PausedAt.IsZero() {
		when = soon
	}
	for _, run := range p.open {
		moved, err := p.advance(ctx, sync, run)
		if err != nil && !errors.Is(err, state.ErrConflict) {
			return later, err
		}
		if moved && err == nil {
			when = atOnce
		}
	}
	return when, nil
}

// create makes the runs that people asked for and the one that is due.
func (p *pass) create(ctx context.Context, sync state.Sync) error {
	requests, err := p.Store.OpenRequests(ctx, p.Name)
	if err != nil {
		return err
	}
	for _, request := range requests {
		run := p.newRun(sync, request.Trigger, fmt.Sprintf("request/%d", request.ID))
		run.Full = request.Full
		run.Notify, run.DryRun = run.Notify || request.Notify, request.Notify
		run.RequestID = request.ID
		err := p.start(ctx, sync, run)
		if errors.Is(err, state.ErrRunInProgress) {
			err = p.Store.RefuseRequest(ctx, request.ID, state.ErrRunInProgress.Error())
		}
		if err != nil {
			return err
		}
	}
	slot := due(p.Schedule, sync.LastSlot, p.started, p.now())
	if slot.IsZero() {
		return nil
	}
	if busy, err := p.busy(ctx, slot); err != nil || busy {
		return err
	}
	run := p.newRun(sync, state.BySchedule, slotName(slot))
	run.SlotAt = slot
	err = p.start(ctx, sync, run)
	if errors.Is(err, state.ErrRunInProgress) {
		return nil // another scheduler was quicker
	}
	return err
}

// busy says whether the run that is due has to wait for an earlier pass. It asks instead of trying: an attempt that fails
// uses up the number of a run and is an error in the log of Postgres, many times a second for as long as the pass takes.
func (p *pass) busy(ctx context.Context, slot time.Time) (bool, error) {
	runs, err := p.Store.OpenRuns(ctx, p.Name)
	if err != nil {
		return false, err
	}
	busy := slices.ContainsFunc(runs, func(run state.Run) bool { return run.Kind == state.RunPass })
	if busy && !p.waiting {
		p.Log.Info().Str("sync", p.Name).Str("slot", slotName(slot)).Msg("run is due and waits for the earlier one to end")
	}
	p.waiting = busy
	return busy, nil
}

func (p *pass) newRun(sync state.Sync, trigger state.Trigger, slot string) state.NewRun {
	return state.NewRun{
		Sync: p.Name, Kind: state.RunPass, State: state.RunSlicing, Trigger: trigger, Slot: slot, Notify: p.Notify,
		FromID: sync.Offset, BatchLimit: p.BatchesPerRun, GuardLimit: p.Guard.Limit(sync.RecordsTotal),
	}
}

// start creates a run; a full one begins with its listing. A run that exists already is no error: somebody was quicker.
func (p *pass) start(ctx context.Context, sync state.Sync, run state.NewRun) error {
	silenced, err := p.silenced(ctx)
	if err != nil {
		return err
	}
	if run.Notify = run.Notify || silenced != ""; run.Notify {
		run.FromID, run.BatchLimit = 0, 0 // a rehearsal is of the whole
	}
	full, err := p.full(ctx, sync, run)
	if err != nil {
		return err
	}
	if run.Full = full; full {
		run.State = state.RunListing
	}
	created, err := p.Store.CreateRun(ctx, run)
	if errors.Is(err, state.ErrRunExists) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Log.Info().Str("sync", p.Name).Int64("run", created.ID).Str("trigger", string(run.Trigger)).Bool("full", run.Full).
		Bool("notify", run.Notify).Str("silenced", silenced).Msg("run started")
	return nil
}

func (p *pass) silenced(ctx context.Context) (string, error) {
	if p.Silenced == nil {
		return "", nil
	}
	return p.Silenced(ctx)
}

// full says whether a run begins with a listing. A run that goes on with a pass does so when the part before did:
// otherwise only the records that come first would ever be compared.
func (p *pass) full(ctx context.Context, sync state.Sync, run state.NewRun) (bool, error) {
	switch {
	case !p.CanList || run.Full:
		return p.CanList, nil
	case run.FromID == 0:
		return wantsFull(p.FullEvery, sync.LastFullAt, p.now()), nil
	}
	earlier, err := p.Store.Runs(ctx, state.RunFilter{Sync: p.Name, Kind: state.RunPass, Limit: rehearsals})
	for _, part := range earlier {
		if !part.Notify {
			return part.Full, err
		}
	}
	return false, err
}

// rehearsals is how far back the part before is looked for among the runs that changed nothing.
const rehearsals = 20

// dispatch hands ready batches to the queue, at most a window of them.
func (p *pass) dispatch(ctx context.Context) (int, error) {
	batches, err := p.Store.TakeReady(ctx, p.Name, p.Window)
	if err != nil {
		return 0, err
	}
	if err := p.send(ctx, batches); err != nil {
		return 0, err // the batches count as queued; recover finds those that the queue does not know
	}
	return len(batches), nil
}

// senders is how many tasks are on their way to Redis at once: workers take small batches faster than one after the other
// can be sent.
const senders = 8

// send puts batches into the queue, roughly in their order, and returns the first error.
func (p *pass) send(ctx context.Context, batches []state.Batch) error {
	todo := make(chan state.Batch, len(batches))
	for _, batch := range batches {
		todo <- batch
	}
	close(todo)
	errs := make(chan error, senders)
	for range min(senders, len(batches)) {
		go func() { errs <- p.sendAll(ctx, todo) }()
	}
	var first error
	for range min(senders, len(batches)) {
		first = cmp.Or(first, <-errs)
	}
	return first
}

func (p *pass) sendAll(ctx context.Context, todo <-chan state.Batch) error {
	for batch := range todo {
		if err := p.Queue.Batch(ctx, p.Account, tasks.NewBatch(batch.RunID, batch.ID, batch.Generation)); err != nil {
			return err
		}
	}
	return nil
}

// recover gives to others what a dead worker held, and to the queue what it lost.
func (p *pass) recover(ctx context.Context) error {
	if err := p.recoverBatches(ctx); err != nil {
		return err
	}
	if err := p.wakeTouches(ctx); err != nil {
		return err
	}
	return p.retell(ctx)
}

// recoverBatches makes batches ready again that a dead worker held or that Redis lost.
func (p *pass) recoverBatches(ctx context.Context) error {
	lapsed, err := p.Store.Lapsed(ctx, p.Name)
	if err != nil {
		return err
	}
	for _, batch := range lapsed {
		p.Log.Warn().Str("sync", p.Name).Int64("run", batch.RunID).Int64("batch", batch.ID).Str("worker", batch.Worker).
			Msg("worker was lost and its batch is given to another")
	}
	stale, err := p.Store.StaleQueued(ctx, p.Name, queuedGrace)
	if err != nil {
		return err
	}
	for _, batch := range stale {
		task := tasks.NewBatch(batch.RunID, batch.ID, batch.Generation)
		known, err := p.Queue.Known(ctx, p.Account, task.ID())
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := p.Store.Requeue(ctx, batch.ID, batch.Generation); errors.Is(err, state.ErrConflict) {
			continue // a worker has begun it meanwhile
		} else if err != nil {
			return err
		}
		p.Log.Warn().Str("sync", p.Name).Int64("run", batch.RunID).Int64("batch", batch.ID).Msg("queue lost a batch and gets it again")
	}
	return nil
}

// wakeTouches wakes a worker up for touches that nobody took.
func (p *pass) wakeTouches(ctx context.Context) error {
	oldest, pending, err := p.Store.PendingTouches(ctx, p.Name, recoverEvery)
	if err != nil || pending == 0 {
		return err
	}
	return p.Queue.Touch(ctx, tasks.NewTouch(p.Name, oldest), p.now().Format("150405"))
}
