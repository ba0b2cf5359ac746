package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
)

// notes is a pass that only notes, in batches of one client each.
func (b *bundle) notes() state.Run {
	b.T.Helper()
	run := b.Start(1, synckit.Full, synckit.Notify)
	b.MustWork()
	return b.Finish(run)
}

func TestADifferenceIsNoticedOnceWhileItStands(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1), client(2, addressed("bob@example.com")), client(3, addressed("eve@example.com")))
	b.list.Seed(*entry(called("Anna"), inGroups(1)))
	b.WantCounts(b.notes(), state.Counts{"records": 3, "updated": 1, "created": 2})
	b.WantCounts(b.notes(), state.Counts{"records": 3, "updated": 1, "created": 2, "noticed_before": 3})
	b.WantChanges("ana@example.com", "name noticed")
	b.WantChanges("bob@example.com", "subscriber noticed")

	t.Run("another one is recorded anew, one that is gone superseded", func(t *testing.T) {
		b.reseed(called("Annie"))
		b.whmcs.put(client(2, addressed("bobby@example.com")), client(3, addressed("eve@example.com"), withoutConsent))
		b.WantCounts(b.notes(), state.Counts{"records": 3, "updated": 1, "created": 1, "skipped_no_consent": 1})
		b.WantChanges("ana@example.com", "name noticed", "name superseded")
		b.WantChanges("bob@example.com", "subscriber superseded")
		b.WantChanges("bobby@example.com", "subscriber noticed")
		b.WantChanges("eve@example.com", "subscriber superseded")
	})
	t.Run("and a pass that writes takes their place", func(t *testing.T) {
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "updated": 1, "created": 1, "skipped_no_consent": 1})
		b.WantChanges("bobby@example.com", "subscriber applied", "subscriber superseded")
		b.WantCounts(b.notes(), state.Counts{"records": 3, "unchanged": 2, "skipped_no_consent": 1})
	})
}

// The second client is in a batch of their own, which decides nothing about the person.
func TestTheOptOutsOfAllClientsOfAPersonAreNoticedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1), client(2))
	b.duty.Policy.WriteBack = true
	b.list.Seed(*entry(suppressed(maillist.Unsubscribed)))
	for range 3 {
		b.notes()
		b.WantChanges("ana@example.com", "marketing_consent noticed", "marketing_consent noticed")
	}
}

// rehearse is a dry run that a person asked for.
func rehearse(n *state.NewRun) { n.Notify, n.DryRun = true, true }

func TestWhatADryRunFoundFailsInTheNextRunAllTheSame(t *testing.T) {
	t.Parallel()
	t.Run("an address that is not valid", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1, addressed("nowhere")))
		for _, run := range []state.Run{b.Pass(rehearse), b.Pass(rehearse), b.Pass()} {
			b.WantCounts(run, state.Counts{"records": 1, "failed": 1})
		}
		b.WantFailures("1 refused")
		b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_invalid_email": 1})
		b.WantCounts(b.Pass(rehearse), state.Counts{"records": 1, "skipped_invalid_email": 1})
		b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_invalid_email": 1})
	})
	t.Run("a look that the list refuses", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.Pass()
		b.whmcs.put(client(1, renamed("Anna")))
		b.failing("find", "", trouble(fault.Rejected))
		for _, run := range []state.Run{b.Pass(rehearse), b.Pass()} {
			if run.Counts["failed"] != 1 {
				t.Errorf("%v", run.Counts)
			}
		}
	})
}
