package opensrs_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]sim.Options{
		"pages count from 1":                    {},
		"pages count from 0, ISO-8859-1, terse": {FromZero: true, Latin1: true, Patterns: true, Terse: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness { return harness(t, s, opt) })
		})
	}
}

func harness(t testing.TB, s registrartest.Setup, opt sim.Options) registrartest.Harness {
	server := startSim(t, opt)
	cfg := opensrs.Config{PageSize: s.PageSize, InFlight: s.InFlight, Timeout: s.Timeout}
	if s.Limiter != nil {
		cfg.Limiter = s.Limiter
	}
	return registrartest.Harness{
		Registrar: open(t, server, cfg), Other: other{server},
		Wire:     wiretest.Sim(server, "modify_expire_action", "modify_whois_privacy_state"),
		Secrets:  []string{apiKey, authCode},
		Statuses: []registrar.Status{registrar.Active}, Wordless: true,
		Traces: []registrar.Status{registrar.TransferredAway, registrar.Deleted},
	}
}
