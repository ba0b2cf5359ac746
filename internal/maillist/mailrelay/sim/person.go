package sim

import (
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

// copied shares nothing with p.
func (p *Person) copied() Person {
	c := *p
	c.Groups = append([]int64{}, p.Groups...)
	c.Attributes, c.Fields = maps.Clone(p.Attributes), maps.Clone(p.Fields)
	return c
}

func key(email string) string { return strings.ToLower(email) }

// attributeNames are the plain columns, in the order of an answer.
var attributeNames = []string{
	"name", "address", "city", "state", "country", "birthday", "website", "time_zone", "locale", "sms_phone", "whatsapp_phone",
}

// appendJSON writes a person as the API shows it. By hand, because a million of them are asked for in one go.
func (p *Person) appendJSON(b []byte, withGroups bool) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), p.ID, 10)
	b = appendString(append(b, `,"email":`...), p.Email)
	b = appendString(append(b, `,"status":`...), p.Status)
	for _, name := range attributeNames {
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = appendNullable(b, p.Attributes[name])
	}
	b = appendFlag(b, "unsubscribed", p.Unsubscribed)
	b = appendFlag(b, "bounced", p.Bounced)
	b = appendFlag(b, "reported_spam", p.ReportedSpam)
	b = appendFlag(b, "local_ban", p.LocalBan)
	b = appendFlag(b, "global_ban", p.GlobalBan)
	b = append(b, `,"updated_at":"`...)
	b = p.UpdatedAt.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = p.appendFields(append(b, `","custom_fields":{`...))
	if withGroups {
		b = p.appendGroups(b)
	}
	return append(b, '}')
}

func (p *Person) appendFields(b []byte) []byte {
	for i, id := range slices.Sorted(maps.Keys(p.Fields)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(appendString(b, id), ':'), p.Fields[id])
	}
	return append(b, '}')
}

func (p *Person) appendGroups(b []byte) []byte {
	b = append(b, `,"groups":[`...)
	for i, id := range p.Groups {
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
