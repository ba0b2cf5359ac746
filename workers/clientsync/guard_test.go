package clientsync_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestTheGuardLetsWithdrawnConsentThroughUpToItsLimit(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(4)...)
	b.Pass()
	for id := range int64(3) {
		b.whmcs.put(client(id+1, addressed(b.whmcs.clients[id+1].RawEmail), withoutConsent))
	}
	b.Guard = 2
	run := b.Pass()
	b.WantCounts(run, state.Counts{"records": 4, "unchanged": 1, "detached": 2, "held": 1})
	b.wantGroups("c2@example.com")
	b.wantGroups("c3@example.com", 1)
	b.WantChanges("c3@example.com", "groups held", "subscriber applied")

	t.Run("what is held is held once however often it is planned", func(t *testing.T) {
		b.Guard = 0
		b.WantCounts(b.Pass(), state.Counts{"records": 4, "unchanged": 1, "held": 1, "skipped_no_consent": 2})
		b.WantChanges("c3@example.com", "groups held", "groups superseded", "subscriber applied")
	})
	t.Run("what a person approves is done", func(t *testing.T) {
		runs, err := b.Store.HeldRuns(b.Ctx, b.Name)
		must(t, err)
		for id := range runs {
			approved, err := b.Store.Approve(b.Ctx, id)
			must(t, err)
			b.MustWork()
			b.WantCounts(b.Finish(approved), state.Counts{"records": 1, "detached": 1})
		}
		b.wantGroups("c3@example.com")
	})
}

func TestWhatIsHeldWaitsForAPersonHoweverManyRunsGoBy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lose  func(*whmcs.Client)
		first state.Counts
		later state.Counts
	}{
		"consent that was withdrawn": {withoutConsent, state.Counts{"records": 6, "unchanged": 1, "detached": 2, "held": 3}, state.Counts{"records": 6, "detached": 1, "held": 3, "skipped_no_consent": 2}},
		"clients who were closed":    {withStatus(whmcs.ClientClosed), state.Counts{"records": 6, "unchanged": 1, "deferred": 5}, state.Counts{"records": 7, "deferred": 1, "detached": 1, "held": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, crowdOf(6)...)
			b.Pass()
			b.Guard = 2
			for id := range int64(5) {
				b.whmcs.put(client(id+1, addressed(b.whmcs.clients[id+1].RawEmail), tc.lose))
			}
			run := b.Start(100)
			b.MustWork()
			_, err := b.Store.HoldDeferred(b.Ctx, run.ID)
			must(t, err)
			b.WantCounts(b.Finish(run), tc.first)
			// One more is not held, for the guard is not used up by those who wait.
			b.whmcs.put(client(6, addressed("c6@example.com"), tc.lose))
			run = b.Pass()
			b.WantCounts(run, tc.later)
			b.wantGroups("c5@example.com", 1)
			b.wantGroups("c6@example.com")
			held, err := b.Store.HeldRuns(b.Ctx, b.Name)
			must(t, err)
			if int64(held[run.ID]) != tc.later["held"] || len(held) != 1 {
				t.Fatalf("held by run: %v, want all by run %d", held, run.ID)
			}
			approved, err := b.Store.Approve(b.Ctx, run.ID)
			must(t, err)
			b.MustWork()
			b.WantCounts(b.Finish(approved), state.Counts{"records": tc.later["held"], "detached": tc.later["held"]})
			b.wantGroups("c5@example.com")
		})
	}
}

func TestAnAttemptThatFailedDoesNotUseTheGuardUp(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(2)...)
	b.Pass()
	b.whmcs.put(client(1, addressed("c1@example.com"), withoutConsent), client(2, addressed("c2@example.com"), withoutConsent))
	b.Guard = 2
	run := b.Start(100)
	b.failing("find", "c2@example.com", trouble(fault.RateLimited))
	b.Work()
	b.Again()
	b.failing("detach", "c1@example.com", trouble(fault.Transient))
	b.Again()
	calm := b.failing("find", "c2@example.com", trouble(fault.RateLimited))
	b.Again()
	calm()
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "detached": 2})
}

