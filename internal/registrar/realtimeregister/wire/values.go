package wire

import (
	"encoding/json"
	"strings"
)

// Text is a string, number or flag. All else, null too, is "": one odd field must not make a whole list unreadable.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*t = Text(text)
	case raw[0] != '{' && raw[0] != '[':
		*t = Text(raw)
	}
	return nil
}

// Texts are a list of texts; one alone is a list, too. All else is none.
type Texts []Text

// UnmarshalJSON never fails.
func (t *Texts) UnmarshalJSON(raw []byte) error {
	var list []Text
	var one Text
	_ = one.UnmarshalJSON(raw)
	switch {
	case json.Unmarshal(raw, &list) == nil:
		*t = list
	case one != "":
		*t = Texts{one}
	}
	return nil
}

// Flag is a setting that may be absent or unreadable: then it is not Told.
type Flag struct{ Told, On bool }

// UnmarshalJSON takes true, "true" and their opposites, and never fails.
func (f *Flag) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `" `)) {
	case "true":
		*f = Flag{Told: true, On: true}
	case "false":
		*f = Flag{Told: true}
	}
	return nil
}
