package sim

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Person is one subscriber, as the controls give and take it.
type Person struct {
	ID           int64             `json:"id"` // 0 when given = the next free one
	Email        string            `json:"email"`
	Status       string            `json:"status"` // active or inactive; "" when given = active
	Groups       []int64           `json:"groups"`
	Attributes   map[string]string `json:"attributes,omitempty"` // name, locale, country, ...
	Fields       map[string]string `json:"custom_fields,omitempty"`
	Unsubscribed bool              `json:"unsubscribed,omitempty"`
	Bounced      bool              `json:"bounced,omitempty"`
	ReportedSpam bool              `json:"reported_spam,omitempty"`
	LocalBan     bool              `json:"local_ban,omitempty"`
	GlobalBan    bool              `json:"global_ban,omitempty"`
	Deleted      bool              `json:"deleted,omitempty"`
	Writes       int               `json:"writes"` // accepted writes through the API
	UpdatedAt    time.Time         `json:"updated_at"`
}

func (p *Person) suppressed() bool {
	return p.Unsubscribed || p.Bounced || p.ReportedSpam || p.LocalBan || p.GlobalBan
}

// record is a Person as it is held: the two maps are lists instead, which take a third of the memory. The maps of the
// Person inside are nil.
type record struct {
	Person
	attributes, fields pairs
}

// pairs are names with values, sorted by name.
type pairs []pair

type pair struct{ name, value string }

func (p pairs) get(name string) string {
	for _, one := range p {
		if one.name == name {
			return one.value
		}
	}
	return ""
}

func (p pairs) with(name, value string) pairs {
	at, found := slices.BinarySearchFunc(p, name, func(one pair, name string) int { return strings.Compare(one.name, name) })
	if found {
		p[at].value = value
		return p
	}
	return slices.Insert(p, at, pair{name, value})
}

func pairsOf(values map[string]string) pairs {
	if len(values) == 0 {
		return nil
	}
	p := make(pairs, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p = append(p, pair{name, values[name]})
	}
	return p
}

func (p pairs) toMap() map[string]string {
	values := make(map[string]string, len(p))
	for _, one := range p {
		values[one.name] = one.value
	}
	return values
}

// recordOf shares nothing with p.
func recordOf(p Person) *record {
	r := &record{Person: p, attributes: pairsOf(p.Attributes), fields: pairsOf(p.Fields)}
	r.Groups = slices.Sorted(slices.Values(p.Groups))
	r.Attributes, r.Fields = nil, nil
	r.Status = cmp.Or(p.Status, "active")
	return r
}

// person shares nothing with r.
func (r *record) person() Person {
	p := r.Person
	p.Groups = append([]int64{}, r.Groups...)
	p.Attributes, p.Fields = r.attributes.toMap(), r.fields.toMap()
	return p
}

func key(email string) string { return strings.ToLower(email) }

// attributeNames are the plain columns, in the order of an answer.
var attributeNames = []string{
	"name", "address", "city", "state", "country", "birthday", "website", "time_zone", "locale", "sms_phone", "whatsapp_phone",
}

// appendJSON writes a person as the API shows it. By hand, because a million of them are asked for in one go.
func (r *record) appendJSON(b []byte, withGroups bool) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), r.ID, 10)
	b = appendString(append(b, `,"email":`...), r.Email)
	b = appendString(append(b, `,"status":`...), r.Status)
	for _, name := range attributeNames {
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = appendNullable(b, r.attributes.get(name))
	}
	b = appendFlag(b, "unsubscribed", r.Unsubscribed)
	b = appendFlag(b, "bounced", r.Bounced)
	b = appendFlag(b, "reported_spam", r.ReportedSpam)
	b = appendFlag(b, "local_ban", r.LocalBan)
	b = appendFlag(b, "global_ban", r.GlobalBan)
	b = append(b, `,"updated_at":"`...)
	b = r.UpdatedAt.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = r.appendFields(append(b, `","custom_fields":{`...))
	if withGroups {
		b = r.appendGroups(b)
	}
	return append(b, '}')
}

func (r *record) appendFields(b []byte) []byte {
	for i, one := range r.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(appendString(b, one.name), ':'), one.value)
	}
	return append(b, '}')
}

func (r *record) appendGroups(b []byte) []byte {
	b = append(b, `,"groups":[`...)
	for i, id := range r.Groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"group_id":`...), id, 10)
		b = append(b, `,"assigned_at":"2024-01-01T00:00:00.000Z"}`...)
	}
	return append(b, ']')
}

func appendFlag(b []byte, name string, flag bool) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return strconv.AppendBool(b, flag)
}

func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

func appendString(b []byte, s string) []byte {
	simple := func(c rune) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
	if strings.IndexFunc(s, func(c rune) bool { return !simple(c) }) < 0 {
		return append(append(append(b, '"'), s...), '"')
	}
	raw, _ := json.Marshal(s) // a string always marshals
	return append(b, raw...)
}
