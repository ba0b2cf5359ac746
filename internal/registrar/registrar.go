package registrar

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/civil"
)

// Status is where a name stands at the registrar.
type Status string

// The statuses. What a vendor does not know is Unknown, with the registrar's own word in Raw; it changes nothing.
const (
	Active              Status = "active"
	Suspended           Status = "suspended" // on hold, but still ours
	PendingRegistration Status = "pending_registration"
	PendingTransfer     Status = "pending_transfer" // on its way in
	PendingRestore      Status = "pending_restore"
	Overdue             Status = "overdue"          // past its date; whether it is renewable or restorable is not told
	Grace               Status = "grace"            // expired, renewable at the usual price
	Redemption          Status = "redemption"       // deleted, restorable for a fee
	PendingDelete       Status = "pending_delete"   // no longer restorable
	Lapsed              Status = "lapsed"           // deleted; GraceUntil and RedemptionUntil say whether it can come back, if told
	Deleted             Status = "deleted"          // gone for good, and the registrar says so
	TransferredAway     Status = "transferred_away" // at another registrar or in another account, and the registrar says so
	Failed              Status = "failed"           // the registration or the transfer in did not come about
	Unknown             Status = "unknown"
)

// Tri is a setting of which one may not be told. The zero value is "not told".
type Tri int8

// The three values.
const (
	NotTold Tri = iota
	On
	Off
)

// TriOf is On for true.
func TriOf(on bool) Tri {
	if on {
		return On
	}
	return Off
}

// Date is a day as a registrar wrote it. Day is zero when there is none or when it cannot be read; then Text is what
// stood there ("" for nothing). A vendor never repairs or converts a date that it cannot be sure of.
type Date struct {
	Day  civil.Date `json:"day,omitzero"`
	Text string     `json:"text,omitempty"`
}

// Dates are the several days a registrar may tell of one name.
type Dates struct {
	Renewal    Date `json:"renewal,omitzero"`    // paid until at the registrar: after it the name lapses unless it is renewed
	Expiration Date `json:"expiration,omitzero"` // as the registrar shows it
	Registry   Date `json:"registry,omitzero"`   // at the registry; may run ahead of what is paid
}

// Domain is what the registrar holds of one name. A listing may tell less than a look-up: settings that are not told are
// NotTold, and nothing may be concluded from them.
type Domain struct {
	Name            Name       `json:"name"`
	ID              string     `json:"id,omitempty"` // the registrar's own handle, "" when it goes by name
	Status          Status     `json:"status"`
	Raw             string     `json:"raw,omitempty"` // the registrar's own word for the status
	Dates           Dates      `json:"dates,omitzero"`
	GraceUntil      civil.Date `json:"grace_until,omitzero"`      // with Lapsed: last day of renewal at the usual price
	RedemptionUntil civil.Date `json:"redemption_until,omitzero"` // with Lapsed: last day of restoration for a fee
	Left            civil.Date `json:"left,omitzero"`             // with Lapsed, Deleted and TransferredAway: when; zero = not told
	AutoRenew       Tri        `json:"auto_renew,omitempty"`      // in effect: an account's default is resolved
	Privacy         Tri        `json:"privacy,omitempty"`         // ID protection
	PrivacyAllowed  Tri        `json:"privacy_allowed,omitempty"` // the extension knows ID protection
	Reason          string     `json:"reason,omitempty"`          // with Failed: why, in the registrar's words
}

// Cursor is where a listing goes on. The zero value is the start. Opaque to everybody but the vendor; small, printable,
// and stored between pages.
type Cursor string

// Page is one slice of a listing. A listing has ended when Done is true; an ended page may hold domains.
type Page struct {
	Domains []Domain
	Next    Cursor
	Done    bool
	Total   int // how many names the registrar says it holds, for progress only; 0 = unknown
	// Gaps says that a name may have been missed between the page before and this one; then a name that is not listed
	// has to be looked up before that is believed.
	Gaps bool
}

// Registrar is one account at a registrar. All methods, those of the powers below too, may be called by many goroutines
// at once. Errors are *fault.Error: Transient, RateLimited, Auth, Rejected, Protocol, and NotFound where said.
//
// What a registrar can do beyond this is found by asking: `lister, ok := r.(registrar.Lister)`.
type Registrar interface {
	// Get looks one name up, live, in this account. fault.NotFound when the account does not hold it (any more): that
	// alone proves nothing. A name that has lapsed, was deleted or has left may be answered with its Status instead.
	Get(ctx context.Context, name Name) (Domain, error)
}

// Lister is a Registrar that can list all names of the account.
type Lister interface {
	// ListPage reads one page, as long as the API allows. Every name that the account holds throughout the listing is on
	// at least one page, unless a page says Gaps; one that moves may be on two.
	ListPage(ctx context.Context, after Cursor) (Page, error)
}

