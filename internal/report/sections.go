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
	Title string
	Note  string
	Held  bool
	Rows  []row
	More  string // "" = all rows are shown

	n         int64
	one, many string
}

func (s section) inWords() string { return counted(s.n, s.one, s.many) }

type row struct {
	Name  name
	Field string // "" = the section is about one
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

// group is what there is to tell of one topic.
type group struct {
	topic
	changes []state.Change
}

// held is the topic of what waits for a person.
var held = topic{title: "Held: waiting for you", one: "held", many: "held", fields: true}

// grouped sorts the changes by topic. What is held comes last, as a group of its own.
func (in Input) grouped() []group {
	changes := joined(remarked(in.told()))
	slices.SortFunc(changes, func(x, y state.Change) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.RecordID, y.RecordID), cmp.Compare(x.Field, y.Field), cmp.Compare(x.ID, y.ID))
	})
	topics := topicsOf(in.Type)
	taken := make([][]state.Change, len(topics))
	var waiting []state.Change
	for _, c := range changes {
		if c.State == state.ChangeHeld {
			waiting = append(waiting, c)
			continue
		}
		at := slices.IndexFunc(topics, func(t topic) bool { return t.fits(c) })
		taken[at] = append(taken[at], c)
	}
	var all []group
	for i, t := range topics {
		all = append(all, group{t, taken[i]})
	}
	all = append(inOrder(all), group{held, waiting})
	return slices.DeleteFunc(all, func(g group) bool { return len(g.changes) == 0 })
}

// inOrder puts updates behind what was created, as people expect them.
func inOrder(all []group) []group {
	updated := slices.IndexFunc(all, func(g group) bool { return g.title == "Updated" })
	if created := slices.IndexFunc(all, func(g group) bool { return g.title == "Created" }); updated > created+1 {
		g := all[updated]
		return slices.Insert(slices.Delete(all, updated, updated+1), created+1, g)
	}
	return all
}

// section shows a group in at most limit rows.
func (in Input) section(g group, limit int) section {
	s := section{Title: g.title, one: g.one, many: g.many, More: in.more(len(g.changes)-limit, "changes")}
	if g.title == held.title {
		s.Held = true
		s.Note = fmt.Sprintf("None of this was written. To have it done: `whmcsync approve %d`. To drop it: `whmcsync reject %d`.", in.Run.ID, in.Run.ID)
	}
	for _, c := range g.changes {
		if !isRemark(c) {
			s.n++
		}
	}
	for _, c := range g.changes[:min(len(g.changes), limit)] {
		r := row{Name: nameOf(c.Key, c.RecordID), Old: value(c.Old), New: value(c.New), Note: note(c)}
		if g.fields || isRemark(c) {
			r.Field = fieldWords(c.Field)
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

func isRemark(c state.Change) bool { return strings.HasSuffix(c.Field, remark) }

// remarked puts what the registrar remarked about a change beside the change. A remark about nothing that is told stays.
func remarked(changes []state.Change) []state.Change {
	said := map[wish]string{}
	for _, c := range changes {
		if isRemark(c) {
			said[wishOf(c)] = c.Reason
		}
	}
	placed := map[wish]bool{}
	for i, c := range changes {
		if words := said[wishOf(c)]; words != "" && !isRemark(c) {
			changes[i].Reason = strings.TrimPrefix(c.Reason+"; "+words, "; ")
			placed[wishOf(c)] = true
		}
	}
	return slices.DeleteFunc(changes, func(c state.Change) bool { return isRemark(c) && placed[wishOf(c)] })
}

// wish is what a change and the remarks about it have in common.
type wish struct {
	record     int64
	field, new string
}

func wishOf(c state.Change) wish { return wish{c.RecordID, strings.TrimSuffix(c.Field, remark), c.New} }

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
	if c.State == state.ChangeNoticed && !isRemark(c) {
		parts = append(parts, "noticed, not written")
	}
	if c.Reason != "" {
		parts = append(parts, words(plain(c.Reason)))
	}
	return strings.Join(parts, ": ")
}
