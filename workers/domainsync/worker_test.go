package domainsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func TestAPassUponAListing(t *testing.T) {
	t.Parallel()
	b := inStep(t, 10)
	run := b.Start(3, synckit.Full)
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 10, "unchanged": 10})
	b.wantCalls(map[string]int{"ListPage": 3})

	t.Run("writes what the registrar has renewed, with no further call", func(t *testing.T) {
		b.turn("d2.example", dated(renewal("2032-09-01")))
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 10, "unchanged": 9, "updated": 1})
		b.wantCalls(map[string]int{"ListPage": 3})
		b.wantRow(2, whmcs.DomainActive, "2032-09-01")
		b.WantChanges("d2.example", "expiry applied")
	})
	t.Run("writes nothing twice", func(t *testing.T) {
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 10, "unchanged": 10})
		b.wantCalls(map[string]int{"ListPage": 3})
		if n := len(b.whmcs.written); n != 1 {
			t.Errorf("%d writes", n)
		}
	})
}

func TestARegistrarThatCannotListIsAskedForEveryName(t *testing.T) {
	t.Parallel()
	b := inStep(t, 6)
	b.duty.Registrar = struct{ registrar.Registrar }{b.account}
	b.turn("d2.example", dated(renewal("2032-09-01")))
	b.WantCounts(b.Pass(), state.Counts{"records": 6, "unchanged": 5, "updated": 1})
	b.wantCalls(map[string]int{"Get": 6})
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
}

func TestNotifyModeWritesNothing(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.duty.Policy.Gone.Mark = true
	b.turn("d1.example", dated(renewal("2032-09-01")))
	b.turn("d2.example", being(registrar.Grace))
	b.edit(3, neverRenewed)
	b.WantCounts(b.Pass(synckit.Full, synckit.Notify), state.Counts{"records": 3, "updated": 3})
	for name, change := range map[string]string{"d1.example": "expiry noticed", "d2.example": "status noticed", "d3.example": "auto_renew noticed"} {
		b.WantChanges(name, change)
	}
	known, err := b.Store.MemoriesByKeys(b.Ctx, syncName, []string{"d1.example", "d2.example", "d3.example"})
	must(t, err)
	if len(b.whmcs.written)+b.account.Writes("d3.example")+len(known) > 0 {
		t.Errorf("written: %v, remembered %v", b.whmcs.written, known)
	}
}

func TestInvoiceItemsMoveWithTheDueDate(t *testing.T) {
	t.Parallel()
	for _, moves := range []bool{true, false} {
		b := inStep(t, 1)
		b.duty.Policy.Due = domainsync.DueRule{Follow: true, MaxDifference: 400, InvoiceItems: moves}
		b.turn("d1.example", dated(renewal("2032-09-01")))
		b.Pass(synckit.Full)
		if len(b.whmcs.written) != 1 || b.whmcs.written[0].InvoiceItems != moves {
			t.Errorf("items move: %v, wrote %+v", moves, b.whmcs.written)
		}
	}
}

func TestANameThatHasLeftIsMarkedOnceThatIsSure(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	b.duty.Policy.Gone.Mark = true
	b.account.Depart("d1.example", registrar.Departure{Status: registrar.TransferredAway, Raw: "TRAN"})
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 1, "failed": 1})
	b.wantCalls(map[string]int{"ListPage": 1, "Get": 1, "Departed": 1})
	b.WantFailures("1 not_found")

	t.Run("not soon after, and its trouble stands meanwhile", func(t *testing.T) {
		b.clock = b.clock.Add(fourHours - time.Minute)
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 1, "skipped_not_at_registrar": 1})
		b.wantCalls(map[string]int{"ListPage": 1})
		b.WantFailures("1 not_found")
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
	})
	t.Run("but hours later, at the end of the run, after one more look", func(t *testing.T) {
		b.clock = b.clock.Add(time.Minute)
		run := b.Start(100, synckit.Full)
		b.MustWork()
		b.WantChanges("d1.example", "status planned")
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		b.WantCounts(b.Finish(run), state.Counts{"records": 3, "unchanged": 1, "deferred": 1, "updated": 1})
		b.wantCalls(map[string]int{"ListPage": 1, "Get": 2, "Departed": 2})
		b.wantRow(1, whmcs.DomainTransferredAway, "2031-09-01")
		b.WantChanges("d1.example", "status applied")
		b.WantFailures()
	})
	t.Run("and then it is left alone", func(t *testing.T) {
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 1, "skipped_not_expected": 1})
		b.wantCalls(map[string]int{"ListPage": 1})
	})
}

func TestAWitnessIsAskedWhenTheRegistrarHasNoTrace(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.duty.Policy.Gone.Mark, b.duty.Witness = true, memory.New(memory.Config{})
	b.account.Remove("d1.example")
	b.Pass(synckit.Full)
	b.clock = b.clock.Add(fourHours)
	b.Pass(synckit.Full)
	b.wantRow(1, whmcs.DomainCancelled, "2031-09-01")
}

