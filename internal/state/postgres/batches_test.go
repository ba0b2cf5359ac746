package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

func TestAppendBatches(t *testing.T) {
	t.Parallel()
	t.Run("two schedulers cut a run once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		won := race(t, 6, state.ErrConflict, func() error {
			return b.AppendBatches(b.ctx, run.ID, 0, 1000, false, slicesOf(4, 250))
		})
		wantSame(t, "cuts", 1, won)
		wantSame(t, "batches", int64(4), b.number(`SELECT count(*) FROM batches`))
	})
	t.Run("goes on at the cursor until it is sliced", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass(func(n *state.NewRun) { n.FromID = 100 })
		must(t, b.AppendBatches(b.ctx, run.ID, 100, 300, false, []state.NewBatch{{Kind: state.BatchSlice, FromID: 100, ToID: 300}}))
		must(t, b.AppendBatches(b.ctx, run.ID, 300, 400, true, []state.NewBatch{{Kind: state.BatchSlice, FromID: 300, ToID: 400}}))
		wantErr(t, b.AppendBatches(b.ctx, run.ID, 400, 500, true, nil), state.ErrConflict)
		batches, err := b.TakeReady(b.ctx, news, 10)
		must(t, err)
		for i := range batches {
			batches[i].QueuedAt, batches[i].ID = time.Time{}, 0
		}
		want := state.Batch{RunID: run.ID, Sync: news, Account: "mailrelay", Kind: state.BatchSlice, Seq: 1, FromID: 100, ToID: 300, State: state.BatchQueued, Generation: 1, FirstTry: true}
		next := want
		next.Seq, next.FromID, next.ToID = 2, 300, 400
		wantSame(t, "batches", []state.Batch{want, next}, batches)
		run, err = b.Run(b.ctx, run.ID)
		must(t, err)
		if !run.Sliced || run.SliceCursor != 400 {
			t.Errorf("run %+v", run)
		}
	})
	t.Run("slices out of order are refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass(func(n *state.NewRun) { n.FromID = 100 })
		for _, slices := range [][]state.NewBatch{
			{{Kind: state.BatchSlice, FromID: 50, ToID: 300}},
			{{Kind: state.BatchSlice, FromID: 100, ToID: 300}, {Kind: state.BatchSlice, FromID: 200, ToID: 400}},
			{{Kind: state.BatchTouch, FromID: 100, ToID: 300}},
		} {
			if err := b.AppendBatches(b.ctx, run.ID, 100, 400, true, slices); !fault.Is(err, fault.Refused) {
				t.Errorf("%v: %v", slices, err)
			}
		}
		_, err := b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchSlice})
		if !fault.Is(err, fault.Refused) {
			t.Errorf("AddBatch of a slice: %v", err)
		}
	})
	t.Run("takes thousands at once, and none for a run that has ended", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		must(t, b.AppendBatches(b.ctx, run.ID, 0, 5000*50, false, slicesOf(5000, 50)))
		wantSame(t, "batches", int64(5000), b.number(`SELECT count(*) FROM batches`))
		must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunFailed, "")))
		wantErr(t, b.AppendBatches(b.ctx, run.ID, 5000*50, 5000*50, true, nil), state.ErrConflict)
		_, err := b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
		wantErr(t, err, state.ErrConflict)
	})
}

