package domainsync_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

var tris = []registrar.Tri{registrar.NotTold, registrar.On, registrar.Off}

// anyDay is a day, likely or absurd; zero now and then.
func anyDay() *rapid.Generator[civil.Date] {
	return rapid.Custom(func(t *rapid.T) civil.Date {
		near := today.AddDays(rapid.IntRange(-800, 800).Draw(t, "days from today"))
		far := civil.Date{Year: rapid.IntRange(-5, 12_000).Draw(t, "year"), Month: 2, Day: rapid.IntRange(1, 28).Draw(t, "day")}
		return rapid.SampledFrom([]civil.Date{near, near, near, far, {}, civil.Must("1970-01-01"), civil.Must("2061-03-15"), civil.Must("2032-02-29")}).Draw(t, "date")
	})
}

// anyStored is a day that a row can hold.
func anyStored() *rapid.Generator[civil.Date] {
	return anyDay().Filter(func(d civil.Date) bool { return d.IsZero() || d.Year > 0 && d.Year < 10_000 })
}

func anyDate() *rapid.Generator[registrar.Date] {
	return rapid.Custom(func(t *rapid.T) registrar.Date {
		if rapid.IntRange(0, 5).Draw(t, "unreadable") == 0 {
			return registrar.Date{Text: rapid.SampledFrom([]string{"", "n/a", "0000-00-00 00:00:00"}).Draw(t, "text")}
		}
		return registrar.Date{Day: anyDay().Draw(t, "day")}
	})
}

func anyDates() *rapid.Generator[registrar.Dates] {
	return rapid.Custom(func(t *rapid.T) registrar.Dates {
		return registrar.Dates{Renewal: anyDate().Draw(t, "renewal"), Expiration: anyDate().Draw(t, "expiration"), Registry: anyDate().Draw(t, "registry")}
	})
}

func anyRow() *rapid.Generator[whmcs.Domain] {
	return rapid.Custom(func(t *rapid.T) whmcs.Domain {
		d := whmcs.Domain{
			ID: 7, RawName: "example.com", Status: rapid.SampledFrom(append(whmcs.DomainStatuses(), "", whmcs.DomainActive, whmcs.DomainActive)).Draw(t, "row status"),
			Expiry: anyStored().Draw(t, "expiry"), NextDue: anyStored().Draw(t, "due"), NextInvoice: anyStored().Draw(t, "invoice"),
			DoNotRenew: rapid.Bool().Draw(t, "do not renew"), IDProtection: rapid.Bool().Draw(t, "protected"), OpenInvoice: rapid.Bool().Draw(t, "open invoice"),
		}
		if d.Expiry.IsZero() {
			d.RawExpiry = rapid.SampledFrom([]string{"", "2026-00-00"}).Draw(t, "raw expiry")
		}
		return d
	})
}

func anyHeld() *rapid.Generator[registrar.Domain] {
	return rapid.Custom(func(t *rapid.T) registrar.Domain {
		return registrar.Domain{
			Name: "example.com", Status: rapid.SampledFrom(append(everyStatus, registrar.Active)).Draw(t, "status"), Raw: rapid.SampledFrom([]string{"ACT", "ODD"}).Draw(t, "raw"),
			Dates: anyDates().Draw(t, "dates"), GraceUntil: anyDay().Draw(t, "grace"), RedemptionUntil: anyDay().Draw(t, "redemption"),
			AutoRenew: rapid.SampledFrom(tris).Draw(t, "renews"), Privacy: rapid.SampledFrom(tris).Draw(t, "private"), PrivacyAllowed: rapid.SampledFrom(tris).Draw(t, "allowed"),
		}
	})
}

