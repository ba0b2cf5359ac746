package opensrs_test

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
)

const (
	username = "acme"
	apiKey   = "k3y/with+odd=signs&<0123456789abcdef>"
	authCode = "Auth-Code-4711"
)

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Username, opt.Key = username, apiKey
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg opensrs.Config) *opensrs.Account {
	t.Helper()
	cfg.Account, cfg.Username, cfg.BaseURL = "osrs", username, server.URL()
	if cfg.Key == "" {
		cfg.Key = apiKey
	}
	account, err := opensrs.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// other plays the people and the registries of a simulated account.
type other struct{ sim *sim.Server }

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		o.sim.Hold(sim.Domain{
			Name: string(d.Name), Expiry: printed(d.Dates.Expiration), RegistryExpiry: printed(d.Dates.Registry),
			AutoRenew: d.AutoRenew == registrar.On, AuthCode: authCode, Holder: "Åsa Öberg",
			Privacy:    map[registrar.Tri]string{registrar.On: "enabled", registrar.Off: "disabled"}[d.Privacy],
			Changeable: map[registrar.Tri]string{registrar.On: "1", registrar.Off: "0"}[d.PrivacyAllowed],
		})
	}
}

// printed writes a day late in the evening, where it is the next day further east.
func printed(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return d.Day.String() + " 23:59:59"
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		o.sim.Remove(string(name))
	}
}

func (o other) Depart(name registrar.Name, how registrar.Departure) {
	day := strings.ToUpper(how.Day.Time().Format("02-Jan-2006")) + " 23:59:59"
	switch how.Status {
	case registrar.TransferredAway:
		o.sim.Transfer(sim.Transfer{Domain: string(name), Away: true, Status: "completed", Completed: day})
	default:
		o.sim.Delete(sim.Deletion{Name: string(name), Day: day, Reason: "Expired"})
	}
}

func (o other) Transferring(transfers ...registrar.Transfer) {
	words := map[registrar.TransferState]string{
		registrar.TransferPending: "pending_owner", registrar.TransferCompleted: "completed", registrar.TransferFailed: "cancelled",
	}
	for _, t := range transfers {
		status, known := words[t.State]
		if !known {
			status = t.Raw
		}
		o.sim.Transfer(sim.Transfer{Domain: string(t.Name), Status: status, Reason: t.Reason})
	}
}

// Holds reads the simulator's own words back.
func (o other) Holds(name registrar.Name) (registrar.Domain, bool) {
	d, ok := o.sim.Domain(string(name))
	if !ok {
		return registrar.Domain{}, false
	}
	parsed, err := registrar.ParseName(d.Name)
	if err != nil {
		panic(err)
	}
	return registrar.Domain{
		Name: parsed, Status: registrar.Active, AutoRenew: registrar.TriOf(d.AutoRenew), Privacy: registrar.TriOf(d.Privacy == "enabled"),
		PrivacyAllowed: map[string]registrar.Tri{"1": registrar.On, "0": registrar.Off}[d.Changeable],
		Dates:          registrar.Dates{Expiration: read(d.Expiry), Registry: read(d.RegistryExpiry)},
	}, true
}

func read(text string) registrar.Date {
	day, late := strings.CutSuffix(text, " 23:59:59")
	if !late {
		return registrar.Date{Text: text}
	}
	return registrar.Date{Day: civil.Must(day)}
}

func (o other) Writes(name registrar.Name) int {
	d, _ := o.sim.Domain(string(name))
	return d.Writes
}
