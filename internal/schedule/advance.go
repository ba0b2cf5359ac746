package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

// advance moves one run a step on and says whether it did. Every step is a compare-and-set, so that a scheduler that no
// longer leads does no harm.
func (p *pass) advance(ctx context.Context, sync state.Sync, run state.Run) (moved bool, err error) {
	if run.State == state.RunSlicing {
		return true, p.slice(ctx, run)
	}
	begun, unsettled, err := p.Store.Standing(ctx, run.ID)
	if err != nil {
		return false, err
	}
	switch {
	case run.State == state.RunListing && !begun:
		_, err = p.Store.AddBatch(ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	case unsettled:
		return false, p.moveOffset(ctx, run)
	case run.State == state.RunListing:
		err = p.endListing(ctx, sync, run)
	case run.State == state.RunWorking && run.Sliced:
		_, err = p.Store.MoveRun(ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})
	case run.State == state.RunJudging:
		err = p.judge(ctx, run)
	case run.State == state.RunApplying:
		err = p.finish(ctx, run, state.RunDone, "")
	default:
		return false, nil
	}
	return true, err
}

// moveOffset shows how far the pass is. It waits for the disk each time, so it goes in seconds; the end of the run moves
// the offset in any case.
func (p *pass) moveOffset(ctx context.Context, run state.Run) error {
	if run.State != state.RunWorking || run.Kind != state.RunPass || run.Notify || p.now().Sub(p.advanced) < offsetEvery {
		return nil
	}
	p.advanced = p.now()
	_, err := p.Store.AdvanceOffset(ctx, p.Name, run.ID)
	return err
}

// endListing believes the listing or holds the run.
func (p *pass) endListing(ctx context.Context, sync state.Sync, run state.Run) error {
	run, err := p.reread(ctx, run) // a short listing begins and ends between two looks at its run
	if err != nil {
		return err
	}
	listing, err := p.Store.Listing(ctx, run.ListingID)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return err
	}
	if err != nil || !listing.Complete {
		return p.finish(ctx, run, state.RunFailed, "the account could not be listed")
	}
	if why := implausible(listing.Rows, sync.LastListing, p.Guard.Shrink); why != "" && !p.Fleeting {
		why = fmt.Sprintf("%s: %d entries, %d before. Nothing was touched; approve the run if that is right", why, listing.Rows, sync.LastListing)
		return p.finish(ctx, run, state.RunHeld, why)
	}
	_, err = p.Store.MoveRun(ctx, run.ID, state.RunListing, state.RunSlicing, state.RunSet{})
	return err
}

// reread reads an open run again; state.ErrConflict when it has ended meanwhile.
func (p *pass) reread(ctx context.Context, run state.Run) (state.Run, error) {
	runs, err := p.Store.OpenRuns(ctx, p.Name)
	if err != nil {
		return run, err
	}
	i := slices.IndexFunc(runs, func(open state.Run) bool { return open.ID == run.ID })
	if i < 0 {
		return run, state.ErrConflict
	}
	return runs[i], nil
}

// slice cuts the run into batches. A crash goes on behind the last batch that was cut.
func (p *pass) slice(ctx context.Context, run state.Run) error {
	progress, err := p.Store.Progress(ctx, run.ID)
	if err != nil {
		return err
	}
	cut := progress.Batches
	if run.ListingID != 0 {
		cut-- // the listing's own batch
	}
	total := int64(cut * p.BatchSize) // what a crash left is cut already: all batches are full, but the last of a table
	if !run.Sliced {
		rest, err := p.survey(ctx, run, cut)
		if err != nil {
			return err
		}
		total += rest
	}
	return p.work(ctx, run, total)
}

func (p *pass) survey(ctx context.Context, run state.Run, cut int) (rest int64, err error) {
	rest, err = p.Surveyor.Survey(ctx, run, cut, func(from, to int64, batches []state.NewBatch, last bool) error {
		return p.Store.AppendBatches(ctx, run.ID, from, to, last, batches)
	})
	if err != nil || run.FromID != 0 {
		return rest, err
	}
	return rest, p.Store.SetTotal(ctx, p.Name, int64(cut*p.BatchSize)+rest)
}

// work lets the batches of a run that is cut be executed. total counts the records from its first one on.
func (p *pass) work(ctx context.Context, run state.Run, total int64) error {
	var set state.RunSet
	if run.FromID == 0 {
		limit := p.Guard.Limit(total)
		set.GuardLimit = &limit
	}
	if run.BatchLimit > 0 {
		total = min(total, int64(run.BatchLimit*p.BatchSize))
	}
	set.Total = &total
	_, err := p.Store.MoveRun(ctx, run.ID, state.RunSlicing, state.RunWorking, set)
	return err
}

