package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The plain fields of a mailing list that may be filled, and the client columns they may be filled from. Passwords, notes,
// security answers and payment data are left out on purpose: they must never leave WHMCS.
var (
	listFields = []string{"name", "locale", "country", "city", "state", "address", "website", "birthday", "time_zone"}

	clientColumns = []string{
		"full_name", "firstname", "lastname", "companyname", "address1", "address2", "city", "state", "postcode", "country",
		"phonenumber", "tax_id", "currency", "datecreated", "groupid", "id", "status", "language",
	}
)

// fields maps fields of the mailing list to client columns. What is given takes the place of the default as a whole.
func fields(name string, into *[]FieldRule) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		*into = nil
		d.entries(at, n, func(name, path string, n ast.Node) {
			var rule FieldRule
			if d.target(path, name, &rule) && d.origin(path, n, &rule) {
				*into = append(*into, rule)
			}
		})
	}}
}

func (d *decoder) target(at, name string, rule *FieldRule) bool {
	if number, custom := strings.CutPrefix(name, "custom:"); custom {
		value, ok := fieldID(number)
		if !ok {
			d.report(at, "must name a custom field of the list by its id: write e.g. custom:13")
		}
		rule.ToField = strconv.FormatInt(value, 10)
		return ok
	}
	rule.To = name
	if slices.Contains(listFields, name) {
		return true
	}
	d.report(at, "is not a field of the mailing list%s", orKnown(name, append(slices.Clone(listFields), "custom:ID")))
	return false
}

func (d *decoder) origin(at string, n ast.Node, rule *FieldRule) bool {
	s, ok := d.words(at, n)
	if !ok {
		return false
	}
	if number, custom := strings.CutPrefix(s.text, "custom_field:"); custom {
		value, ok := fieldID(number)
		if !ok {
			d.report(at, "must name a WHMCS custom field by its id, got %q: write e.g. custom_field:7", s.shown)
		}
		rule.FromField = value
		return ok
	}
	rule.From = s.text
	if slices.Contains(clientColumns, s.text) {
		return true
	}
	d.report(at, "is not a client column that may be sent, got %q%s", s.shown, orKnown(s.shown, append(slices.Clone(clientColumns), "custom_field:ID")))
	return false
}

func fieldID(text string) (int64, bool) {
	value, err := strconv.ParseInt(text, 10, 32)
	return value, err == nil && value > 0
}
