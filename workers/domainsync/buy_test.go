package domainsync_test

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// arriving is a sync of n transfers that are done, each with ten days left, of an extension whose renewals are bought.
func arriving(t *testing.T, n int) *bundle {
	t.Helper()
	b := coming(t, n)
	renewing("example")(&b.duty.Policy)
	_, names := portfolio(n)
	for i := range names {
		b.edit(int64(i+1), expiring("2031-03-25"))
		b.done(names[i].Name, "2031-03-25")
	}
	return b
}

func (b *bundle) wantRenewals(name registrar.Name, want int) {
	b.T.Helper()
	if got := b.account.Renewals(name); got != want {
		b.T.Errorf("%s was renewed %d times, want %d", name, got, want)
	}
}

func TestARenewalIsBoughtBeforeTheDomainBecomesActive(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "updated": 1})
	b.wantCalls(map[string]int{"Transfer": 1, "Get": 1, "Renew": 1})
	b.wantRenewals("d1.example", 1)
	b.wantRow(1, whmcs.DomainActive, "2032-03-25")
	b.WantChanges("d1.example", "expiry applied", "status applied", "renewal applied")
	b.WantFailures()

	t.Run("and not again when a person makes it pending again", func(t *testing.T) {
		b.edit(1, standing(whmcs.DomainPendingTransfer), expiring("2031-03-25"))
		b.turn("d1.example", dated(renewal("2031-03-25")))
		b.Pass()
		b.wantRenewals("d1.example", 1)
	})
}

func TestARenewalThatIsNotListedIsProposed(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	renewing("nl")(&b.duty.Policy)
	b.Pass()
	b.wantRow(1, whmcs.DomainActive, "2031-03-25")
	b.WantChanges("d1.example", "renewal noticed", "status applied")
	b.wantRenewals("d1.example", 0)
}

func TestADryRunBuysNothing(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	b.Pass(synckit.Notify)
	b.WantChanges("d1.example", "renewal noticed", "status noticed")
	b.wantRenewals("d1.example", 0)
	b.wantRow(1, whmcs.DomainPendingTransfer, "2031-03-25")
}

func TestRenewalsGoThroughTheGuard(t *testing.T) {
	t.Parallel()
	b := arriving(t, 2)
	b.Guard = 1
	run := b.Pass()
	b.WantCounts(run, state.Counts{"records": 2, "updated": 1, "held": 1})
	b.wantRow(1, whmcs.DomainActive, "2032-03-25")
	b.wantRow(2, whmcs.DomainPendingTransfer, "2031-03-25")
	b.WantChanges("d2.example", "renewal held")
	b.wantRenewals("d2.example", 0)

	t.Run("a person who rejects it lets the domain become Active without", func(t *testing.T) {
		_, err := b.Store.Reject(b.Ctx, run.ID)
		must(t, err)
		b.Pass()
		b.wantRenewals("d2.example", 0)
		b.wantRow(2, whmcs.DomainActive, "2031-03-25")
	})
}

func TestAHeldRenewalIsBoughtOnceItIsApproved(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	b.Guard = 0
	run := b.Pass()
	approved, err := b.Store.Approve(b.Ctx, run.ID)
	must(t, err)
	b.MustWork()
	b.End(approved)
	b.wantRenewals("d1.example", 1)
	b.wantRow(1, whmcs.DomainActive, "2032-03-25")
	b.WantChanges("d1.example", "expiry applied", "status applied", "renewal applied", "renewal superseded")
}

func TestARenewalThatIsRefusedIsAFailureAndNoMore(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	b.account.Fail("Renew", trouble(fault.Rejected))
	b.Pass()
	b.wantRow(1, whmcs.DomainActive, "2031-03-25")
	b.WantChanges("d1.example", "status applied", "renewal failed")
	wantLastingFailure(b, "1 rejected", "it was not bought: op: call: rejected: as the test wants it. If it is wanted")
	b.wantRenewals("d1.example", 0)
}

// wantLastingFailure checks a failure that a pass leaves and a retry ends.
func wantLastingFailure(b *bundle, want, message string) {
	b.T.Helper()
	b.Pass()
	if f := b.WantFailures(want); len(f) == 1 && !strings.Contains(f[0].Message, message) {
		b.T.Error(f[0].Message)
	}
	b.Touch(state.ByRetry, 1)
	b.WantFailures()
}

func TestARenewalThatWasNotSentIsSentLater(t *testing.T) {
	t.Parallel()
	for _, class := range []fault.Class{fault.RateLimited, fault.Auth} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			b := arriving(t, 1)
			b.Guard = 1
			run := b.Start(100)
			b.account.Fail("Renew", trouble(class))
			if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], class) {
				t.Fatalf("handed back with %v", failed)
			}
			b.wantRow(1, whmcs.DomainPendingTransfer, "2031-03-25")
			b.Again()
			b.End(run)
			must(t, b.Store.ResumeAccount(b.Ctx, account)) // refused credentials end the batch and pause the account
			b.Pass()
			b.wantRenewals("d1.example", 1)
			b.wantRow(1, whmcs.DomainActive, "2032-03-25")
		})
	}
}

func TestALostAnswerIsSettledByLooking(t *testing.T) {
	t.Parallel()
	for _, class := range []fault.Class{fault.Transient, fault.Protocol, fault.Held} {
		t.Run("it was bought: "+string(class), func(t *testing.T) {
			t.Parallel()
			b := arriving(t, 1)
			run := b.Start(100)
			b.account.Lose(trouble(class))
			b.Work()
			b.WantChanges("d1.example", "renewal planned")
			b.Again()
			b.End(run)
			b.wantRow(1, whmcs.DomainActive, "2032-03-25")
			b.WantChanges("d1.example", "expiry applied", "status applied", "renewal applied")
			b.WantFailures()
			b.wantRenewals("d1.example", 1)
		})
		t.Run("it was not bought: "+string(class), func(t *testing.T) {
			t.Parallel()
			b := arriving(t, 1)
			run := b.Start(100)
			b.account.Fail("Renew", trouble(class))
			b.Work()
			b.Again()
			b.End(run)
			b.wantRow(1, whmcs.DomainActive, "2031-03-25")
			b.WantChanges("d1.example", "status applied", "renewal failed")
			wantLastingFailure(b, "1 held", "it is not certain whether the renewal was bought; look at the registrar")
			b.wantRenewals("d1.example", 0)
			b.wantCalls(map[string]int{"Transfer": 2, "Get": 2, "Renew": 1})
		})
	}
	t.Run("the last attempt looks at once", func(t *testing.T) {
		t.Parallel()
		b := arriving(t, 1)
		b.Exec.Attempts[syncName] = 1
		b.account.Lose(trouble(fault.Transient))
		b.Pass()
		b.wantRow(1, whmcs.DomainActive, "2032-03-25")
		b.wantCalls(map[string]int{"Transfer": 2, "Get": 2, "Renew": 1})
	})
	t.Run("a domain that a person has made Active meanwhile keeps the failure", func(t *testing.T) {
		t.Parallel()
		b := arriving(t, 1)
		run := b.Start(100)
		b.account.Fail("Renew", trouble(fault.Transient))
		b.Work()
		b.edit(1, standing(whmcs.DomainActive))
		b.Again()
		b.End(run)
		b.WantChanges("d1.example", "renewal failed")
		wantLastingFailure(b, "1 held", "it is not certain")
	})
}
