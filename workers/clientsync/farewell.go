package clientsync

import (
	"cmp"
	"maps"
	"slices"

	"github.com/whmcsync/whmcsync/internal/maillist"
)

// ownWill says whether a suppression is about the person, whatever address they have: they left, complained, or were banned.
// A bounce is about the address alone, and who was deleted has said nothing.
func ownWill(s maillist.Suppression) bool {
	return s == maillist.Unsubscribed || s == maillist.Complained || s == maillist.Banned
}

// farewells tell, by client and address, how they stood at the list under addresses that they have no more.
type farewells map[int64]map[string]farewell

type farewell struct {
	left maillist.Suppression
	err  error // why that could not be seen
}

// note takes in what was found out about a person, or why nothing was; what was known before is older.
func (f farewells) note(d Decision, err error) {
	if d.Wish.Reason != Moved {
		return
	}
	said := farewell{err: err}
	if ownWill(d.Suppressed) {
		said.left = d.Suppressed
	}
	if f[d.Wish.Lead] == nil {
		f[d.Wish.Lead] = map[string]farewell{}
	}
	f[d.Wish.Lead][d.Wish.Email] = said
}

// of is what is known of people who are one person now: one of them who left is enough.
func (f farewells) of(members []int64) (all farewell) {
	for _, id := range members {
		for _, email := range slices.Sorted(maps.Keys(f[id])) {
			all.left = cmp.Or(all.left, f[id][email].left)
			all.err = cmp.Or(all.err, f[id][email].err)
		}
	}
	return all
}