// TransferState is where a transfer in stands.
type TransferState string

// The states of a transfer.
const (
	TransferPending   TransferState = "pending"
	TransferCompleted TransferState = "completed"
	TransferFailed    TransferState = "failed"
	TransferUnknown   TransferState = "unknown" // a word the vendor does not know: nothing is concluded
)

// Transfer is what the registrar says of one transfer in.
type Transfer struct {
	Name   Name          `json:"name"`
	ID     string        `json:"id,omitempty"`
	State  TransferState `json:"state"`
	Raw    string        `json:"raw,omitempty"`
	Reason string        `json:"reason,omitempty"` // why it failed or what it waits for, in the registrar's words
	Dates  Dates         `json:"dates,omitzero"`   // with TransferCompleted, as far as known yet
}

// TransferPage is one slice of a listing of transfers; see Page.
type TransferPage struct {
	Transfers []Transfer
	Next      Cursor
	Done      bool
}

// TransferTracker is a Registrar that follows transfers in.
type TransferTracker interface {
	// Transfer says how the newest transfer in of a name stands. One that is completed is TransferCompleted only while the
	// account holds the name. fault.NotFound when the registrar knows of none and does not hold the name either.
	Transfer(ctx context.Context, name Name) (Transfer, error)
}

// TransferLister is a TransferTracker that can also list transfers in bulk: at least all that are pending, and any others,
// earlier ones of the same name among them. So only one that is pending is believed; of a name that is on no page nothing may
// be concluded.
type TransferLister interface {
	TransferTracker
	ListTransfersPage(ctx context.Context, after Cursor) (TransferPage, error)
}

// AutoRenewer is a Registrar that renews by itself when told so.
type AutoRenewer interface {
	// SetAutoRenew switches it for a domain as Get or a listing told it. Setting what is set already is no error. What
	// the registrar remarks upon is returned as notes.
	SetAutoRenew(ctx context.Context, d Domain, on bool) (notes []string, err error)
}

// Protector is a Registrar that can hide a holder's data. It may cost money.
type Protector interface {
	// SetPrivacy switches ID protection; see SetAutoRenew. fault.Rejected where the extension or the holder does not
	// allow it.
	SetPrivacy(ctx context.Context, d Domain, on bool) (notes []string, err error)
}

// Renewer is a Registrar that a renewal can be bought from. It costs money.
type Renewer interface {
	// Renew buys years (1 to 10) for a domain as Get told it, with one request that is never repeated. It returns the
	// dates that hold then; none when they cannot be told, which is no error. What the registrar remarks upon is
	// returned as notes.
	//
	// Nothing was bought, for certain, with fault.Rejected (balance, too early, renewed already), NotFound, Refused,
	// RateLimited (never for HTTP 503) and Auth. With every other class the answer was lost: it may have been bought.
	Renew(ctx context.Context, d Domain, years int) (Dates, []string, error)
}

// Departure is positive evidence that a name has left an account.
type Departure struct {
	Status Status     // TransferredAway, Deleted or Lapsed
	Day    civil.Date // zero = not told
	Raw    string     // what the registrar said, in its own words
	GraceUntil,
	RedemptionUntil civil.Date // with Lapsed
}

// Departure is what a Domain says of a name that has left; false for one that has not.
func (d Domain) Departure() (Departure, bool) {
	switch d.Status {
	case TransferredAway, Deleted, Lapsed:
		return Departure{Status: d.Status, Day: d.Left, Raw: d.Raw, GraceUntil: d.GraceUntil, RedemptionUntil: d.RedemptionUntil}, true
	default:
		return Departure{}, false
	}
}

// Historian is a Registrar that remembers names that have left.
type Historian interface {
	// Departed looks for evidence that a name has left. fault.NotFound when there is none: that proves nothing either. A
	// name that the account holds has not left, whatever became of it in an earlier life.
	Departed(ctx context.Context, name Name) (Departure, error)
}

// Testimony is what somebody outside the account says of a name.
type Testimony struct {
	Registered bool   // the name exists at its registry
	Registrar  string // who sponsors it, in the registry's words; "" = not told
	IANA       string // the sponsor's IANA id; "" = not told
	Raw        string // the registry's status words
	Registry   Date   // expiry at the registry: never a paid-until
}

// Witness can be asked about any name, with no account: RDAP.
type Witness interface {
	// Testify asks the registry. fault.NotFound when there is nobody to ask for this extension; a name that is not
	// registered is Registered false and no error.
	Testify(ctx context.Context, name Name) (Testimony, error)
}

// Checker is a Registrar that can prove its credentials and settings without changing anything.
type Checker interface {
	// Check makes a harmless call; fault.Auth when refused.
	Check(ctx context.Context) (Health, error)
}

// Health is what a Check found.
type Health struct {
	Domains int      // names in the account; 0 = not told
	Remarks []string // what a person should know, in plain words
}
