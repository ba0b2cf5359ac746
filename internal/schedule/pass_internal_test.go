package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestAPassFromRequestToReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request := b.request()
	run := b.complete()
	if run.State != state.RunDone || run.Trigger != state.ByHand || run.Total != 10 || !run.PassEnds {
		t.Errorf("run %+v", run)
	}
	if diff := cmp.Diff(state.Counts{"records": 5}, run.Counts); diff != "" {
		t.Errorf("counts of five batches (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("%d notes 1", run.ID)}, b.line.reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	taken, err := b.store.Request(b.ctx, request)
	if err != nil || taken.RunID != run.ID || b.offset() != 0 {
		t.Errorf("request %+v, offset %d, %v", taken, b.offset(), err)
	}
}

func TestTheOffsetNeverPassesAnUnsettledBatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.request()
	b.ticks()
	waiting := b.line.take()
	for _, step := range []struct{ batch, offset int }{{0, 2}, {2, 2}, {1, 6}} {
		b.line.batches = waiting[step.batch : step.batch+1]
		b.settle()
		b.clock = b.clock.Add(2 * offsetEvery)
		b.ticks()
		if got := b.offset(); got != int64(step.offset) {
			t.Errorf("after batch %d: offset %d, want %d", step.batch, got, step.offset)
		}
	}
}

func TestBatchesPerRunGoOnAtTheOffset(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.BatchesPerRun = 2 })
	for _, want := range []struct {
		batches int64
		offset  int64
	}{{2, 4}, {2, 8}, {1, 0}, {2, 4}} {
		b.request()
		run := b.complete()
		if run.Counts["records"] != want.batches || b.offset() != want.offset {
			t.Errorf("%d batches to offset %d, want %+v", run.Counts["records"], b.offset(), want)
		}
	}
	t.Run("a rehearsal is of the whole and leaves the offset", func(t *testing.T) {
		b.request(func(r *state.Request) { r.Notify = true })
		if run := b.complete(); run.Counts["records"] != 5 || b.offset() != 4 {
			t.Errorf("%d batches, offset %d", run.Counts["records"], b.offset())
		}
	})
}

func TestARunThatIsStillGoingIsNotStartedTwice(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.Schedule = cron.ConstantDelaySchedule{Delay: time.Hour} })
	b.ticks()
	first := b.newest()
	late := b.request()
	b.clock = b.clock.Add(90 * time.Minute)
	b.ticks()
	if run := b.newest(); run.ID != first.ID || len(b.line.batches) != 5 {
		t.Fatalf("another run %d while %d goes on, %d batches", run.ID, first.ID, len(b.line.batches))
	}
	refused, err := b.store.Request(b.ctx, late)
	if err != nil || !strings.Contains(refused.Refused, "still going") {
		t.Errorf("request %+v, %v", refused, err)
	}
	b.settle()
	b.ticks()
	if run := b.newest(); run.ID == first.ID || run.Trigger != state.BySchedule {
		t.Errorf("the slot that waited was forgotten: %+v", run)
	}
}

// Each attempt to make a run that cannot be made yet would use up the number of a run.
func TestASlotThatWaitsIsNotTriedAtEachTick(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.Schedule = cron.ConstantDelaySchedule{Delay: time.Hour} })
	b.ticks()
	first := b.newest()
	b.clock = b.clock.Add(90 * time.Minute)
	for range 5 {
		b.ticks()
	}
	b.settle()
	b.ticks()
	if run := b.newest(); run.ID != first.ID+1 {
		t.Errorf("the run after run %d is run %d", first.ID, run.ID)
	}
}

func TestAPausedSyncStartsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.Schedule = cron.ConstantDelaySchedule{Delay: time.Hour} })
	must(t, b.store.PauseSync(b.ctx, b.Name, "holiday"))
	b.ticks()
	if runs, err := b.store.Runs(b.ctx, state.RunFilter{}); err != nil || len(runs) != 0 {
		t.Errorf("runs %+v, %v", runs, err)
	}
}

