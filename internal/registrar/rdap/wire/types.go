package wire

import (
	"encoding/json"
	"strings"
)

// Domain is what a registry says of one name.
type Domain struct {
	Class       string   `json:"objectClassName"`
	LDHName     string   `json:"ldhName"`
	UnicodeName string   `json:"unicodeName"`
	Status      Words    `json:"status"`
	Events      []Event  `json:"events"`
	Entities    []Entity `json:"entities"`
}

// Event is something that has happened to a name, or will.
type Event struct {
	Action string `json:"eventAction"`
	Date   string `json:"eventDate"` // RFC 3339
}

// Entity is somebody who has to do with a name. Of contact data nothing but a name is decoded, and only a registrar's is used.
type Entity struct {
	Roles     Words      `json:"roles"`
	PublicIDs []PublicID `json:"publicIds"`
	Card      Card       `json:"vcardArray"`
}

// PublicID is a number that somebody has given: by IANA, for one.
type PublicID struct {
	Type       string `json:"type"`
	Identifier Text   `json:"identifier"`
}

// Words is a list of words; some servers send one alone.
type Words []string

// UnmarshalJSON reads both forms.
func (w *Words) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		*w = Words{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(w))
}

// Text is a string that some servers send as a number.
type Text string

// UnmarshalJSON reads both forms.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		*t = Text(number)
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// Card is the name on a jCard (["vcard", [["fn", {}, "text", "Example"], ...]]); "" when it cannot be found. Nothing
// else of it is kept.
type Card string

// UnmarshalJSON never fails: a name more or less is no reason to lose an answer.
func (c *Card) UnmarshalJSON(raw []byte) error {
	var card []json.RawMessage
	var lines [][]json.RawMessage
	if json.Unmarshal(raw, &card) != nil || len(card) < 2 || json.Unmarshal(card[1], &lines) != nil {
		return nil //nolint:nilerr // see above
	}
	for _, line := range lines {
		var property, value string
		if len(line) >= 4 && json.Unmarshal(line[0], &property) == nil && strings.EqualFold(property, "fn") && json.Unmarshal(line[3], &value) == nil {
			*c = Card(value)
			return nil
		}
	}
	return nil
}
