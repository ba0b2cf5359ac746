package openprovider_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		server := startSim(t, sim.Options{Loose: true})
		cfg := openprovider.Config{PageSize: s.PageSize, InFlight: s.InFlight, Timeout: s.Timeout}
		if s.Limiter != nil {
			cfg.Limiter = s.Limiter
		}
		return registrartest.Harness{
			Registrar: open(t, server, cfg), Other: other{server}, Wire: wiretest.Sim(server, "change_domain", "renew_domain"),
			Session: session{server},
			Secrets: secrets, Settings: true, Statuses: append([]registrar.Status{registrar.Unknown}, told...),
			Traces: []registrar.Status{registrar.TransferredAway, registrar.Lapsed},
			// A word that nobody knows is in none of the lists that are read.
			Transfers: []registrar.TransferState{registrar.TransferPending, registrar.TransferCompleted, registrar.TransferFailed},
		}
	})
}
