package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the configuration.
type Problem struct {
	Line   int    // from 1
	Column int    // from 1, in characters
	Path   string // the setting, e.g. syncs.newsletter.batch_size; "" = the file as a whole
	Text   string // what is wrong and the way out; never holds a secret
}

// Problems is the error that Parse and Load return for a file that can be read but is not right: everything that is wrong
// with it, sorted by line.
type Problems struct {
	File string
	List []Problem
}

// Error prints one line for each problem: `whmcsync.yaml:12:5: syncs.newsletter.batch_size: must be ...`.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List))
	for _, problem := range p.List {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", p.File, problem.Line, problem.Column, problem.sentence()))
	}
	return strings.Join(lines, "\n")
}

func (p Problem) sentence() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}

func (p *Problems) sort() {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
