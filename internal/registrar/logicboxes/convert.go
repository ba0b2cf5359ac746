package logicboxes

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// The words of the API that we build upon.
const (
	active     = "Active"
	suspended  = "Suspended"
	restorable = "Pending Delete Restorable"
	inactive   = "InActive" // not carried out yet: a registration or a transfer in
	deleted    = "Deleted"  // up to 30 days ago; also what has been transferred away
	archived   = "Archived" // longer ago
)

// status turns a word. InActive is not in it: the word does not say what the order waits for.
func status(word string) registrar.Status {
	switch {
	case strings.EqualFold(word, active):
		return registrar.Active
	case strings.EqualFold(word, suspended):
		return registrar.Suspended
	case strings.EqualFold(word, restorable):
		return registrar.Redemption
	default:
		return registrar.Unknown
	}
}

// gone says that an order is a memory only. Whether the name was deleted or has left is not in the word.
func gone(word string) bool {
	return strings.EqualFold(word, deleted) || strings.EqualFold(word, archived)
}

func waiting(word string) bool { return strings.EqualFold(word, inactive) }

// statusOf is status, with an order that waits told apart by what it waits for.
func statusOf(d wire.Details) registrar.Status {
	switch {
	case waiting(string(d.Status)) && isTransfer(string(d.ActionType)):
		return registrar.PendingTransfer
	case waiting(string(d.Status)) && strings.EqualFold(string(d.ActionType), "AddNewDomain"):
		return registrar.PendingRegistration
	default:
		return status(string(d.Status))
	}
}

// listed turns a row of a listing. ok is false for a row that is no domain of the account any more, or none at all. What an
// order waits for is not told there: then the status is Unknown without a word.
func listed(o wire.Order) (d registrar.Domain, ok bool) {
	name, err := registrar.ParseName(string(o.Name))
	if err != nil || gone(string(o.Status)) {
		return registrar.Domain{}, false
	}
	d = registrar.Domain{
		Name: name, ID: string(o.ID), Status: status(string(o.Status)), Raw: string(o.Status),
		Dates:     registrar.Dates{Expiration: date(o.EndTime)},
		AutoRenew: tri(o.AutoRenew), Privacy: tri(o.Privacy), PrivacyAllowed: allowed(o.Privacy),
	}
	if waiting(d.Raw) {
		d.Raw = ""
	}
	return d, true
}

// looked turns a look-up.
func looked(d wire.Details, name registrar.Name) registrar.Domain {
	return registrar.Domain{
		Name: name, ID: d.ID(), Status: statusOf(d), Raw: string(d.Status),
		Dates:     registrar.Dates{Expiration: date(d.EndTime)},
		AutoRenew: tri(d.AutoRenew), Privacy: tri(d.Privacy), PrivacyAllowed: tri(d.PrivacyAllowed),
	}
}

func tri(word wire.Text) registrar.Tri {
	switch {
	case strings.EqualFold(string(word), "true"):
		return registrar.On
	case strings.EqualFold(string(word), "false"):
		return registrar.Off
	default:
		return registrar.NotTold
	}
}

// allowed reads from a listing's flag whether the extension knows privacy protection: "na" where it does not.
func allowed(flag wire.Text) registrar.Tri {
	if strings.EqualFold(string(flag), "na") {
		return registrar.Off
	}
	return registrar.NotTold
}

// date is day, with what stood there when that is no day.
func date(epoch wire.Text) registrar.Date {
	if d := day(epoch); !d.IsZero() {
		return registrar.Date{Day: d}
	}
	return registrar.Date{Text: string(epoch)}
}

// day cuts an instant in epoch seconds to its day in UTC. Before 1990 there were no such orders; after the year 9999 it is
// another unit.
func day(epoch wire.Text) civil.Date {
	seconds, err := strconv.ParseInt(string(epoch), 10, 64)
	if err != nil || seconds <= 0 || seconds > 253402300799 {
		return civil.Date{}
	}
	d := civil.Of(time.Unix(seconds, 0).UTC())
	if d.Year < 1990 {
		return civil.Date{}
	}
	return d
}

// number is an order's or an action's number, for comparing; 0 when it is none.
func number(id wire.Text) int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func isTransfer(actionType string) bool { return strings.EqualFold(actionType, "AddTransferDomain") }

// transferEnd reads the word under which a transfer's action was archived.
func transferEnd(word string) registrar.TransferState {
	switch strings.ToLower(word) {
	case "success", "successful", "completed":
		return registrar.TransferCompleted
	case "failed", "failure", "cancelled", "canceled", "rejected", "deleted":
		return registrar.TransferFailed
	default:
		return registrar.TransferUnknown
	}
}

// departure reads from the last thing that was done to a deleted order how it went. ok is false for anything else: then
// there is no telling a deletion from a transfer away.
func departure(a wire.Action) (d registrar.Departure, ok bool) {
	word := strings.ToLower(string(a.Type))
	switch {
	case !strings.EqualFold(string(a.Status), "success"):
		return registrar.Departure{}, false
	case strings.Contains(word, "transfer") && strings.Contains(word, "away"):
		d.Status = registrar.TransferredAway
	case strings.HasPrefix(word, "del") && strings.HasSuffix(word, "domain"):
		d.Status = registrar.Deleted
	default:
		return registrar.Departure{}, false
	}
	d.Day, d.Raw = day(a.Completed), string(a.Type)
	return d, true
}

// spellings are the ways in which an order may hold a name.
func spellings(name registrar.Name) []string {
	unicode, err := idna.Punycode.ToUnicode(string(name))
	if err != nil || unicode == string(name) {
		return []string{string(name)}
	}
	return []string{string(name), unicode}
}

// isName says whether an order's spelling is that name.
func isName(spelling wire.Text, name registrar.Name) bool {
	parsed, err := registrar.ParseName(string(spelling))
	return err == nil && parsed == name
}
