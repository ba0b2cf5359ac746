package domainsync

import (
	"crypto/sha256"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// failedMessage is what an operator reads when a registration or transfer did not come about.
const failedMessage = "The domain name request has failed"

// status finds the status that follows from the registrar's. False: nothing at all may be concluded.
func (p Policy) status(d *Decision, held registrar.Domain, after *whmcs.DomainValues) bool {
	mapped, named := p.Statuses[held.Raw]
	switch {
	case held.Status == registrar.Unknown && !named:
		d.trouble(fault.Refused, "the registrar's status %q is not known; nothing was changed", held.Raw)
		return false
	case p.Leads.Status != LedByRegistrar:
	case named:
		after.Status = mapped
	case held.Status == registrar.Failed:
		d.trouble(fault.Rejected, "%s%s", failedMessage, because(held.Reason))
		return false
	default:
		after.Status = p.statusFor(d.Row.Status, held, d.Today)
	}
	return true
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// statusFor is our map. What it does not name leaves the row as it is.
func (p Policy) statusFor(row whmcs.DomainStatus, held registrar.Domain, today civil.Date) whmcs.DomainStatus {
	switch held.Status {
	case registrar.Active, registrar.Suspended:
		return p.live(row, held, today)
	case registrar.Overdue: // WHMCS may have aged the row further, by its own calendar
		if age[row] > age[whmcs.DomainGrace] {
			return row
		}
		return aged(row, whmcs.DomainGrace)
	case registrar.Grace:
		return aged(row, whmcs.DomainGrace)
	case registrar.Redemption:
		return aged(row, whmcs.DomainRedemption)
	case registrar.PendingDelete:
		return aged(row, whmcs.DomainExpired)
	case registrar.Lapsed:
		return aged(row, lapsed(held.GraceUntil, held.RedemptionUntil, today))
	case registrar.PendingRegistration:
		return named(row, whmcs.DomainPending, whmcs.DomainPendingRegistration)
	case registrar.PendingTransfer:
		return named(row, whmcs.DomainPending, whmcs.DomainPendingTransfer)
	default:
		return row
	}
}

// live is for a name that works at the registrar. A row that WHMCS has aged by itself comes back only when the registrar
// has renewed the name: a name that is past its date but not yet deleted is in the hands of WHMCS's own ageing. What a
// person has ended stays ended.
func (p Policy) live(row whmcs.DomainStatus, held registrar.Domain, today civil.Date) whmcs.DomainStatus {
	expiry := p.Expiry.leading(held.Dates).Day
	renewed := p.Revive && possible(expiry, today) && !expiry.Before(today)
	switch row {
	case whmcs.DomainPending, whmcs.DomainPendingRegistration:
		return whmcs.DomainActive
	case whmcs.DomainPendingTransfer:
		if p.Transfers {
			return row
		}
		return whmcs.DomainActive
	default:
		if renewed {
			return aged(row, whmcs.DomainActive)
		}
		return row
	}
}

// lapsed is where a deleted name stands in its quarantine.
func lapsed(grace, redemption, today civil.Date) whmcs.DomainStatus {
	switch {
	case !grace.IsZero() && !today.After(grace):
		return whmcs.DomainGrace
	case !redemption.IsZero() && !today.After(redemption):
		return whmcs.DomainRedemption
	default:
		return whmcs.DomainExpired
	}
}

// aged moves only rows that are somewhere in the life of a registered name.
func aged(row, to whmcs.DomainStatus) whmcs.DomainStatus {
	if _, alive := age[row]; alive && age[row] < age[whmcs.DomainCancelled] {
		return to
	}
	return row
}

// named makes a general status a particular one, and leaves any other.
func named(row, from, to whmcs.DomainStatus) whmcs.DomainStatus {
	if row == from {
		return to
	}
	return row
}

// age orders the statuses by what the owner of the name has left.
var age = map[whmcs.DomainStatus]int{
	whmcs.DomainActive: 0, whmcs.DomainGrace: 1, whmcs.DomainRedemption: 2, whmcs.DomainExpired: 3,
	whmcs.DomainCancelled: 4, whmcs.DomainTransferredAway: 4, whmcs.DomainFraud: 4,
}

// worse says whether a step takes something from the owner of the name. Out of a pending status every step but that to
// Active or to another pending one does, and so does every step back into one.
func worse(from, to whmcs.DomainStatus) bool {
	before, aged := age[from]
	after, ages := age[to]
	switch {
	case from == to, !aged && !ages:
		return false
	case !aged:
		return to != whmcs.DomainActive
	case !ages:
		return true
	default:
		return after >= before
	}
}

// wish is a short hash of a value for a field, so that what a person has refused is not planned again.
func wish(field, to string) []byte {
	sum := sha256.Sum256([]byte(field + "\x00" + to))
	return sum[:16]
}
