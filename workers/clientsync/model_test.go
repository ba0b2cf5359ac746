package clientsync_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// world changes a WHMCS at random, with few addresses so that many are shared, across batches too.
type world struct {
	*bundle
	*rand.Rand
}

func (w world) anyAddress() string {
	if w.IntN(10) == 0 {
		return "not an address"
	}
	return fmt.Sprintf("p%d@example.com", w.IntN(12))
}

func (w world) change() {
	for range 1 + w.IntN(8) {
		id := int64(1 + w.IntN(25))
		if w.IntN(4) == 0 {
			delete(w.whmcs.clients, id)
			continue
		}
		w.whmcs.put(client(id, addressed(w.anyAddress()), func(c *whmcs.Client) {
			c.Status = []whmcs.ClientStatus{whmcs.ClientActive, whmcs.ClientActive, whmcs.ClientInactive, whmcs.ClientClosed}[w.IntN(4)]
			c.OptIn = w.IntN(6) > 0
			if w.IntN(3) == 0 {
				c.Products = []int64{12}
			}
		}))
	}
}

// expected works out independently which groups of ours every address should be in.
func (w world) expected() map[string][]maillist.GroupID {
	groups, barred := map[string][]maillist.GroupID{}, map[string]bool{}
	for _, c := range w.whmcs.clients {
		if c.RawEmail == "not an address" {
			continue
		}
		if !c.OptIn {
			barred[c.RawEmail] = true
		}
		if c.Status == whmcs.ClientActive {
			groups[c.RawEmail] = append(groups[c.RawEmail], 1)
			if c.Products != nil {
				groups[c.RawEmail] = append(groups[c.RawEmail], 3)
			}
		}
	}
	maps.DeleteFunc(groups, func(email string, _ []maillist.GroupID) bool { return barred[email] })
	for email := range groups {
		slices.Sort(groups[email])
		groups[email] = slices.Compact(groups[email])
	}
	return groups
}

func (w world) held() map[string][]maillist.GroupID {
	groups := map[string][]maillist.GroupID{}
	for i := range 12 {
		email := fmt.Sprintf("p%d@example.com", i)
		if e, there := w.list.Holds(email); there && len(e.Groups) > 0 {
			groups[email] = e.Groups
		}
	}
	return groups
}

func (w world) writes() map[string]int {
	writes := map[string]int{}
	for i := range 12 {
		email := fmt.Sprintf("p%d@example.com", i)
		writes[email] = w.list.Writes(email)
	}
	return writes
}

// Clients come, go, move, share addresses and withdraw consent. After every pass, whatever its batch size and with a
// listing or without, the list holds what an independent look at the clients says, and nobody was written to twice.
func TestTheListFollowsTheClients(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := world{setup(t), rand.New(rand.NewPCG(seed, 1))}
			w.Guard = 1000
			for round := range 6 {
				w.change()
				before := w.writes()
				run := w.Start(1+w.IntN(9), func(n *state.NewRun) { n.Full = w.IntN(3) == 0 })
				w.MustWork()
				w.Finish(run)
				if diff := cmp.Diff(w.expected(), w.held()); diff != "" {
					t.Fatalf("round %d: groups by address (-want +got):\n%s", round, diff)
				}
				for email, n := range w.writes() {
					if n > before[email]+1 {
						t.Errorf("round %d: %s was written to %d times", round, email, n-before[email])
					}
				}
			}
			settled := w.writes()
			w.Pass(synckit.Full)
			if diff := cmp.Diff(settled, w.writes()); diff != "" {
				t.Errorf("a pass without news wrote (-before +after):\n%s", diff)
			}
		})
	}
}
