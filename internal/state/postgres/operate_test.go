package postgres_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestApprove(t *testing.T) {
	t.Parallel()
	t.Run("held changes are planned anew by a run of their own", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run, lease := b.lease()
		b.note(lease, leaving(bob, 2, state.ChangeHeld), leaving(ana, 1, state.ChangeHeld))
		b.finish(lease)
		b.end(run)
		held, err := b.HeldRuns(b.ctx, news)
		must(t, err)
		wantSame(t, "held", map[int64]int{run.ID: 2}, held)

		approved, err := b.Approve(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "run", []any{state.RunApprove, state.RunWorking, state.ByApproval, true, int64(2)},
			[]any{approved.Kind, approved.State, approved.Trigger, approved.Sliced, approved.Total})
		batches, err := b.TakeReady(b.ctx, news, 0)
		must(t, err)
		if len(batches) != 1 || batches[0].RunID != approved.ID || batches[0].Kind != state.BatchDestructive {
			t.Fatalf("batches %+v", batches)
		}
		wantSame(t, "records", []int64{1, 2}, batches[0].IDs)
		_, err = b.Approve(b.ctx, run.ID)
		wantErr(t, err, state.ErrNothing)
		counts, err := b.CountChanges(b.ctx, news, minute)
		must(t, err)
		wantSame(t, "changes", map[string]int{"superseded": 2}, counts)
	})
	t.Run("a run whose listing was held goes on", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunHeld, "the listing shrank")))
		on, err := b.Approve(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "run", []any{state.RunSlicing, "", true}, []any{on.State, on.Error, on.Finished.IsZero()})
	})
}

func TestReject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, lease := b.lease()
	b.note(lease, leaving(ana, 1, state.ChangeHeld))
	b.finish(lease)
	b.end(run)
	n, err := b.Reject(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "rejected", 1, n)
	wantSame(t, "ana", []byte(ana), b.memory(ana).Refused)
	_, err = b.Reject(b.ctx, run.ID)
	wantErr(t, err, state.ErrNothing)

	shrunk := b.pass()
	must(t, onlyError(b.FinishRun(b.ctx, shrunk.ID, state.RunHeld, "the listing shrank")))
	must(t, onlyError(b.Reject(b.ctx, shrunk.ID)))
	got, err := b.Run(b.ctx, shrunk.ID)
	must(t, err)
	wantSame(t, "run", []any{state.RunFailed, "rejected: the listing shrank"}, []any{got.State, got.Error})
}

func TestRequestRevert(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, err := b.RequestRevert(b.ctx, news, "revert/1", []int64{9, 8, 9})
	must(t, err)
	batches, err := b.TakeReady(b.ctx, news, 0)
	must(t, err)
	wantSame(t, "batch", []any{run.ID, state.BatchRevert, 1}, []any{batches[0].RunID, batches[0].Kind, batches[0].Seq})
	wantSame(t, "changes", []int64{8, 9}, batches[0].IDs)
	_, err = b.RequestRevert(b.ctx, news, "revert/1", []int64{9})
	wantErr(t, err, state.ErrRunExists)
	_, err = b.RequestRevert(b.ctx, news, "revert/2", nil)
	wantErr(t, err, state.ErrNothing)
}
