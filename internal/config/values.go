package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// The functions below build the keys of the schema: each binds a name to the place its value goes to.

// text is free text, which check may refuse with a sentence.
func text(name string, into *string, check func(string) string) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.words(at, n)
		if !ok {
			return
		}
		if wrong := check(s.text); wrong != "" {
			d.report(at, "%s", wrong)
			return
		}
		*into = s.text
	}}
}

// secret is text that is never shown; what check says must not quote it.
func secret(name string, into *Secret, check func(string) string) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.words(at, n)
		if !ok {
			return
		}
		// Something was given, even if it is wrong: "must be given" would be a second, untrue message.
		*into = NewSecret(s.text)
		if s.text == "" {
			d.report(at, "is empty: give a value, or take the line away")
			return
		}
		if wrong := check(s.text); wrong != "" {
			d.report(at, "%s", wrong)
		}
	}}
}

// choice is one of a few words.
func choice[T ~string](name string, into *T, options ...T) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		if s, ok := d.words(at, n); ok {
			if value, ok := pick(d, at, s, options); ok {
				*into = value
			}
		}
	}}
}

func pick[T ~string](d *decoder, at string, s scalar, options []T) (T, bool) {
	if slices.Contains(options, T(s.text)) {
		return T(s.text), true
	}
	listed := make([]string, 0, len(options))
	for _, option := range options {
		listed = append(listed, string(option))
	}
	d.report(at, "must be %s, got %q%s", either(listed), s.shown, didYouMean(s.shown, listed))
	return "", false
}

func number(name string, into *int, least, most int, example string) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		if value, ok := d.integer(at, n, int64(least), int64(most), example); ok {
			*into = int(value)
		}
	}}
}

// decimal is a number that may have a fraction.
func decimal(name string, into *float64, least, most float64, example string) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.scalar(at, n, "a number")
		if !ok {
			return
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(s.text), 64)
		switch {
		case err != nil || !s.is("number"):
			d.report(at, "must be a number, got %q: write e.g. %s", s.shown, example)
		case !(value >= least && value <= most):
			d.report(at, "must be between %v and %v, got %s: write e.g. %s", least, most, s.shown, example)
		default:
			*into = value
		}
	}}
}

// onOff is true or false.
func onOff(name string, into *bool) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.scalar(at, n, "true or false")
		if !ok {
			return
		}
		if !s.is("bool") || (s.text != "true" && s.text != "false") {
			d.report(at, "must be true or false, got %q", s.shown)
			return
		}
		*into = s.text == "true"
	}}
}

// span is a length of time; orZero also takes 0.
func span(name string, into *time.Duration, least, most time.Duration, orZero bool, example string) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.scalar(at, n, "a length of time")
		if !ok {
			return
		}
		value, err := parseSpan(s.text)
		switch {
		case err != nil:
			d.report(at, "must be a length of time, got %q: write e.g. %s", s.shown, example)
		case orZero && value == 0, value >= least && value <= most:
			*into = value
		default:
			d.report(at, "must be between %s and %s%s, got %s: write e.g. %s", showSpan(least), showSpan(most), zeroHint(orZero), s.shown, example)
		}
	}}
}

func zeroHint(orZero bool) string {
	if orZero {
		return " (or 0 for never)"
	}
	return ""
}

// zone is a time zone by its name.
func zone(name string, into **time.Location) key {
	return key{name: name, read: func(d *decoder, at string, n ast.Node) {
		s, ok := d.words(at, n)
		if !ok {
			return
		}
		loaded, err := time.LoadLocation(s.text)
		if err != nil || s.text == "" || s.text == "Local" {
			d.report(at, "is not a time zone, got %q: write a name like Europe/Madrid or UTC", s.shown)
			return
		}
		*into = loaded
	}}
}

// section is a fixed set of keys.
func section(name string, keys ...key) key {
	return key{name: name, below: keys, read: func(d *decoder, at string, n ast.Node) { d.mapping(at, n, keys) }}
}

// named is a section whose keys are names that the operator chooses, each with the same settings below.
func named[T any](name string, into map[string]T, fresh func() T, keys func(*T) []key) key {
	var shape T
	return key{name: name, below: []key{{name: "NAME", below: keys(&shape)}}, read: func(d *decoder, at string, n ast.Node) {
		d.entries(at, n, func(name, path string, value ast.Node) {
			if wrong := badName(name); wrong != "" {
				d.report(path, "%s", wrong)
			}
			one := fresh()
			d.mapping(path, value, keys(&one))
			into[name] = one
		})
	}}
}

// list is a list of sections with the same settings.
func list[T any](name string, into *[]T, fresh T, keys func(*T) []key) key {
	var shape T
	return key{name: name, below: keys(&shape), read: func(d *decoder, at string, n ast.Node) {
		d.items(at, n, func(path string, value ast.Node) {
			one := fresh
			d.mapping(path, value, keys(&one))
			*into = append(*into, one)
		})
	}}
}
