package postgres_test

import (
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

// leaving is a destructive change of a person.
func leaving(email string, record int64, as state.ChangeState) state.Change {
	return state.Change{Key: email, Field: "groups", RecordID: record, Old: "1,3", New: "3", State: as, Destructive: true, Side: state.SideAccount, Wish: []byte(email)}
}

// states reads the states of all changes of an address, oldest first.
func (b *bundle) states(email string) (states []state.ChangeState) {
	b.t.Helper()
	changes, err := b.Changes(b.ctx, state.ChangeFilter{Key: email})
	must(b.t, err)
	for _, c := range slices.Backward(changes) {
		states = append(states, c.State)
	}
	return states
}

func (b *bundle) note(lease state.Lease, changes ...state.Change) {
	b.t.Helper()
	must(b.t, b.NoteChanges(b.ctx, lease, changes))
}

func (b *bundle) end(run state.Run) {
	b.t.Helper()
	must(b.t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunDone, "")))
}

func TestDeferredChangesAreAppliedAtTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, lease := b.lease()
	b.note(lease, leaving(ana, 1, state.ChangePlanned), leaving(bob, 2, state.ChangePlanned), leaving(eve, 3, state.ChangePlanned))
	b.finish(lease)
	unsettled, err := b.Unsettled(b.ctx, lease.BatchID)
	must(t, err)
	wantSame(t, "unsettled", 0, len(unsettled))
	progress, err := b.Progress(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "deferred", 3, progress.Deferred)
	_, err = b.ApplyDeferred(b.ctx, run.ID, 2)
	wantErr(t, err, state.ErrConflict)
	must(t, onlyError(b.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})))
	won := race(t, 4, state.ErrConflict, func() error { return onlyError(b.ApplyDeferred(b.ctx, run.ID, 2)) })
	wantSame(t, "applied", 1, won)

	batches, err := b.TakeReady(b.ctx, news, 0)
	must(t, err)
	if len(batches) != 2 || batches[0].Kind != state.BatchDestructive || batches[1].Seq != 3 {
		t.Fatalf("batches %+v", batches)
	}
	wantSame(t, "records", [][]int64{{1, 2}, {3}}, [][]int64{batches[0].IDs, batches[1].IDs})
	apply := b.begin(batches[0])
	claimed, err := b.Claim(b.ctx, apply, news, []state.Claim{{Key: ana, RecordID: 1, Changes: []state.Change{leaving(ana, 1, state.ChangePlanned)}}})
	must(t, err)
	must(t, b.Settle(b.ctx, apply, news, []state.Settlement{{
		Memory: state.Memory{Key: ana, RecordID: 1, Version: 1}, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied,
	}}))
	b.end(run)
	wantSame(t, "ana, written", []state.ChangeState{state.ChangeApplied}, b.states(ana))
	wantSame(t, "bob, no longer wanted", []state.ChangeState{state.ChangeSuperseded}, b.states(bob))
	got, err := b.Run(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "taken from the guard", 3, got.GuardUsed)
}

func TestASecondTryNotesNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, lease := b.lease()
	for _, as := range []state.ChangeState{state.ChangePlanned, state.ChangeNoticed, state.ChangeHeld} {
		b.note(lease, leaving(ana, 1, as), leaving(bob, 2, as))
		b.note(lease, leaving(ana, 1, as))
		wantSame(t, "changes", []state.ChangeState{as}, b.states(ana))
	}
	got, err := b.Run(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "held", 2, got.Held)
}

func TestDeferredChangesOfAClaimAreNotSettledWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	later := leaving(ana, 1, state.ChangePlanned)
	later.Deferred = true
	claimed, err := b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, RecordID: 1, Changes: []state.Change{
		{Key: ana, Field: "name", State: state.ChangePlanned}, later,
	}}})
	must(t, err)
	unsettled, err := b.Unsettled(b.ctx, lease.BatchID)
	must(t, err)
	wantSame(t, "unsettled", claimed[0].ChangeIDs[:1], []int64{unsettled[0].ID})
	must(t, b.Settle(b.ctx, lease, news, []state.Settlement{{ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied}}))
	wantSame(t, "states", []state.ChangeState{state.ChangeApplied, state.ChangePlanned}, b.states(ana))
}