func TestOptOutsAreWrittenBack(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(3)...)
	b.duty.Policy.WriteBack = true
	b.Pass()
	for _, email := range []string{"c1@example.com", "c2@example.com"} {
		e, _ := b.list.Holds(email)
		e.Suppression = maillist.Unsubscribed
		b.list.Seed(e)
	}
	b.Guard = 1
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 1, "wrote_back": 1, "held": 1})
	if c := b.whmcs.clients[1]; !c.OptOut || c.OptIn {
		t.Errorf("client 1 is %+v", c)
	}
	changes := b.WantChanges("c1@example.com", "marketing_consent applied", "subscriber applied")
	if c := changes[0]; c.Side != state.SideSource || !c.Destructive || c.RecordID != 1 || c.Old != "emailoptout=0 marketing_emails_opt_in=1" {
		t.Errorf("change %+v", c)
	}
	b.Guard = 5
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 1, "held": 1, "skipped_no_consent": 1})

	t.Run("and only reverted once the person is back on the list", func(t *testing.T) {
		change := b.WantChanges("c1@example.com", "marketing_consent applied", "subscriber applied")[0]
		b.WantCounts(b.Revert(change.ID), state.Counts{"records": 1})
		e, _ := b.list.Holds("c1@example.com")
		e.Suppression = maillist.NotSuppressed
		b.list.Seed(e)
		b.WantCounts(b.Revert(change.ID), state.Counts{"records": 1, "reverted": 1})
		if c := b.whmcs.clients[1]; c.OptOut || !c.OptIn {
			t.Errorf("client 1 is %+v", c)
		}
	})
}

func TestAListingIsOnlyWrittenUponWhileItIsFresh(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		age   time.Duration
		calls int64
	}{
		"fresh: one write":                 {0, 3},
		"too old: a look before the write": {time.Hour, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, client(1))
			b.duty.Clock = func() time.Time { return time.Now().Add(tc.age) }
			run := b.Pass(synckit.Full)
			if got := run.Counts[state.CountCalls]; got != tc.calls {
				t.Errorf("%d calls, want %d", got, tc.calls)
			}
			b.wantWrites("ana@example.com", 1)
		})
	}
}

func TestWhatWasSettledSinceTheListingBeganIsNotJudgedByIt(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.list.after = func(call, _ string) error {
		if call == "list" { // the page is read, and only then a hook creates the person
			b.list.after = nil
			b.Touch(state.ByHook, 1)
		}
		return nil
	}
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "unchanged": 1})
	known, err := b.Store.MemoriesByKeys(b.Ctx, b.Name, []string{"ana@example.com"})
	if err != nil || known["ana@example.com"].Suppressed != "" {
		t.Errorf("taken for deleted: %+v %v", known, err)
	}
	b.wantWrites("ana@example.com", 1)
}

func TestAListingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range crowdOf(10) {
		b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email = 0, c.RawEmail }))
	}
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email, e.Suppression = 0, "gone@example.com", maillist.Deleted }))
	run, err := b.Store.CreateRun(b.Ctx, state.NewRun{Sync: b.Name, Kind: state.RunPass, State: state.RunListing, Slot: "s", Full: true})
	must(t, err)
	_, err = b.Store.AddBatch(b.Ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	must(t, err)
	pages := 0
	b.list.before = func(string, string) error {
		if pages++; pages == 3 {
			return trouble(fault.Transient)
		}
		return nil
	}
	if failed := b.Work(); len(failed) != 1 {
		t.Fatalf("handed back with %v", failed)
	}
	if failed := b.Again(); len(failed) != 0 || pages != 4 {
		t.Fatalf("%d pages read for 3, %v", pages, failed)
	}
	runs, err := b.Store.OpenRuns(b.Ctx, b.Name)
	must(t, err)
	listing, err := b.Store.Listing(b.Ctx, runs[0].ListingID)
	must(t, err)
	if !listing.Complete || listing.Rows != 11 {
		t.Errorf("listing %+v", listing)
	}
}

func TestTwoSpellingsOfAnAddressOnTheList(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]int{"on one page": 1, "on two pages": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The list holds the person twice, and one of the two has left: neither is written to.
			left := *entry(func(e *maillist.Entry) {
				e.ID, e.Email, e.Suppression = 1, "ana@bücher.example", maillist.Unsubscribed
			})
			other := *entry(func(e *maillist.Entry) { e.ID, e.Email = 9, "Ana@xn--bcher-kva.example" })
			b := setup(t, client(1, addressed("ana@bücher.example"), func(c *whmcs.Client) { c.Columns["full_name"] = "New" }))
			b.list.pages = [][]maillist.Entry{{left}}
			for len(b.list.pages) < second {
				b.list.pages = append(b.list.pages, nil)
			}
			b.list.pages[second-1] = append(b.list.pages[second-1], other)
			run := b.Pass(synckit.Full)
			b.WantCounts(run, state.Counts{"records": 1, "skipped_unsubscribed": 1})
		})
	}
}
