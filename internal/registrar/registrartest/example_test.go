package registrartest_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
)

// A vendor's conformance_test.go. The one in memory plays its own other side and has no wire; a vendor with a simulator
// brings an Other that turns domains into the simulator's own, and
//
//	Wire: wiretest.Sim(server, "renew_domain", "set_privacy"), // the simulator's names of calls that write
func Example() {
	testConformance := func(t *testing.T) {
		registrartest.Run(t, func(_ testing.TB, s registrartest.Setup) registrartest.Harness {
			account := memory.New(memory.Config{PageSize: s.PageSize})
			return registrartest.Harness{
				Registrar: account, Other: account,
				Statuses: []registrar.Status{registrar.Active, registrar.Suspended, registrar.Grace},
				Traces:   []registrar.Status{registrar.TransferredAway},
				Settings: true,
			}
		})
	}
	_ = testConformance
}
