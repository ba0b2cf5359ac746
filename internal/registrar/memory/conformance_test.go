package memory_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(_ testing.TB, s registrartest.Setup) registrartest.Harness {
		account := memory.New(memory.Config{Account: "memory", PageSize: s.PageSize})
		return registrartest.Harness{
			Registrar: account, Other: account, Settings: true,
			Statuses: []registrar.Status{
				registrar.Active, registrar.Suspended, registrar.PendingRegistration, registrar.PendingTransfer,
				registrar.PendingRestore, registrar.Grace, registrar.Redemption, registrar.PendingDelete, registrar.Lapsed,
				registrar.Deleted, registrar.TransferredAway, registrar.Failed,
			},
			Traces: []registrar.Status{registrar.TransferredAway, registrar.Deleted, registrar.Lapsed},
		}
	})
}
