// Package registrartest is the conformance kit of the registrar port. A vendor brings a Harness; every assertion is here,
// so that all vendors, the one in memory included, are held to the same sentences:
//
//	func TestConformance(t *testing.T) {
//		registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness { ... })
//	}
//
// A power that a vendor does not have is not asked for. What is about the wire is asserted by wiretest, for every call of
// the powers it has. The package that runs the kit has a TestMain that calls Main: the kit cuts, cancels and times out
// calls, and none of that may leave a goroutine.
package registrartest