func anyPolicy() *rapid.Generator[domainsync.Policy] {
	leader := func(of ...domainsync.Leader) *rapid.Generator[domainsync.Leader] { return rapid.SampledFrom(of) }
	const byRegistrar, byWHMCS, byNobody = domainsync.LedByRegistrar, domainsync.LedByWHMCS, domainsync.LedByNobody
	return rapid.Custom(func(t *rapid.T) domainsync.Policy {
		return policy(func(p *domainsync.Policy) {
			p.Leads = domainsync.Leads{
				Status: leader(byRegistrar, byRegistrar, byNobody).Draw(t, "status by"), Expiry: leader(byRegistrar, byRegistrar, byNobody).Draw(t, "expiry by"),
				AutoRenew: leader(byWHMCS, byRegistrar, byNobody).Draw(t, "auto-renew by"), Privacy: leader(byWHMCS, byRegistrar, byNobody).Draw(t, "privacy by"),
			}
			p.Expiry = rapid.SampledFrom([]domainsync.DateSource{domainsync.FromPaid, domainsync.FromRenewal, domainsync.FromExpiration, domainsync.FromRegistry}).Draw(t, "date")
			p.Revive, p.Transfers, p.Gone.Mark = rapid.Bool().Draw(t, "revive"), rapid.Bool().Draw(t, "transfers"), rapid.Bool().Draw(t, "mark")
			p.Due = domainsync.DueRule{
				Follow: rapid.Bool().Draw(t, "follow"), Days: rapid.IntRange(0, 366).Draw(t, "days before"),
				MaxDifference: rapid.SampledFrom([]int{0, 100, 3650}).Draw(t, "max difference"), InvoiceItems: rapid.Bool().Draw(t, "items"),
			}
			p.Failed = rapid.SampledFrom([]domainsync.FailedRule{domainsync.ReportFailed, domainsync.CancelFailed}).Draw(t, "failed")
			if rapid.IntRange(0, 3).Draw(t, "mapped") == 0 {
				p.Statuses = map[string]whmcs.DomainStatus{"ODD": rapid.SampledFrom([]whmcs.DomainStatus{whmcs.DomainActive, whmcs.DomainGrace, whmcs.DomainExpired}).Draw(t, "map")}
			}
		})
	})
}

func anyEvidence() *rapid.Generator[domainsync.Evidence] {
	return rapid.Custom(func(t *rapid.T) domainsync.Evidence {
		seen := domainsync.Evidence{Known: true, Live: rapid.Bool().Draw(t, "live"), Old: rapid.Bool().Draw(t, "old")}
		if rapid.IntRange(0, 3).Draw(t, "absent") > 0 {
			domain := anyHeld().Draw(t, "held")
			seen.Domain = &domain
			return seen
		}
		if seen.Live && rapid.Bool().Draw(t, "departed") {
			seen.Departure = &registrar.Departure{
				Status: rapid.SampledFrom([]registrar.Status{registrar.TransferredAway, registrar.Deleted, registrar.Lapsed, registrar.Unknown}).Draw(t, "how"),
				Raw:    "gone", GraceUntil: anyDay().Draw(t, "until"),
			}
		}
		if seen.Live && rapid.Bool().Draw(t, "witness") {
			seen.Testimony = &registrar.Testimony{Registered: rapid.Bool().Draw(t, "registered")}
		}
		return seen
	})
}

func anyMemo() *rapid.Generator[domainsync.Memo] {
	return rapid.Custom(func(t *rapid.T) (m domainsync.Memo) {
		if rapid.Bool().Draw(t, "was absent") {
			m.Absent = &domainsync.Absence{
				Since: now.AddDate(0, 0, -9), Last: now.Add(-time.Duration(rapid.IntRange(0, 48).Draw(t, "hours ago")) * time.Hour),
				Count: rapid.IntRange(1, 3).Draw(t, "looks"), Found: rapid.SampledFrom([]string{"", "Cancelled", "Transferred Away", "Grace", "Expired"}).Draw(t, "found"),
			}
		}
		m.Settings = rapid.SampledFrom([]string{"", "auto_renew on id_protection on", "auto_renew off id_protection off"}).Draw(t, "brought over")
		if rapid.IntRange(0, 3).Draw(t, "rejected") == 0 {
			m.Rejected = map[string]string{domainsync.FieldPrivacy: "on"}
		}
		return m
	})
}

func anyInput() *rapid.Generator[domainsync.Input] {
	return rapid.Custom(func(t *rapid.T) domainsync.Input {
		return input(anyRow().Draw(t, "row"), anyEvidence().Draw(t, "evidence"), anyMemo().Draw(t, "memo"))
	})
}

