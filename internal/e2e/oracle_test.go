package e2e

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

// oracle knows what a pass must make of the list. It remembers what it expects the program to remember: which groups
// were given to whom.
type oracle struct {
	consent func(row) bool
	given   map[string][]int64 // by address, of people who were settled as wanted
	seen    map[string]bool    // addresses that were on the list once they were settled
}

func newOracle() *oracle {
	return &oracle{consent: optedIn, given: map[string][]int64{}, seen: map[string]bool{}}
}

// optedIn is the default rule. The reader sets optIn for versions that do not know the column.
func optedIn(r row) bool { return r.optIn && !r.optOut }

// ours are the groups that the configuration of the tests gives, with their rules.
var ours = map[int64]func(row) bool{
	1: func(row) bool { return true },
	3: func(r row) bool { return slices.Contains(r.products, 11) || slices.Contains(r.products, 12) },
	4: func(r row) bool { return r.country == "ES" || r.country == "PT" },
}

// wish is what one person should be.
type wish struct {
	wanted     bool
	groups     []int64
	attributes map[string]string
	fields     map[string]string
}

// people sorts rows by the address they mean; invalid are the ids of those that mean none.
func people(rows []row) (by map[string][]row, invalid []int64) {
	by = map[string][]row{}
	for _, r := range rows {
		if address := addressOf(r.email); address != "" {
			by[address] = append(by[address], r)
		} else {
			invalid = append(invalid, r.id)
		}
	}
	return by, invalid
}

// wishOf merges the clients of one address, which come by id.
func (o *oracle) wishOf(clients []row) wish {
	lead := slices.IndexFunc(clients, func(r row) bool { return r.status == "Active" })
	if lead < 0 || slices.ContainsFunc(clients, func(r row) bool { return !o.consent(r) }) {
		return wish{}
	}
	w := wish{wanted: true, attributes: map[string]string{}, fields: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(ours)) {
		if slices.ContainsFunc(clients, func(r row) bool { return r.status == "Active" && ours[id](r) }) {
			w.groups = append(w.groups, id)
		}
	}
	r := clients[lead]
	put(w.attributes, "name", strings.TrimSpace(textOf(r.first)+" "+textOf(r.last)))
	put(w.attributes, "locale", localeOf(r.language))
	put(w.attributes, "country", r.country)
	put(w.fields, "11", textOf(r.company))
	put(w.fields, "12", textOf(r.origin))
	return w
}

func put(values map[string]string, name, value string) {
	if value != "" {
		values[name] = value
	}
}

// next is the list as a pass over rows must leave it.
func (o *oracle) next(list []sim.Person, rows []row) []sim.Person {
	after := map[string]sim.Person{}
	for _, p := range list {
		after[addressOf(p.Email)] = p
	}
	by, _ := people(rows)
	for address, clients := range by {
		w := o.wishOf(clients)
		person, listed := after[address]
		if !listed {
			if !w.wanted || o.seen[address] {
				continue
			}
			person = sim.Person{Email: address, Status: "active"}
		}
		after[address] = o.settled(address, person, w)
	}
	for address := range o.given {
		if _, alive := by[address]; !alive {
			after[address] = o.settled(address, after[address], wish{})
		}
	}
	return slices.SortedFunc(maps.Values(after), func(a, b sim.Person) int { return strings.Compare(a.Email, b.Email) })
}

// settled is one person after a pass.
func (o *oracle) settled(address string, p sim.Person, w wish) sim.Person {
	o.seen[address] = o.seen[address] || p.Email != ""
	if p.Email == "" || left(p) {
		delete(o.given, address)
		return p
	}
	before := o.given[address]
	changed := p
	changed.Groups = without(p.Groups, before, w.groups)
	if w.wanted {
		o.given[address] = w.groups
		changed.Groups = slices.Compact(slices.Sorted(slices.Values(slices.Concat(changed.Groups, w.groups))))
		changed.Attributes, changed.Fields = over(p.Attributes, w.attributes), over(p.Fields, w.fields)
	} else {
		delete(o.given, address)
		changed.Groups = without(p.Groups, slices.Concat(before, slices.Sorted(maps.Keys(ours))), nil)
	}
	if same(p, changed) && p.ID != 0 {
		return p
	}
	changed.Writes, changed.UpdatedAt = p.Writes+1, time.Time{}
	return changed
}

// left says that nobody may write to the person.
func left(p sim.Person) bool {
	return p.Unsubscribed || p.Bounced || p.ReportedSpam || p.LocalBan || p.GlobalBan || p.Deleted
}

// without takes the groups gone away, except those kept.
func without(groups, gone, kept []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(groups), func(id int64) bool {
		return slices.Contains(gone, id) && !slices.Contains(kept, id)
	})
}

func over(held, wished map[string]string) map[string]string {
	merged := maps.Clone(held)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, wished)
	return merged
}

func same(a, b sim.Person) bool {
	return slices.Equal(a.Groups, b.Groups) && maps.Equal(a.Attributes, b.Attributes) && maps.Equal(a.Fields, b.Fields)
}
