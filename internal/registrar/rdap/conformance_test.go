package rdap_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

// getter shows the look-up alone: 404 means something else to it than to a witness.
type getter struct{ registrar.Registrar }

func TestConformanceAsRegistrar(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		server := startSim(t, sim.Options{})
		return registrartest.Harness{
			Registrar: getter{opened(t, server, s)}, Other: other{server}, Wire: wiretest.Sim(server),
			Statuses: slices.Sorted(maps.Keys(words)),
			Classes:  map[int]fault.Class{http.StatusNotFound: fault.NotFound, 401: fault.Rejected, 403: fault.Rejected},
		}
	})
}

func TestConformanceAsWitness(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		server := startSim(t, sim.Options{})
		return registrartest.Harness{
			Witness: opened(t, server, s), Other: other{server}, Wire: wiretest.Sim(server),
			Classes: map[int]fault.Class{http.StatusNotFound: "", 401: fault.Rejected, 403: fault.Rejected},
		}
	})
}
