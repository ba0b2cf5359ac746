package mailrelay_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/maillist/maillisttest"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	maillisttest.Run(t, func(t testing.TB, s maillisttest.Setup) maillisttest.Harness {
		server := startSim(t, sim.Options{})
		list := open(t, server, mailrelay.Config{PageSize: s.PageSize, InFlight: s.InFlight, Timeout: s.Timeout, Limiter: s.Limiter})
		wire := wiretest.Sim(server, "sync_subscriber")
		return maillisttest.Harness{List: list, Other: other{server}, Wire: wire, Secrets: []string{apiKey}}
	})
}
