package postgres_test

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

func TestCreateRun(t *testing.T) {
	t.Parallel()
	t.Run("keeps all that it is given", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		slot := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		run, err := b.CreateRun(b.ctx, state.NewRun{
			Sync: news, Kind: state.RunPass, State: state.RunListing, Trigger: state.BySchedule, Slot: "s", SlotAt: slot,
			Full: true, Notify: true, FromID: 7, BatchLimit: 3, GuardLimit: 5, ListingID: 9,
		})
		must(t, err)
		started := run.Started
		run.Started = time.Time{}
		wantSame(t, "run", state.Run{
			ID: run.ID, Sync: news, Kind: state.RunPass, State: state.RunListing, Trigger: state.BySchedule, Slot: "s",
			Full: true, Notify: true, FromID: 7, SliceCursor: 7, BatchLimit: 3, GuardLimit: 5, ListingID: 9,
		}, run)
		if started.IsZero() || started.Location() != time.UTC {
			t.Errorf("started %v", started)
		}
		sync, err := b.Sync(b.ctx, news)
		must(t, err)
		if !sync.LastSlot.Equal(slot) {
			t.Errorf("last slot %v", sync.LastSlot)
		}
	})
	t.Run("a slot is taken once, also by two schedulers at the same moment", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		won := race(t, 8, state.ErrRunExists, func() error {
			return onlyError(b.CreateRun(b.ctx, state.NewRun{Sync: news, Kind: state.RunApprove, State: state.RunWorking, Slot: "same"}))
		})
		wantSame(t, "runs made", 1, won)
	})
	t.Run("one pass at a time, also with two schedulers", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		var slot atomic.Int64
		won := race(t, 8, state.ErrRunInProgress, func() error {
			return onlyError(b.CreateRun(b.ctx, state.NewRun{
				Sync: news, Kind: state.RunPass, State: state.RunWorking, Slot: time.Unix(slot.Add(1), 0).String(),
			}))
		})
		wantSame(t, "runs made", 1, won)
	})
	t.Run("a later pass takes the place of a held one", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		held := b.pass()
		must(t, onlyError(b.FinishRun(b.ctx, held.ID, state.RunHeld, "the listing shrank")))
		b.pass()
		old, err := b.Run(b.ctx, held.ID)
		must(t, err)
		wantSame(t, "old run", state.Run{State: state.RunFailed, Error: "superseded by a later run"}, state.Run{State: old.State, Error: old.Error})
	})
	t.Run("an earlier slot does not move the last slot back", func(t *testing.T) {
		t.Parallel()
		late, early := time.Unix(1.5e9, 0), time.Unix(1e9, 0)
		wantLastSlot(t, late, early, late)
	})
	t.Run("but one that lies ahead, of a clock that was wrong, gives way", func(t *testing.T) {
		t.Parallel()
		ahead, now := time.Now().Add(365*day), time.Now().Truncate(time.Second)
		wantLastSlot(t, ahead, now, now)
	})
}

// wantLastSlot checks what the last slot is after a pass of one slot and then one of another.
func wantLastSlot(t *testing.T, first, second, want time.Time) {
	t.Helper()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.SlotAt = first })
	must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunDone, "")))
	b.pass(func(n *state.NewRun) { n.SlotAt = second })
	sync, err := b.Sync(b.ctx, news)
	must(t, err)
	if !sync.LastSlot.Equal(want) {
		t.Errorf("last slot %v, want %v", sync.LastSlot, want)
	}
}

func TestMoveRunIsCompareAndSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.State = state.RunSlicing })
	won := race(t, 6, state.ErrConflict, func() error {
		return onlyError(b.MoveRun(b.ctx, run.ID, state.RunSlicing, state.RunWorking, state.RunSet{
			Total: new(int64(10)), GuardLimit: new(5), Full: new(true), Sliced: new(true), PassEnds: new(true),
			ListingID: new(int64(3)), Error: new("why"),
		}))
	})
	wantSame(t, "moves", 1, won)
	moved, err := b.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})
	must(t, err)
	want := run
	want.State, want.Total, want.GuardLimit, want.Full, want.Sliced, want.PassEnds, want.ListingID, want.Error = state.RunJudging, 10, 5, true, true, true, 3, "why"
	wantSame(t, "run", want, moved)
}

