package realtimeregister_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/sim"
)

const (
	apiKey   = "k3y/with+odd=signs"
	authCode = "aUTH-c0de!" // of every domain of the simulator
)

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.APIKey = apiKey
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg realtimeregister.Config) *realtimeregister.Account {
	t.Helper()
	cfg.Account, cfg.BaseURL, cfg.APIKey = "rr", server.URL(), cmp.Or(cfg.APIKey, apiKey)
	account, err := realtimeregister.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// setup is a fresh account with what it asks.
func setup(t testing.TB, opt sim.Options) (*realtimeregister.Account, *sim.Server) {
	t.Helper()
	server := startSim(t, opt)
	return open(t, server, realtimeregister.Config{}), server
}

// words are how the account writes a status, with words beside it that mean nothing.
var words = map[registrar.Status][]string{
	registrar.Active:         {"OK"},
	registrar.Suspended:      {"CLIENT_TRANSFER_PROHIBITED", "SERVER_HOLD"},
	registrar.Overdue:        {"AUTO_RENEW_PERIOD", "EXPIRED"},
	registrar.Redemption:     {"PENDING_DELETE", "REDEMPTION_PERIOD"},
	registrar.PendingRestore: {"PENDING_DELETE", "PENDING_RESTORE"},
	registrar.PendingDelete:  {"PENDING_DELETE", "SERVER_HOLD"},
}

const noPrivacy = "PRIVACY_PROTECT_PROHIBITED"

// other plays the registrar's side of a simulated account, which knows names in punycode only.
type other struct{ sim *sim.Server }

func punycode(name registrar.Name) string {
	parsed, err := registrar.ParseName(string(name))
	if err != nil {
		panic(err)
	}
	return string(parsed)
}

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		status, known := words[d.Status]
		if !known {
			status = []string{d.Raw}
		}
		if d.PrivacyAllowed == registrar.Off {
			status = append(slices.Clone(status), noPrivacy)
		}
		o.sim.Hold(sim.Domain{
			Name: punycode(d.Name), Expiry: late(d.Dates.Expiration), Status: status,
			AutoRenew: d.AutoRenew == registrar.On, Privacy: d.Privacy == registrar.On,
		})
	}
}

// late is half an hour before the day's end in UTC.
func late(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return d.Day.String() + "T23:30:00Z"
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		o.sim.Remove(punycode(name))
	}
}

func (o other) Depart(name registrar.Name, how registrar.Departure) {
	o.Remove(name)
	action := "deleted"
	if how.Status == registrar.TransferredAway {
		action = "outgoingTransfer"
	}
	left := late(registrar.Date{Day: how.Day})
	o.sim.Note(
		sim.Process{Identifier: punycode(name), Type: "domain", Action: "incomingTransfer", Status: "COMPLETED", Created: "2020-01-01T10:00:00Z"},
		sim.Process{Identifier: punycode(name), Type: "domain", Action: action, Status: "COMPLETED", Created: left, Updated: left},
	)
}

func (o other) Transferring(transfers ...registrar.Transfer) {
	for i, tr := range transfers {
		status := map[registrar.TransferState]string{
			registrar.TransferPending:   []string{"pendingwhois", "pendingfoa", "pending", "approved"}[i%4],
			registrar.TransferCompleted: "completed", registrar.TransferFailed: "rejected",
		}[tr.State]
		o.sim.Order(sim.Transfer{Name: punycode(tr.Name), Type: "IN", Status: cmp.Or(status, tr.Raw), Log: []map[string]string{
			{"date": "2026-03-02T10:00:00Z", "status": status, "message": tr.Reason},
			{"date": "2026-03-01T10:00:00Z", "status": "pending", "message": "Asked for"},
		}})
	}
}

// Holds reads the simulator's own words back. No extension has an offset here.
func (o other) Holds(name registrar.Name) (registrar.Domain, bool) {
	row, ok := o.sim.Domain(punycode(name))
	if !ok {
		return registrar.Domain{}, false
	}
	d := registrar.Domain{
		Name: registrar.Name(row.Name), Status: registrar.Unknown, Raw: row.Status[0],
		AutoRenew: registrar.TriOf(row.AutoRenew), Privacy: registrar.TriOf(row.Privacy),
		PrivacyAllowed: registrar.TriOf(!slices.Contains(row.Status, noPrivacy)),
	}
	for status, word := range words {
		if slices.Equal(word, slices.DeleteFunc(slices.Clone(row.Status), func(w string) bool { return w == noPrivacy })) {
			d.Status = status
		}
	}
	d.Dates.Expiration = registrar.Date{Text: row.Expiry}
	if at, err := time.Parse(time.RFC3339, row.Expiry); err == nil && at.Year() > 2000 {
		d.Dates.Expiration = registrar.Date{Day: civil.Of(at)}
		d.Dates.Renewal = d.Dates.Expiration
	}
	return d, true
}

func (o other) Writes(name registrar.Name) int {
	d, _ := o.sim.Domain(punycode(name))
	return d.Writes
}
