package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
)

// readdressed is a person who was on the list, left it as said, and then got another address in WHMCS.
func readdressed(t *testing.T, left maillist.Suppression) *bundle {
	t.Helper()
	b := setup(t, client(1))
	b.Pass(synckit.Full)
	b.reseed(suppressed(left))
	b.whmcs.put(client(1, addressed("aa@example.org")))
	return b
}

func TestWhoLeftIsNotBroughtBackUnderAnotherAddress(t *testing.T) {
	t.Parallel()
	runs := map[string]func(b *bundle) state.Run{
		"seen live":            func(b *bundle) state.Run { return b.Pass() },
		"seen in a listing":    func(b *bundle) state.Run { return b.Pass(synckit.Full) },
		"seen because of hook": func(b *bundle) state.Run { return b.Touch(state.ByHook, 1) },
	}
	for _, left := range []maillist.Suppression{maillist.Unsubscribed, maillist.Complained, maillist.Banned} {
		for name, run := range runs {
			t.Run(string(left)+" "+name, func(t *testing.T) {
				t.Parallel()
				b := readdressed(t, left)
				b.WantCounts(run(b), state.Counts{"records": 1, "skipped_" + string(left): 1, "skipped_moved": 1})
				b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_" + string(left): 1, "skipped_moved": 1})
				b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_" + string(left): 1, "skipped_moved": 1})
				b.whmcs.put(client(1, addressed("ana@example.net"))) // nor with the next one
				b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_" + string(left): 1, "skipped_moved": 2})
				b.wantWrites("aa@example.org", 0)
				b.wantWrites("ana@example.net", 0)
			})
		}
	}
}

func TestWhatIsNoFarewellEndsWithTheAddress(t *testing.T) {
	t.Parallel()
	for _, left := range []maillist.Suppression{maillist.NotSuppressed, maillist.Bounced, maillist.Deleted} {
		t.Run(string(left), func(t *testing.T) {
			t.Parallel()
			b := readdressed(t, left)
			b.Pass()
			b.wantGroups("aa@example.org", 1)
		})
	}
}

func TestWhoComesBackByThemselvesIsServedAgain(t *testing.T) {
	t.Parallel()
	b := readdressed(t, maillist.Unsubscribed)
	b.Pass()
	b.list.Seed(*entry(inGroups(50), func(e *maillist.Entry) { e.ID, e.Email = 0, "aa@example.org" }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1, "skipped_moved": 1})
	b.wantGroups("aa@example.org", 1, 50)
}

func TestNobodyIsCreatedWhileItCannotBeSeenWhetherTheyLeft(t *testing.T) {
	t.Parallel()
	b := readdressed(t, maillist.Unsubscribed)
	stop := b.failing("find", "ana@example.com", trouble(fault.Transient))
	run := b.Start(100)
	b.Work()
	b.wantWrites("aa@example.org", 0)
	stop()
	b.Again()
	b.WantCounts(b.End(run), state.Counts{"records": 1, "skipped_unsubscribed": 1, "skipped_moved": 1})
	b.wantWrites("aa@example.org", 0)
}

func TestWhoCameBackBeforeTheAddressChangedIsServed(t *testing.T) {
	t.Parallel()
	b := readdressed(t, maillist.Unsubscribed)
	b.whmcs.put(client(1))
	b.Pass(synckit.Full) // it is remembered
	b.reseed(suppressed(maillist.NotSuppressed))
	b.whmcs.put(client(1, addressed("aa@example.org")))
	b.Touch(state.ByRetry, 1)
	b.wantGroups("aa@example.org", 1)
}
