package registrartest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// walk reads to the end. Between may change the account after each page.
func walk(t *testing.T, lister registrar.Lister, from registrar.Cursor, between func(registrar.Page)) (pages []registrar.Page) {
	t.Helper()
	for cursor := from; ; {
		page, err := lister.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatalf("page at %q: %v", cursor, err)
		}
		pages = append(pages, page)
		if page.Done {
			return pages
		}
		if len(pages) > 1000 || page.Next == "" {
			t.Fatalf("the listing does not end: after %q comes %q", cursor, page.Next)
		}
		if between != nil {
			between(page)
		}
		cursor = page.Next
	}
}

func flat(pages []registrar.Page) (all []registrar.Domain) {
	for _, page := range pages {
		all = append(all, page.Domains...)
	}
	return all
}

func (k kit) listing(t *testing.T) {
	t.Parallel()
	size := k.open(t).PageSize
	for _, n := range []int{0, 1, size - 1, size, size + 1, 2 * size, 4*size - 1} {
		t.Run(fmt.Sprintf("%d names are each listed once", n), func(t *testing.T) { k.lists(t, n) })
	}
	t.Run("a listing can be resumed at any cursor", k.resumes)
	t.Run("nothing that stays is missed when names go while listing", func(t *testing.T) { k.moving(t, true, false) })
	t.Run("nothing that stays is missed when names come while listing", func(t *testing.T) { k.moving(t, false, true) })
	t.Run("nothing that stays is missed when names come and go while listing", func(t *testing.T) { k.moving(t, true, true) })
	t.Run("a cursor that is not one of ours is refused", k.foreignCursor)
	t.Run("a page size capped below what is asked for is honoured", k.capped)
}

func (k kit) lists(t *testing.T, n int) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(domains(n)...)
	pages := walk(t, power[registrar.Lister](h), "", nil)
	same(t, "names", names(domains(n)), names(flat(pages)))
	for i, page := range pages {
		if page.Total != 0 && page.Total != n {
			t.Errorf("page %d says that there are %d names", i, page.Total)
		}
	}
}

func (k kit) resumes(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(domains(3*h.PageSize + 3)...)
	lister := power[registrar.Lister](h)
	pages := walk(t, lister, "", nil)
	for i, page := range pages[:len(pages)-1] {
		rest := walk(t, lister, page.Next, nil)
		same(t, fmt.Sprintf("from %q on", page.Next), names(flat(pages[i+1:])), names(flat(rest)))
	}
}

// moving lets a name of each page leave once that page was read, which pulls those behind one place forward, and
// puts new names in where they push others back.
func (k kit) moving(t *testing.T, leave, join bool) {
	t.Parallel()
	h := k.open(t)
	staying := map[registrar.Name]bool{}
	for _, d := range domains(5 * h.PageSize) {
		staying[d.Name] = true
		h.Other.Hold(d)
	}
	joined := 0
	pages := walk(t, power[registrar.Lister](h), "", func(page registrar.Page) {
		if leave && len(page.Domains) > 0 {
			gone := page.Domains[len(page.Domains)/2].Name
			h.Other.Remove(gone)
			delete(staying, gone)
		}
		if join && joined < 5 {
			joined++
			h.Other.Hold(plain(registrar.Name(fmt.Sprintf("aaa%d.com", joined))), plain(registrar.Name(fmt.Sprintf("zzz%d.com", joined))))
		}
	})
	if slices.ContainsFunc(pages, func(p registrar.Page) bool { return p.Gaps }) {
		return // then whoever is missing is looked up
	}
	met := names(flat(pages))
	for name := range staying {
		if !slices.Contains(met, name) {
			t.Errorf("%s was there all the time and is on no page", name)
		}
	}
}

func (k kit) foreignCursor(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(domains(2)...)
	_, err := power[registrar.Lister](h).ListPage(t.Context(), "no such cursor")
	wantClass(t, err, fault.Refused)
}

func (k kit) capped(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	if h.Wire == nil {
		return // nobody who could cap it
	}
	h.Other.Hold(domains(3 * h.PageSize)...)
	h.Wire.CapPage(4)
	listed := names(flat(walk(t, power[registrar.Lister](h), "", nil)))
	same(t, "names", names(domains(3*h.PageSize)), slices.Compact(listed))
}
