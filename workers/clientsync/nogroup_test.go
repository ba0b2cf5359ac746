package clientsync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// A rule edited by mistake must not empty a list: whoever fits no rule any more leaves through the guard.
func TestWhoFitsNoRule(t *testing.T) {
	t.Parallel()
	onlyBuyers := policy(func(p *clientsync.Policy) { p.Groups = []clientsync.GroupRule{{ID: 3, Products: []int64{12}}} })
	wish := onlyBuyers.Wish(person(client(1)))
	t.Run("is not wanted", func(t *testing.T) {
		t.Parallel()
		if wish.Reason != clientsync.NoGroup || len(wish.Attributes) > 0 {
			t.Errorf("reason %q, attributes %v", wish.Reason, wish.Attributes)
		}
	})
	t.Run("is not created", func(t *testing.T) {
		t.Parallel()
		d := onlyBuyers.Decide(wish, state.Memory{}, clientsync.Evidence{Known: true, Fresh: true})
		if d.Act != clientsync.Nothing || d.Skip != "no_group" {
			t.Errorf("act %q, skip %q", d.Act, d.Skip)
		}
	})
	t.Run("is taken out of the group by a destructive change", func(t *testing.T) {
		t.Parallel()
		entry := maillist.Entry{ID: 9, Email: "ana@example.com", Status: maillist.Active, Groups: []maillist.GroupID{2, 3}, GroupsKnown: true}
		known := state.Memory{Key: "ana@example.com", RecordID: 1, RemoteID: 9, Groups: []int64{3}, Version: 1}
		d := onlyBuyers.Decide(wish, known, clientsync.Evidence{Known: true, Fresh: true, Entry: &entry})
		if d.Act != clientsync.Detach || !d.Changes[0].Destructive {
			t.Errorf("act %q, changes %+v", d.Act, d.Changes)
		}
		if diff := cmp.Diff([]maillist.GroupID{3}, d.Leave); diff != "" {
			t.Errorf("leaves other groups:\n%s", diff)
		}
	})
	t.Run("is subscribed without a group where no groups are configured at all", func(t *testing.T) {
		t.Parallel()
		ungrouped := policy(func(p *clientsync.Policy) { p.Groups = nil })
		if got := ungrouped.Wish(person(client(1))).Reason; got != clientsync.Wanted {
			t.Errorf("reason %q", got)
		}
	})
}