func TestASilencedSyncOnlyNotes(t *testing.T) {
	t.Parallel()
	why := "somebody else writes there"
	b := setup(t, func(s *Sync) {
		s.Silenced = func(context.Context) (string, error) { return why, nil }
	})
	b.request()
	if run := b.complete(); !run.Notify {
		t.Errorf("run %+v writes", run)
	}
	why = ""
	b.request()
	if run := b.complete(); run.Notify {
		t.Errorf("run %+v only notes, though nobody else writes any more", run)
	}
}

func TestAListingOfWhatComesAndGoesMayShrink(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.CanList, s.Fleeting = true, true })
	for _, rows := range []int{10, 0} {
		b.request(fully)
		if run := b.complete(b.listing(rows)); run.State != state.RunDone {
			t.Errorf("with %d entries: run %+v", rows, run)
		}
	}
}

func fully(r *state.Request) { r.Full = true }

func TestAListingIsReadFirstAndJudged(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.CanList = true })
	b.request(fully)
	if run := b.complete(b.listing(10)); run.State != state.RunDone || !run.Full {
		t.Fatalf("run %+v", run)
	}
	b.request(fully)
	held := b.complete(b.listing(7))
	if held.State != state.RunHeld || !strings.Contains(held.Error, "the listing shrank: 7 entries, 10 before") {
		t.Fatalf("run %+v", held)
	}
	t.Run("a person who approves it lets it go on", func(t *testing.T) {
		if _, err := b.store.Approve(b.ctx, held.ID); err != nil {
			t.Fatal(err)
		}
		if run := b.complete(); run.ID != held.ID || run.State != state.RunDone || run.Counts["records"] != 6 {
			t.Errorf("run %+v", run)
		}
	})
	t.Run("an empty one is held as well", func(t *testing.T) {
		b.request(fully)
		if run := b.complete(b.listing(0)); run.State != state.RunHeld {
			t.Errorf("run %+v", run)
		}
	})
	t.Run("one that was not read to its end fails the run", func(t *testing.T) {
		b.request(fully)
		if run := b.complete(); run.State != state.RunFailed {
			t.Errorf("run %+v", run)
		}
	})
}

func TestDestructiveChangesWithinTheGuardAreAppliedAndMoreAreHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	applied := map[state.BatchKind]int{}
	b.request()
	run := b.complete(b.detaches(2), func(batch state.Batch, _ state.Lease) { applied[batch.Kind]++ })
	if run.Held != 0 || applied[state.BatchDestructive] != 1 {
		t.Errorf("within the limit: %d held, %v", run.Held, applied)
	}
	b.request()
	held := b.complete(b.detaches(3), func(batch state.Batch, _ state.Lease) { applied[batch.Kind]++ })
	if held.Held != 3 || applied[state.BatchDestructive] != 1 || held.State != state.RunDone {
		t.Errorf("above the limit: %+v, %v", held, applied)
	}
}

