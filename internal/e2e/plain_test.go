package e2e

import "testing"

func TestTwoThousandClientsAreKeptInStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	w.staff()
	want := w.expect()
	w.settled(w.pass(false), want)
}
