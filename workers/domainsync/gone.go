package domainsync

import (
	"fmt"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Absence is what is remembered of a name that the registrar does not have.
type Absence struct {
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`  // the newest look that counted
	Count int       `json:"count"` // looks that agreed, each well after the one before
	Found string    `json:"found"` // what they agreed upon: a status of WHMCS, "" = no evidence
}

// gone says that a name has left, or that it was deleted and too little is told of that to go by a listing: no day until
// which it may be restored, or a look came to something else than its word.
func (p Policy) gone(in Input) bool {
	held := in.Seen.Domain
	switch {
	case held == nil, held.Status == registrar.Deleted, held.Status == registrar.TransferredAway:
		return true
	case held.Status != registrar.Lapsed:
		return false
	case !in.Seen.Live && in.Memo.Absent != nil:
		return true
	}
	_, mapped := p.Statuses[held.Raw]
	return !mapped && p.Leads.Status == LedByRegistrar && held.GraceUntil.IsZero() && held.RedemptionUntil.IsZero()
}

// decideGone is for a name that the account does not hold, or that the registrar says has left. Absence alone proves
// nothing: it takes evidence, more than once, well apart.
func (p Policy) decideGone(d *Decision) {
	switch {
	case !expected(d.Row.Status):
		d.After.Absent, d.Skip = nil, "not_expected"
		return
	case !d.Seen.Live && (d.Seen.Domain == nil || d.Seen.Domain.Status == registrar.Lapsed):
		p.lookAgain(d)
		return
	}
	found, why := p.found(d)
	d.After.Absent = p.counted(d.Memo.Absent, string(found), d.Now)
	switch {
	case found == d.Row.Status:
		d.After.Absent = nil // it has aged in WHMCS as it has at the registrar
	case found == "" && why != "":
		d.trouble(fault.NotFound, "%s", why)
	case found == "":
		d.trouble(fault.NotFound, "the registrar does not have this domain, and nothing says why; its status was kept")
	case !p.Gone.Mark || p.Leads.Status != LedByRegistrar:
		d.trouble(fault.NotFound, "%s; reported only", why)
	case d.After.Absent.Count < p.Gone.Confirmations:
		d.trouble(fault.NotFound, "%s; another look is needed before it is marked %s", why, found)
	default:
		after := d.Row.Values()
		after.Status = found
		d.add(after)
		for i := range d.Changes {
			d.Changes[i].Reason = why
		}
	}
}

// expected says whether the registrar should have a domain in this status. One that is still to come, or that has
// expired in WHMCS too, need not be there.
func expected(row whmcs.DomainStatus) bool {
	switch row {
	case whmcs.DomainActive, whmcs.DomainGrace, whmcs.DomainRedemption:
		return true
	default:
		return false
	}
}

// lookAgain asks for a live look when the last one is long enough ago.
func (p Policy) lookAgain(d *Decision) {
	before, wait := d.Memo.Absent, p.Gone.Apart
	if before != nil && before.Count >= p.Gone.Confirmations {
		wait = max(wait, seldom)
	}
	if before != nil && d.Now.Sub(before.Last) < wait {
		d.Skip = skipAbsent
		return
	}
	d.Act = Look
}

// found says what the evidence comes to: a status of WHMCS, or "" for nothing.
func (p Policy) found(d *Decision) (status whmcs.DomainStatus, why string) {
	departure := d.Seen.Departure
	if held := d.Seen.Domain; held != nil {
		how, _ := held.Departure()
		departure = &how
	}
	if departure != nil {
		return p.departed(d, *departure)
	}
	if witness := d.Seen.Testimony; witness != nil && !witness.Registered {
		return whmcs.DomainCancelled, "the registrar does not have it, and the registry says it is not registered"
	}
	return "", ""
}

// noDay is why nothing follows from the deletion of a name.
const noDay = ", and no day is told until which it may be restored; its status was kept"

func (p Policy) departed(d *Decision, how registrar.Departure) (whmcs.DomainStatus, string) {
	said := fmt.Sprintf("the registrar says %q", how.Raw)
	if mapped, named := p.Statuses[how.Raw]; named {
		return mapped, said
	}
	switch how.Status {
	case registrar.TransferredAway:
		return whmcs.DomainTransferredAway, said + ": it was transferred away"
	case registrar.Deleted:
		return whmcs.DomainCancelled, said + ": it was deleted"
	case registrar.Lapsed:
		if how.GraceUntil.IsZero() && how.RedemptionUntil.IsZero() {
			return "", said + ": it was deleted" + noDay
		}
		return aged(d.Row.Status, lapsed(how.GraceUntil, how.RedemptionUntil, d.Today)), said + ": it was deleted and may be restored"
	default:
		return "", ""
	}
}

// ofEarlierLife says that a name left before the row's domain was registered, or could last be restored before: that tells
// nothing of what became of this one.
func ofEarlierLife(row whmcs.Domain, how registrar.Departure) bool {
	last := how.Day
	if last.IsZero() {
		last = slices.MaxFunc([]civil.Date{how.GraceUntil, how.RedemptionUntil}, civil.Date.Compare)
	}
	return !last.IsZero() && last.Before(row.Registered) // no day is before an unset one
}

// ofThisLife leaves out what the registrar still shows of an earlier life of the name.
func (e Evidence) ofThisLife(row whmcs.Domain) Evidence {
	if e.Domain == nil {
		return e
	}
	if how, left := e.Domain.Departure(); left && ofEarlierLife(row, how) {
		e.Domain = nil
	}
	return e
}

// counted adds one look. Looks that come to something else, or come too late to confirm the last one, begin anew; looks
// too close together count once.
func (p Policy) counted(before *Absence, found string, now time.Time) *Absence {
	switch {
	case before == nil || before.Found != found || now.Sub(before.Last) > forgotten:
		return &Absence{Since: now, Last: now, Count: 1, Found: found}
	case now.Sub(before.Last) < p.Gone.Apart:
		return before
	default:
		return &Absence{Since: before.Since, Last: now, Count: before.Count + 1, Found: found}
	}
}
