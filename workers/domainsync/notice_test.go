package domainsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// notes is a pass that only notes.
func (b *bundle) notes() state.Run { return b.Pass(synckit.Full, synckit.Notify) }

// differing is a sync of three domains, of which the first two differ and one pass has noticed that.
func differing(t *testing.T) *bundle {
	t.Helper()
	b := inStep(t, 3)
	b.turn("d1.example", dated(renewal("2032-09-01")))
	b.edit(2, neverRenewed)
	b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 1, "updated": 2})
	return b
}

func TestADifferenceIsNoticedOnceWhileItStands(t *testing.T) {
	t.Parallel()
	b := differing(t)
	b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 1, "updated": 2, "noticed_before": 2})
	b.WantChanges("d1.example", "expiry noticed")
	b.WantChanges("d2.example", "auto_renew noticed")

	t.Run("another one is recorded anew", func(t *testing.T) {
		b.turn("d1.example", dated(renewal("2033-09-01")))
		b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 1, "updated": 2, "noticed_before": 1})
		b.WantChanges("d1.example", "expiry noticed", "expiry superseded")
	})
	t.Run("one that is gone is superseded", func(t *testing.T) {
		b.edit(1, expiring("2033-09-01"))
		b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 2, "updated": 1, "noticed_before": 1})
		b.WantChanges("d1.example", "expiry superseded", "expiry superseded")
	})
	t.Run("so is one whose domain has left the sync", func(t *testing.T) {
		delete(b.whmcs.rows, 2)
		b.WantCounts(b.notes(), state.Counts{"records": 2, "unchanged": 2})
		b.WantChanges("d2.example", "auto_renew superseded")
	})
}

func TestADifferenceThatIsLeftAloneIsNoticedOnce(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	following(0)(&b.duty.Policy)
	b.duty.Policy.Due.MaxDifference = 1
	b.edit(1, dueOn("2031-12-24", "2031-12-24"))
	for range 2 {
		b.notes()
		b.WantChanges("d1.example", "next_due noticed")
	}
	b.Pass(synckit.Full)
	b.WantChanges("d1.example", "next_due noticed", "next_due superseded")
}

func TestANoticeStandsWhileItsDomainCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	b.turn("d1.example", dated(renewal("2031-01-01"))) // far back: it takes a look
	b.notes()
	b.account.Fail("Get", trouble(fault.Rejected))
	b.WantCounts(b.notes(), state.Counts{"records": 2, "unchanged": 1, "failed": 1})
	b.WantChanges("d1.example", "expiry noticed")
	b.account.Fail("Get", nil)
	b.WantCounts(b.notes(), state.Counts{"records": 2, "unchanged": 1, "updated": 1, "noticed_before": 1})
	b.WantChanges("d1.example", "expiry noticed")
}

func TestNoticesDoNotStandInTheWayOfWrites(t *testing.T) {
	t.Parallel()
	b := differing(t)
	b.turn("d3.example", dated(renewal("2032-09-01")))
	b.notes()
	b.edit(3, expiring("2032-09-01")) // by hand, before the mode is changed
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 1, "updated": 2})
	b.wantRow(1, whmcs.DomainActive, "2032-09-01")
	b.WantChanges("d1.example", "expiry applied", "expiry superseded")
	b.WantChanges("d2.example", "auto_renew applied", "auto_renew superseded")
	b.WantChanges("d3.example", "expiry superseded")
	b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 3})
}

func TestASmallRunNoticesNothingTwice(t *testing.T) {
	t.Parallel()
	b := differing(t)
	b.Exec.Notify = map[string]bool{syncName: true}
	b.WantCounts(b.Touch(state.ByHook, 1), state.Counts{"records": 1, "updated": 1, "noticed_before": 1})
	b.WantChanges("d1.example", "expiry noticed")
	b.edit(1, expiring("2032-09-01"))
	b.WantCounts(b.Touch(state.ByHook, 1), state.Counts{"records": 1, "unchanged": 1})
	b.WantChanges("d1.example", "expiry superseded")
}

func TestABatchThatIsTriedAgainNoticesAll(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	b.turn("d1.example", dated(renewal("2032-09-01")))
	b.turn("d2.example", dated(renewal("2031-01-01")))
	b.account.Fail("Get", trouble(fault.Transient))
	run := b.Start(100, synckit.Full, synckit.Notify)
	if failed := b.Work(); len(failed) != 1 {
		t.Fatalf("handed back: %v", failed)
	}
	b.WantChanges("d1.example", "expiry noticed")
	b.account.Fail("Get", nil)
	b.Again()
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "updated": 2})
	b.WantChanges("d1.example", "expiry noticed")
	b.WantChanges("d2.example", "expiry noticed")
}
