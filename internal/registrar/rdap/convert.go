package rdap

import (
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/wire"
)

func domain(name registrar.Name, d wire.Domain) registrar.Domain {
	return registrar.Domain{
		Name: name, Status: status(d.Status), Raw: strings.Join(d.Status, ", "), Dates: registrar.Dates{Registry: expiry(d.Events)},
	}
}

func testimony(d wire.Domain) registrar.Testimony {
	t := registrar.Testimony{Registered: true, Raw: strings.Join(d.Status, ", "), Registry: expiry(d.Events)}
	for _, entity := range d.Entities {
		if slices.ContainsFunc(entity.Roles, func(role string) bool { return strings.EqualFold(role, "registrar") }) {
			t.Registrar, t.IANA = string(entity.Card), ianaID(entity.PublicIDs)
			return t
		}
	}
	return t
}

func ianaID(ids []wire.PublicID) string {
	for _, id := range ids {
		if squeezed(id.Type) == "ianaregistrarid" {
			return string(id.Identifier)
		}
	}
	return ""
}

// telling are the words that decide, the first one wins: a name that can be restored is also waiting to be deleted.
var telling = []struct {
	word   string
	status registrar.Status
}{
	{"pendingrestore", registrar.PendingRestore},
	{"redemptionperiod", registrar.Redemption},
	{"pendingdelete", registrar.PendingDelete},
	{"pendingcreate", registrar.PendingRegistration},
	{"pendingtransfer", registrar.Unknown}, // in or out, nobody says
	{"serverhold", registrar.Suspended},
	{"clienthold", registrar.Suspended},
}

// living are the words of a name that is registered and in order.
var living = []string{
	"active", "ok", "inactive", "locked", "validated", "associated", "addperiod", "autorenewperiod", "renewperiod", "transferperiod",
	"pendingupdate", "pendingrenew", "clientdeleteprohibited", "clientrenewprohibited", "clienttransferprohibited", "clientupdateprohibited",
	"deleteprohibited", "renewprohibited", "transferprohibited", "updateprohibited",
	"serverdeleteprohibited", "serverrenewprohibited", "servertransferprohibited", "serverupdateprohibited",
}

// status is Unknown for a name of which only words are told that nobody knows, or none.
func status(words []string) registrar.Status {
	told := make([]string, 0, len(words))
	for _, word := range words {
		told = append(told, squeezed(word))
	}
	for _, t := range telling {
		if slices.Contains(told, t.word) {
			return t.status
		}
	}
	if slices.ContainsFunc(told, func(word string) bool { return slices.Contains(living, word) }) {
		return registrar.Active
	}
	return registrar.Unknown
}

// squeezed is a word without what servers disagree about: "clientHold", "client hold", "client_hold".
func squeezed(word string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(word))
}

func expiry(events []wire.Event) registrar.Date {
	for _, event := range events {
		if squeezed(event.Action) == "expiration" {
			return date(event.Date)
		}
	}
	return registrar.Date{}
}

// zoned are forms of an instant; it is converted to UTC before it is cut. plain forms are cut only.
var (
	zoned = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00"}
	plain = []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime}
)

// date is a day from 1990 on, or the text that stood there.
func date(text string) registrar.Date {
	text = strings.TrimSpace(text)
	for _, layout := range slices.Concat(zoned, plain) {
		if t, err := time.Parse(layout, text); err == nil && t.UTC().Year() >= 1990 {
			return registrar.Date{Day: civil.Of(t.UTC())}
		}
	}
	return registrar.Date{Text: text}
}

// isNamed says whether an answer is about the name, and not about a nameserver that is called so.
func isNamed(d wire.Domain, name registrar.Name) bool {
	if d.Class != "" && !strings.EqualFold(d.Class, "domain") {
		return false
	}
	for _, text := range []string{d.LDHName, d.UnicodeName} {
		if held, err := registrar.ParseName(text); err == nil && held == name {
			return true
		}
	}
	return false
}
