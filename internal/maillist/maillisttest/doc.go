// Package maillisttest is the conformance kit of the mailing list port. A vendor brings a Harness; every assertion is
// here, so that all vendors, the one in memory included, are held to the same sentences:
//
//	func TestConformance(t *testing.T) {
//		maillisttest.Run(t, func(t testing.TB, s maillisttest.Setup) maillisttest.Harness { ... })
//	}
//
// The package that runs the kit should have a TestMain with goleak.VerifyTestMain: the kit cuts, cancels and times out
// calls, and none of that may leave a goroutine.
package maillisttest
