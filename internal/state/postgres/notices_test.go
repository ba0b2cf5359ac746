package postgres_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

// noting is a pass that only notes.
func noting(n *state.NewRun) { n.Notify = true }

// differing is what a run that only notes finds of a person.
func differing(email string, record int64, to string) state.Change {
	return state.Change{Key: email, Field: "name", RecordID: record, Old: "Ann", New: to, State: state.ChangeNoticed, Side: state.SideAccount, Wish: []byte(to)}
}

// noticed is a whole pass that decides about keys and finds differences, and how many of them stood before.
func (b *bundle) noticed(keys []string, found ...state.Change) (state.Run, int) {
	b.t.Helper()
	run := b.pass(noting)
	before := b.notices(run, keys, found...)
	b.end(run)
	return run, before
}

func (b *bundle) notices(run state.Run, keys []string, found ...state.Change) int {
	b.t.Helper()
	must(b.t, b.AppendBatches(b.ctx, run.ID, 0, 1<<63-1, true, []state.NewBatch{{Kind: state.BatchSlice, ToID: 1<<63 - 1}}))
	batches, err := b.TakeReady(b.ctx, news, 1)
	must(b.t, err)
	lease := b.begin(batches[0])
	before, err := b.Notice(b.ctx, lease, news, keys, found)
	must(b.t, err)
	b.finish(lease)
	return before
}

func TestADifferenceIsNoticedOnceWhileItStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	both := []string{ana, bob}
	first, before := b.noticed(both, differing(ana, 1, "Ana"), differing(bob, 2, "Bob\x00by"))
	wantSame(t, "stood before", 0, before)
	second, before := b.noticed(both, differing(ana, 1, "Ana"), differing(bob, 2, "Bob\x00by"))
	wantSame(t, "stood before", 2, before)
	wantSame(t, "recorded by each", []int64{2, 0}, []int64{
		b.number(`SELECT count(*) FROM changes WHERE run_id = $1`, first.ID), b.number(`SELECT count(*) FROM changes WHERE run_id = $1`, second.ID),
	})
	seen, err := b.Changes(b.ctx, state.ChangeFilter{SeenIn: second.ID})
	must(t, err)
	wantSame(t, "all that the second one has met", 2, len(seen))

	t.Run("another one takes its place", func(t *testing.T) {
		_, before := b.noticed(both, differing(ana, 1, "Anita"), differing(bob, 2, "Bob\x00by"))
		wantSame(t, "stood before", 1, before)
		wantSame(t, "ana", []state.ChangeState{state.ChangeSuperseded, state.ChangeNoticed}, b.states(ana))
	})
	t.Run("one that is gone is superseded", func(t *testing.T) {
		b.noticed(both, differing(ana, 1, "Anita"))
		wantSame(t, "bob", []state.ChangeState{state.ChangeSuperseded}, b.states(bob))
	})
	t.Run("and noticed anew when it is back", func(t *testing.T) {
		_, before := b.noticed(both, differing(ana, 1, "Anita"), differing(bob, 2, "Bob\x00by"))
		wantSame(t, "stood before", 1, before)
		wantSame(t, "bob", []state.ChangeState{state.ChangeSuperseded, state.ChangeNoticed}, b.states(bob))
	})
}

func TestWhatAPassHasNotMetIsGoneAtItsEnd(t *testing.T) {
	t.Parallel()
	only := []string{bob}
	for name, tc := range map[string]struct {
		pass func(*bundle)
		want state.ChangeState
	}{
		"whose record has left": {func(b *bundle) { b.noticed(only) }, state.ChangeSuperseded},
		"when the pass writes": {func(b *bundle) {
			run := b.pass()
			b.notices(run, only)
			b.end(run)
		}, state.ChangeSuperseded},
		"but not when its record could not be looked at": {func(b *bundle) {
			run := b.pass(noting)
			b.notices(run, only)
			b.exec(`INSERT INTO failures (sync, record_id, key, run_id, class, message) VALUES ($1, 1, $2, $3, 'transient', '')`, news, ana, run.ID)
			b.end(run)
		}, state.ChangeNoticed},
		"though not when that was in a pass before": {func(b *bundle) {
			earlier, _ := b.noticed([]string{ana}, differing(ana, 1, "Ana"))
			b.exec(`INSERT INTO failures (sync, record_id, key, run_id, class, message) VALUES ($1, 1, $2, $3, 'transient', '')`, news, ana, earlier.ID)
			b.noticed(only)
		}, state.ChangeSuperseded},
		"nor when the pass failed": {func(b *bundle) {
			run := b.pass(noting)
			b.notices(run, only)
			must(b.t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunFailed, "the listing broke")))
		}, state.ChangeNoticed},
		"nor when it ended before the last record": {func(b *bundle) {
			run := b.pass()
			b.finish(b.begin(b.slice(run, 1, 250)[0]))
			b.exec(`UPDATE runs SET pass_ends = false WHERE id = $1`, run.ID)
			b.end(run)
		}, state.ChangeNoticed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.noticed([]string{ana}, differing(ana, 1, "Ana"))
			tc.pass(b)
			wantSame(t, "ana", []state.ChangeState{tc.want}, b.states(ana))
		})
	}
}

func TestAnotherSyncsNoticesAreItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.noticed([]string{ana}, differing(ana, 1, "Ana"))
	b.exec(`UPDATE changes SET sync = 'another'`)
	_, before := b.noticed([]string{ana})
	wantSame(t, "stood before", 0, before)
	wantSame(t, "ana", []state.ChangeState{state.ChangeNoticed}, b.states(ana))
}

