package maillisttest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
)

func (k kit) listing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, pageSize - 1, pageSize, pageSize + 1, 2 * pageSize, 3*pageSize - 1, 4 * pageSize} {
		t.Run(fmt.Sprintf("%d people are each listed once", n), func(t *testing.T) {
			t.Parallel()
			h := k.open(t)
			h.Other.Seed(people(n)...)
			all, _ := drain(t, h.List.ListPage, "")
			same(t, "addresses", emails(people(n)), emails(all))
		})
	}
	t.Run("a listing can be resumed at any cursor", k.resumes)
	t.Run("nobody is missed when people leave and join while listing", k.moving)
	t.Run("an entry tells status, groups, fields and suppression", k.tells)
	t.Run("a cursor that is not one of ours is refused", k.foreignCursor)
	if k.hasWire(t) {
		t.Run("a page size capped below what is asked for is honoured", k.capped)
		t.Run("a page size capped in mid-listing loses nobody", k.cappedLater)
	}
}

func (k kit) resumes(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(people(4*pageSize + 3)...)
	all, cursors := drain(t, h.List.ListPage, "")
	for i, cursor := range cursors {
		rest, _ := drain(t, h.List.ListPage, cursor)
		same(t, fmt.Sprintf("from %q on", cursor), emails(all[min((i+1)*pageSize, len(all)):]), emails(rest))
	}
}

func (k kit) moving(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	seeded := people(5 * pageSize)
	h.Other.Seed(seeded...)
	first, err := h.List.ListPage(t.Context(), "")
	noError(t, err)
	for i := range 3 { // each pulls everybody behind one place forward
		h.Other.Remove(seeded[2*i].Email)
	}
	h.Other.Seed(plain("late@example.test"))
	rest, _ := drain(t, h.List.ListPage, first.Next)
	met := emails(slices.Concat(first.Entries, rest))
	for _, e := range seeded {
		if !slices.Contains(met, e.Email) {
			t.Errorf("%s was there all the time and is on no page", e.Email)
		}
	}
}

// varied are entries that differ in everything an entry can tell.
func varied() []maillist.Entry {
	full := plain("Full.Name+news@Example.test", GroupA, GroupC)
	full.Attributes = maillist.Attributes{"name": "Ana “Nía” & Co <x> 🎉", "locale": "es", "country": "ES"}
	full.Fields = map[string]string{FieldA: "Añil S.L.", FieldB: "17"}
	inactive := plain("inactive@example.test", GroupB)
	inactive.Status = maillist.Inactive
	all := []maillist.Entry{full, inactive, plain("none@example.test"), plain("straße@bücher.example.test")}
	for _, why := range []maillist.Suppression{maillist.Complained, maillist.Banned, maillist.Unsubscribed, maillist.Bounced} {
		e := plain(string(why)+"@example.test", GroupA)
		e.Suppression = why
		all = append(all, e)
	}
	return all
}

func (k kit) tells(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(varied()...)
	all, _ := drain(t, h.List.ListPage, "")
	for _, e := range all {
		same(t, e.Email, held(t, h, e.Email), e)
		if e.ID == 0 {
			t.Errorf("%s has no id", e.Email)
		}
	}
	same(t, "everybody", emails(varied()), emails(all))
}

func (k kit) foreignCursor(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(people(2)...)
	if _, err := h.List.ListPage(t.Context(), "no such cursor"); err == nil {
		t.Error("it was taken for a beginning")
	}
}

func (k kit) capped(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	seeded := people(4 * pageSize)
	h.Other.Seed(seeded...)
	h.Wire.CapPage(4)
	all, _ := drain(t, h.List.ListPage, "")
	same(t, "addresses", emails(seeded), emails(all))
}

func (k kit) cappedLater(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	seeded := people(4 * pageSize)
	h.Other.Seed(seeded...)
	first, err := h.List.ListPage(t.Context(), "")
	noError(t, err)
	h.Wire.CapPage(3)
	rest, _ := drain(t, h.List.ListPage, first.Next)
	met := slices.Compact(emails(slices.Concat(first.Entries, rest)))
	same(t, "addresses", emails(seeded), met)
}
