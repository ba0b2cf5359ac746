package namecheap_test

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
)

const (
	apiUser  = "acme"
	apiKey   = "k3y/with+odd=signs"
	clientIP = "192.0.2.7"
)

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.APIUser, opt.APIKey, opt.ClientIP = apiUser, apiKey, clientIP
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg namecheap.Config) *namecheap.Account {
	t.Helper()
	cfg.Account, cfg.BaseURL = "nc", server.URL()
	cfg.APIUser, cfg.APIKey, cfg.ClientIP = cmp.Or(cfg.APIUser, apiUser), cmp.Or(cfg.APIKey, apiKey), cmp.Or(cfg.ClientIP, clientIP)
	account, err := namecheap.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// other plays the people of a simulated account.
type other struct{ sim *sim.Server }

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		o.sim.Hold(sim.Domain{
			Name: string(d.Name), Status: word(d), Expires: printed(d.Dates.Expiration), AutoRenew: d.AutoRenew == registrar.On,
			Privacy:   map[registrar.Tri]string{registrar.On: "ENABLED", registrar.Off: "DISABLED", registrar.NotTold: "DISABLED"}[d.Privacy],
			ForwardTo: "owner@example.test",
		})
	}
}

func word(d registrar.Domain) string {
	switch d.Status {
	case registrar.Active:
		return "Ok"
	case registrar.Overdue:
		return "Expired"
	default:
		return cmp.Or(d.Raw, "WEIRD_9")
	}
}

func printed(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return fmt.Sprintf("%02d/%02d/%04d", int(d.Day.Month), d.Day.Day, d.Day.Year)
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		o.sim.Remove(string(name))
	}
}

func (o other) Depart(name registrar.Name, _ registrar.Departure) { o.sim.Remove(string(name)) }

func (o other) Transferring(transfers ...registrar.Transfer) {
	for _, tr := range transfers {
		one := sim.Transfer{Name: string(tr.Name), Description: tr.Reason}
		switch tr.State {
		case registrar.TransferPending:
			one.StatusID, one.Status = "14", "INPROGRESS"
		case registrar.TransferCompleted:
			one.StatusID, one.Status = "5", "COMPLETED"
		case registrar.TransferFailed:
			one.StatusID, one.Status = "22", "CANCELLED"
		default:
			one.Status = tr.Raw
		}
		o.sim.Order(one)
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
	held := registrar.Domain{Name: parsed, ID: d.ID, Raw: d.Status, Privacy: registrar.TriOf(d.Privacy == "ENABLED"), Status: registrar.Unknown}
	if status, known := map[string]registrar.Status{"Ok": registrar.Active, "Locked": registrar.Active, "Expired": registrar.Overdue}[d.Status]; known {
		held.Status = status
	}
	held.Dates.Expiration = read(d.Expires)
	return held, true
}

func read(text string) registrar.Date {
	var year, month, day int
	if n, _ := fmt.Sscanf(text, "%2d/%2d/%4d", &month, &day, &year); n != 3 || year < 1990 {
		return registrar.Date{Text: text}
	}
	return registrar.Date{Day: civil.Must(fmt.Sprintf("%04d-%02d-%02d", year, month, day))}
}

func (o other) Writes(name registrar.Name) int {
	d, _ := o.sim.Domain(string(name))
	return d.Writes
}

// asLookedUp is an account whose listing tells no more than its look-up: the kit compares the two, and here only the
// listing tells whether a name renews by itself.
type asLookedUp struct{ *namecheap.Account }

func (a asLookedUp) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	page, err := a.Account.ListPage(ctx, after)
	for i := range page.Domains {
		page.Domains[i].AutoRenew = registrar.NotTold
	}
	return page, err
}
