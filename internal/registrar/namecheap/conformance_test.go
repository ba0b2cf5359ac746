package namecheap_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		server := startSim(t, sim.Options{})
		cfg := namecheap.Config{PageSize: s.PageSize, InFlight: s.InFlight, Timeout: s.Timeout}
		if s.Limiter != nil {
			cfg.Limiter = s.Limiter
		}
		return registrartest.Harness{
			Registrar: asLookedUp{open(t, server, cfg)}, Other: other{server}, Wire: wiretest.Sim(server, "enable_privacy", "disable_privacy"),
			Secrets: []string{apiKey}, Statuses: []registrar.Status{registrar.Active, registrar.Overdue},
			Classes: map[int]fault.Class{405: fault.RateLimited}, PageSize: min(max(s.PageSize, 10), 100),
		}
	})
}