func TestWhatBecameOfANameInAnEarlierLifeIsNoEvidence(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name             string
		registered, left string
		want             whmcs.DomainStatus
	}{
		{"it left before it was registered", "2024-05-02", "2024-05-01", whmcs.DomainActive},
		{"it left on the same day", "2024-05-01", "2024-05-01", whmcs.DomainTransferredAway},
		{"nobody knows when it was registered", "", "2024-05-01", whmcs.DomainTransferredAway},
		{"nobody knows when it left", "2024-05-02", "", whmcs.DomainTransferredAway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := inStep(t, 1)
			day := func(text string) (d civil.Date) {
				if text != "" {
					d = civil.Must(text)
				}
				return d
			}
			b.edit(1, func(d *whmcs.Domain) { d.Registered = day(tc.registered) })
			b.duty.Policy.Gone.Mark = true
			b.account.Depart("d1.example", registrar.Departure{Status: registrar.TransferredAway, Day: day(tc.left), Raw: "TRAN"})
			for range 2 {
				b.Pass(synckit.Full)
				b.clock = b.clock.Add(fourHours)
			}
			b.wantRow(1, tc.want, "2031-09-01")
		})
	}
	t.Run("and the witness is asked in its place", func(t *testing.T) {
		t.Parallel()
		b := inStep(t, 1)
		b.edit(1, func(d *whmcs.Domain) { d.Registered = civil.Must("2024-05-02") })
		b.duty.Policy.Gone.Mark, b.duty.Witness = true, memory.New(memory.Config{})
		b.account.Depart("d1.example", registrar.Departure{Status: registrar.TransferredAway, Day: civil.Must("2024-05-01"), Raw: "TRAN"})
		for range 2 {
			b.Pass(synckit.Full)
			b.clock = b.clock.Add(fourHours)
		}
		b.wantRow(1, whmcs.DomainCancelled, "2031-09-01")
	})
}

func TestAnEmptyListingEndsNothing(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.duty.Policy.Gone.Mark = true
	b.account.Remove("d1.example", "d2.example", "d3.example")
	for range 3 {
		b.Pass(synckit.Full)
		b.clock = b.clock.AddDate(0, 0, 1)
	}
	if len(b.whmcs.written) > 0 {
		t.Errorf("wrote %+v", b.whmcs.written)
	}
	b.WantFailures("1 not_found", "2 not_found", "3 not_found")
}

func TestANameThatAListingMissedIsFoundByLooking(t *testing.T) {
	t.Parallel()
	rows, names := portfolio(9)
	b := setupWith(t, memory.Config{Gaps: true}, rows...)
	b.account.Hold(names[:8]...)
	run := b.Start(100, synckit.Full)
	b.account.Hold(names[8]) // it is there, though no page had it
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 9, "unchanged": 9})
	b.wantCalls(map[string]int{"ListPage": 2, "Get": 1})
}

func TestAnOldListingIsOnlyReadFrom(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.duty.MaxAge = time.Hour
	b.duty.Clock = func() time.Time { return time.Now().Add(2 * time.Hour) }
	b.turn("d2.example", dated(renewal("2032-01-01")))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 2, "updated": 1})
	b.wantCalls(map[string]int{"ListPage": 1, "Get": 1})
}

func TestWhatWasSettledSinceTheListingBeganIsNotJudgedByIt(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	run := b.Start(100, synckit.Full)
	b.turn("d1.example", being(registrar.Grace)) // the pages are read, and only then the name expires
	b.Touch(state.ByRetry, 1)
	b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "unchanged": 2})
	b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
}

func TestAListingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	b := inStep(t, 10)
	run, err := b.Store.CreateRun(b.Ctx, state.NewRun{Sync: syncName, Kind: state.RunPass, State: state.RunListing, Slot: "s", Full: true})
	must(t, err)
	_, err = b.Store.AddBatch(b.Ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	must(t, err)
	b.account.Fail("ListPage", nil, nil, trouble(fault.Transient))
	if failed := b.Work(); len(failed) != 1 {
		t.Fatalf("handed back with %v", failed)
	}
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.wantCalls(map[string]int{"ListPage": 4})
	runs, err := b.Store.OpenRuns(b.Ctx, syncName)
	must(t, err)
	listing, err := b.Store.Listing(b.Ctx, runs[0].ListingID)
	must(t, err)
	if !listing.Complete || listing.Rows != 10 {
		t.Errorf("listing %+v", listing)
	}
}

func TestOfSeveralListedEntriesTheOneAliveCounts(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]registrar.Status{
		"listed first": {registrar.Active, registrar.Deleted}, "listed last": {registrar.Deleted, registrar.Active},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, row())
			b.duty.Registrar = pages{b.account, []registrar.Domain{*held(being(order[0])), *held(being(order[1]))}}
			b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "unchanged": 1})
			b.wantCalls(map[string]int{})
		})
	}
}

// pages lists one page as it is, whatever the account holds.
type pages struct {
	*memory.Account
	page []registrar.Domain
}

func (p pages) ListPage(context.Context, registrar.Cursor) (registrar.Page, error) {
	return registrar.Page{Domains: p.page, Done: true}, nil
}

func TestAnEntryThatCannotBeReadBackIsItsOwnDomainsTrouble(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	_, names := portfolio(3)
	for i := range names {
		names[i].Dates = renewal("2032-09-01")
	}
	names[1].Dates.Renewal.Day.Year = 58_000
	b.duty.Registrar = pages{b.account, names}
	b.turn("d2.example", func(d *registrar.Domain) { d.Dates = names[1].Dates })
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "updated": 2, "failed": 1})
	b.WantFailures("2 refused")
	b.wantRow(2, whmcs.DomainActive, "2031-09-01")
	b.wantRow(3, whmcs.DomainActive, "2032-09-01")
}