func TestHeldChanges(t *testing.T) {
	t.Parallel()
	hold := func(b *bundle) state.Run {
		run, lease := b.lease()
		b.note(lease, leaving(ana, 1, state.ChangePlanned), leaving(bob, 2, state.ChangePlanned))
		b.finish(lease)
		n, err := b.HoldDeferred(b.ctx, run.ID)
		must(b.t, err)
		wantSame(b.t, "held now", 2, n)
		b.end(run)
		return run
	}
	t.Run("take the place of older held ones", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		old, run := hold(b), hold(b)
		for id, want := range map[int64]int{old.ID: 0, run.ID: 2} {
			got, err := b.Run(b.ctx, id)
			must(t, err)
			wantSame(t, "held", want, got.Held)
		}
		_, lease := b.lease()
		b.note(lease, leaving(ana, 1, state.ChangeHeld))
		wantSame(t, "ana", []state.ChangeState{state.ChangeSuperseded, state.ChangeSuperseded, state.ChangeHeld}, b.states(ana))
	})
	t.Run("are let go by an approval", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := hold(b)
		ids, n, err := b.ReleaseHeld(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "records", []int64{1, 2}, ids)
		wantSame(t, "changes", 2, n)
		_, n, err = b.ReleaseHeld(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "a second time", 0, n)
	})
	t.Run("are refused for good by a rejection", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		b.keep(lease, state.Memory{Key: ana, RecordID: 1, RemoteID: 5})
		b.exec(`UPDATE runs SET state = 'done'`)
		run := hold(b)
		n, err := b.RejectHeld(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "rejected", 2, n)
		wantSame(t, "ana", state.Memory{Key: ana, RecordID: 1, RemoteID: 5, Refused: []byte(ana), Version: 2}, b.memory(ana))
		wantSame(t, "bob", state.Memory{Key: bob, RecordID: 2, Refused: []byte(bob), Version: 1}, b.memory(bob))
		n, err = b.RejectHeld(b.ctx, run.ID)
		must(t, err)
		wantSame(t, "a second time", 0, n)
	})
	t.Run("are no longer held once they are carried out", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		hold(b)
		_, lease := b.lease()
		must(t, onlyError(b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, Changes: []state.Change{leaving(ana, 1, state.ChangePlanned)}}})))
		wantSame(t, "ana", []state.ChangeState{state.ChangeSuperseded, state.ChangePlanned}, b.states(ana))
		wantSame(t, "bob", []state.ChangeState{state.ChangeHeld}, b.states(bob))
	})
}

func TestMarkReverted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	claimed, err := b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, RecordID: 1, Changes: []state.Change{
		{Key: ana, Field: "name", State: state.ChangePlanned}, {Key: ana, Field: "city", State: state.ChangePlanned},
	}}})
	must(t, err)
	ids := claimed[0].ChangeIDs
	must(t, b.Settle(b.ctx, lease, news, []state.Settlement{{
		Memory: state.Memory{Key: ana, RecordID: 1, Version: 1}, ChangeIDs: ids[:1], State: state.ChangeApplied,
	}}))
	must(t, b.MarkReverted(b.ctx, lease, ids, map[string][]byte{ana: {4}}))
	wantSame(t, "only what was applied", []state.ChangeState{state.ChangeReverted, state.ChangePlanned}, b.states(ana))
	wantSame(t, "ana", state.Memory{Key: ana, RecordID: 1, Refused: []byte{4}, Version: 3}, b.memory(ana))
	must(t, b.MarkReverted(b.ctx, lease, nil, nil))
}

func TestChangesAreReadNewestFirstInPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, lease := b.lease()
	b.note(lease, leaving(ana, 1, state.ChangeNoticed), leaving(bob, 2, state.ChangeHeld), leaving(eve, 3, state.ChangeNoticed))
	all, err := b.Changes(b.ctx, state.ChangeFilter{})
	must(t, err)
	for name, tc := range map[string]struct {
		filter state.ChangeFilter
		want   []string
	}{
		"all":            {state.ChangeFilter{Sync: news, RunID: run.ID, BatchID: lease.BatchID}, []string{eve, bob, ana}},
		"of a state":     {state.ChangeFilter{State: state.ChangeNoticed}, []string{eve, ana}},
		"of a record":    {state.ChangeFilter{RecordID: 2}, []string{bob}},
		"a page":         {state.ChangeFilter{BeforeID: all[0].ID, Limit: 1}, []string{bob}},
		"by id":          {state.ChangeFilter{IDs: []int64{all[2].ID}}, []string{ana}},
		"by no id":       {state.ChangeFilter{IDs: []int64{}}, nil},
		"of other batch": {state.ChangeFilter{BatchID: 99}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			changes, err := b.Changes(b.ctx, tc.filter)
			must(t, err)
			var keys []string
			for _, c := range changes {
				keys = append(keys, c.Key)
			}
			wantSame(t, "keys", tc.want, keys)
		})
	}
}
