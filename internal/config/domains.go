package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Domains is the policy of a domains or transfers sync.
type Domains struct {
	Registrar       string                        // value of tbldomains.registrar
	Leads           Leads                         // who is right about which field
	ExpiryDate      string                        // which of the registrar's dates: paid | renewal | expiration | registry
	Revive          bool                          // what WHMCS let expire comes back when the registrar has renewed it
	StatusMap       map[string]whmcs.DomainStatus // by the registrar's own word
	DueDate         DueDate
	Gone            Gone
	Exclude         Exclude
	AllowTwoWriters bool          // write although WHMCS's own domain sync is on
	ActivityLog     bool          // one line for each run that wrote
	Freshness       time.Duration // every record is to be looked at within this; 0 = no promise
	Witness         string        // an account that is asked about names that are gone; "" = none
	Failed          string        // transfers that failed: report | cancelled
	PendingAlert    time.Duration // transfers that pend longer are reported; 0 = never
	RenewTLDs       []string      // extensions that are renewed after a transfer that leaves little time; costs money
	ClientMails     bool          // WHMCS tells the client of a transfer that came to its end
}

// Leads says who leads which field: registrar | whmcs | nobody.
type Leads struct{ Status, Expiry, AutoRenew, IDProtection string }

// DueDate says how due dates follow expiry dates.
type DueDate struct {
	Mode          string // whmcs (as its own setting says) | always | never
	Days          int    // before the expiry date; whmcs: its own setting
	MaxDifference int    // days
	InvoiceItems  bool   // items of unpaid invoices move along
}

// Gone says what becomes of domains that the registrar no longer has.
type Gone struct {
	Policy string        // report | mark
	Looks  int           // that must agree
	Apart  time.Duration // between two that count
}

// Exclude leaves domains out.
type Exclude struct {
	Domains       []string
	TLDs          []string
	Clients       []int64
	ProductGroups []int64
}

func newDomains() Domains {
	return Domains{
		Leads:      Leads{"registrar", "registrar", "whmcs", "whmcs"},
		ExpiryDate: "paid", Revive: true, ActivityLog: true,
		DueDate: DueDate{Mode: "whmcs", MaxDifference: 100},
		Gone:    Gone{Policy: "report", Looks: 2, Apart: 4 * time.Hour},
		Failed:  "report", PendingAlert: 7 * day,
	}
}

func domainKeys(d *Domains) []key {
	return []key{
		text("registrar", &d.Registrar, notEmpty),
		section("leads",
			choice("status", &d.Leads.Status, "registrar", "nobody"),
			choice("expiry", &d.Leads.Expiry, "registrar", "nobody"),
			choice("auto_renew", &d.Leads.AutoRenew, "whmcs", "registrar", "nobody"),
			choice("id_protection", &d.Leads.IDProtection, "whmcs", "registrar", "nobody")),
		choice("expiry_date", &d.ExpiryDate, "paid", "renewal", "expiration", "registry"),
		onOff("revive", &d.Revive),
		statusMap("status_map", &d.StatusMap),
		section("due_date",
			choice("mode", &d.DueDate.Mode, "whmcs", "always", "never"),
			number("days", &d.DueDate.Days, 0, 366, "14"),
			number("max_difference", &d.DueDate.MaxDifference, 0, 3650, "100"),
			onOff("invoice_items", &d.DueDate.InvoiceItems)),
		section("gone",
			choice("policy", &d.Gone.Policy, "report", "mark"),
			number("looks", &d.Gone.Looks, 2, 100, "2"),
			span("apart", &d.Gone.Apart, time.Minute, 30*day, false, "4h")),
		section("exclude",
			listOf("domains", &d.Exclude.Domains, nameOf("")),
			listOf("tlds", &d.Exclude.TLDs, nameOf("a.")),
			ids("clients", &d.Exclude.Clients, 1),
			ids("product_groups", &d.Exclude.ProductGroups, 1)),
		onOff("allow_two_writers", &d.AllowTwoWriters),
		onOff("activity_log", &d.ActivityLog),
		span("freshness", &d.Freshness, time.Minute, 365*day, true, "6h"),
		text("witness", &d.Witness, notEmpty),
		choice("failed", &d.Failed, "report", "cancelled"),
		span("pending_alert", &d.PendingAlert, day, 365*day, true, "7d"),
		listOf("renew_after_transfer", &d.RenewTLDs, nameOf("a.")),
		onOff("client_mails", &d.ClientMails),
	}
}

// word is any text that is not empty.
func word(d *decoder, at string, s scalar) (string, bool) {
	if wrong := notEmpty(s.text); wrong != "" {
		d.report(at, "%s", wrong)
		return "", false
	}
	return s.text, true
}

// nameOf takes domain names or, with a label before them, extensions. One that cannot be would leave nothing out, and nobody
// would know.
func nameOf(before string) func(d *decoder, at string, s scalar) (string, bool) {
	what, example := "domain name", "example.com"
	if before != "" {
		what, example = "extension", "co.uk"
	}
	return func(d *decoder, at string, s scalar) (string, bool) {
		if _, err := registrar.ParseName(before + strings.TrimPrefix(strings.TrimSpace(s.text), ".")); err != nil {
			d.report(at, "is no %s: write one like %s", what, example)
			return "", false
		}
		return s.text, true
	}
}

