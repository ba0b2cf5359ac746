package opensrs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

// domain is what a look-up tells. The API has no word for the status of a name that it shows: it is ours, before its day
// or in the grace period behind it.
func domain(name registrar.Name, info wire.Domain, privacy wire.Privacy) registrar.Domain {
	return registrar.Domain{
		Name:           name,
		Status:         registrar.Active,
		Dates:          registrar.Dates{Expiration: date(info.Expiry), Registry: date(info.RegistryExpiry)},
		AutoRenew:      autoRenew(info.AutoRenew, info.LetExpire),
		Privacy:        private(privacy.State),
		PrivacyAllowed: flag(privacy.Changeable),
	}
}

// listed leaves out what cannot be a domain name: nobody could have asked for it.
func listed(rows []wire.Listed) []registrar.Domain {
	domains := make([]registrar.Domain, 0, len(rows))
	for _, row := range rows {
		name, err := registrar.ParseName(row.Name)
		if err != nil {
			continue
		}
		domains = append(domains, registrar.Domain{
			Name: name, Status: registrar.Active, Dates: registrar.Dates{Expiration: date(row.Expiry)},
			AutoRenew: autoRenew(row.AutoRenew, row.LetExpire),
		})
	}
	return domains
}

// autoRenew takes nothing from two flags that contradict each other.
func autoRenew(renew, letExpire string) registrar.Tri {
	on := flag(renew)
	if on == registrar.On && flag(letExpire) == registrar.On {
		return registrar.NotTold
	}
	return on
}

func flag(text string) registrar.Tri {
	switch strings.ToUpper(text) {
	case "1", "Y":
		return registrar.On
	case "0", "N":
		return registrar.Off
	default:
		return registrar.NotTold
	}
}

// private counts a switch that is under way as made: asking for it again would change nothing.
func private(state string) registrar.Tri {
	switch strings.ToLower(state) {
	case "enabled", "enabling":
		return registrar.On
	case "disabled", "disabling":
		return registrar.Off
	default:
		return registrar.NotTold
	}
}

// oldest is the year before which no date is believed.
const oldest = 1990

// date reads a day as printed, whatever the clock behind it says: its zone is not known. Lists of names that came or left
// write it as 03-MAY-2011.
func date(text string) registrar.Date {
	day, ok := dayOf(strings.TrimSpace(text))
	if !ok || day.Year < oldest {
		return registrar.Date{Text: text}
	}
	return registrar.Date{Day: day}
}

func dayOf(text string) (civil.Date, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return civil.Of(at.UTC()), true
	}
	if day, err := civil.Parse(text); err == nil {
		return day, true
	}
	first, _, _ := strings.Cut(text, " ")
	at, err := time.Parse("02-Jan-2006", first)
	return civil.Of(at), err == nil
}

// settled says that a transfer in is not under way: then only the account itself can tell whether the name is there.
func settled(status string) bool {
	return transferState(status) != registrar.TransferPending && known(status)
}

// unheard says that there is no transfer to speak of.
func unheard(status string) bool { return status == "" || strings.EqualFold(status, "undef") }

func known(status string) bool {
	return unheard(status) || transferState(status) != registrar.TransferUnknown
}

func transferState(status string) registrar.TransferState {
	switch strings.ToLower(status) {
	case "pending_owner", "pending_admin", "pending_registry":
		return registrar.TransferPending
	case "completed":
		return registrar.TransferCompleted
	case "cancelled":
		return registrar.TransferFailed
	default:
		return registrar.TransferUnknown
	}
}

func tracked(name registrar.Name, check wire.TransferCheck) registrar.Transfer {
	return registrar.Transfer{Name: name, State: transferState(check.Status), Raw: check.Status, Reason: check.Reason}
}

// arrived weighs a settled transfer against whether the account holds the name. A name that is there has come, by this
// transfer or otherwise; one that is said to have come and is not there has left again, and nothing is concluded.
func arrived(t registrar.Transfer, belonging wire.Belonging) registrar.Transfer {
	switch {
	case belonging.Ours:
		t.State, t.Reason = registrar.TransferCompleted, ""
		t.Dates.Expiration = date(belonging.Expiry)
	case t.State == registrar.TransferCompleted:
		t.State, t.Reason = registrar.TransferUnknown, "the transfer is completed, and the account does not hold the name"
	}
	return t
}

// newest turns rows into transfers, of each name the one with the highest number.
func newest(rows []wire.Transfer) []registrar.Transfer {
	byName := map[registrar.Name]int{}
	transfers := make([]registrar.Transfer, 0, len(rows))
	for _, row := range rows {
		name, err := registrar.ParseName(row.Domain)
		if err != nil {
			continue
		}
		t := registrar.Transfer{Name: name, ID: row.ID, State: transferState(row.Status), Raw: row.Status}
		switch before, seen := byName[name]; {
		case !seen:
			byName[name] = len(transfers)
			transfers = append(transfers, t)
		case number(t.ID) > number(transfers[before].ID):
			transfers[before] = t
		}
	}
	return transfers
}

// number is 0 for what is none: then the first row stays.
func number(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// redemption is how long after its deletion a name may still be restored. The list of deleted names does not tell, so for
// so many days it counts as lapsed and not as gone for good.
const redemption = 35

// departure is the newest evidence that a name has left. Rows about other names are none: the server may take a name for a
// pattern.
func departure(name registrar.Name, away []wire.Transfer, deleted []wire.Deleted, today civil.Date) (registrar.Departure, bool) {
	var all []registrar.Departure
	for _, row := range away {
		if same(row.Domain, name) && transferState(row.Status) == registrar.TransferCompleted {
			all = append(all, registrar.Departure{Status: registrar.TransferredAway, Day: date(row.Completed).Day, Raw: "transfer away " + row.Status})
		}
	}
	for _, row := range deleted {
		how := registrar.Departure{Status: lost(row.Reason), Day: date(row.Day).Day, Raw: "deleted, " + row.Reason}
		if how.Status == registrar.Deleted && !how.Day.IsZero() && today.DaysSince(how.Day) <= redemption {
			how.Status = registrar.Lapsed
		}
		if same(row.Name, name) && how.Status != registrar.Unknown {
			all = append(all, how)
		}
	}
	if len(all) == 0 {
		return registrar.Departure{}, false
	}
	return slices.MaxFunc(all, func(a, b registrar.Departure) int { return a.Day.Compare(b.Day) }), true
}

func same(text string, name registrar.Name) bool {
	parsed, err := registrar.ParseName(text)
	return err == nil && parsed == name
}

// lost is what a reason of the list of deleted names means; one that we do not know is no evidence.
func lost(reason string) registrar.Status {
	switch strings.ToLower(reason) {
	case "expired", "by-request", "delete-domain-api":
		return registrar.Deleted
	case "transfered", "transferred", "auction": //nolint:misspell // OpenSRS spells it so
		return registrar.TransferredAway
	default:
		return registrar.Unknown
	}
}
