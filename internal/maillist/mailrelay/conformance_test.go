package mailrelay_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/maillist/maillisttest"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	maillisttest.Run(t, func(t testing.TB, s maillisttest.Setup) maillisttest.Harness {
		server := startSim(t, sim.Options{})
		cfg := mailrelay.Config{PageSize: s.PageSize, InFlight: s.InFlight, Timeout: s.Timeout}
		if s.Limiter != nil {
			cfg.Limiter = s.Limiter
		}
		list := open(t, server, cfg)
		return maillisttest.Harness{List: list, Other: other{server}, Wire: wires{server}, Secrets: []string{apiKey}}
	})
}
