package openprovider

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// firstYear is the first in which a date can be one.
const firstYear = 1990

// domain turns a row into the port's words. Default is what auto-renew "default" means in this account.
func domain(row wire.Domain, name registrar.Name, byDefault registrar.Tri) registrar.Domain {
	d := registrar.Domain{
		Name: name, ID: idOf(row), Status: status(row), Raw: string(row.Status), Dates: dates(row),
		AutoRenew: autoRenew(string(row.AutoRenew), byDefault),
		Privacy:   tri(row.PrivateWhois), PrivacyAllowed: tri(row.PrivateWhoisAllowed),
	}
	if d.Status == registrar.Lapsed {
		d.Left = date(row.DeletedAt).Day
		d.GraceUntil = date(row.SoftQuarantine).Day
		d.RedemptionUntil = cmp.Or(date(row.HardQuarantine).Day, date(row.RestorableUntil).Day, date(row.QuarantineEnd).Day)
	}
	return d
}

// nameOf joins what Openprovider cut.
func nameOf(row wire.Domain) (registrar.Name, error) {
	return registrar.ParseName(string(row.Name.Name) + "." + string(row.Name.Extension))
}

func idOf(row wire.Domain) string {
	if row.ID <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(row.ID), 10)
}

func status(row wire.Domain) registrar.Status {
	switch word(row.Status) {
	case "ACT":
		return registrar.Active
	case "REQ", "PEN":
		return pending(row)
	case "SCH":
		return registrar.PendingTransfer
	case "RRQ":
		return registrar.PendingRestore
	case "DEL":
		return registrar.Lapsed
	case "FAI", "REJ":
		return registrar.Failed
	default:
		return registrar.Unknown
	}
}

// pending goes by the type of the order. What is pending with a trade is a change of hands of a name that may be ours
// all the while: nothing is concluded.
func pending(row wire.Domain) registrar.Status {
	switch word(row.Type) {
	case "TRANSFER":
		return registrar.PendingTransfer
	case "TRADE":
		return registrar.Unknown
	default:
		return registrar.PendingRegistration
	}
}

func word(text wire.Text) string { return strings.ToUpper(strings.TrimSpace(string(text))) }

// transfer reads a row as a transfer in. A failure counts for one only where the row says that it is one.
func transfer(row wire.Domain, name registrar.Name) registrar.Transfer {
	t := registrar.Transfer{Name: name, ID: idOf(row), State: registrar.TransferUnknown, Raw: string(row.Status)}
	switch word(row.Status) {
	case "ACT":
		t.State, t.Dates = registrar.TransferCompleted, dates(row)
	case "REQ", "PEN", "SCH", "RRQ":
		t.State = registrar.TransferPending
	case "FAI", "REJ":
		if word(row.Type) == "TRANSFER" {
			t.State = registrar.TransferFailed
		}
	}
	return t
}

// isTransfer says whether a row belongs into a list of transfers.
func isTransfer(row wire.Domain) bool {
	return word(row.Type) == "TRANSFER" || word(row.Status) == "SCH"
}

// foremost is the row that counts when a name has several: the one that weighs most, of equals the newest.
func foremost(rows []wire.Domain, weight func(wire.Domain) int) (wire.Domain, bool) {
	if len(rows) == 0 {
		return wire.Domain{}, false
	}
	return slices.MaxFunc(rows, func(a, b wire.Domain) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(a.ID, b.ID))
	}), true
}

// asTransfer weighs rows for a transfer in: one that failed after the name was deleted is the last word about it.
func asTransfer(row wire.Domain) int {
	if status(row) == registrar.Lapsed {
		return 0
	}
	return weight(row)
}

// weight is more for a name that is live than for one on its way, and least for one that never came.
func weight(row wire.Domain) int {
	switch status(row) {
	case registrar.Active:
		return 3
	case registrar.Failed:
		return 0
	case registrar.Lapsed:
		return 1
	default:
		return 2
	}
}

func autoRenew(text string, byDefault registrar.Tri) registrar.Tri {
	switch strings.ToLower(text) {
	case "on":
		return registrar.On
	case "off":
		return registrar.Off
	case "default":
		return byDefault
	default:
		return registrar.NotTold
	}
}

func tri(f wire.Flag) registrar.Tri {
	if !f.Told {
		return registrar.NotTold
	}
	return registrar.TriOf(f.On)
}

func dates(row wire.Domain) registrar.Dates {
	return registrar.Dates{
		Renewal: date(row.Renewal), Expiration: date(row.Expiration), Registry: date(row.RegistryExpiration),
	}
}

// date takes the day as printed: Openprovider's times have no zone. One that has is an instant, and cut in UTC.
func date(text wire.Text) registrar.Date {
	for _, layout := range []string{time.DateTime, time.DateOnly, time.RFC3339} {
		at, err := time.Parse(layout, string(text))
		if err == nil && at.UTC().Year() >= firstYear {
			return registrar.Date{Day: civil.Of(at.UTC())}
		}
	}
	return registrar.Date{Text: string(text)}
}
