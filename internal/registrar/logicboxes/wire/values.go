package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Text is a value that should be a string and may be a number or a flag. Whatever else stands there, null included, is
// "": a member we only look at must not spoil the whole answer.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*t = Text(text)
	case bytes.ContainsAny(raw[:1], "{["):
		*t = ""
	default:
		*t = Text(raw)
	}
	return nil
}

// rows picks the numbered members "1", "2", ... out of an answer, in their order, and decodes them.
func rows[T any](answer map[string]json.RawMessage) ([]T, error) {
	numbered := map[int]json.RawMessage{}
	for key, raw := range answer {
		if n, err := strconv.Atoi(key); err == nil && n > 0 {
			numbered[n] = raw
		}
	}
	list := make([]T, 0, len(numbered))
	for _, n := range slices.Sorted(maps.Keys(numbered)) {
		var row T
		if err := json.Unmarshal(numbered[n], &row); err != nil {
			return nil, fmt.Errorf("row %d: %w", n, err)
		}
		list = append(list, row)
	}
	return list, nil
}
