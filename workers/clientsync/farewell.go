package clientsync

import (
	"cmp"

	"github.com/whmcsync/whmcsync/internal/maillist"
)

// ownWill says whether a suppression is about the person, whatever address they have: they left, complained, or were banned.
// A bounce is about the address alone, and who was deleted has said nothing.
func ownWill(s maillist.Suppression) bool {
	return s == maillist.Unsubscribed || s == maillist.Complained || s == maillist.Banned
}

// farewells tell, by client, how they stood at the list under an address that they have no more.
type farewells map[int64]farewell

type farewell struct {
	left maillist.Suppression
	err  error // why that could not be seen
}

// note takes in what was found out about a person.
func (f farewells) note(d Decision) {
	if d.Wish.Reason == Moved && ownWill(d.Suppressed) {
		f[d.Wish.Lead] = farewell{left: d.Suppressed}
	}
}

// unseen takes in that nothing could be found out.
func (f farewells) unseen(d Decision, err error) {
	if d.Wish.Reason == Moved {
		f[d.Wish.Lead] = farewell{err: err}
	}
}

// of is what is known of people who are one person now: one of them who left is enough.
func (f farewells) of(members []int64) (all farewell) {
	for _, id := range members {
		all.left = cmp.Or(all.left, f[id].left)
		all.err = cmp.Or(all.err, f[id].err)
	}
	return all
}
