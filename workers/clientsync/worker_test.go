package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestAFirstPassSettlesEverybodyAndASecondNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(10)...)
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email = 0, "c3@example.com" }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 10, "created": 9, "unchanged": 1})
	b.wantGroups("c1@example.com", 1)
	b.wantGroups("c3@example.com", 1, 50)
	second := b.Pass()
	if second.Counts[state.CountCalls] != 0 {
		t.Errorf("%d calls for unchanged clients", second.Counts[state.CountCalls])
	}
	b.WantCounts(second, state.Counts{"records": 10, "unchanged": 10})
	third := b.Pass(synckit.Full)
	if calls := third.Counts[state.CountCalls]; calls != 4 { // 10 people on pages of 4, and the deleted
		t.Errorf("%d calls for a full listing of unchanged clients", calls)
	}
	b.WantChanges("c1@example.com", "subscriber applied")
	b.wantWrites("c1@example.com", 1)
}

func TestANotifyRunWritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1), client(2, addressed("left@example.com"), withoutConsent))
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email = 0, "left@example.com" }))
	run := b.Pass(synckit.Full, synckit.Notify)
	b.WantCounts(run, state.Counts{"records": 2, "created": 1, "detached": 1})
	if _, there := b.list.Holds("ana@example.com"); there {
		t.Error("a dry run created somebody")
	}
	b.wantGroups("left@example.com", 1, 50)
	b.WantChanges("ana@example.com", "subscriber noticed")
	b.WantChanges("left@example.com", "groups noticed")
	known, err := b.Store.MemoriesByKeys(b.Ctx, b.Name, []string{"ana@example.com", "left@example.com"})
	if err != nil || len(known) != 0 {
		t.Errorf("a dry run is remembered: %+v %v", known, err)
	}
}

func TestAnAddressThatChangesMovesThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.Pass()
	b.whmcs.put(client(1, addressed("ana@example.org")))
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "created": 1, "detached": 1})
	b.wantGroups("ana@example.com")
	b.wantGroups("ana@example.org", 1)
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "unchanged": 1, "skipped_moved": 1})

	t.Run("one that is not valid any more leaves the old one detached", func(t *testing.T) {
		b.whmcs.put(client(1, addressed("nowhere")))
		b.WantCounts(b.Pass(), state.Counts{"records": 1, "failed": 1, "detached": 1, "skipped_moved": 1})
		b.wantGroups("ana@example.org")
		b.WantFailures("1 refused")
		b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_invalid_email": 1, "skipped_moved": 2})
	})
	t.Run("and back again the person is in the groups again", func(t *testing.T) {
		b.whmcs.put(client(1))
		b.WantCounts(b.Pass(), state.Counts{"records": 1, "updated": 1, "skipped_moved": 1})
		b.wantGroups("ana@example.com", 1)
		b.WantFailures()
	})
}

func TestPeopleWhoShareAnAddressAcrossBatchesAreSettledOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, append(crowdOf(6), client(7, addressed("c2@example.com"), func(c *whmcs.Client) { c.Products = []int64{12} }))...)
	run := b.Start(2)
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 7, "created": 6, "merged": 1})
	b.wantGroups("c2@example.com", 1, 3)
	b.wantWrites("c2@example.com", 1)

	t.Run("the other one's withdrawn consent counts from another batch", func(t *testing.T) {
		b.whmcs.put(client(7, addressed("C2@example.com"), withoutConsent))
		run := b.Start(2)
		b.MustWork()
		b.WantCounts(b.Finish(run), state.Counts{"records": 7, "unchanged": 5, "detached": 1, "merged": 1})
		b.wantGroups("c2@example.com")
	})
	t.Run("and once it is gone the person is back", func(t *testing.T) {
		delete(b.whmcs.clients, 7)
		run := b.Start(2)
		b.MustWork()
		b.WantCounts(b.Finish(run), state.Counts{"records": 6, "unchanged": 5, "updated": 1})
		b.wantGroups("c2@example.com", 1)
	})
}

func TestADeletedClientIsDetachedAtTheEndAndForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(3)...)
	b.Pass()
	delete(b.whmcs.clients, 2)
	run := b.Start(100)
	b.MustWork()
	b.wantGroups("c2@example.com", 1)
	b.WantChanges("c2@example.com", "groups planned", "subscriber applied")
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "unchanged": 2, "deferred": 1, "detached": 1})
	b.wantGroups("c2@example.com")
	b.WantChanges("c2@example.com", "groups applied", "subscriber applied")
	b.WantCounts(b.Pass(), state.Counts{"records": 2, "unchanged": 2})
}

func TestTouchesOfClientsWhoAreNot(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.WantCounts(b.Touch(state.ByHook, 99), state.Counts{})
	b.Pass()
	delete(b.whmcs.clients, 1)
	b.WantCounts(b.Touch(state.ByHook, 1), state.Counts{"deferred": 1, "detached": 1})
	b.wantGroups("ana@example.com")
}

func TestTheFailureOfAnAddressEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1, addressed("nowhere")), client(2, addressed("nothing")))
	b.WantCounts(b.Pass(), state.Counts{"records": 2, "failed": 2})
	b.WantFailures("1 refused", "2 refused")
	t.Run("with the client", func(t *testing.T) {
		delete(b.whmcs.clients, 1)
		b.Pass()
		b.WantFailures("2 refused")
	})
	t.Run("with a valid address, whoever is wanted or not", func(t *testing.T) {
		b.whmcs.put(client(2, withoutConsent))
		b.Pass()
		b.WantFailures()
	})
}

func TestNobodyWhoLeftIsBroughtBack(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(4)...)
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email, e.Suppression = 0, "c1@example.com", maillist.Unsubscribed }))
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email, e.Suppression = 0, "c2@example.com", maillist.Deleted }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 4, "created": 2, "skipped_unsubscribed": 1, "skipped_deleted": 1})
	b.list.Remove("c3@example.com")
	b.whmcs.put(client(1, addressed("c1@example.com"), func(c *whmcs.Client) { c.Columns["full_name"] = "New Name" }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 4, "unchanged": 1, "skipped_unsubscribed": 1, "skipped_deleted": 2})
	for _, email := range []string{"c1@example.com", "c2@example.com"} {
		b.wantWrites(email, 0)
	}
	b.wantWrites("c3@example.com", 1)
}

func TestADeletionThatOnlyTheWriteTells(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.list.Seed(*entry(func(e *maillist.Entry) { e.Suppression = maillist.Deleted }))
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_deleted": 1})
	b.WantChanges("ana@example.com", "subscriber superseded")
	if again := b.Pass(); again.Counts[state.CountCalls] != 0 {
		t.Errorf("asked again with %d calls", again.Counts[state.CountCalls])
	}
	b.WantFailures()
}
