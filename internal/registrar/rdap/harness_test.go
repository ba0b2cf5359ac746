package rdap_test

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
)

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// open asks the simulator's servers, unless the configuration says otherwise.
func open(t testing.TB, server *sim.Server, cfg rdap.Config) *rdap.Registry {
	t.Helper()
	cfg.Account = "registries"
	if cfg.Bootstrap == "" && cfg.BaseURL == "" {
		cfg.Bootstrap = server.BootstrapURL()
	}
	registry, err := rdap.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return registry
}

func opened(t testing.TB, server *sim.Server, s registrartest.Setup) *rdap.Registry {
	t.Helper()
	cfg := rdap.Config{InFlight: s.InFlight, Timeout: s.Timeout}
	if s.Limiter != nil {
		cfg.Limiter = s.Limiter
	}
	return open(t, server, cfg)
}

// words are what a registry says of a status.
var words = map[registrar.Status][]string{
	registrar.Active:              {"active", "client transfer prohibited"},
	registrar.Suspended:           {"client transfer prohibited", "client hold"},
	registrar.PendingRegistration: {"pending create"},
	registrar.PendingRestore:      {"pending delete", "pending restore"},
	registrar.Redemption:          {"pending delete", "redemption period"},
	registrar.PendingDelete:       {"server hold", "pending delete"},
}

// other plays the registries.
type other struct{ sim *sim.Server }

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		one := sim.Domain{Name: string(d.Name), Status: words[d.Status], Expires: d.Dates.Registry.Text}
		if d.Status == registrar.Unknown {
			one.Status = []string{d.Raw}
		}
		if day := d.Dates.Registry.Day; !day.IsZero() {
			one.Expires = day.String() + "T23:59:59Z"
		}
		o.sim.Hold(one)
	}
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		o.sim.Remove(string(name))
	}
}

func (o other) Depart(name registrar.Name, _ registrar.Departure) { o.sim.Remove(string(name)) }

func (o other) Transferring(...registrar.Transfer) {}

// Holds reads the simulator's own words back.
func (o other) Holds(name registrar.Name) (registrar.Domain, bool) {
	d, found := o.sim.Domain(string(name))
	if !found {
		return registrar.Domain{}, false
	}
	held := registrar.Domain{Name: name, Status: registrar.Unknown, Raw: strings.Join(d.Status, ", ")}
	for status, told := range words {
		if strings.Join(told, ", ") == held.Raw {
			held.Status = status
		}
	}
	held.Dates.Registry = registrar.Date{Text: d.Expires}
	if day, isDay := strings.CutSuffix(d.Expires, "T23:59:59Z"); isDay && day > "1990" {
		held.Dates.Registry = registrar.Date{Day: civil.Must(day)}
	}
	return held, true
}

func (o other) Writes(registrar.Name) int { return 0 }