func TestNoPlanDoesWhatItMust(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := anyPolicy().Draw(t, "policy"), anyInput().Draw(t, "input")
		d := p.Decide(in)
		if wrong := harm(p, d); wrong != "" {
			t.Fatalf("%s: %s %v, noticed %v", wrong, d.Act, told(d.Changes), told(d.Notices))
		}
	})
}

func TestNoPlanForATransferDoesWhatItMust(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := anyPolicy().Draw(t, "policy"), anyInput().Draw(t, "input")
		in.Seen = domainsync.Evidence{Known: true, Live: rapid.Bool().Draw(t, "live"), Transfer: &registrar.Transfer{
			State: rapid.SampledFrom([]registrar.TransferState{registrar.TransferPending, registrar.TransferCompleted, registrar.TransferFailed, registrar.TransferUnknown}).Draw(t, "state"),
			Dates: anyDates().Draw(t, "dates"),
		}}
		d := p.DecideTransfer(in)
		wrong := harmOfValues(d)
		switch state := in.Seen.Transfer.State; {
		case wrong != "":
		case len(d.Changes) > 0 && in.Row.Status != whmcs.DomainPendingTransfer:
			wrong = "a domain that is not pending is changed"
		case len(d.Changes) > 0 && (state == registrar.TransferPending || state == registrar.TransferUnknown):
			wrong = "what is not known changes something"
		case d.Row.Status != whmcs.DomainCancelled && becomes(d, whmcs.DomainCancelled) && (state != registrar.TransferFailed || p.Failed != domainsync.CancelFailed):
			wrong = "it is cancelled unasked"
		}
		if wrong != "" {
			t.Fatalf("%s: %s %v", wrong, d.Act, told(d.Changes))
		}
	})
}

// harm names what a decision must never do, "" when it does none of it.
func harm(p domainsync.Policy, d domainsync.Decision) string {
	named := d.Seen.Domain != nil && p.Statuses[d.Seen.Domain.Raw] != ""
	ends := becomes(d, whmcs.DomainCancelled) || becomes(d, whmcs.DomainTransferredAway)
	switch {
	case harmOfValues(d) != "":
		return harmOfValues(d)
	case d.Seen.Domain != nil && d.Seen.Domain.Status == registrar.Unknown && !named && len(d.Changes)+len(d.Notices) > 0:
		return "what is not known changes something"
	case ends && !(p.Gone.Mark && gone(d.Seen) && d.After.Absent != nil && d.After.Absent.Count >= p.Gone.Confirmations):
		return "a domain is ended without evidence that was confirmed"
	case ends && d.Memo.Absent == nil:
		return "a domain is ended upon one look"
	case p.Leads.Status == domainsync.LedByNobody && slices.ContainsFunc(d.Changes, is(domainsync.FieldStatus)):
		return "a status that nobody leads is changed"
	case d.Row.Status == whmcs.DomainFraud && slices.ContainsFunc(d.Changes, is(domainsync.FieldStatus)) && !named:
		return "a status that a person gave is changed"
	}
	return ""
}

// gone says whether there is positive evidence that a name has left.
func gone(seen domainsync.Evidence) bool {
	if seen.Domain != nil {
		return seen.Domain.Status == registrar.Deleted || seen.Domain.Status == registrar.TransferredAway
	}
	return seen.Departure != nil || seen.Testimony != nil && !seen.Testimony.Registered
}

func becomes(d domainsync.Decision, s whmcs.DomainStatus) bool {
	return slices.ContainsFunc(d.Changes, func(c state.Change) bool { return c.Field == domainsync.FieldStatus && c.New == string(s) })
}

func is(field string) func(state.Change) bool {
	return func(c state.Change) bool { return c.Field == field }
}

