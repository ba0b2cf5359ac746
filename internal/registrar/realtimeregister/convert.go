package realtimeregister

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

// unclear are words that we know, but not what they mean for the name.
var unclear = []wire.Text{"DELETE_REQUESTED", "PENDING_TRANSFER", "PENDING_VALIDATION", "INACTIVE"}

// deciding are the words that say more than that a name is active. The first that is told counts.
var deciding = []struct {
	word   wire.Text
	status registrar.Status
}{
	{"PENDING_RESTORE", registrar.PendingRestore},
	{"REDEMPTION_PERIOD", registrar.Redemption},
	{"PENDING_DELETE", registrar.PendingDelete},
	{"EXPIRED", registrar.Overdue},
	{"SERVER_HOLD", registrar.Suspended},
	{"REGISTRAR_HOLD", registrar.Suspended},
	{"CLIENT_HOLD", registrar.Suspended},
}

// harmless words leave a name active, beside those that forbid something.
var harmless = []wire.Text{
	"OK", "PENDING_RENEW", "PENDING_UPDATE", "ADD_PERIOD", "RENEW_PERIOD", "AUTO_RENEW_PERIOD", "TRANSFER_PERIOD",
}

const noPrivacy = "PRIVACY_PROTECT_PROHIBITED"

// status finds the one word of a list that decides. One that we do not know makes the whole list unknown.
func status(words wire.Texts) (registrar.Status, string) {
	if len(words) == 0 {
		return registrar.Unknown, ""
	}
	if i := slices.IndexFunc(words, strange); i >= 0 {
		return registrar.Unknown, string(words[i])
	}
	for _, d := range deciding {
		if slices.Contains(words, d.word) {
			return d.status, string(d.word)
		}
	}
	return registrar.Active, string(words[0])
}

func strange(word wire.Text) bool {
	known := slices.Contains(harmless, word) || strings.HasSuffix(string(word), "_PROHIBITED")
	for _, d := range deciding {
		known = known || d.word == word
	}
	return !known || slices.Contains(unclear, word)
}

// domain turns a row or a look-up, with the rules of its extension.
func domain(name registrar.Name, d wire.Domain, r rules) registrar.Domain {
	found, word := status(d.Status)
	return registrar.Domain{
		Name: name, Status: found, Raw: word, Dates: dates(string(d.Expiry), r),
		AutoRenew: tri(d.AutoRenew), Privacy: tri(d.Privacy), PrivacyAllowed: allowed(d.Status, r),
	}
}

func tri(f wire.Flag) registrar.Tri {
	if !f.Told {
		return registrar.NotTold
	}
	return registrar.TriOf(f.On)
}

func allowed(words wire.Texts, r rules) registrar.Tri {
	if slices.Contains(words, noPrivacy) {
		return registrar.Off
	}
	return r.privacy
}

// dates tells the expiry as it stands, and the day by which it has to be renewed. Where the offset between the two is not
// known, there is no such day, and no other may take its place.
func dates(expiry string, r rules) registrar.Dates {
	at, ok := instant(expiry)
	if !ok {
		return registrar.Dates{Expiration: registrar.Date{Text: expiry}}
	}
	d := registrar.Dates{Expiration: registrar.Date{Day: civil.Of(at)}, Renewal: registrar.Date{Text: expiry}}
	if paid := at.Add(-r.offset); r.known && possible(paid) {
		d.Renewal = registrar.Date{Day: civil.Of(paid)}
	}
	return d
}

// instant reads a time with its zone, and turns it to UTC.
func instant(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	at = at.UTC()
	return at, err == nil && possible(at)
}

// possible leaves out what lies before domain names were sold.
func possible(at time.Time) bool { return at.Year() >= 1990 && at.Year() <= 9999 }

// rules are what we know of an extension. The zero value is nothing.
type rules struct {
	known   bool
	offset  time.Duration // before the expiry
	privacy registrar.Tri // whether there is ID protection
}

// longest is the largest offset that is believed.
const longest = 366 * 24 * time.Hour

// rulesOf reads an extension's metadata. An offset that cannot be leaves it unknown.
func rulesOf(m wire.Metadata) rules {
	r := rules{known: true}
	if len(m.Features) > 0 {
		r.privacy = registrar.TriOf(slices.Contains(m.Features, "PRIVACY_PROTECT"))
	}
	if m.ExpiryOffset == "" {
		return r
	}
	seconds, err := strconv.ParseInt(string(m.ExpiryOffset), 10, 64)
	r.known = err == nil && seconds >= 0 && seconds <= int64(longest/time.Second)
	if r.known {
		r.offset = time.Duration(seconds) * time.Second
	}
	return r
}

var transferStates = map[wire.Text]registrar.TransferState{
	"pendingwhois": registrar.TransferPending, "pendingfoa": registrar.TransferPending, "pendingvalidation": registrar.TransferPending,
	"pending": registrar.TransferPending, "approved": registrar.TransferPending,
	"completed": registrar.TransferCompleted,
	"cancelled": registrar.TransferFailed, "rejected": registrar.TransferFailed, "failed": registrar.TransferFailed,
}

// transfer turns the latest transfer of a name. One that is not a transfer in says nothing of one.
func transfer(name registrar.Name, t wire.Transfer) registrar.Transfer {
	one := registrar.Transfer{Name: name, ID: string(t.ProcessID), State: registrar.TransferUnknown, Raw: string(t.Status)}
	if t.Direction != "IN" {
		one.Raw = strings.TrimSpace(string(t.Direction + " " + t.Status))
		return one
	}
	one.State = cmp.Or(transferStates[t.Status], registrar.TransferUnknown)
	if one.State == registrar.TransferPending || one.State == registrar.TransferFailed {
		one.Reason = said(t.Log)
	}
	return one
}

// said is the newest message of a log, by the dates of its entries; of equals the last.
func said(log []wire.Log) string {
	var newest wire.Log
	for _, entry := range log {
		if entry.Message != "" && entry.Date >= newest.Date {
			newest = entry
		}
	}
	return string(newest.Message)
}

var departures = []wire.Text{"outgoingTransfer", "outgoingInternalTransfer"}

// departure finds out whether the last thing that was done with a domain is that it left. Processes of another kind, such
// as those of its zone, do not count; one without a time may be the last.
func departure(name registrar.Name, rows []wire.Process) (registrar.Departure, bool) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(p wire.Process) bool { return p.Status != "COMPLETED" || !isName(p.Subject, name) })
	var left wire.Process
	for _, row := range rows {
		if slices.Contains(departures, row.Action) && ended(row).After(ended(left)) {
			left = row
		}
	}
	since := func(p wire.Process) bool {
		return p.Kind == left.Kind && !slices.Contains(departures, p.Action) && (ended(p).IsZero() || !ended(p).Before(ended(left)))
	}
	if left.Action == "" || slices.ContainsFunc(rows, since) {
		return registrar.Departure{}, false
	}
	return registrar.Departure{Status: registrar.TransferredAway, Raw: string(left.Action), Day: civil.Of(ended(left))}, true
}

// ended is when a process was completed; zero where that is not told.
func ended(p wire.Process) time.Time {
	at, ok := instant(string(cmp.Or(p.Updated, p.Created)))
	if !ok {
		return time.Time{}
	}
	return at
}

// newestFirst says that a list was sorted as asked for.
func newestFirst(rows []wire.Process) bool {
	return slices.IsSortedFunc(rows, func(a, b wire.Process) int { return cmp.Compare(b.Created, a.Created) })
}

func isName(text wire.Text, name registrar.Name) bool {
	parsed, err := registrar.ParseName(string(text))
	return err == nil && parsed == name
}