func TestAWriteTakesThePlaceOfANotice(t *testing.T) {
	t.Parallel()
	for name, serious := range map[string]func(*bundle, state.Lease, state.Change){
		"one that is claimed": func(b *bundle, lease state.Lease, c state.Change) {
			c.State = state.ChangePlanned
			claimed, err := b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, RecordID: 1, Changes: []state.Change{c}}})
			must(b.t, err)
			must(b.t, b.Settle(b.ctx, lease, news, []state.Settlement{{Memory: state.Memory{Key: ana, Version: 1}, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeHeld}}))
		},
		"one that is held": func(b *bundle, lease state.Lease, c state.Change) {
			c.State = state.ChangeHeld
			b.note(lease, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.noticed([]string{ana}, differing(ana, 1, "Ana"))
			_, lease := b.lease()
			serious(b, lease, differing(ana, 1, "Ana"))
			wantSame(t, "ana", []state.ChangeState{state.ChangeSuperseded, state.ChangeHeld}, b.states(ana))
		})
	}
}

func TestABatchThatIsTriedAgainNoticesNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(noting)
	lease := b.begin(b.slice(run, 1, 250)[0])
	found := []state.Change{differing(ana, 1, "Ana"), differing(ana, 2, "Ana")}
	_, err := b.Notice(b.ctx, lease, news, []string{ana}, found[:1])
	must(t, err)
	b.lapse()
	lapsed, err := b.Lapsed(b.ctx, news)
	must(t, err)
	again, err := b.TakeReady(b.ctx, news, 1)
	must(t, err)
	if len(lapsed) != 1 || len(again) != 1 {
		t.Fatalf("%d lapsed, %d again", len(lapsed), len(again))
	}
	next := b.begin(again[0])
	_, err = b.Notice(b.ctx, lease, news, []string{ana}, nil)
	wantErr(t, err, state.ErrLeaseLost)
	before, err := b.Notice(b.ctx, next, news, []string{ana}, found)
	must(t, err)
	wantSame(t, "stood before the run", 0, before)
	wantSame(t, "ana", []state.ChangeState{state.ChangeNoticed, state.ChangeNoticed}, b.states(ana))
}

func TestADifferenceThatTwoNoticeAtOnceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	batches := b.slice(b.pass(noting), 2, 10)
	first, second := b.begin(batches[0]), b.begin(batches[1])
	notice := func(lease state.Lease) error {
		return onlyError(b.Notice(b.ctx, lease, news, []string{ana}, []state.Change{differing(ana, 1, "Ana")}))
	}
	must(t, notice(first))
	b.exec(`UPDATE changes SET settled_at = now()`) // as if it were noticed while the second one looks
	b.overtake([]string{`UPDATE changes SET settled_at = NULL`}, func() error { return notice(second) })
	wantSame(t, "ana", []state.ChangeState{state.ChangeNoticed}, b.states(ana))
}

// small is a small run that only notes and finds a difference, and how many stood before.
func (b *bundle) small(found state.Change) int {
	b.t.Helper()
	must(b.t, onlyError(b.Touch(b.ctx, news, []int64{found.RecordID}, state.ByHook)))
	_, run, lease, err := b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, true)
	must(b.t, err)
	before, err := b.Notice(b.ctx, lease, news, []string{found.Key}, []state.Change{found})
	must(b.t, err)
	b.finish(lease)
	b.end(run)
	return before
}

func TestASmallRunLeavesANoticeWithThePassThatMetIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wantSame(t, "stood before", 0, b.small(differing(ana, 1, "Ana")))
	wantSame(t, "stood before the next", 1, b.small(differing(ana, 1, "Ana")))
	pass, _ := b.noticed([]string{ana}, differing(ana, 1, "Ana"))
	wantSame(t, "stood before one after the pass", 1, b.small(differing(ana, 1, "Ana")))
	met, err := b.Changes(b.ctx, state.ChangeFilter{SeenIn: pass.ID})
	must(t, err)
	wantSame(t, "met by the pass", 1, len(met))
}

// What small runs and dry runs notice is in no mail, so the next pass tells it.
func TestAPassTakesOverWhatNobodyWasToldOf(t *testing.T) {
	t.Parallel()
	for name, noticing := range map[string]func(*bundle){
		"a small run": func(b *bundle) { b.small(differing(ana, 1, "Ana")) },
		"a dry run": func(b *bundle) {
			run := b.pass(noting, func(n *state.NewRun) { n.DryRun = true })
			b.notices(run, []string{ana}, differing(ana, 1, "Ana"))
			b.end(run)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			noticing(b)
			pass, before := b.noticed([]string{ana}, differing(ana, 1, "Ana"))
			wantSame(t, "stood before", 0, before)
			wantSame(t, "of the pass", int64(1), b.number(`SELECT count(*) FROM changes WHERE run_id = $1`, pass.ID))
			noticing(b)
			_, before = b.noticed([]string{ana}, differing(ana, 1, "Ana"))
			wantSame(t, "stood before", 1, before)
			wantSame(t, "ana", []state.ChangeState{state.ChangeNoticed}, b.states(ana))
		})
	}
}

func TestANoticeIsKeptAsLongAsItStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.noticed([]string{ana}, differing(ana, 1, "Ana"))
	for range 3 {
		b.age(400)
		b.prune()
		_, before := b.noticed([]string{ana}, differing(ana, 1, "Ana"))
		wantSame(t, "stood before", 1, before)
	}
	b.noticed([]string{ana})
	b.age(89)
	b.prune()
	wantSame(t, "ana", []state.ChangeState{state.ChangeSuperseded}, b.states(ana))
	b.age(2)
	b.prune()
	wantSame(t, "ana, long gone", 0, len(b.states(ana)))
}
