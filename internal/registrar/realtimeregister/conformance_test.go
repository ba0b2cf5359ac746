package realtimeregister_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness { return harness(t, s, 0) })
}

func TestConformanceInPages(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness { return harness(t, s, s.PageSize) })
}

func harness(t testing.TB, s registrartest.Setup, pageSize int) registrartest.Harness {
	t.Helper()
	server := startSim(t, sim.Options{})
	cfg := realtimeregister.Config{PageSize: pageSize, InFlight: s.InFlight, Timeout: s.Timeout}
	if s.Limiter != nil {
		cfg.Limiter = s.Limiter
	}
	return registrartest.Harness{
		Registrar: open(t, server, cfg), Other: other{server}, Wire: wiretest.Sim(server, "update_domain"),
		Secrets: []string{apiKey, authCode}, Settings: true, Statuses: slices.Sorted(maps.Keys(words)),
		Traces: []registrar.Status{registrar.TransferredAway},
	}
}
