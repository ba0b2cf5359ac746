// Package wiretest is the half of every port's conformance kit that is about the wire: which trouble gets which class of
// fault, that calls are limited, cancelled and counted as they should be, and that no error tells a secret. A port's kit
// hands in its calls as Acts and asserts only its own sentences itself:
//
//	wiretest.Run(t, func(t testing.TB, s wiretest.Setup) wiretest.Target {
//		return wiretest.Target{Wire: ..., Acts: []wiretest.Act{{Name: "Get", Do: ...}}}
//	})
//
// It knows no port and no vendor. A vendor whose simulator is made of simkit has its Wire from Sim.
package wiretest
