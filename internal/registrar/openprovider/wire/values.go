package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Int is a whole number that may arrive as a string or null (0).
type Int int64

// UnmarshalJSON takes 7, "7", "" and null.
func (n *Int) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `" `)
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is not a whole number", text)
	}
	*n = Int(v)
	return nil
}

// Text is a string, number or flag. All else, null too, is "": one odd field must not make a whole page unreadable.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*t = Text(text)
	case len(raw) > 0 && raw[0] != '{' && raw[0] != '[':
		*t = Text(raw)
	}
	return nil
}

// Flag is a setting that may be absent or unreadable: then it is not Told.
type Flag struct{ Told, On bool }

// UnmarshalJSON takes true, "true", 1, "1" and their opposites, and never fails.
func (f *Flag) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `" `)) {
	case "true", "1":
		*f = Flag{Told: true, On: true}
	case "false", "0":
		*f = Flag{Told: true}
	}
	return nil
}
