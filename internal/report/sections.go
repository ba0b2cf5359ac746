package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/state"
)

// topic is what one section is about.
type topic struct {
	title     string
	one, many string // its rows in a sentence
	fits      func(state.Change) bool
	fields    bool // its rows are about more than one field, so each names its own
}

// section is a topic with what there is to tell of it.
type section struct {
	Title  string
	Note   string
	Fields bool
	Held   bool
	Rows   []row
	More   string // "" = all rows are shown

	n         int64
	one, many string
}

func (s section) inWords() string { return counted(s.n, s.one, s.many) }

type row struct {
	Name  name
	Field string
	Old   text
	New   text
	Note  string
}

// Fields of changes, as the workers name them.
const (
	fieldStatus      = "status"
	fieldExpiry      = "expiry"
	fieldNextDue     = "next_due"
	fieldNextInvoice = "next_invoice"
	fieldAutoRenew   = "auto_renew"
	fieldPrivacy     = "id_protection"
	fieldSubscriber  = "subscriber"
	fieldGroups      = "groups"
	fieldConsent     = "marketing_consent"
	fieldRenewal     = "renewal"
	fieldBothDates   = "next_due_and_invoice" // of this package alone: both moved together
	remark           = "_remark"              // at the end of a field: the registrar's words about a change of it
)

// about fits changes of fields, and remarks about them.
func about(fields ...string) func(state.Change) bool {
	return func(c state.Change) bool { return slices.Contains(fields, strings.TrimSuffix(c.Field, remark)) }
}

var domainTopics = []topic{
	{title: "Transfers", one: "transfer", many: "transfers", fits: func(c state.Change) bool {
		return c.Field == fieldStatus && c.Old == "Pending Transfer"
	}},
	{title: "Renewals after transfers", one: "renewal", many: "renewals", fits: about(fieldRenewal)},
	{title: "Expiry dates", one: "expiry date", many: "expiry dates", fits: about(fieldExpiry)},
	{title: "Due dates", one: "due date", many: "due dates", fits: about(fieldNextDue, fieldNextInvoice, fieldBothDates), fields: true},
	{title: "Status", one: "status", many: "statuses", fits: about(fieldStatus)},
	{title: "Auto-renew", one: "auto-renew setting", many: "auto-renew settings", fits: about(fieldAutoRenew)},
	{title: "ID protection", one: "ID protection setting", many: "ID protection settings", fits: about(fieldPrivacy)},
}

var clientTopics = []topic{
	{title: "Created", one: "created", many: "created", fits: about(fieldSubscriber)},
	{title: "Detached", one: "detached", many: "detached", fits: func(c state.Change) bool { return c.Field == fieldGroups && c.Destructive && c.Reason != "" }},
	{title: "Opt-outs written to WHMCS", one: "opt-out", many: "opt-outs", fits: about(fieldConsent)},
}

// other takes what no topic before it has taken.
func other(title, one, many string) topic {
	return topic{title: title, one: one, many: many, fits: func(state.Change) bool { return true }, fields: true}
}

// topicsOf are the topics of a type of sync, in the order in which a change looks for its own.
func topicsOf(kind string) []topic {
	if kind == "clients" {
		return append(slices.Clone(clientTopics), other("Updated", "updated field", "updated fields"))
	}
	return append(slices.Clone(domainTopics), other("Other", "other change", "other changes"))
}

// told are the changes that really are some.
func (in Input) told() []state.Change {
	return slices.DeleteFunc(slices.Clone(in.Changes), func(c state.Change) bool {
		return c.State != state.ChangeApplied && c.State != state.ChangeNoticed && c.State != state.ChangeHeld
	})
}

// sections sorts the changes by topic. What is held comes last, in a section of its own.
func (in Input) sections() []section {
	changes := joined(in.told())
	slices.SortFunc(changes, func(x, y state.Change) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.RecordID, y.RecordID), cmp.Compare(x.Field, y.Field), cmp.Compare(x.ID, y.ID))
	})
	topics := topicsOf(in.Type)
	taken := make([][]state.Change, len(topics))
	var held []state.Change
	for _, c := range changes {
		if c.State == state.ChangeHeld {
			held = append(held, c)
			continue
		}
		at := slices.IndexFunc(topics, func(t topic) bool { return t.fits(c) })
		taken[at] = append(taken[at], c)
	}
	var all []section
	for i, t := range topics {
		if len(taken[i]) > 0 {
			all = append(all, in.section(t, taken[i]))
		}
	}
	if len(held) > 0 {
		waiting := in.section(topic{title: "Held: waiting for you", one: "held", many: "held", fields: true}, held)
		waiting.Held = true
		waiting.Note = fmt.Sprintf("None of this was written. To have it done: `whmcsync approve %d`. To drop it: `whmcsync reject %d`.", in.Run.ID, in.Run.ID)
		all = append(all, waiting)
	}
	return inOrder(all)
}

// inOrder puts updates behind what was created, as people expect them.
func inOrder(all []section) []section {
	updated := slices.IndexFunc(all, func(s section) bool { return s.Title == "Updated" })
	if created := slices.IndexFunc(all, func(s section) bool { return s.Title == "Created" }); updated > created+1 {
		s := all[updated]
		return slices.Insert(slices.Delete(all, updated, updated+1), created+1, s)
	}
	return all
}

func (in Input) section(t topic, changes []state.Change) section {
	s := section{Title: t.title, Fields: t.fields, one: t.one, many: t.many}
	for _, c := range changes {
		if !strings.HasSuffix(c.Field, remark) {
			s.n++
		}
	}
	for _, c := range changes[:min(len(changes), rowLimit)] {
		s.Rows = append(s.Rows, row{nameOf(c.Key, c.RecordID), fieldWords(c.Field), value(c.Old), value(c.New), note(c)})
	}
	if n := len(changes) - rowLimit; n > 0 {
		s.More = fmt.Sprintf("%s more: `%s`", grouped(int64(n)), in.command("changes"))
	}
	return s
}

// joined makes one change of a due date and the invoice date that follows it in the same step.
func joined(changes []state.Change) []state.Change {
	due, invoice := map[step]bool{}, map[step]bool{}
	for _, c := range changes {
		due[stepOf(c)] = due[stepOf(c)] || c.Field == fieldNextDue
		invoice[stepOf(c)] = invoice[stepOf(c)] || c.Field == fieldNextInvoice
	}
	var all []state.Change
	for _, c := range changes {
		both := due[stepOf(c)] && invoice[stepOf(c)]
		switch {
		case both && c.Field == fieldNextInvoice:
			continue
		case both && c.Field == fieldNextDue:
			c.Field = fieldBothDates
		}
		all = append(all, c)
	}
	return all
}

// step is what fields that move together have in common.
type step struct {
	record   int64
	from, to string
	as       state.ChangeState
}

func stepOf(c state.Change) step { return step{c.RecordID, c.Old, c.New, c.State} }

// note says what became of a change that was not simply made, and why.
func note(c state.Change) string {
	var parts []string
	if c.State == state.ChangeNoticed && !strings.HasSuffix(c.Field, remark) {
		parts = append(parts, "noticed, not written")
	}
	if c.Reason != "" {
		parts = append(parts, words(plain(c.Reason)))
	}
	return strings.Join(parts, ": ")
}
