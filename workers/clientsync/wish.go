package clientsync

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Policy says who belongs on the list, in which groups and with which fields.
type Policy struct {
	Statuses      []whmcs.ClientStatus
	Consent       whmcs.Consent
	OptIn         bool // this WHMCS knows marketing_emails_opt_in
	Groups        []GroupRule
	ReplaceGroups bool
	Fields        []FieldRule
	WriteBack     bool // an opt-out on the list is written to WHMCS
}

// GroupRule gives one group to the clients for whom every condition that is not empty holds.
type GroupRule struct {
	ID           maillist.GroupID
	ClientGroups []int64
	Statuses     []string
	Products     []int64
	Countries    []string // upper case
	Languages    []string // lower case, WHMCS names
}

// FieldRule fills Attribute (a plain field) or Field (a custom field id) of the list from Column (a tblclients column or
// full_name) or CustomField (a WHMCS custom field id).
type FieldRule struct {
	Attribute   string
	Field       string
	Column      string
	CustomField int64
}

// Reason is why a person is not wanted in our groups.
type Reason string

// The reasons, strongest first.
const (
	Wanted    Reason = ""
	NoConsent Reason = "no_consent" // one of the clients with this address may not be mailed
	Closed    Reason = "closed"
	Inactive  Reason = "inactive" // a status that is not selected
	NoGroup   Reason = "no_group" // there are rules for groups, and none holds
	Moved     Reason = "moved"    // the client has another address now
	Gone      Reason = "deleted"  // the client is no longer in WHMCS
)

var unwantedReasons = []Reason{NoConsent, Closed, Inactive, NoGroup, Moved, Gone}

// urgent reasons are acted upon at once (up to the guard's limit); the others wait for the end of the run.
func (r Reason) urgent() bool { return r == NoConsent || r == Moved }

// Wish is what one person should be on the list.
type Wish struct {
	Email       string
	Lead        int64             // the leading client, or the one that had the address last
	Members     []int64           // all clients with the address
	Flags       []whmcs.MailFlags // of the members, when opt-outs are written back
	Reason      Reason
	Left        maillist.Suppression // how one of the members left the list under an address that they had before
	Attributes  maillist.Attributes
	Fields      map[string]string
	Groups      []maillist.GroupID // sorted; none unless Wanted
	Fingerprint []byte
}

