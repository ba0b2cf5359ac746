package config

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// scalar is one value of the file.
type scalar struct {
	text  string // with ${...} filled in
	shown string // as the file has it: the only form that messages may show
	kind  string // text | number | bool
}

// is says whether the value may be read as the kind: a value from ${...} may be anything.
func (s scalar) is(kind string) bool { return s.kind == kind || s.text != s.shown }

// scalar reads one value; false when it is none, which is then reported with what is wanted.
func (d *decoder) scalar(at string, n ast.Node, want string) (scalar, bool) {
	s, ok := raw(n)
	if !ok {
		d.report(at, "must be %s, got %s", want, describe(n))
		return s, false
	}
	text, err := d.expand(s.shown)
	if err != nil {
		d.report(at, "%s", err)
		return s, false
	}
	s.text = text
	return s, true
}

func raw(n ast.Node) (scalar, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return scalar{shown: n.Value, kind: "text"}, true
	case *ast.LiteralNode:
		return scalar{shown: strings.TrimSuffix(n.Value.Value, "\n"), kind: "text"}, true
	case *ast.IntegerNode, *ast.FloatNode:
		return scalar{shown: n.GetToken().Value, kind: "number"}, true
	case *ast.BoolNode:
		return scalar{shown: n.GetToken().Value, kind: "bool"}, true
	default:
		return scalar{}, false
	}
}

// words reads a value that has to be text.
func (d *decoder) words(at string, n ast.Node) (scalar, bool) {
	s, ok := d.scalar(at, n, "text")
	if ok && !s.is("text") {
		d.report(at, "must be text, got %s: put it in quotes", describe(n))
		return s, false
	}
	return s, ok
}

// integer reads a whole number between the bounds.
func (d *decoder) integer(at string, n ast.Node, least, most int64, example string) (int64, bool) {
	s, ok := d.scalar(at, n, "a whole number")
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseInt(strings.TrimSpace(s.text), 10, 64)
	switch {
	case err != nil:
		d.report(at, "must be a whole number, got %q: write e.g. %s", s.shown, example)
	case !s.is("number"):
		d.report(at, "must be a whole number, got text: write %s without quotes", s.shown)
	case value < least || value > most:
		d.report(at, "must be between %d and %d, got %s: write e.g. %s", least, most, s.shown, example)
	default:
		return value, true
	}
	return 0, false
}
