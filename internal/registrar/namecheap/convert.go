package namecheap

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/wire"
)

// listed is a domain as a list tells it.
func listed(name registrar.Name, row wire.Domain) registrar.Domain {
	d := registrar.Domain{
		Name: name, ID: row.ID, Dates: registrar.Dates{Expiration: date(row.Expires)},
		AutoRenew: tri(row.AutoRenew), Privacy: privacy(row.WhoisGuard),
	}
	switch tri(row.IsExpired) {
	case registrar.On:
		d.Status, d.Raw = registrar.Overdue, "Expired"
	case registrar.Off:
		d.Status, d.Raw = registrar.Active, "Ok"
	default:
		d.Status, d.Raw = registrar.Unknown, row.IsExpired
	}
	if d.Status == registrar.Active && tri(row.IsLocked) == registrar.On {
		d.Raw = "Locked"
	}
	return d
}

// looked is a domain as a look-up tells it.
func looked(name registrar.Name, info wire.Info) registrar.Domain {
	d := registrar.Domain{
		Name: name, ID: info.ID, Status: status(info.Status), Raw: info.Status,
		Dates: registrar.Dates{Expiration: date(info.Expires)}, Privacy: privacy(info.Privacy.Enabled),
	}
	if tri(info.IsOwner) == registrar.Off {
		d.Status, d.Raw = registrar.Unknown, info.Status+", owned by another account"
	}
	return d
}

func status(word string) registrar.Status {
	switch strings.ToLower(word) {
	case "ok", "locked":
		return registrar.Active
	case "expired":
		return registrar.Overdue
	default:
		return registrar.Unknown
	}
}

func tri(word string) registrar.Tri {
	switch strings.ToLower(word) {
	case "true":
		return registrar.On
	case "false":
		return registrar.Off
	default:
		return registrar.NotTold
	}
}

// privacy knows the words of lists and of look-ups.
func privacy(word string) registrar.Tri {
	switch strings.ToLower(word) {
	case "true", "enabled":
		return registrar.On
	case "false", "disabled", "notalloted", "notallotted", "notpresent":
		return registrar.Off
	default:
		return registrar.NotTold
	}
}

// date reads MM/DD/YYYY; a clock behind it is cut off. What is none, or lies before domain names were sold, stays text.
func date(text string) registrar.Date {
	text = strings.TrimSpace(text)
	day, _, _ := strings.Cut(text, " ")
	t, err := time.Parse("1/2/2006", day)
	if err != nil || t.Year() < 1990 {
		return registrar.Date{Text: text}
	}
	return registrar.Date{Day: civil.Of(t)}
}

// states are the transfers' numbers. 32 (the auth code is wrong) is left to the word: a transfer that waits for a new
// code is pending, one that was cancelled for it has failed.
var states = map[string]registrar.TransferState{
	"5":  registrar.TransferCompleted,
	"-1": registrar.TransferPending, "0": registrar.TransferPending, "1": registrar.TransferPending, "3": registrar.TransferPending,
	"9": registrar.TransferPending, "10": registrar.TransferPending, "11": registrar.TransferPending, "12": registrar.TransferPending,
	"13": registrar.TransferPending, "14": registrar.TransferPending, "28": registrar.TransferPending, "29": registrar.TransferPending,
	"31": registrar.TransferPending, "35": registrar.TransferPending,
	"2": registrar.TransferFailed, "4": registrar.TransferFailed, "6": registrar.TransferFailed, "7": registrar.TransferFailed,
	"8": registrar.TransferFailed, "15": registrar.TransferFailed, "16": registrar.TransferFailed, "17": registrar.TransferFailed,
	"18": registrar.TransferFailed, "19": registrar.TransferFailed, "20": registrar.TransferFailed, "21": registrar.TransferFailed,
	"22": registrar.TransferFailed, "23": registrar.TransferFailed, "24": registrar.TransferFailed, "25": registrar.TransferFailed,
	"26": registrar.TransferFailed, "27": registrar.TransferFailed, "30": registrar.TransferFailed,
}

var words = map[string]registrar.TransferState{
	"COMPLETED":  registrar.TransferCompleted,
	"INPROGRESS": registrar.TransferPending, "WAITINGFOREPP": registrar.TransferPending,
	"CANCELLED": registrar.TransferFailed, "CANCELED": registrar.TransferFailed,
}

func transfer(name registrar.Name, row wire.Transfer) registrar.Transfer {
	t := registrar.Transfer{
		Name: name, ID: row.ID, State: transferState(row.StatusID, row.Status),
		Raw: strings.TrimSpace(row.StatusID + " " + row.Status),
	}
	if t.State == registrar.TransferPending || t.State == registrar.TransferFailed {
		t.Reason = cmp.Or(row.Description, row.Status)
	}
	return t
}

// transferState believes a number and a word that agree, or the one that is known. The documentation itself shows a
// cancelled number in progress: such a transfer is looked at again.
func transferState(number, word string) registrar.TransferState {
	byNumber, byWord := states[strings.TrimSpace(number)], words[strings.ToUpper(strings.TrimSpace(word))]
	switch {
	case byNumber != "" && byWord != "" && byNumber != byWord:
		return registrar.TransferPending
	default:
		return cmp.Or(byNumber, byWord, registrar.TransferUnknown)
	}
}

// newest finds the transfer of exactly this name that was ordered last.
func newest(rows []wire.Transfer, name registrar.Name) (wire.Transfer, bool) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(row wire.Transfer) bool { return !isNamed(row.Name, name) })
	if len(rows) == 0 {
		return wire.Transfer{}, false
	}
	return slices.MaxFunc(rows, func(a, b wire.Transfer) int { return cmp.Compare(number(a.ID), number(b.ID)) }), true
}

func number(id string) int {
	n, _ := strconv.Atoi(id) // an id that is no number is older than all
	return n
}

func isNamed(text string, name registrar.Name) bool {
	held, err := registrar.ParseName(text)
	return err == nil && held == name
}

// spellings are the ways in which an account may hold a name: punycode, Unicode.
func spellings(name registrar.Name) []string {
	unicode, err := idna.Lookup.ToUnicode(string(name))
	if err != nil || unicode == string(name) {
		return []string{string(name)}
	}
	return []string{string(name), unicode}
}