// judge looks at the destructive changes that waited for the end of the run: within the limit they are applied, above it
// all of them are held for a person.
func (p *pass) judge(ctx context.Context, run state.Run) error {
	deferred, err := p.Store.Deferred(ctx, run.ID)
	if err != nil {
		return err
	}
	people := map[string]bool{}
	for _, change := range deferred {
		people[change.Key] = true
	}
	switch {
	case len(people) == 0:
		return p.finish(ctx, run, state.RunDone, "")
	case run.GuardUsed+len(people) <= run.GuardLimit:
		_, err := p.Store.ApplyDeferred(ctx, run.ID, p.BatchSize)
		return err
	default:
		if _, err := p.Store.HoldDeferred(ctx, run.ID); err != nil {
			return err
		}
		return p.finish(ctx, run, state.RunDone, "")
	}
}

// finish ends a run, says so once, and has it reported.
func (p *pass) finish(ctx context.Context, run state.Run, to state.RunState, why string) error {
	ended, err := p.Store.FinishRun(ctx, run.ID, to, why, p.reports(run)...)
	if err != nil {
		return err
	}
	if ended.ListingID != 0 && to != state.RunHeld {
		if err := p.Store.DropListing(ctx, ended.ListingID); err != nil {
			p.Log.Warn().Err(err).Int64("run", run.ID).Msg("listing could not be dropped")
		}
	}
	p.say(ended)
	if p.Observe.Finished != nil {
		p.Observe.Finished(ctx, ended)
	}
	if p.Observe.Held != nil && (ended.Held > 0 || to == state.RunHeld) {
		p.Observe.Held(ended, why)
	}
	if err := p.report(ctx); err != nil {
		p.Log.Warn().Err(err).Int64("run", run.ID).Msg("run could not be reported yet")
	}
	return nil
}

func (p *pass) say(run state.Run) {
	level := zerolog.InfoLevel
	if run.State != state.RunDone || run.Held > 0 {
		level = zerolog.WarnLevel
	}
	counts := zerolog.Dict()
	for key, n := range run.Counts {
		counts = counts.Int64(key, n)
	}
	p.Log.WithLevel(level).Dict("counts", counts).Str("sync", run.Sync).Int64("run", run.ID).Str("kind", string(run.Kind)).Str("state", string(run.State)).
		Int("changes_held", run.Held).Dur("took_ms", run.Finished.Sub(run.Started)).Str("why", run.Error).Msg("run ended")
}

// pollLimit is how many changed records a poll points at; more of them are a reason for a pass.
const pollLimit = 2000

// pollAgain is how soon a poll that failed is tried again.
const pollAgain = time.Minute

// poll points at records that changed since the last look. It is a hint only: the pass is the truth. A poll that failed
// is tried again in its own time, not with every tick.
func (p *pass) poll(ctx context.Context, sync state.Sync) error {
	now := p.now()
	if p.Poller == nil || p.Poll <= 0 || now.Sub(sync.PolledAt) < p.Poll || now.Sub(p.polled) < min(p.Poll, pollAgain) {
		return nil
	}
	p.polled = now
	if sync.PollCursor.IsZero() {
		return p.Store.SetPoll(ctx, p.Name, now.Add(-time.Minute))
	}
	if first, err := p.inFirstPass(ctx, sync); err != nil || first {
		return err
	}
	changed, err := p.Poller.ChangedSince(ctx, sync.PollCursor, pollLimit)
	if errors.Is(err, ErrTooMany) {
		_, err = p.Store.RequestRun(ctx, state.Request{Sync: p.Name, Trigger: state.ByPoll})
		changed.Cursor = now.Add(-time.Minute)
	}
	if err != nil {
		return err
	}
	if !sync.LastPassAt.IsZero() && len(changed.IDs) > 0 {
		if err := p.touch(ctx, changed.IDs); err != nil {
			return err
		}
	}
	return p.Store.SetPoll(ctx, p.Name, changed.Cursor)
}

// inFirstPass says whether the first pass is under way. Its records are read once each, so what changes behind it must
// still lie ahead of the cursor when it has ended.
func (p *pass) inFirstPass(ctx context.Context, sync state.Sync) (bool, error) {
	if !sync.LastPassAt.IsZero() {
		return false, nil
	}
	runs, err := p.Store.OpenRuns(ctx, p.Name)
	return slices.ContainsFunc(runs, func(run state.Run) bool { return run.Kind == state.RunPass && !run.Notify }), err
}

func (p *pass) touch(ctx context.Context, ids []int64) error {
	seqs, err := p.Store.Touch(ctx, p.Name, ids, state.ByPoll)
	if err != nil || len(seqs) == 0 {
		return err
	}
	return p.Queue.Touch(ctx, tasks.NewTouch(p.Name, seqs[0]), "")
}
