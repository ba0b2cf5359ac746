package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

func bought(product int64) func(*whmcs.Client) {
	return func(c *whmcs.Client) { c.Products = []int64{product} }
}

// A mistake in the groups of the configuration must not empty a list: whoever would lose a group that we gave waits for
// the guard like whoever is not wanted any more.
func TestGroupsThatAreTakenAwayWaitForTheGuard(t *testing.T) {
	t.Parallel()
	for name, groups := range map[string][]clientsync.GroupRule{
		"no groups any more": nil,
		"another group":      {{ID: 11}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, crowdOf(3)...)
			b.Pass()
			b.duty.Policy.Groups = groups
			run := b.Start(100)
			b.MustWork()
			held, err := b.Store.HoldDeferred(b.Ctx, run.ID)
			must(t, err)
			b.WantCounts(b.Finish(run), state.Counts{"records": 3, "deferred": 3})
			if held != 3 {
				t.Fatalf("%d changes held, want 3", held)
			}
			for _, c := range b.WantChanges("c1@example.com", "groups held", "subscriber applied") {
				if c.Field == "groups" && !c.Destructive {
					t.Errorf("not destructive: %+v", c)
				}
			}
			b.wantGroups("c1@example.com", 1)

			approved, err := b.Store.Approve(b.Ctx, run.ID)
			must(t, err)
			b.MustWork()
			b.WantCounts(b.Finish(approved), state.Counts{"records": 3, "updated": 3})
			ids := []maillist.GroupID{}
			for _, rule := range groups {
				ids = append(ids, rule.ID)
			}
			b.wantGroups("c1@example.com", ids...)
		})
	}
}

func TestGroupsThatAPersonRefusedToTakeAwayStay(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(1)...)
	b.Pass()
	b.duty.Policy.Groups = nil
	run := b.Start(100)
	b.MustWork()
	_, err := b.Store.HoldDeferred(b.Ctx, run.ID)
	must(t, err)
	b.Finish(run)
	rejected, err := b.Store.Reject(b.Ctx, run.ID)
	must(t, err)
	if rejected != 1 {
		t.Fatalf("%d changes rejected, want 1", rejected)
	}
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_refused": 1})
	b.wantGroups("c1@example.com", 1)
}

func TestAGroupThatIsExchangedIsAnUpdate(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1, bought(12)))
	b.duty.Policy.Groups = []clientsync.GroupRule{{ID: 12, Products: []int64{12}}, {ID: 14, Products: []int64{14}}}
	b.Pass()
	b.whmcs.put(client(1, bought(14)))
	b.WantCounts(b.Pass(), state.Counts{"records": 2, "deferred": 1, "updated": 1})
	b.wantGroups("ana@example.com", 14)
	t.Run("and can be taken back", func(t *testing.T) {
		b.WantCounts(b.Revert(b.change("groups").ID), state.Counts{"records": 1, "reverted": 1})
		b.wantGroups("ana@example.com")
	})
}

func TestAnUpdateIsDestructiveWhenItTakesAGroup(t *testing.T) {
	t.Parallel()
	p, ana := policy(), person(client(1))
	for name, tc := range map[string]struct {
		in   []maillist.GroupID
		want bool
	}{
		"a group is taken": {[]maillist.GroupID{1, 3, 50}, true},
		"a group is given": {[]maillist.GroupID{50}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wish := p.Wish(ana)
			d := p.Decide(wish, settled(wish, otherWish, gave(1, 3)), fresh(entry(inGroups(tc.in...))))
			if d.Act != clientsync.Update || d.Changes[0].Destructive != tc.want {
				t.Errorf("act %q, changes %+v", d.Act, d.Changes)
			}
		})
	}
}