func TestRecoverGivesLostBatchesToOthers(t *testing.T) {
	t.Parallel()
	later := func(b *bundle) {
		b.clock = b.clock.Add(recoverEvery)
		b.ticks()
	}
	t.Run("one whose worker is gone", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.request()
		b.ticks()
		first := b.line.take()[0]
		_, _, _, err := b.store.BeginBatch(b.ctx, first.Batch, first.Generation, "gone", time.Millisecond)
		must(t, err)
		b.exec(`UPDATE batches SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
		later(b)
		if again := b.line.take(); len(again) != 1 || again[0].Batch != first.Batch || again[0].Generation != first.Generation+1 {
			t.Errorf("queued again: %+v", again)
		}
	})
	t.Run("only what the queue does not know", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.request()
		b.ticks()
		b.exec(`UPDATE batches SET queued_at = now() - interval '1 minute'`)
		b.line.batches = b.line.batches[:3]
		later(b)
		if got := len(b.line.batches); got != 5 {
			t.Errorf("%d batches in the queue, want the three it knew and the two it lost", got)
		}
		b.line.take()
		b.exec(`UPDATE batches SET queued_at = now() - interval '1 minute'`)
		b.line.lost = true
		later(b)
		if got := b.line.take(); len(got) != 5 {
			t.Errorf("%d batches came back after the queue lost all", len(got))
		}
	})
	t.Run("touches that nobody took", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, err := b.store.Touch(b.ctx, b.Name, []int64{7}, state.ByHook)
		must(t, err)
		b.exec(`UPDATE touches SET at = now() - interval '1 minute'`)
		later(b)
		if diff := cmp.Diff([]string{"touch/newsletter/1"}, b.line.touches); diff != "" {
			t.Errorf("wake-ups (-want +got):\n%s", diff)
		}
	})
}

func TestASurveyThatCrashedKeepsItsTotal(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]bool{"in the middle": false, "in the last moment": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.source.n = 1000
			run, err := b.store.CreateRun(b.ctx, state.NewRun{Sync: b.Name, Kind: state.RunPass, State: state.RunSlicing, Slot: "s"})
			must(t, err)
			crash := errors.New("crash")
			_, err = b.source.Survey(b.ctx, run, 0, func(from, to int64, batches []state.NewBatch, end bool) error {
				if from >= 600 && !last {
					return crash
				}
				return b.store.AppendBatches(b.ctx, run.ID, from, to, end, batches)
			})
			if last != (err == nil) {
				t.Fatal(err)
			}
			b.ticks()
			if run := b.newest(); run.Total != 1000 || run.GuardLimit != 10 || run.State != state.RunWorking {
				t.Errorf("run %+v", run)
			}
		})
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.Poll = 5 * time.Minute })
	b.source.changed = whmcs.Changed{IDs: []int64{4, 5}, Cursor: b.clock}
	poll := func() {
		b.exec(`UPDATE syncs SET polled_at = now() - interval '1 day'`)
		b.clock = b.clock.Add(pollAgain)
		b.ticks()
	}
	b.ticks()
	poll()
	if b.source.polls != 1 || len(b.line.touches) != 0 {
		t.Errorf("%d polls, touches %v: before the first pass a poll only keeps up", b.source.polls, b.line.touches)
	}
	b.request()
	b.ticks()
	poll()
	if b.source.polls != 1 {
		t.Errorf("%d polls: what changes during the first pass must still be found behind it", b.source.polls)
	}
	b.complete()
	poll()
	if len(b.line.touches) != 1 {
		t.Errorf("touches %v, want one wake-up for both", b.line.touches)
	}
	t.Run("one that failed is not tried with every tick", func(t *testing.T) {
		b.source.err = errors.New("the database is down")
		before := b.source.polls
		poll()
		b.ticks()
		b.ticks()
		if got := b.source.polls - before; got != 1 {
			t.Errorf("%d polls", got)
		}
	})
	t.Run("more than a small run should take asks for a pass", func(t *testing.T) {
		b.source.err = ErrTooMany
		poll()
		b.ticks()
		if run := b.newest(); run.Trigger != state.ByPoll {
			t.Errorf("run %+v", run)
		}
	})
}

func TestTheEndOfTheBatchesIsSeenBetweenTicks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	over := func(want bool, when string) {
		t.Helper()
		if got, err := b.over(b.ctx); err != nil || got != want {
			t.Errorf("%s: over %v, %v", when, got, err)
		}
	}
	over(false, "without a run")
	b.request()
	b.ticks()
	over(false, "with batches out")
	b.settle()
	over(true, "when all are settled")
}

func TestAClockThatWasWrongStopsNothingForYears(t *testing.T) {
	t.Parallel()
	every, err := cron.ParseStandard("@every 1h")
	must(t, err)
	b := setup(t, func(s *Sync) { s.Schedule, s.Poll, s.CanList = every, time.Minute, true })
	b.complete(b.listing(10))
	b.exec(`UPDATE syncs SET last_slot = now() + interval '1 year', last_full_at = now() + interval '1 year', polled_at = now() + interval '1 year'`)
	b.clock, b.source.polls = b.clock.Add(time.Minute), 0
	run := b.complete(b.listing(10))
	if run.ID == 1 || !run.Full || b.source.polls == 0 {
		t.Errorf("newest run %+v, %d polls", run, b.source.polls)
	}
	b.ticks()
	if again := b.newest(); again.ID != run.ID {
		t.Errorf("it is due again at once: run %+v", again)
	}
}