// OurGroups are all groups the policy may give, sorted.
func (p Policy) OurGroups() []maillist.GroupID {
	ids := make([]maillist.GroupID, 0, len(p.Groups))
	for _, rule := range p.Groups {
		ids = append(ids, rule.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Needs tells what has to be read of each client for this policy.
func (p Policy) Needs() whmcs.Wish {
	columns, needed := map[string]bool{}, map[string]bool{}
	var need whmcs.Wish
	for _, field := range p.Fields {
		switch {
		case field.CustomField != 0:
			need.CustomFields = append(need.CustomFields, field.CustomField)
		case field.Column == fullName:
			columns["firstname"], columns["lastname"] = true, true
		default:
			columns[field.Column] = true
		}
	}
	for _, rule := range p.Groups {
		need.Products = need.Products || len(rule.Products) > 0
		needed["country"] = needed["country"] || len(rule.Countries) > 0
		needed["language"] = needed["language"] || len(rule.Languages) > 0
	}
	maps.DeleteFunc(needed, func(_ string, wanted bool) bool { return !wanted })
	maps.Copy(columns, needed)
	need.Columns, need.Needed = slices.Sorted(maps.Keys(columns)), slices.Sorted(maps.Keys(needed))
	return need
}

const fullName = "full_name"

// Wish says what a person should be on the list. A person without clients is not wanted.
func (p Policy) Wish(person Person) Wish {
	wish := Wish{Email: person.Email, Lead: person.Lead(p.Statuses), Members: person.IDs(), Reason: p.reason(person)}
	if wish.Reason == Wanted {
		lead := person.Clients[person.leadIndex(p.Statuses)]
		wish.Attributes, wish.Fields = p.fields(lead)
		wish.Groups = p.groups(person)
	}
	if wish.Reason == Wanted && len(p.Groups) > 0 && len(wish.Groups) == 0 {
		wish.Reason, wish.Attributes, wish.Fields = NoGroup, nil, nil
	}
	if p.WriteBack {
		for _, client := range person.Clients {
			wish.Flags = append(wish.Flags, whmcs.MailFlags{OptOut: client.OptOut, OptIn: client.OptIn, HasOptIn: p.OptIn})
		}
	}
	wish.Fingerprint = p.fingerprint(wish)
	return wish
}

func (p Policy) reason(person Person) Reason {
	if len(person.Clients) == 0 {
		return cmp.Or(person.Left, Gone)
	}
	for _, client := range person.Clients {
		if !client.MayMail(p.Consent, p.OptIn) {
			return NoConsent
		}
	}
	lead := person.Clients[person.leadIndex(p.Statuses)]
	switch {
	case slices.Contains(p.Statuses, lead.Status):
		return Wanted
	case lead.Status == whmcs.ClientClosed:
		return Closed
	default:
		return Inactive
	}
}

// groups is the union over the person's clients whose status is selected.
func (p Policy) groups(person Person) []maillist.GroupID {
	var ids []maillist.GroupID
	for _, rule := range p.Groups {
		for _, client := range person.Clients {
			if slices.Contains(p.Statuses, client.Status) && rule.holds(client) {
				ids = append(ids, rule.ID)
				break
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (r GroupRule) holds(c whmcs.Client) bool {
	return holds(r.ClientGroups, c.GroupID) &&
		holds(r.Statuses, string(c.Status)) &&
		holds(r.Countries, strings.ToUpper(c.Columns["country"])) &&
		holds(r.Languages, strings.ToLower(c.Columns["language"])) &&
		(len(r.Products) == 0 || slices.ContainsFunc(c.Products, func(id int64) bool { return slices.Contains(r.Products, id) }))
}

func holds[T comparable](allowed []T, value T) bool {
	return len(allowed) == 0 || slices.Contains(allowed, value)
}

// fields maps the leading client's values. A value that is empty is left out: we never blank what the list holds.
func (p Policy) fields(c whmcs.Client) (maillist.Attributes, map[string]string) {
	attributes, fields := maillist.Attributes{}, map[string]string{}
	for _, rule := range p.Fields {
		value := c.Columns[rule.Column]
		if rule.CustomField != 0 {
			value = c.CustomFields[rule.CustomField]
		}
		if rule.Attribute == "locale" && rule.Column == "language" {
			value = whmcs.Locale(value)
		}
		switch {
		case value == "":
		case rule.Field != "":
			fields[rule.Field] = value
		default:
			attributes[rule.Attribute] = value
		}
	}
	return attributes, fields
}

// fingerprint is a short hash of all that is wished, so that an unchanged wish costs nothing.
func (p Policy) fingerprint(w Wish) []byte {
	b := appendText(make([]byte, 0, 256), string(w.Reason))
	b = strconv.AppendBool(b, p.ReplaceGroups)
	// Every part is preceded by its length, so that no two wishes come to the same bytes.
	b = binary.AppendUvarint(b, uint64(len(w.Groups)))
	for _, id := range w.Groups {
		b = binary.AppendVarint(b, int64(id))
	}
	sum := sha256.Sum256(appendMap(appendMap(b, w.Attributes), w.Fields))
	return sum[:16]
}

// unwanted says whether a fingerprint is that of somebody who is not wanted, for whatever reason.
func (p Policy) unwanted(fingerprint []byte) bool {
	return slices.ContainsFunc(unwantedReasons, func(r Reason) bool { return bytes.Equal(fingerprint, p.fingerprint(Wish{Reason: r})) })
}

func appendMap(b []byte, m map[string]string) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b = appendText(appendText(b, key), m[key])
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
