package wiretest

import (
	"testing"
	"time"
)

// longEnough is a time limit that no call comes near unless it hangs.
const longEnough = 10 * time.Second

type kit struct{ open Factory }

// Run holds every act of a vendor to what is asked of all that goes over a wire.
func Run(t *testing.T, open Factory) {
	t.Helper()
	k := kit{open: open}
	for i, act := range k.acts(t) {
		t.Run(act.Name+" gives every status its class", func(t *testing.T) { k.everyStatus(t, i) })
		t.Run(act.Name+" gives every fault its class", func(t *testing.T) { k.everyFault(t, i) })
		t.Run(act.Name+" ends soon when cancelled", func(t *testing.T) { k.cancelled(t, i) })
		t.Run(act.Name+" passes no secret on that comes back", func(t *testing.T) { k.echoed(t, i) })
		t.Run(act.Name+" waits as long as it is asked to", func(t *testing.T) { k.retryAfter(t, i) })
		t.Run(act.Name+" reads a slow body within the time limit", func(t *testing.T) { k.slowBody(t, i) })
	}
	t.Run("limits", k.limits)
}

// acts opens a vendor for the names of its acts alone.
func (k kit) acts(t *testing.T) []Act {
	t.Helper()
	acts := k.open(t, Setup{InFlight: 1, Timeout: longEnough}).Acts
	if len(acts) == 0 {
		t.Fatal("a vendor without a single act")
	}
	return acts
}

// warm does an act in good weather first, so that the trouble to come meets its own call and not a sign-in before it.
// Whether it goes well is asserted elsewhere: a busy machine may be late for a short time limit.
func (g Target) warm(t *testing.T, act Act) {
	t.Helper()
	g.Wire.Fail(Fault{})
	_ = act.Do(t.Context())
}

func waitUntil(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
