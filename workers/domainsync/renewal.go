package domainsync

import (
	"fmt"
	"slices"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// FieldRenewal is the field of a change that is a renewal after a transfer: old is the expiry date it starts from, new how
// many years it is for.
const FieldRenewal = "renewal"

const (
	// soonDays is how near an expiry date asks for a renewal: WHMCS writes its invoices weeks ahead, and a client who has
	// just transferred a domain needs one invoice and its term of payment before the name lapses.
	soonDays = 60
	// looseDays is how far from whole years a renewal may move the date and still be known by it.
	looseDays = 60
	mostYears = 10 // that registries take at once
)

// renewalFailure begins the messages of failures that are a renewal. The domain itself is done and leaves the sync, so
// nothing but a person ends them.
const renewalFailure = "renewal after the transfer: "

// uncertain is what an operator reads when an answer was lost. Nothing here buys that renewal again.
const uncertain = renewalFailure + "it is not certain whether the renewal was bought; look at the registrar, then `retry` ends this " +
	"failure. It buys nothing: if the renewal is missing, renew the domain at the registrar"

// Outcome is what became of a renewal.
type Outcome string

// The outcomes. A renewal that was asked for and has none yet may or may not be bought.
const (
	Asked     Outcome = ""
	Bought    Outcome = "bought"
	Refused   Outcome = "refused"
	Uncertain Outcome = "uncertain"
)

// Renewal is what is remembered of a renewal from before it is asked for: whoever finds it asks for no other.
type Renewal struct {
	From    civil.Date `json:"from"` // the expiry date it was to move
	Years   int        `json:"years"`
	Change  int64      `json:"change"` // the id of its change
	Outcome Outcome    `json:"outcome,omitempty"`
	Why     string     `json:"why,omitempty"` // it was refused
}

// shownBy says whether an expiry date has moved by about the years that were bought.
func (r Renewal) shownBy(expiry civil.Date) bool {
	return !expiry.IsZero() && expiry.DaysSince(r.From) >= 365*r.Years-looseDays
}

// renewal plans a renewal of a domain that has arrived with little time left, or proposes one. What was asked for before
// is never planned again.
func (p Policy) renewal(d *Decision, dates registrar.Dates) {
	expiry := p.Expiry.leading(dates).Day
	if r := d.After.Renewal; r != nil && !(r.Outcome != Asked && r.shownBy(expiry) && soon(expiry, d.Today)) {
		d.followRenewal(*r, expiry)
		return
	}
	d.After.Renewal = nil // that one was for an earlier transfer
	switch {
	case !soon(expiry, d.Today):
		d.forget(FieldRenewal)
	case !p.renews(d.Name):
		d.proposeRenewal(expiry, "the extension is not in renew_after_transfer, or the registrar cannot be told to")
	case !d.Seen.Live:
		d.Act = Look
	case d.Seen.Domain == nil || d.Seen.Domain.Status != registrar.Active:
		d.proposeRenewal(expiry, "the registrar does not show the domain as active")
	default:
		d.forget(FieldRenewal)
		d.Changes = append(d.Changes, d.newChange(FieldRenewal, expiry.String(), inYears(d.Row), state.SideAccount, true))
	}
}

func (d *Decision) proposeRenewal(expiry civil.Date, why string) {
	d.notice(FieldRenewal, expiry.String(), inYears(d.Row), "the transfer added no year and the domain expires in %d days; it was not renewed: %s",
		expiry.DaysSince(d.Today), why)
}

// followRenewal says what became of a renewal that was asked for.
func (d *Decision) followRenewal(r Renewal, expiry civil.Date) {
	switch {
	case r.shownBy(expiry):
		r.Outcome, r.Why = Bought, ""
	case r.Outcome == Asked && !d.Seen.Live:
		d.Act = Look
	case r.Outcome == Asked, r.Outcome == Uncertain:
		r.Outcome = Uncertain
		d.trouble(fault.Held, uncertain)
	case r.Outcome == Refused:
		d.trouble(fault.Rejected, "%s", r.refused())
	}
	d.After.Renewal = &r
}

func (r Renewal) refused() string {
	return renewalFailure + "it was not bought: " + r.Why + ". If it is wanted, renew the domain at the registrar; `retry` ends this failure"
}

// renews says whether renewals of this name are bought.
func (p Policy) renews(name registrar.Name) bool {
	_, extension := name.Split()
	return p.Renew[extension]
}

// needsDomain says whether a decision about a transfer rests on the domain itself, too.
func (p Policy) needsDomain(d Decision, t registrar.Transfer) bool {
	if t.State != registrar.TransferCompleted {
		return false
	}
	if r := d.Memo.Renewal; r != nil && r.Outcome == Asked {
		return true
	}
	return p.renews(d.Name) && soon(p.Expiry.leading(t.Dates).Day, d.Today)
}

// soon leaves dates out that have passed: then it is no longer a renewal, or the date is not the new one yet.
func soon(expiry, today civil.Date) bool {
	return !expiry.IsZero() && !expiry.Before(today) && expiry.DaysSince(today) < soonDays
}

// renewalYears is the period of the domain in WHMCS.
func renewalYears(row whmcs.Domain) int { return min(max(row.Period, 1), mostYears) }

func inYears(row whmcs.Domain) string {
	if years := renewalYears(row); years > 1 {
		return fmt.Sprint(years, " years")
	}
	return "1 year"
}

// bringsRenewal finds the renewal of a plan; -1 = none.
func bringsRenewal(changes []state.Change) int {
	return slices.IndexFunc(changes, func(c state.Change) bool { return c.Field == FieldRenewal })
}

func makesActive(changes []state.Change) bool {
	return slices.ContainsFunc(changes, func(c state.Change) bool {
		return c.Field == FieldStatus && c.New == string(whmcs.DomainActive)
	})
}
