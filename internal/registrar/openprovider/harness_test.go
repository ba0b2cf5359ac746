package openprovider_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

const (
	username = "acme"
	password = `p4ss/with+odd="signs`
	authCode = "s3cret-auth-c0de"
)

var secrets = []string{password, authCode, "sim-token"}

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Username, opt.Password = username, password
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg openprovider.Config) *openprovider.Account {
	t.Helper()
	cfg.Account, cfg.Username, cfg.Password, cfg.BaseURL = "op", username, cmp.Or(cfg.Password, password), server.URL()
	account, err := openprovider.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// session has tokens run out.
type session struct{ sim *sim.Server }

func (s session) Expire() { s.sim.ExpireTokens() }

func (s session) Logins() int { return int(s.sim.Counts().Calls["login"]) }

// words are how the account writes a status: the status, and the type of the order.
var words = map[registrar.Status][2]string{
	registrar.Active:              {"ACT", "NEW"},
	registrar.PendingRegistration: {"REQ", "NEW"},
	registrar.PendingTransfer:     {"PEN", "TRANSFER"},
	registrar.PendingRestore:      {"RRQ", "NEW"},
	registrar.Lapsed:              {"DEL", "NEW"},
	registrar.Failed:              {"FAI", "NEW"},
}

var told = slices.Sorted(maps.Keys(words))

// other plays the registrar's side of a simulated account.
type other struct{ sim *sim.Server }

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		seeded := row(d)
		if before, ok := o.find(d.Name); ok && !before.Deleted {
			o.sim.Remove(before.Name) // what has left stays among the deleted
		}
		o.sim.Seed(seeded)
	}
}

func row(d registrar.Domain) sim.Domain {
	word, ok := words[d.Status]
	if !ok {
		word = [2]string{d.Raw, "NEW"}
	}
	return sim.Domain{
		Name: string(d.Name), Status: word[0], Type: word[1], AuthCode: authCode,
		AutoRenew: map[registrar.Tri]string{registrar.On: "default", registrar.Off: "off"}[d.AutoRenew],
		Privacy:   flag(d.Privacy), PrivacyAllowed: flag(d.PrivacyAllowed),
		Renewal: clock(d.Dates.Renewal), Expiration: clock(d.Dates.Expiration), Registry: clock(d.Dates.Registry),
		SoftUntil: clock(registrar.Date{Day: d.GraceUntil}), HardUntil: clock(registrar.Date{Day: d.RedemptionUntil}),
	}
}

func flag(t registrar.Tri) *bool {
	if t == registrar.NotTold {
		return nil
	}
	on := t == registrar.On
	return &on
}

func clock(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return d.Day.String() + " 23:59:59"
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		if d, ok := o.find(name); ok {
			o.sim.Remove(d.Name)
		}
	}
}

func (o other) Depart(name registrar.Name, how registrar.Departure) {
	d, _ := o.find(name)
	o.sim.Remove(d.Name)
	if how.Status == registrar.Deleted {
		return // the account cannot tell it from a lapse, and keeps nothing
	}
	d.ID, d.Status, d.Deleted, d.DeletedAt = 0, "DEL", true, clock(registrar.Date{Day: how.Day})
	d.SoftUntil, d.HardUntil = clock(registrar.Date{Day: how.GraceUntil}), clock(registrar.Date{Day: how.RedemptionUntil})
	d.Queue = "new"
	if how.Status == registrar.TransferredAway {
		d.Queue = "transferOut"
	}
	o.sim.Seed(d)
}

func (o other) Transferring(transfers ...registrar.Transfer) {
	for i, one := range transfers {
		status := map[registrar.TransferState][]string{
			registrar.TransferPending: {"REQ", "PEN", "SCH"}, registrar.TransferFailed: {"FAI"},
		}[one.State]
		if status != nil {
			o.sim.Seed(sim.Domain{Name: string(one.Name), Status: status[i%len(status)], Type: "TRANSFER", AuthCode: authCode})
		}
	}
}

func (o other) Holds(name registrar.Name) (registrar.Domain, bool) {
	row, ok := o.find(name)
	if !ok || row.Deleted {
		return registrar.Domain{}, false
	}
	d := registrar.Domain{
		Name: name, ID: strconv.FormatInt(row.ID, 10), Status: registrar.Unknown, Raw: row.Status,
		Dates:     registrar.Dates{Renewal: read(row.Renewal), Expiration: read(row.Expiration), Registry: read(row.Registry)},
		AutoRenew: map[string]registrar.Tri{"default": registrar.On, "on": registrar.On, "off": registrar.Off}[row.AutoRenew],
		Privacy:   tri(row.Privacy), PrivacyAllowed: tri(row.PrivacyAllowed),
	}
	for status, word := range words {
		if word == [2]string{row.Status, row.Type} {
			d.Status = status
		}
	}
	if d.Status == registrar.Lapsed {
		d.GraceUntil, d.RedemptionUntil = read(row.SoftUntil).Day, read(row.HardUntil).Day
	}
	return d, true
}

func tri(flag *bool) registrar.Tri {
	if flag == nil {
		return registrar.NotTold
	}
	return registrar.TriOf(*flag)
}

// read knows what clock has written; all else is text.
func read(text string) registrar.Date {
	day, err := civil.Parse(text)
	if err == nil && text == clock(registrar.Date{Day: day}) && day.Year > 1989 {
		return registrar.Date{Day: day}
	}
	return registrar.Date{Text: text}
}

func (o other) Writes(name registrar.Name) int {
	d, _ := o.find(name)
	return d.Writes
}

func (o other) Renewals(name registrar.Name) int {
	d, _ := o.find(name)
	return d.Renewals
}

func (o other) find(name registrar.Name) (sim.Domain, bool) {
	asked, err := registrar.ParseName(string(name))
	if err != nil {
		return sim.Domain{}, false
	}
	for _, d := range o.sim.Domains() {
		if found, err := registrar.ParseName(d.Name); err == nil && found == asked {
			return d, true
		}
	}
	return sim.Domain{}, false
}
