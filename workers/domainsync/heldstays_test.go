package domainsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func renewedAgain(d *whmcs.Domain) { d.DoNotRenew = false }

func TestWhatIsHeldIsNotLetThroughByALaterRun(t *testing.T) {
	t.Parallel()
	b := inStep(t, 6)
	b.Guard = 2
	for id := int64(1); id <= 6; id++ {
		b.edit(id, neverRenewed)
	}
	b.wantSwitched(b.Pass(synckit.Full), 2, 4)
	last := b.Pass(synckit.Full)
	b.wantSwitched(last, 2, 4)
	b.Touch(state.ByPoll, 1, 2, 3, 4, 5, 6)
	b.wantSwitched(last, 2, 4)

	t.Run("but by a person", func(t *testing.T) {
		held, err := b.Store.HeldRuns(b.Ctx, b.Name)
		must(t, err)
		for run := range held {
			approved, err := b.Store.Approve(b.Ctx, run)
			must(t, err)
			b.MustWork()
			b.Finish(approved)
		}
		b.wantSwitched(last, 6, 0)
	})
}

// wantSwitched checks how many domains are not renewed at the registrar, and how many changes wait for a person.
func (b *bundle) wantSwitched(run state.Run, switched, held int) {
	b.T.Helper()
	_, names := portfolio(6)
	off := 0
	for _, name := range names {
		if d, _ := b.account.Holds(name.Name); d.AutoRenew == registrar.Off {
			off++
		}
	}
	runs, err := b.Store.HeldRuns(b.Ctx, b.Name)
	must(b.T, err)
	waiting := 0
	for _, n := range runs {
		waiting += n
	}
	if off != switched || waiting != held {
		b.T.Errorf("after run %d: %d switched and %d held, want %d and %d", run.ID, off, waiting, switched, held)
	}
}

func TestARefusalEndsWhenBothSidesAgree(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T) *bundle {
		t.Helper()
		b := inStep(t, 1)
		b.Guard = 0
		b.edit(1, neverRenewed)
		_, err := b.Store.Reject(b.Ctx, b.Pass(synckit.Full).ID)
		must(t, err)
		b.Guard = 5
		return b
	}
	t.Run("and the next wish is one of its own", func(t *testing.T) {
		t.Parallel()
		b := refused(t)
		b.edit(1, renewedAgain)
		b.Pass(synckit.Full)
		b.edit(1, neverRenewed)
		b.Touch(state.ByHook, 1)
		if d, _ := b.account.Holds("d1.example"); d.AutoRenew != registrar.Off {
			t.Error("the customer is never heard again")
		}
	})
	t.Run("and not before", func(t *testing.T) {
		t.Parallel()
		b := refused(t)
		b.Pass(synckit.Full)
		b.Touch(state.ByHook, 1)
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_refused": 1})
		if d, _ := b.account.Holds("d1.example"); d.AutoRenew != registrar.On {
			t.Error("what was rejected is written")
		}
	})
	t.Run("on a status, too", func(t *testing.T) {
		t.Parallel()
		b := inStep(t, 1)
		b.turn("d1.example", being(registrar.Grace))
		run := b.Start(100, synckit.Full)
		b.MustWork()
		_, err := b.Store.Reject(b.Ctx, b.Hold(run).ID)
		must(t, err)
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		b.turn("d1.example", being(registrar.Active))
		b.Pass(synckit.Full)
		b.turn("d1.example", being(registrar.Grace))
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
	})
}