func TestMoveRunCannotWakeAHeldPassBesideAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	held := b.pass()
	must(t, onlyError(b.FinishRun(b.ctx, held.ID, state.RunHeld, "")))
	b.exec(`INSERT INTO runs (sync, kind, state, trigger, slot) VALUES ($1, 'pass', 'working', 'manual', 'other')`, news)
	_, err := b.MoveRun(b.ctx, held.ID, state.RunHeld, state.RunSlicing, state.RunSet{})
	wantErr(t, err, state.ErrRunInProgress)
}

func TestRunsAreReadNewestFirstInPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []int64
	for range 3 {
		run := b.pass(func(n *state.NewRun) { n.Kind = state.RunApprove })
		ids = append(ids, run.ID)
	}
	last := b.pass()
	for name, tc := range map[string]struct {
		filter state.RunFilter
		want   []int64
	}{
		"all":         {state.RunFilter{}, []int64{last.ID, ids[2], ids[1], ids[0]}},
		"of a kind":   {state.RunFilter{Sync: news, Kind: state.RunPass}, []int64{last.ID}},
		"a page":      {state.RunFilter{Limit: 2, BeforeID: last.ID}, []int64{ids[2], ids[1]}},
		"other syncs": {state.RunFilter{Sync: "x"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			runs, err := b.Runs(b.ctx, tc.filter)
			must(t, err)
			wantSame(t, "ids", tc.want, idsOf(runs))
		})
	}
	open, err := b.OpenRuns(b.ctx, news)
	must(t, err)
	wantSame(t, "open", append(ids, last.ID), idsOf(open))
}

func idsOf(runs []state.Run) (ids []int64) {
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestGuardNeverGivesMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.GuardLimit = 10 })
	var granted atomic.Int64
	race(t, 8, nil, func() error {
		n, err := b.GuardTake(b.ctx, run.ID, 3)
		granted.Add(int64(n))
		return err
	})
	wantSame(t, "granted", int64(10), granted.Load())
	got, err := b.Run(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "used", 10, got.GuardUsed)
}

func TestThePartsOfAPassShareOneGuard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	part := func(from int64, took int) state.Run {
		t.Helper()
		run := b.pass(func(n *state.NewRun) { n.GuardLimit, n.FromID = 5, from })
		must(t, onlyError(b.GuardTake(b.ctx, run.ID, took)))
		b.end(run)
		return run
	}
	part(0, 4)
	wantSame(t, "used before", 4, part(10, 4).GuardUsed)
	wantSame(t, "used before, by both", 5, part(20, 1).GuardUsed)
	wantSame(t, "used before, at the begin of the next pass", 0, part(0, 0).GuardUsed)
}