// statusMap is a section whose keys are a registrar's own words.
func statusMap(name string, into *map[string]whmcs.DomainStatus) key {
	return key{name: name, below: []key{{name: "WORD"}}, read: func(d *decoder, at string, n ast.Node) {
		*into = map[string]whmcs.DomainStatus{}
		d.entries(at, n, func(name, path string, value ast.Node) {
			s, ok := d.words(path, value)
			if !ok {
				return
			}
			if name == "" {
				d.report(path, "an empty word would mean every domain of which the registrar says nothing")
				return
			}
			if status, ok := pick(d, path, s, whmcs.DomainStatuses()); ok {
				(*into)[name] = status
			}
		})
	}}
}

// checkDomains looks at what a domains or transfers sync needs, and fills in what depends on its type.
func (d *decoder) checkDomains(at string, s *Sync, c *Config) {
	d.require(at, "registrar", "openprovider")
	if s.Domains.Witness != "" {
		reference(d, at+".witness", s.Domains.Witness, "account", c.Accounts)
		if witness, ok := c.Accounts[s.Domains.Witness]; ok && witness.Type != "rdap" {
			d.report(at+".witness", "must be an account of type rdap")
		}
	}
	if !d.given(at + ".batch_size") {
		s.BatchSize = 50
	}
	if s.Domains.DueDate.Mode != "always" && d.given(at+".due_date.days") {
		d.report(at+".due_date.days", "goes with mode: always only (in mode whmcs the days are those of WHMCS's own setting): take one of the lines away")
	}
	if s.Type == "transfers" {
		if !d.given(at + ".schedule") {
			s.Schedule = "@every 10m" // it costs little, and people wait
		}
		d.checkStatuses(at, s, texts(pendingTransfer), texts(pendingTransfer))
		d.misplaced(at, "domains", "gone", "revive", "status_map", "witness")
		d.checkMails(at, *s, c)
	} else {
		d.checkStatuses(at, s, texts(whmcs.DomainStatuses()), texts(syncable))
		d.misplaced(at, "transfers", "failed", "pending_alert", "renew_after_transfer", "client_mails")
	}
}

// checkBuyers refuses two transfers syncs of the same rows when one of them buys renewals: each asks for a renewal once, so
// both could.
func (d *decoder) checkBuyers(syncs map[string]Sync) {
	followed := map[rows]string{}
	for _, name := range slices.Sorted(maps.Keys(syncs)) {
		s := syncs[name]
		if s.Type != "transfers" || s.Domains.Registrar == "" {
			continue
		}
		first, taken := followed[s.rows()]
		if !taken {
			followed[s.rows()] = name
		} else if len(s.Domains.RenewTLDs)+len(syncs[first].Domains.RenewTLDs) > 0 {
			d.report("syncs."+name+".registrar", "is that of %s, too, and with renew_after_transfer both could buy the same renewal: leave one of the two", first)
		}
	}
}

// checkMarkers refuses to have domains marked as gone where another account may hold them: what is not in the one may well be in
// the other, and an account that they were moved out of says that they were transferred away.
func (d *decoder) checkMarkers(syncs map[string]Sync) {
	for _, name := range slices.Sorted(maps.Keys(syncs)) {
		s := syncs[name]
		if s.Domains.Gone.Policy != "mark" || s.Domains.Registrar == "" {
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(syncs)) {
			if o := syncs[other]; o.SameRows(s) && o.Account != s.Account {
				d.report("syncs."+name+".gone.policy", "cannot be mark while %s is about rows of the same registrar in another account, "+
					"which may hold what is missing in this one: take the line away, so that it is reported, or leave one of the two", other)
				break
			}
		}
	}
}

// checkMails holds mails to clients to a source that can send them. A wrong source was reported already.
func (d *decoder) checkMails(at string, s Sync, c *Config) {
	if _, ok := c.Sources[s.Source]; ok && s.Domains.ClientMails && !d.given("sources."+s.Source+".api") {
		d.report(at+".client_mails", "needs a way to have WHMCS send them: add sources.%s.api", s.Source)
	}
}

var (
	pendingTransfer = []whmcs.DomainStatus{whmcs.DomainPendingTransfer}
	// syncable are the statuses that are looked at unless others are named: those of WHMCS's own sync, and those that a
	// renewal at the registrar can bring back. What a person has ended is never looked at by itself.
	syncable = []whmcs.DomainStatus{
		whmcs.DomainActive, whmcs.DomainPendingRegistration, whmcs.DomainPendingTransfer, whmcs.DomainGrace,
		whmcs.DomainRedemption, whmcs.DomainExpired,
	}
)

// address is an e-mail address.
func address(d *decoder, at string, s scalar) (string, bool) {
	if wrong := badAddress(s.text); wrong != "" {
		d.report(at, "%s", wrong)
		return "", false
	}
	return s.text, true
}
