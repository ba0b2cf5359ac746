package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// key is one setting: its name and what reads its value. A section also lists the keys below it, so that the schema can
// be walked without a file.
type key struct {
	name  string
	read  func(d *decoder, at string, n ast.Node)
	below []key
}

type position struct{ line, column int }

// decoder reads one file and gathers what is wrong with it.
type decoder struct {
	env      Env
	readFile ReadFile
	seen     map[string]position // of every setting in the file, by path
	problems []Problem
}

// report notes a problem at the setting's place, or, when it is not in the file, at the section that should hold it.
func (d *decoder) report(at, format string, args ...any) {
	p := d.place(at)
	d.note(p, at, fmt.Sprintf(format, args...))
}

func (d *decoder) note(p position, at, text string) {
	d.problems = append(d.problems, Problem{Line: p.line, Column: p.column, Path: at, Text: oneLine(text)})
}

// oneLine keeps a problem on its line whatever the file has in it.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// refused says whether the very setting was found wrong already.
func (d *decoder) refused(at string) bool {
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Path == at })
}

func (d *decoder) place(at string) position {
	for at != "" {
		if p, ok := d.seen[at]; ok {
			return p
		}
		at = at[:max(strings.LastIndexByte(at, '.'), 0)]
	}
	return position{1, 1}
}

// given says whether the setting stands in the file.
func (d *decoder) given(at string) bool {
	_, ok := d.seen[at]
	return ok
}

// parse returns the root of the one document, nil when there is none or it is not YAML.
func (d *decoder) parse(data []byte) (root ast.Node) {
	if len(data) > maxSize {
		d.report("", "is larger than %d KiB: this is not a whmcsync configuration", maxSize>>10)
		return nil
	}
	// The file is outside text: a slip of the YAML library must end as a message, not as a crash of the program.
	defer func() {
		if recover() != nil {
			d.report("", "is not valid YAML: %s", mendYAML)
			root = nil
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	return d.document(file)
}

func (d *decoder) document(file *ast.File) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		if empty(doc.Body) {
			continue
		}
		if root != nil {
			d.note(start(doc.Body), "", "a second YAML document: keep one, without ---")
			break
		}
		root = doc.Body
	}
	return root
}

func empty(n ast.Node) bool {
	if n == nil {
		return true
	}
	switch n.Type() {
	case ast.NullType, ast.CommentType, ast.DirectiveType:
		return true
	default:
		return false
	}
}

const mendYAML = "check the indentation, the quotes and the brackets"

func (d *decoder) syntax(err error) {
	p, text := position{1, 1}, mendYAML
	if located, ok := errors.AsType[yaml.Error](err); ok {
		p, text = positionOf(located.GetToken()), located.GetMessage()+": "+mendYAML+" here and on the line above"
	}
	d.note(p, "", "is not valid YAML: "+strings.ReplaceAll(text, "'\t'", "tab"))
}

func positionOf(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// start is where a value begins: a mapping's own token is its first colon.
func start(n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return positionOf(m.Values[0].Key.GetToken())
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return positionOf(m.Key.GetToken())
	}
	return positionOf(n.GetToken())
}

// mapping reads a section whose keys are known.
func (d *decoder) mapping(at string, n ast.Node, keys []key) {
	d.entries(at, n, func(name, path string, value ast.Node) {
		for _, k := range keys {
			if k.name == name {
				k.read(d, path, value)
				return
			}
		}
		d.report(path, "unknown key%s", orKnown(name, names(keys)))
	})
}

// entries walks a mapping in the order of the file; a key that comes twice is reported and read once. Nothing below a key
// ("http:" with comments only) is an empty mapping.
func (d *decoder) entries(at string, n ast.Node, each func(name, path string, value ast.Node)) {
	if empty(n) {
		return
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		d.report(at, "must be a section with keys below it, got %s", describe(n))
		return
	}
	for it := m.MapRange(); it.Next(); {
		if name, path, ok := d.enter(at, it.Key()); ok {
			each(name, path, it.Value())
		}
	}
}

// enter notes where a key stands.
func (d *decoder) enter(at string, k ast.MapKeyNode) (name, path string, ok bool) {
	p := positionOf(k.GetToken())
	if _, ok := k.(ast.ScalarNode); !ok || k.IsMergeKey() {
		d.note(p, at, "only plain keys are used here: write the settings out")
		return "", "", false
	}
	name = k.GetToken().Value
	path = strings.TrimPrefix(at+"."+plain(name), ".")
	if first, twice := d.seen[path]; twice {
		d.note(p, path, fmt.Sprintf("is given twice, first on line %d: keep one", first.line))
		return "", "", false
	}
	d.seen[path] = p
	return name, path, true
}

// plain keeps a strange key ("a.b", control characters) from looking like another path.
func plain(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r == '.' || r == '"' || !unicode.IsGraphic(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// items walks a list. Nothing is an empty list.
func (d *decoder) items(at string, n ast.Node, each func(path string, value ast.Node)) {
	if empty(n) {
		return
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.report(at, "must be a list, got %s: write it in [ ]", describe(n))
		return
	}
	for i, value := range list.Values {
		path := item(at, i)
		d.seen[path] = d.place(at)
		if value != nil {
			d.seen[path] = start(value)
		}
		each(path, value)
	}
}

func names(keys []key) []string {
	all := make([]string, 0, len(keys))
	for _, k := range keys {
		all = append(all, k.name)
	}
	return all
}

func describe(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "a YAML anchor, alias or tag (write the value out)"
	default:
		return "something else"
	}
}

// item is the path of the entry of a list, counted from 1 as people do.
func item(at string, index int) string { return fmt.Sprintf("%s.%d", at, index+1) }