func TestFinishRun(t *testing.T) {
	t.Parallel()
	t.Run("a pass that is done sums up and starts over", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		for _, batch := range b.slice(run, 3, 250) {
			must(t, b.FinishBatch(b.ctx, b.begin(batch), state.Counts{state.CountRecords: 250, state.CountUpdated: 1}, nil))
		}
		must(t, onlyError(b.AdvanceOffset(b.ctx, news, run.ID)))
		progress, err := b.Progress(b.ctx, run.ID)
		must(t, err)
		counts := state.Counts{state.CountRecords: 750, state.CountUpdated: 3}
		wantSame(t, "progress", state.Progress{Batches: 3, Settled: 3, Counts: counts}, progress)
		must(t, onlyError(b.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{PassEnds: new(true)})))

		done, err := b.FinishRun(b.ctx, run.ID, state.RunDone, "")
		must(t, err)
		wantSame(t, "counts", counts, done.Counts)
		sync, err := b.Sync(b.ctx, news)
		must(t, err)
		if sync.Offset != 0 || sync.LastPassAt.IsZero() || done.Finished.IsZero() {
			t.Errorf("sync %+v, run %+v", sync, done)
		}
		late, err := b.AdvanceOffset(b.ctx, news, run.ID)
		must(t, err)
		wantSame(t, "offset after a late advance", int64(0), late)
		_, err = b.FinishRun(b.ctx, run.ID, state.RunFailed, "too late")
		wantErr(t, err, state.ErrConflict)
	})
	for name, tc := range map[string]struct {
		end    state.RunState
		change func(*state.NewRun)
		ends   bool
		want   int64
	}{
		"a limited pass leaves the offset where it got to": {state.RunDone, nil, false, 500},
		"a failed pass leaves the offset where it got to":  {state.RunFailed, nil, true, 500},
		"a run that only notices moves nothing":            {state.RunDone, func(n *state.NewRun) { n.Notify = true }, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			run := b.pass(func(n *state.NewRun) {
				if tc.change != nil {
					tc.change(n)
				}
			})
			for _, batch := range b.slice(run, 2, 250) {
				b.finish(b.begin(batch))
			}
			must(t, onlyError(b.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{PassEnds: &tc.ends})))
			must(t, onlyError(b.FinishRun(b.ctx, run.ID, tc.end, "why")))
			sync, err := b.Sync(b.ctx, news)
			must(t, err)
			if sync.Offset != tc.want || !sync.LastPassAt.IsZero() {
				t.Errorf("sync %+v, want offset %d", sync, tc.want)
			}
		})
	}
	t.Run("only ends are ends", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, err := b.FinishRun(b.ctx, b.pass().ID, state.RunWorking, "")
		if !fault.Is(err, fault.Refused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFinishRunNotesAcceptedListings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end    state.RunState
		notify bool
		done   bool
		want   int
	}{
		"a complete one of a run that is done": {state.RunDone, false, true, 2},
		"not one of a run that is held":        {state.RunHeld, false, true, 0},
		"not one of a run that only notices":   {state.RunDone, true, true, 0},
		"not an incomplete one":                {state.RunDone, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			run := b.pass(func(n *state.NewRun) { n.State, n.Full, n.Notify = state.RunListing, true, tc.notify })
			lease := b.listingLease(run)
			listing, err := b.NewListing(b.ctx, lease, run.ID)
			must(t, err)
			must(t, b.AppendListing(b.ctx, lease, listing.ID, "", "2", rowsOf("a@example.com", "b@example.com"), tc.done))
			b.finish(lease)
			must(t, onlyError(b.FinishRun(b.ctx, run.ID, tc.end, "")))
			sync, err := b.Sync(b.ctx, news)
			must(t, err)
			if sync.LastListing != tc.want || sync.LastFullAt.IsZero() != (tc.want == 0) {
				t.Errorf("sync %+v, want %d entries", sync, tc.want)
			}
		})
	}
}

func TestFinishRunExpectsWhomItCreatedInTheNextListing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.State, n.Full = state.RunListing, true })
	lease := b.listingLease(run)
	listing, err := b.NewListing(b.ctx, lease, run.ID)
	must(t, err)
	must(t, b.AppendListing(b.ctx, lease, listing.ID, "", "2", rowsOf("a@example.com", "b@example.com"), true))
	must(t, b.FinishBatch(b.ctx, lease, state.Counts{state.CountCreated: 3, state.CountUpdated: 1}, nil))
	must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunDone, "")))
	sync, err := b.Sync(b.ctx, news)
	must(t, err)
	if sync.LastListing != 5 {
		t.Errorf("%d entries are expected, want the 2 listed and the 3 created", sync.LastListing)
	}
}

func TestLastSliceEndsTheOffsetAtAFiniteID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass()
	must(t, b.AppendBatches(b.ctx, run.ID, 0, math.MaxInt64, true, []state.NewBatch{
		{Kind: state.BatchSlice, FromID: 0, ToID: 250}, {Kind: state.BatchSlice, FromID: 250, ToID: math.MaxInt64},
	}))
	batches, err := b.TakeReady(b.ctx, news, 10)
	must(t, err)
	for _, batch := range batches {
		b.finish(b.begin(batch))
	}
	offset, err := b.AdvanceOffset(b.ctx, news, run.ID)
	must(t, err)
	wantSame(t, "offset", int64(250), offset)
}
