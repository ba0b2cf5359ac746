package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestTouchesCoalesce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.Touch(b.ctx, news, []int64{7, 5, 7}, state.ByHook)
	must(t, err)
	again, err := b.Touch(b.ctx, news, []int64{5, 6}, state.ByPoll)
	must(t, err)
	if len(first) != 2 || len(again) != 1 {
		t.Fatalf("first %v, again %v", first, again)
	}
	oldest, n, err := b.PendingTouches(b.ctx, news, 0)
	must(t, err)
	wantSame(t, "pending", []int64{first[0], 3}, []int64{oldest, int64(n)})
	oldest, n, err = b.PendingTouches(b.ctx, news, minute)
	must(t, err)
	wantSame(t, "pending for long", []int64{0, 0}, []int64{oldest, int64(n)})

	batch, run, lease, err := b.ClaimTouches(b.ctx, news, 2, worker, minute, 5, false)
	must(t, err)
	wantSame(t, "oldest two", []int64{5, 7}, batch.IDs)
	wantSame(t, "run", state.Run{
		ID: run.ID, Sync: news, Kind: state.RunTouch, State: state.RunWorking, Trigger: state.ByHook, Slot: fmt.Sprintf("touch/%d", first[0]),
		Sliced: true, Total: 2, GuardLimit: 5, Started: run.Started,
	}, run)
	if batch.Kind != state.BatchTouch || batch.State != state.BatchRunning || batch.Worker != worker || !batch.FirstTry {
		t.Errorf("batch %+v", batch)
	}
	b.finish(lease)
	must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunDone, "")))

	batch, run, _, err = b.ClaimTouches(b.ctx, news, 10, worker, minute, 5, true)
	must(t, err)
	wantSame(t, "the rest", []int64{6}, batch.IDs)
	wantSame(t, "only notices", true, run.Notify)
	wantSame(t, "trigger", state.ByPoll, run.Trigger)
	_, _, _, err = b.ClaimTouches(b.ctx, news, 10, worker, minute, 5, false)
	wantErr(t, err, state.ErrNothing)
}

func TestNoTouchIsLostOrClaimedTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []int64
	for id := range int64(200) {
		ids = append(ids, id+1)
	}
	must(t, onlyError(b.Touch(b.ctx, news, ids, state.ByHook)))
	var mu sync.Mutex
	seen := map[int64]int{}
	race(t, 6, state.ErrNothing, func() error {
		for {
			batch, _, _, err := b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, false)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, id := range batch.IDs {
				seen[id]++
			}
			mu.Unlock()
		}
	})
	for _, id := range ids {
		if seen[id] != 1 {
			t.Errorf("record %d was claimed %d times", id, seen[id])
		}
	}
}

func TestTouchesOfAPausedSyncWait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, onlyError(b.Touch(b.ctx, news, []int64{1}, state.ByHook)))
	must(t, b.PauseAccount(b.ctx, "mailrelay", ""))
	_, _, _, err := b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, false)
	wantErr(t, err, state.ErrNothing)
	must(t, b.ResumeAccount(b.ctx, "mailrelay"))
	_, _, _, err = b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, false)
	must(t, err)
}

func TestTouchRunsOfAnHourShareTheGuard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claim := func(id int64) state.Run {
		must(t, onlyError(b.Touch(b.ctx, news, []int64{id}, state.ByHook)))
		_, run, _, err := b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, false)
		must(t, err)
		return run
	}
	take := func(run state.Run, n, want int) {
		got, err := b.GuardTake(b.ctx, run.ID, n)
		must(t, err)
		wantSame(t, "granted", want, got)
	}
	take(claim(1), 2, 2)
	second := claim(2)
	wantSame(t, "used before", 2, second.GuardUsed)
	take(second, 2, 2)
	third := claim(3)
	wantSame(t, "used before", 4, third.GuardUsed)
	take(third, 2, 1)
	wantSame(t, "used before, at most the limit", 5, claim(4).GuardUsed)
	b.exec(`UPDATE runs SET started_at = now() - interval '61 minutes'`)
	wantSame(t, "used before, an hour later", 0, claim(5).GuardUsed)
}

// What a retry forgets of its records, what a person refused among it, is forgotten of no other.
func TestARetryIsARunOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	claim := func() (ids []int64, trigger state.Trigger) {
		batch, run, _, err := b.ClaimTouches(b.ctx, news, 10, worker, minute, 5, false)
		must(t, err)
		return batch.IDs, run.Trigger
	}
	touch := func(trigger state.Trigger, ids ...int64) {
		must(t, onlyError(b.Touch(b.ctx, news, ids, trigger)))
	}
	touch(state.ByHook, 1, 2)
	touch(state.ByRetry, 2, 3)
	touch(state.ByPoll, 2, 4)
	for _, want := range []struct {
		ids     []int64
		trigger state.Trigger
	}{{[]int64{1, 4}, state.ByHook}, {[]int64{2, 3}, state.ByRetry}} {
		ids, trigger := claim()
		wantSame(t, "records", want.ids, ids)
		wantSame(t, "trigger", want.trigger, trigger)
	}
}
