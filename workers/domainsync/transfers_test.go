package domainsync_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// coming is a sync of n transfers in that pend on both sides.
func coming(t *testing.T, n int) *bundle {
	t.Helper()
	rows, names := portfolio(n)
	for i := range rows {
		standing(whmcs.DomainPendingTransfer)(&rows[i])
	}
	b := setup(t, rows...)
	b.duty.Transfers, b.whmcs.statuses = true, []whmcs.DomainStatus{whmcs.DomainPendingTransfer}
	for _, name := range names {
		b.account.Transferring(registrar.Transfer{Name: name.Name, State: registrar.TransferPending})
	}
	return b
}

// done lets a transfer arrive.
func (b *bundle) done(name registrar.Name, expiry string) {
	b.account.Hold(*held(func(d *registrar.Domain) { d.Name = name }, dated(renewal(expiry))))
	b.account.Transferring(registrar.Transfer{Name: name, State: registrar.TransferCompleted, Dates: renewal(expiry)})
}

func TestTransfersAreFollowed(t *testing.T) {
	t.Parallel()
	b := coming(t, 6)
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 6, "skipped_pending": 6})
	b.wantCalls(map[string]int{"ListTransfersPage": 2})

	b.done("d1.example", "2032-03-20")
	b.account.Transferring(registrar.Transfer{Name: "d2.example", State: registrar.TransferFailed, Reason: "wrong code"})
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 6, "skipped_pending": 4, "updated": 1, "failed": 1})
	b.wantCalls(map[string]int{"ListTransfersPage": 2, "Transfer": 2})
	b.wantRow(1, whmcs.DomainActive, "2032-03-20")
	b.wantRow(2, whmcs.DomainPendingTransfer, "2031-09-01")
	b.WantFailures("2 rejected")

	t.Run("one that was begun again is no failure", func(t *testing.T) {
		b.account.Transferring(registrar.Transfer{Name: "d2.example", State: registrar.TransferPending})
		b.Pass(synckit.Full)
		b.WantFailures()
	})
	t.Run("one that takes long is reported", func(t *testing.T) {
		b.clock = b.clock.AddDate(0, 0, 8)
		b.Pass(synckit.Full)
		b.WantFailures("2 held", "3 held", "4 held", "5 held", "6 held")
	})
}

// twice is an account whose list shows an earlier attempt for each name as well, behind or before the one that counts.
type twice struct {
	*memory.Account
	earlier registrar.TransferState
	first   bool
}

func (a twice) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	page, err := a.Account.ListTransfersPage(ctx, after)
	for _, one := range slices.Clone(page.Transfers) {
		one.State, one.ID = a.earlier, map[bool]string{true: "", false: "earlier"}[a.first] // rows of one page are sorted by what is in them
		page.Transfers = append(page.Transfers, one)
	}
	return page, err
}

func TestAnEarlierAttemptThatIsListedTooIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, earlier := range []registrar.TransferState{registrar.TransferPending, registrar.TransferFailed, registrar.TransferCompleted, registrar.TransferUnknown} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, listed first %v", earlier, first), func(t *testing.T) {
				t.Parallel()
				b := coming(t, 2)
				b.duty.Registrar = twice{b.account, earlier, first}
				b.account.Hold(*held(func(d *registrar.Domain) { d.Name = "d2.example" }))
				b.account.Transferring(registrar.Transfer{Name: "d2.example", State: registrar.TransferCompleted})
				b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "skipped_pending": 1, "updated": 1})
				b.WantFailures()
				b.wantRow(1, whmcs.DomainPendingTransfer, "2031-09-01")
				b.wantRow(2, whmcs.DomainActive, "2031-09-01")
			})
		}
	}
}

func TestATransferThatIsNotListedIsAskedFor(t *testing.T) {
	t.Parallel()
	b := coming(t, 1)
	b.edit(1, called(1, "other.example"))
	b.account.Hold(*held(func(d *registrar.Domain) { d.Name = "other.example" }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1})
	b.wantCalls(map[string]int{"ListTransfersPage": 1, "Transfer": 1})
	b.wantRow(1, whmcs.DomainActive, "2031-09-01")
}

func TestARegistrarThatCannotListTransfersIsAskedForEach(t *testing.T) {
	t.Parallel()
	b := coming(t, 3)
	b.duty.Registrar = struct {
		registrar.Registrar
		registrar.TransferTracker
	}{b.account, b.account}
	b.done("d3.example", "2032-03-20")
	b.WantCounts(b.Pass(), state.Counts{"records": 3, "skipped_pending": 2, "updated": 1})
	b.wantCalls(map[string]int{"Transfer": 3})
}

func TestARegistrarThatFollowsNoTransfersSaysSo(t *testing.T) {
	t.Parallel()
	b := coming(t, 1)
	b.duty.Registrar = struct{ registrar.Registrar }{b.account}
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "failed": 1})
	b.WantFailures("1 refused")
}

func TestATransferThatFailedIsCancelledAtTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	b := coming(t, 2)
	b.duty.Policy.Failed = domainsync.CancelFailed
	b.account.Transferring(registrar.Transfer{Name: "d1.example", State: registrar.TransferFailed, Reason: "wrong code"})
	run := b.Start(100, synckit.Full)
	b.MustWork()
	b.wantRow(1, whmcs.DomainPendingTransfer, "2031-09-01")
	b.Finish(run)
	b.wantRow(1, whmcs.DomainCancelled, "2031-09-01")
	b.wantRow(2, whmcs.DomainPendingTransfer, "2031-09-01")
	b.wantCalls(map[string]int{"ListTransfersPage": 1, "Transfer": 2})
}

func TestATransferThatFailsToBeAskedForIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := coming(t, 2)
	run := b.Start(100)
	b.account.Fail("Transfer", trouble(fault.Protocol))
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Protocol) {
		t.Fatalf("handed back with %v", failed)
	}
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "skipped_pending": 2})
}

func TestACrashBehindATransferThatArrivedIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := coming(t, 2)
	b.done("d1.example", "2032-03-20")
	run := b.Start(100, synckit.Full)
	b.whmcs.after = func(int64) error {
		b.whmcs.after = nil
		b.Overtake()
		return nil
	}
	b.MustWork()
	b.WantChanges("d1.example", "expiry planned", "status planned")
	b.MustWork() // the domain is Active by now, and no longer part of the sync
	b.Finish(run)
	b.WantChanges("d1.example", "expiry applied", "status applied")
	if n := len(b.whmcs.written); n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestATransferThatArrivedCanBeReverted(t *testing.T) {
	t.Parallel()
	b := coming(t, 1)
	b.done("d1.example", "2032-03-20")
	b.Pass(synckit.Full)
	changes := b.WantChanges("d1.example", "expiry applied", "status applied")
	b.Revert(changes[0].ID, changes[1].ID)
	b.wantRow(1, whmcs.DomainPendingTransfer, "2031-09-01")
}
