package domainsync

import (
	"cmp"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Leader says whose word counts about a field.
type Leader string

// The leaders. A field that nobody leads is left alone on both sides.
const (
	LedByRegistrar Leader = "registrar"
	LedByWHMCS     Leader = "whmcs"
	LedByNobody    Leader = "nobody"
)

// Leads says who leads which field. Status and expiry are led by the registrar or by nobody; the settings by anybody.
type Leads struct {
	Status    Leader
	Expiry    Leader
	AutoRenew Leader
	Privacy   Leader
}

// DateSource says which of a registrar's dates is the expiry date.
type DateSource string

// The sources. FromPaid is the renewal date where the registrar tells one, else its expiration date; the date at the
// registry may run ahead of what is paid and is only taken when asked for.
const (
	FromPaid       DateSource = "paid"
	FromRenewal    DateSource = "renewal"
	FromExpiration DateSource = "expiration"
	FromRegistry   DateSource = "registry"
)

// Policy says what follows from what the registrar says.
type Policy struct {
	Leads     Leads
	Expiry    DateSource
	Revive    bool                          // a row that WHMCS let expire becomes Active again when the registrar has renewed it
	Statuses  map[string]whmcs.DomainStatus // by the registrar's own word; goes before our map
	Transfers bool                          // another sync follows the pending transfers: they are left to it
	Due       DueRule
	Gone      GoneRule
	Failed    FailedRule // of transfers
	PendFor   int        // days a transfer may pend before it is reported; 0 = any time
	// Renew are the extensions (punycode, no dot before them) of which a transfer that leaves little time is followed by
	// a renewal. It costs money; of all others one is only proposed.
	Renew map[string]bool
}

// DueRule says how the due date follows the expiry date.
type DueRule struct {
	Follow        bool
	Days          int  // before the expiry date; 0 is the same day
	MaxDifference int  // days: a due date that is further off is left alone and reported
	InvoiceItems  bool // items of unpaid invoices move along; otherwise a due date that is invoiced already stays
}

// GoneRule says what becomes of a domain that the registrar no longer has.
type GoneRule struct {
	Mark          bool          // it is marked Cancelled or Transferred Away; otherwise it is only reported
	Confirmations int           // looks that must agree first
	Apart         time.Duration // the least time between two looks that count
}

// FailedRule says what becomes of a transfer that failed.
type FailedRule string

// The rules.
const (
	ReportFailed FailedRule = "report"
	CancelFailed FailedRule = "cancelled"
)

const (
	forwardAtMost = 400 // days that an expiry date may move ahead without counting as destructive; back it may not move at all
	seldom        = 24 * time.Hour
	yearsAhead    = 30

	// forgotten is when a look is too old to be confirmed by the next: in between the name may have come back and left again,
	// while the sync was paused, only noted, or left the row out. It is well above the time from one look to the next while
	// passes go on, which is at most GoneRule.Apart (30 days in the configuration) or seldom, and the wait for a pass.
	forgotten = 60 * 24 * time.Hour
)

// earliest is the first day that can be an expiry date: domains were not sold before.
var earliest = civil.Date{Year: 1990, Month: time.January, Day: 1}

// leading is the date that counts.
func (s DateSource) leading(d registrar.Dates) registrar.Date {
	switch s {
	case FromRenewal:
		return d.Renewal
	case FromExpiration:
		return d.Expiration
	case FromRegistry:
		return d.Registry
	default:
		return cmp.Or(d.Renewal, d.Expiration)
	}
}