func TestTakeReady(t *testing.T) {
	t.Parallel()
	seqs := func(batches []state.Batch) (all []int) {
		for _, b := range batches {
			all = append(all, b.Seq)
		}
		return all
	}
	take := func(b *bundle, window int) []state.Batch {
		batches, err := b.TakeReady(b.ctx, news, window)
		must(b.t, err)
		return batches
	}
	t.Run("keeps slices within the window and lets other kinds pass", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		must(t, b.AppendBatches(b.ctx, run.ID, 0, 1000, true, slicesOf(4, 250)))
		first := take(b, 2)
		wantSame(t, "first", []int{1, 2}, seqs(first))
		must(t, onlyError(b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchDestructive, IDs: []int64{5}})))
		wantSame(t, "full window", []int{5}, seqs(take(b, 2)))
		b.finish(b.begin(first[0]))
		wantSame(t, "room for one", []int{3}, seqs(take(b, 2)))
		wantSame(t, "a smaller window", 0, len(take(b, 1)))
	})
	t.Run("what a failed run left behind takes no room", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		b.begin(b.slice(run, 3, 250)[0])
		must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunFailed, "")))
		b.slice(b.pass(), 2, 250)
	})
	t.Run("two schedulers never get the same batch", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		must(t, b.AppendBatches(b.ctx, b.pass().ID, 0, 200*10, true, slicesOf(200, 10)))
		var mu sync.Mutex
		seen := map[int64]int{}
		race(t, 6, nil, func() error {
			for range 20 {
				batches, err := b.TakeReady(b.ctx, news, 10_000)
				if err != nil {
					return err
				}
				mu.Lock()
				for _, batch := range batches {
					seen[batch.ID]++
				}
				mu.Unlock()
			}
			return nil
		})
		if len(seen) != 200 {
			t.Errorf("%d batches taken, want 200", len(seen))
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("batch %d was taken %d times", id, n)
			}
		}
	})
	for name, prevent := range map[string]func(*bundle, state.Run){
		"a paused sync":            func(b *bundle, _ state.Run) { must(b.t, b.PauseSync(b.ctx, news, "x")) },
		"a paused account":         func(b *bundle, _ state.Run) { must(b.t, b.PauseAccount(b.ctx, "mailrelay", "x")) },
		"a run that has ended":     func(b *bundle, r state.Run) { must(b.t, onlyError(b.FinishRun(b.ctx, r.ID, state.RunFailed, ""))) },
		"a batch that has to wait": func(b *bundle, _ state.Run) { b.exec(`UPDATE batches SET not_before = now() + interval '1 minute'`) },
	} {
		t.Run("nothing of "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			run := b.pass()
			must(t, b.AppendBatches(b.ctx, run.ID, 0, 250, true, slicesOf(1, 250)))
			must(t, onlyError(b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchDestructive})))
			prevent(b, run)
			wantSame(t, "batches", 0, len(take(b, 10)))
		})
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	t.Run("a lapsed lease makes a new generation, once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		batches := b.slice(b.pass(), 2, 250)
		b.begin(batches[0])
		b.lapse()
		alive := b.begin(batches[1])
		var lapsed []state.Batch
		var mu sync.Mutex
		race(t, 4, nil, func() error {
			found, err := b.Lapsed(b.ctx, news)
			mu.Lock()
			defer mu.Unlock()
			lapsed = append(lapsed, found...)
			return err
		})
		if len(lapsed) != 1 || lapsed[0].ID != batches[0].ID || lapsed[0].Generation != 2 || lapsed[0].State != state.BatchReady || lapsed[0].Attempts != 0 {
			t.Errorf("lapsed %+v", lapsed)
		}
		b.finish(alive)
	})
	t.Run("a batch long queued is found and made ready again, once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		batches := b.slice(b.pass(), 3, 250)
		b.exec(`UPDATE batches SET queued_at = now() - interval '10 minutes'`)
		b.exec(`UPDATE batches SET not_before = now() + interval '10 minutes' WHERE seq = 2`)
		b.begin(batches[2])
		stale, err := b.StaleQueued(b.ctx, news, minute)
		must(t, err)
		if len(stale) != 1 || stale[0].ID != batches[0].ID {
			t.Fatalf("stale %+v", stale)
		}
		won := race(t, 4, state.ErrConflict, func() error { return b.Requeue(b.ctx, stale[0].ID, stale[0].Generation) })
		wantSame(t, "requeued", 1, won)
		again, err := b.TakeReady(b.ctx, news, 10)
		must(t, err)
		if len(again) != 1 || again[0].Generation != 2 {
			t.Errorf("again %+v", again)
		}
	})
}

func TestDepth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	batches := b.slice(b.pass(), 3, 250)
	b.finish(b.begin(batches[0]))
	b.begin(batches[1])
	depth, err := b.Depth(b.ctx)
	must(t, err)
	wantSame(t, "depth", map[string]map[state.BatchState]int{news: {state.BatchRunning: 1, state.BatchQueued: 1}}, depth)
}
