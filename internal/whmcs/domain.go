package whmcs

import (
	"slices"

	"github.com/whmcsync/whmcsync/internal/civil"
)

// DomainStatus is tbldomains.status.
type DomainStatus string

// The members of the enum.
const (
	DomainPending             DomainStatus = "Pending"
	DomainPendingRegistration DomainStatus = "Pending Registration"
	DomainPendingTransfer     DomainStatus = "Pending Transfer"
	DomainActive              DomainStatus = "Active"
	DomainGrace               DomainStatus = "Grace"
	DomainRedemption          DomainStatus = "Redemption"
	DomainExpired             DomainStatus = "Expired"
	DomainCancelled           DomainStatus = "Cancelled"
	DomainFraud               DomainStatus = "Fraud"
	DomainTransferredAway     DomainStatus = "Transferred Away"
)

// DomainStatuses are the members of the enum, in its order.
func DomainStatuses() []DomainStatus {
	return []DomainStatus{
		DomainPending, DomainPendingRegistration, DomainPendingTransfer, DomainActive, DomainGrace,
		DomainRedemption, DomainExpired, DomainCancelled, DomainFraud, DomainTransferredAway,
	}
}

// Valid says whether the status is a member of the enum. Nothing else is ever written.
func (s DomainStatus) Valid() bool { return slices.Contains(DomainStatuses(), s) }

// Domain is one row of tbldomains, text already free of HTML entities. One name may have several rows.
type Domain struct {
	ID, ClientID int64
	RawName      string       // as stored, entities decoded: any case, Unicode or punycode
	Registrar    string       // name of the registrar module, "" = none
	Status       DomainStatus // may be none of the enum: lax servers have let "" in
	Type         string       // Register | Transfer
	Period       int          // years

	Registered, Expiry, NextDue, NextInvoice civil.Date // zero = unset, or no day of the calendar

	RawExpiry    string // what stood in Expiry when that is neither a day nor unset
	DoNotRenew   bool   // auto-renew is off
	IDProtection bool
	Premium      bool
	OpenInvoice  bool // an item of an unpaid invoice is for this domain and due at NextDue; see DomainFeatures.Invoices
}

// Values are those of the domain that a sync may write.
func (d Domain) Values() DomainValues {
	return DomainValues{
		Status: d.Status, Expiry: d.Expiry, NextDue: d.NextDue, NextInvoice: d.NextInvoice,
		DoNotRenew: d.DoNotRenew, IDProtection: d.IDProtection,
	}
}

// DomainSpot is the little that a survey reads of each domain.
type DomainSpot struct {
	ID      int64
	RawName string
	Status  DomainStatus
}

// DomainValues are the columns of a domain that a sync may write, as they stand or shall stand.
type DomainValues struct {
	Status                       DomainStatus
	Expiry, NextDue, NextInvoice civil.Date // zero = unset
	DoNotRenew                   bool       // auto-renew is off
	IDProtection                 bool
}

// DomainWrite changes one domain from Old, what all six columns held when they were read, to New. Columns in which
// the two differ are written; the others are only compared.
type DomainWrite struct {
	ID           int64
	Old, New     DomainValues
	InvoiceItems bool // when NextDue changes, items of unpaid invoices for this domain move from the old day to the new one
}

// DomainSettings are how the domain sync of WHMCS itself is set up.
type DomainSettings struct {
	SyncEnabled     bool
	SyncUnknown     bool // the row that says whether it is enabled is absent
	NotifyOnly      bool // it reports and changes nothing
	NextDueDate     bool // the due date follows the expiry
	NextDueDateDays int  // by so many days before the expiry; 0 is the same day
	NoDays          bool // what stands there is no number of days
}

// DomainFeatures says which optional parts for domains this WHMCS install has and lets us use.
type DomainFeatures struct {
	Write          bool     // we may UPDATE status, expirydate, nextduedate and nextinvoicedate
	WriteSettings  bool     // we may UPDATE donotrenew and idprotection, and they are numbers; needed where the registrar leads them
	UpdatedAt      bool     // tbldomains.updated_at is readable: changed domains can be looked for
	WriteUpdatedAt bool     // and may be set by what we write
	Synced         bool     // tbldomains.synced exists and may be set by what we write
	Premium        bool     // tbldomains.is_premium is readable
	Services       bool     // product groups of clients are readable
	Invoices       bool     // invoices and their items are readable
	InvoiceItems   bool     // we may UPDATE duedate of invoice items
	Settings       bool     // tblconfiguration is readable
	ActivityLog    bool     // we may INSERT into tblactivitylog
	Admins         bool     // administrators and their roles are readable
	Missing        []string // what is not there or not allowed, in plain words with the way out
}
