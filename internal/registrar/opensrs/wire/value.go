package wire

import (
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Value is what an item of an envelope holds: a text, a list (dt_array) or named values (dt_assoc). A list and named
// values are never nil, not even when they are empty; a Value without both is a text.
type Value struct {
	Text string
	List []Value
	Map  map[string]Value
}

// Texts are named values that are all texts.
func Texts(all map[string]string) Value {
	v := Value{Map: make(map[string]Value, len(all))}
	for name, text := range all {
		v.Map[name] = Value{Text: text}
	}
	return v
}

// At follows names into named values; a way that leads nowhere gives the zero Value.
func (v Value) At(path ...string) Value {
	for _, name := range path {
		v = v.Map[name]
	}
	return v
}

// Items are the values of a list. Some answers write a list as named values whose names are numbers.
func (v Value) Items() []Value {
	items := v.List
	for i := range len(v.Map) {
		item, ok := v.Map[strconv.Itoa(i)]
		if !ok {
			break
		}
		items = append(items, item)
	}
	return items
}

// envelope is the frame around the one value of a message.
type envelope struct {
	XMLName xml.Name `xml:"OPS_envelope"`
	Version string   `xml:"header>version"`
	Data    node     `xml:"body>data_block"`
}

type node struct {
	Text string `xml:",chardata"`
	Map  *items `xml:"dt_assoc"`
	List *items `xml:"dt_array"`
}

type items struct {
	Items []item `xml:"item"`
}

type item struct {
	Key string `xml:"key,attr"`
	node
}

const (
	preamble = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<!DOCTYPE OPS_envelope SYSTEM "ops.dtd">` + "\n"
	version  = "0.9"
)

// Encode writes a value into an envelope, named values in the order of their names. What XML cannot hold becomes U+FFFD.
func Encode(v Value) []byte {
	body, err := xml.Marshal(envelope{Version: version, Data: nodeOf(v)})
	if err != nil {
		panic(err) // these structs always marshal
	}
	return append([]byte(preamble), body...)
}

func nodeOf(v Value) node {
	switch {
	case v.Map != nil:
		named := &items{}
		for _, key := range slices.Sorted(maps.Keys(v.Map)) {
			named.Items = append(named.Items, item{Key: key, node: nodeOf(v.Map[key])})
		}
		return node{Map: named}
	case v.List != nil:
		list := &items{}
		for i, one := range v.List {
			list.Items = append(list.Items, item{Key: strconv.Itoa(i), node: nodeOf(one)})
		}
		return node{List: list}
	default:
		return node{Text: v.Text}
	}
}

// Decode reads an envelope in whatever encoding it declares. Blanks around a text do not count, and of items with the
// same name the last one does.
func Decode(body []byte) (Value, error) {
	var e envelope
	if err := httpx.DecodeXML(body, &e); err != nil {
		return Value{}, err
	}
	return e.Data.value(), nil
}

func (n node) value() Value {
	switch {
	case n.Map != nil:
		v := Value{Map: make(map[string]Value, len(n.Map.Items))}
		for _, one := range n.Map.Items {
			v.Map[one.Key] = one.value()
		}
		return v
	case n.List != nil:
		v := Value{List: make([]Value, 0, len(n.List.Items))}
		for _, one := range n.List.Items {
			v.List = append(v.List, one.value())
		}
		return v
	default:
		return Value{Text: strings.TrimSpace(n.Text)}
	}
}
