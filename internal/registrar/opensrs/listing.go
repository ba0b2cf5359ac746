package opensrs

import (
	"context"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

// place is what a cursor says: the page to read, the size of pages that is asked for, how many rows the pages before it
// held, and how many the longest of them.
//
// Whether pages count from 0 or from 1 is not sure. A listing begins at page 1. Where that leaves about a page missing from
// the total at the end, pages count from 0, and page 0 is read last.
type place struct{ page, size, seen, longest int }

func (p place) cursor() registrar.Cursor {
	return registrar.Cursor(fmt.Sprintf("page=%d size=%d seen=%d longest=%d", p.page, p.size, p.seen, p.longest))
}

func (a *Account) parsePlace(c registrar.Cursor, op string, size int) (place, error) {
	if c == "" {
		return place{page: 1, size: size}, nil
	}
	var p place
	n, err := fmt.Sscanf(string(c), "page=%d size=%d seen=%d longest=%d", &p.page, &p.size, &p.seen, &p.longest)
	if err != nil || n != 4 || p.page < 0 || p.size < 1 || p.seen < 0 || p.longest < 0 || p.cursor() != c {
		return place{}, fault.New(fault.Refused, a.name, op, "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// behind is where it goes on after a page of that many rows; done at the end. Pages may be shorter than they were asked
// for, so what is about a page is judged by the longest that came.
func (p place) behind(rows, total int, more bool) (next place, done bool) {
	next = place{page: p.page + 1, size: p.size, seen: p.seen + rows, longest: max(p.longest, rows)}
	switch missing := total - next.seen; {
	case p.page == 0:
		return next, true
	case rows > 0 && more:
		return next, false
	case missing > 0 && 2*missing >= next.longest:
		next.page = 0
		return next, false
	default:
		return next, true
	}
}

// endless says that a server has sent so much more than its total that it cannot be paging at all.
func (p place) endless(total int) bool { return p.seen > 2*total+p.size }

// everything is a span of days into which the expiry of every name falls: nobody registers for longer than ten years, and
// nineteen are known to be taken.
func everything() wire.Span {
	return wire.Span{From: "1990-01-01", To: fmt.Sprintf("%d-12-31", time.Now().UTC().Year()+19)}
}

// ListPage reads one page of all names, as a rule the only one. A name may be missed while others come and go: from the
// second page on it says Gaps. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	const op = "list domains"
	at, err := a.parsePlace(after, op, a.pageSize)
	if err != nil {
		return registrar.Page{}, err
	}
	listing, err := a.wire.Domains(ctx, everything(), wire.Pages{Page: at.page, Limit: at.size})
	if at.page == 0 && fault.Is(err, fault.Rejected) { // so there is none
		return registrar.Page{Done: true, Gaps: true}, nil
	}
	if err != nil {
		return registrar.Page{}, err
	}
	next, done := at.behind(len(listing.Domains), listing.Total, listing.More)
	if next.endless(listing.Total) {
		return registrar.Page{}, fault.New(fault.Protocol, a.name, op, "%d rows of %d domains, and no end", next.seen, listing.Total)
	}
	page := registrar.Page{
		Domains: listed(listing.Domains), Done: done, Total: listing.Total,
		Gaps: at.page != 1 || done && next.seen < listing.Total,
	}
	if !done {
		page.Next = next.cursor()
	}
	return page, nil
}
