package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

// populace is who is on the list before the first run: every seventh address in one of many conditions, and strangers.
func populace(o *oracle, rows []row) []sim.Person {
	by, _ := people(rows)
	addresses := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return int(by[a][0].id - by[b][0].id) })
	var all []sim.Person
	for i, address := range addresses {
		if i%7 == 0 {
			all = append(all, present(address, o.wishOf(by[address]), i/7))
		}
	}
	return append(all, strangers()...)
}

// present is a client who is on the list already, in one of 16 conditions.
func present(address string, w wish, n int) sim.Person {
	p := sim.Person{Email: address, Status: "active", Groups: []int64{2}}
	switch n % 16 {
	case 0: // in a group of their own only
	case 1:
		p.Unsubscribed = true
	case 2:
		p.Bounced = true
	case 3:
		p.ReportedSpam = true
	case 4:
		p.LocalBan = true
	case 5:
		p.GlobalBan = true
	case 6:
		p.Deleted = true
	case 7:
		p.Email = strings.ToUpper(address[:1]) + address[1:]
	case 8:
		p.Email = inUnicode(address)
	case 9: // as it should be already
		p.Groups = append(p.Groups, w.groups...)
		p.Attributes, p.Fields = w.attributes, w.fields
	case 10:
		p.Status, p.Groups = "inactive", []int64{1}
	case 11:
		p.Attributes = map[string]string{"city": "Leeds", "name": "Another Name", "locale": "en"}
		p.Fields = map[string]string{"12": "kept"}
	case 12:
		p.Unsubscribed, p.Groups = true, []int64{1, 2}
	case 13:
		p.Deleted, p.Groups = true, []int64{1, 3}
	case 14: // in all our groups, whether they should be or not
		p.Groups = []int64{1, 2, 3, 4}
	case 15: // in one of ours only
		p.Groups = []int64{1}
	}
	return p
}

// inUnicode spells the domain the other way.
func inUnicode(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if spelled, err := idna.ToUnicode(domain); err == nil {
		domain = spelled
	}
	return local + "@" + domain
}

// strangers are no clients: whatever they are, they stay.
func strangers() []sim.Person {
	var all []sim.Person
	for i := range 40 {
		p := sim.Person{Email: fmt.Sprintf("Reader%d@example.org", i), Status: "active", Groups: []int64{int64(1 + i%5)}}
		p.Unsubscribed, p.Bounced, p.Deleted = i%9 == 1, i%9 == 2, i%9 == 3
		all = append(all, p)
	}
	return all
}