// harmOfValues is what no decision of any kind may do.
func harmOfValues(d domainsync.Decision) string {
	latest := civil.Of(today.Time().AddDate(30, 0, 0))
	for i, c := range d.Changes {
		day, err := civil.Parse(c.New)
		switch {
		case c.Old == c.New:
			return "nothing is changed"
		case slices.ContainsFunc(append(d.Changes[:i:i], d.Notices...), is(c.Field)):
			return "a field is changed twice, or noticed too"
		case setting(c) && (c.New != "on" && c.New != "off" || !c.Destructive):
			return "a setting is no setting"
		case c.Side == state.SideAccount && !setting(c):
			return "the registrar is told what it leads"
		case c.Side == state.SideAccount:
		case c.Field == domainsync.FieldStatus && !whmcs.DomainStatus(c.New).Valid():
			return "a status outside the enum"
		case c.Field != domainsync.FieldStatus && !setting(c) && (err != nil || day.IsZero() || day.Year < 1990 || day.After(latest)):
			return "a date that cannot be"
		case c.Field == domainsync.FieldExpiry && err == nil && day.Before(d.Row.Expiry) && !c.Destructive:
			return "a date moves back past the guard"
		case c.Field == domainsync.FieldStatus && c.Old == string(whmcs.DomainActive) && !c.Destructive:
			return "an active domain gets worse past the guard"
		case c.Destructive && !d.Seen.Live:
			return "it gets worse upon a listing alone"
		case !d.Seen.Live && d.Seen.Old:
			return "an old listing is written upon"
		}
	}
	switch {
	case d.Seen.Live && d.Act == domainsync.Look:
		return "a live look is not enough"
	case d.Act != domainsync.Settle && len(d.Changes)+len(d.Notices) > 0:
		return "changes of which nothing is made"
	}
	return ""
}

func setting(c state.Change) bool {
	return c.Field == domainsync.FieldAutoRenew || c.Field == domainsync.FieldPrivacy
}

// carriedOut is the input of the next look: both sides hold what the plan wanted.
func carriedOut(d domainsync.Decision) domainsync.Input {
	in := d.Input
	in.Memo = d.After
	if d.Seen.Domain != nil {
		domain := *d.Seen.Domain
		in.Seen.Domain = &domain
	}
	for _, c := range d.Changes {
		switch c.Field {
		case domainsync.FieldStatus:
			in.Row.Status = whmcs.DomainStatus(c.New)
		case domainsync.FieldExpiry:
			in.Row.Expiry = civil.Must(c.New)
		case domainsync.FieldNextDue:
			in.Row.NextDue = civil.Must(c.New)
		case domainsync.FieldNextInvoice:
			in.Row.NextInvoice = civil.Must(c.New)
		case domainsync.FieldAutoRenew:
			if c.Side == state.SideSource {
				in.Row.DoNotRenew = c.New == "off"
				break
			}
			in.Seen.Domain.AutoRenew = registrar.TriOf(c.New == "on")
		case domainsync.FieldPrivacy:
			if c.Side == state.SideSource {
				in.Row.IDProtection = c.New == "on"
				break
			}
			in.Seen.Domain.Privacy = registrar.TriOf(c.New == "on")
		}
	}
	return in
}

func TestPlansConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := anyPolicy().Draw(t, "policy"), anyInput().Draw(t, "input")
		in.Seen.Live = true
		d := p.Decide(in)
		again := p.Decide(carriedOut(d))
		if len(again.Changes)+len(again.Notices) > 0 {
			t.Fatalf("after %v %v there is more: %v %v", told(d.Changes), told(d.Notices), told(again.Changes), told(again.Notices))
		}
		if third := p.Decide(carriedOut(again)); third.Act != domainsync.Nothing && third.Trouble == nil {
			t.Fatalf("it remembers something else every time: %+v, then %+v", third.Memo, third.After)
		}
	})
}

func TestADecisionLooksAtNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, in := anyPolicy().Draw(t, "policy"), anyInput().Draw(t, "input")
		before := written(in)
		first := p.Decide(in)
		if diff := cmp.Diff(first, p.Decide(in)); diff != "" {
			t.Fatalf("the same input, another decision:\n%s", diff)
		}
		if diff := cmp.Diff(before, written(in)); diff != "" {
			t.Fatalf("the input was written to:\n%s", diff)
		}
	})
}

func written(in domainsync.Input) string {
	text, _ := json.Marshal(in)
	return string(text)
}
