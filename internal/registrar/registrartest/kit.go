package registrartest

import "testing"

// Run holds a vendor to the port.
func Run(t *testing.T, factory Factory) {
	t.Helper()
	k := kit{factory: factory}
	_ = k
}

type kit struct{ factory Factory }
