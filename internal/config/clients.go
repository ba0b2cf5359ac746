package config

import (
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

var (
	clientStatuses = []whmcs.ClientStatus{whmcs.ClientActive, whmcs.ClientInactive, whmcs.ClientClosed}
	consents       = []whmcs.Consent{whmcs.ConsentOptIn, whmcs.ConsentNotOptedOut, whmcs.ConsentAll}
)

// each walks a list, or takes a value that stands alone as a list of one.
func (d *decoder) each(at string, n ast.Node, item func(path string, n ast.Node)) {
	if _, ok := raw(n); ok {
		item(at, n)
		return
	}
	d.items(at, n, item)
}

// groups is a list of group ids and rules.
func groups(name string, into *[]GroupRule) key {
	var shape GroupRule
	return key{name: name, below: groupKeys(&shape), read: func(d *decoder, at string, n ast.Node) {
		*into = nil
		d.each(at, n, func(path string, n ast.Node) {
			if rule, ok := d.group(path, n); ok {
				*into = append(*into, rule)
			}
		})
	}}
}

func groupKeys(g *GroupRule) []key {
	return []key{
		id("id", &g.ID),
		section("when",
			ids("client_group", &g.When.ClientGroup, 0),
			listOf("status", &g.When.Status, clientStatus),
			ids("product", &g.When.Product, 1),
			listOf("country", &g.When.Country, country),
			listOf("language", &g.When.Language, language)),
	}
}

func (d *decoder) group(at string, n ast.Node) (GroupRule, bool) {
	var rule GroupRule
	if _, plain := raw(n); plain {
		value, ok := d.integer(at, n, 1, math.MaxInt64, "3")
		rule.ID = value
		return rule, ok
	}
	d.mapping(at, n, groupKeys(&rule))
	if rule.ID == 0 && !d.given(at+".id") {
		d.report(at, "needs the id of a group: write e.g. {id: 3, when: {product: [12]}}")
	}
	return rule, true
}

func id(name string, into *int64) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		if value, ok := d.integer(at, n, 1, math.MaxInt64, "3"); ok {
			*into = value
		}
	}}
}

func ids(name string, into *[]int64, least int64) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		d.each(at, n, func(path string, n ast.Node) {
			if value, ok := d.integer(path, n, least, math.MaxInt32, "12"); ok {
				*into = append(*into, value)
			}
		})
		d.needsOne(at, n)
	}}
}

// listOf is a list of words; the reader returns each in its one spelling.
func listOf(name string, into *[]string, reader func(*decoder, string, scalar) (string, bool)) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		d.each(at, n, func(path string, n ast.Node) {
			s, ok := d.words(path, n)
			if !ok {
				return
			}
			if value, ok := reader(d, path, s); ok {
				*into = append(*into, value)
			}
		})
		d.needsOne(at, n)
	}}
}

// needsOne refuses an empty list where it could be taken for "everybody" as well as for "nobody".
func (d *decoder) needsOne(at string, n ast.Node) {
	if list, ok := n.(*ast.SequenceNode); empty(n) || (ok && len(list.Values) == 0) {
		d.report(at, "is empty: name at least one, or take the line away")
	}
}

func clientStatus(d *decoder, at string, s scalar) (string, bool) {
	status, ok := pick(d, at, s, clientStatuses)
	return string(status), ok
}

func country(d *decoder, at string, s scalar) (string, bool) {
	code := strings.ToUpper(s.text)
	if len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		d.report(at, "must be a country code of two letters, got %q: write e.g. ES", s.shown)
		return "", false
	}
	return code, true
}

func language(d *decoder, at string, s scalar) (string, bool) {
	name := strings.ToLower(strings.TrimSpace(s.text))
	if name == "" {
		d.report(at, "must be the WHMCS name of a language: write e.g. english")
	}
	return name, name != ""
}
