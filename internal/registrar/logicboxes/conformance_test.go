package logicboxes_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		server := startSim(t, sim.Options{})
		cfg := logicboxes.Config{PageSize: max(s.PageSize, 10), InFlight: s.InFlight, Timeout: s.Timeout}
		if s.Limiter != nil {
			cfg.Limiter = s.Limiter
		}
		return registrartest.Harness{
			Registrar: open(t, server, cfg), Other: other{server}, Wire: wiretest.Sim(server, "set_privacy"),
			Secrets: []string{userID, apiKey, authCode}, PageSize: cfg.PageSize, Settings: true,
			Statuses: []registrar.Status{
				registrar.Active, registrar.Suspended, registrar.Redemption, registrar.PendingTransfer, registrar.PendingRegistration,
			},
			Traces: []registrar.Status{registrar.TransferredAway, registrar.Deleted},
		}
	})
}
