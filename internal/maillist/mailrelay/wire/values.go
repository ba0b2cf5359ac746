package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Int is a whole number that may arrive as a string or null (0).
type Int int64

// UnmarshalJSON takes 7, "7", 7.0 and null.
func (n *Int) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `" `)
	if text == "null" || text == "" {
		return nil
	}
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = Int(v)
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != float64(int64(v)) {
		return fmt.Errorf("%.40q is not a whole number", text)
	}
	*n = Int(v)
	return nil
}

// Bool is a flag that may arrive as a number, a string or null (false).
type Bool bool

// UnmarshalJSON takes true, "true", 1, "1" and their opposites; null and "" are false.
func (b *Bool) UnmarshalJSON(raw []byte) error {
	switch text := strings.ToLower(strings.Trim(string(raw), `" `)); text {
	case "true", "1", "t", "yes":
		*b = true
	case "false", "0", "f", "no", "null", "":
		*b = false
	default:
		return fmt.Errorf("%.40q is not true or false", text)
	}
	return nil
}

// Text is a string that may arrive as a number, a flag, a list of those (joined by commas) or null ("").
type Text string

// UnmarshalJSON takes every JSON value but an object.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var v any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return err
	}
	text, ok := plain(v)
	if !ok {
		return fmt.Errorf("%.40q is not text", raw)
	}
	*t = Text(text)
	return nil
}

func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case []any:
		return joined(v)
	default:
		return "", false
	}
}

func joined(list []any) (string, bool) {
	parts := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := plain(item)
		if !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ","), true
}

// Groups are the ids of a subscriber's groups, sorted. Known is false when the answer did not tell.
type Groups struct {
	Known bool
	IDs   []int64
}

// UnmarshalJSON takes [{"group_id": 1}], [{"id": 1}], [1] and null (not told).
func (g *Groups) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	var items []groupRef
	if err := json.Unmarshal(raw, &items); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	g.Known, g.IDs = true, make([]int64, 0, len(items))
	for _, item := range items {
		if item <= 0 {
			return errors.New("groups: one without an id")
		}
		g.IDs = append(g.IDs, int64(item))
	}
	slices.Sort(g.IDs)
	g.IDs = slices.Compact(g.IDs)
	return nil
}

type groupRef int64

func (r *groupRef) UnmarshalJSON(raw []byte) error {
	var bare Int
	if !bytes.HasPrefix(raw, []byte("{")) {
		err := bare.UnmarshalJSON(raw)
		*r = groupRef(bare)
		return err
	}
	var item struct {
		GroupID Int `json:"group_id"`
		ID      Int `json:"id"`
	}
	if err := json.Unmarshal(raw, &item); err != nil {
		return err
	}
	if item.GroupID == 0 {
		item.GroupID = item.ID
	}
	*r = groupRef(item.GroupID)
	return nil
}

// Fields are custom field values by custom field id.
type Fields map[string]string

// UnmarshalJSON takes {"13": "x"}, [{"custom_field_id": 13, "value": "x"}], [{"id": 13, "value": "x"}], [] and null.
func (f *Fields) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("[")) {
		return f.fromList(raw)
	}
	var object map[string]Text
	if err := json.Unmarshal(raw, &object); err != nil {
		return fmt.Errorf("custom_fields: %w", err)
	}
	*f = make(Fields, len(object))
	for id, value := range object {
		(*f)[id] = string(value)
	}
	return nil
}

func (f *Fields) fromList(raw []byte) error {
	var list []struct {
		CustomFieldID Text `json:"custom_field_id"`
		ID            Text `json:"id"`
		Value         Text `json:"value"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("custom_fields: %w", err)
	}
	*f = make(Fields, len(list))
	for _, item := range list {
		id := item.CustomFieldID
		if id == "" {
			id = item.ID
		}
		if id != "" {
			(*f)[string(id)] = string(item.Value)
		}
	}
	return nil
}
