package openprovider

import (
	"context"
	"fmt"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// place is where a listing goes on: the next row's number, the page's size, the highest id so far, and how many rows were
// seen. Offsets count rows, so rows that are removed meanwhile shift all behind them: a page therefore begins a little
// before the end of the one before, and its first id must not be above the highest so far. Last is unordered when the
// server does not sort.
type place struct {
	offset, size int
	last         int64
	seen         int
}

const (
	unordered = -1 // as place.last
	overlap   = 20 // rows read twice, on pages that are long enough
)

func (p place) String() string {
	return fmt.Sprintf("offset=%d size=%d last=%d seen=%d", p.offset, p.size, p.last, p.seen)
}

func (a *Account) parsePlace(text, op string) (place, error) {
	if text == "" {
		return place{size: a.pageSize}, nil
	}
	var p place
	n, err := fmt.Sscanf(text, "offset=%d size=%d last=%d seen=%d", &p.offset, &p.size, &p.last, &p.seen)
	if err != nil || n != 4 || p.offset < 0 || p.size < 2 || p.size > largestPage || p.last < unordered || p.seen < 0 || p.String() != text {
		return place{}, fault.New(fault.Refused, a.name, op, "%.80q is not one of our cursors", text)
	}
	return p, nil
}

// slice is one page as read: the rows that are new, and where to go on.
type slice struct {
	rows  []wire.Domain
	next  place
	done  bool
	gaps  bool
	total int
}

// ListPage reads one page of the live list. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	at, err := a.parsePlace(string(after), "list domains")
	if err != nil {
		return registrar.Page{}, err
	}
	s, err := a.read(ctx, at, wire.Query{Op: "list domains", Call: "list_domains"})
	if err != nil {
		return registrar.Page{}, err
	}
	page := registrar.Page{Domains: a.domains(ctx, s.rows), Done: s.done, Gaps: s.gaps, Total: s.total}
	if !s.done {
		page.Next = registrar.Cursor(s.next.String())
	}
	return page, nil
}

// read reads the page at a place, or as far before it as is needed to be sure that nothing is left out between.
func (a *Account) read(ctx context.Context, at place, q wire.Query) (slice, error) {
	for {
		page, err := a.page(ctx, at, q)
		if err != nil {
			return slice{}, err
		}
		if at.offset == 0 || at.last == unordered || adjoins(page.Domains, at.last) {
			return a.cut(at, page, q)
		}
		at.offset = max(0, at.offset-at.size/2)
	}
}

func (a *Account) page(ctx context.Context, at place, q wire.Query) (wire.Listing, error) {
	q.Op = fmt.Sprintf("%s (from row %d)", q.Op, at.offset+1)
	q.SortByID, q.Limit, q.Offset = true, at.size, at.offset
	page, err := a.wire.List(ctx, q)
	rows, total := len(page.Domains), int(page.Total)
	if err == nil && (rows > total || rows < 2 && at.offset+rows < total) {
		err = fault.New(fault.Protocol, a.name, q.Op, "%d rows of %d on a page of %d", rows, total, at.size)
	}
	return page, err
}

// adjoins says that a page begins at or before the highest id so far.
func adjoins(rows []wire.Domain, last int64) bool { return len(rows) > 0 && int64(rows[0].ID) <= last }

// cut leaves out the rows of the page before, and finds out where to go on.
func (a *Account) cut(at place, page wire.Listing, q wire.Query) (slice, error) {
	rows, total := page.Domains, int(page.Total)
	if q.Status != "" && !all(rows, q.Status) {
		return slice{}, fault.New(fault.Protocol, a.name, q.Op, "the answer holds other statuses than %s", q.Status)
	}
	s := slice{rows: rows, total: total, next: at, done: at.offset+len(rows) >= total}
	if at.last == unordered || !ascending(rows) {
		s.next.last, s.gaps = unordered, at.offset > 0
	} else if len(rows) > 0 {
		s.rows = above(rows, at.last)
		s.next.last = max(at.last, int64(rows[len(rows)-1].ID))
	}
	s.next.seen += len(s.rows)
	s.next.size = min(at.size, max(2, len(rows))) // a server may give shorter pages than asked for
	s.next.offset = at.offset + len(rows) - shared(s.next)
	s.gaps = s.gaps || s.done && s.next.seen < total
	return s, nil
}

// shared is how many rows a page has in common with the one before.
func shared(p place) int {
	if p.last == unordered {
		return 0
	}
	return max(1, min(overlap, p.size/5))
}

func ascending(rows []wire.Domain) bool {
	for i, row := range rows {
		if row.ID <= 0 || i > 0 && row.ID <= rows[i-1].ID {
			return false
		}
	}
	return true
}

func above(rows []wire.Domain, last int64) []wire.Domain {
	for len(rows) > 0 && int64(rows[0].ID) <= last {
		rows = rows[1:]
	}
	return rows
}

func all(rows []wire.Domain, status string) bool {
	for _, row := range rows {
		if !strings.EqualFold(string(row.Status), status) {
			return false
		}
	}
	return true
}

// domains converts rows, one for each name. A row whose name cannot be one is nobody's.
func (a *Account) domains(ctx context.Context, rows []wire.Domain) []registrar.Domain {
	byDefault := a.renewsByDefault(ctx, rows...)
	byName := make(map[registrar.Name][]wire.Domain, len(rows))
	var names []registrar.Name
	for _, row := range rows {
		name, err := nameOf(row)
		if err != nil {
			continue
		}
		if len(byName[name]) == 0 {
			names = append(names, name)
		}
		byName[name] = append(byName[name], row)
	}
	list := make([]registrar.Domain, 0, len(names))
	for _, name := range names {
		row, _ := foremost(byName[name], weight)
		list = append(list, domain(row, name, byDefault))
	}
	return list
}
