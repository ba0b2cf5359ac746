package mailrelay

import (
	"context"
	"fmt"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

// place is what a cursor says: the page to read, its size, and the last id before it. After 0 with a page above 1 means
// that this server has to be paged by number, unordered that it does not even sort.
type place struct {
	page, size int
	after      int64
}

const unordered = -1 // as place.after

func (p place) cursor() maillist.Cursor {
	return maillist.Cursor(fmt.Sprintf("page=%d size=%d after=%d", p.page, p.size, p.after))
}

func (a *Account) parsePlace(c maillist.Cursor) (place, error) {
	if c == "" {
		return place{page: 1, size: a.pageSize}, nil
	}
	var p place
	n, err := fmt.Sscanf(string(c), "page=%d size=%d after=%d", &p.page, &p.size, &p.after)
	if err != nil || n != 3 || p.page < 1 || p.size < 1 || p.after < unordered || p.cursor() != c {
		return place{}, fault.New(fault.Refused, a.name, "list subscribers", "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// ListPage reads one page of everybody. See maillist.Destination.
func (a *Account) ListPage(ctx context.Context, after maillist.Cursor) (maillist.Page, error) {
	return a.list(ctx, wire.Subscribers, after)
}

// ListDeletedPage reads one page of the people who were deleted. An account that does not offer the list answers with an
// ended, empty page.
func (a *Account) ListDeletedPage(ctx context.Context, after maillist.Cursor) (maillist.Page, error) {
	page, err := a.list(ctx, wire.Deleted, after)
	if after == "" && isMissing(err) {
		return maillist.Page{Done: true}, nil
	}
	for i := range page.Entries {
		page.Entries[i].Suppression = maillist.Deleted
	}
	return page, err
}

func (a *Account) list(ctx context.Context, collection string, after maillist.Cursor) (maillist.Page, error) {
	at, err := a.parsePlace(after)
	if err != nil {
		return maillist.Page{}, err
	}
	people, info, at, err := a.read(ctx, collection, at)
	if err != nil {
		return maillist.Page{}, err
	}
	entries, err := a.entries(people)
	if err != nil {
		return maillist.Page{}, err
	}
	page := maillist.Page{Entries: entries, Total: info.Total, Done: len(people) == 0, Gaps: at.after <= 0 && at.page > 1}
	if at.after > 0 && info.Total > 0 {
		page.Total += (at.page - 1) * at.size // the server counted only what is left
	}
	if !page.Done {
		page.Next = at.behind(people, info).cursor()
	}
	return page, nil
}

// read asks for what comes behind the last id, and falls back to the page's number where the server will not have it.
func (a *Account) read(ctx context.Context, collection string, at place) ([]wire.Subscriber, wire.PageInfo, place, error) {
	if at.after > 0 {
		people, info, err := a.wire.List(ctx, wire.Query{
			Collection: collection, Page: 1, PerPage: at.size, SortByID: true, AfterID: at.after,
		})
		if err == nil && ascending(people, at.after) {
			return people, info, at, nil
		}
		if err != nil && !fault.Is(err, fault.Rejected) {
			return nil, info, at, err
		}
		at.after = 0
	}
	query := wire.Query{Collection: collection, Page: at.page, PerPage: at.size, SortByID: at.after != unordered}
	people, info, err := a.wire.List(ctx, query)
	if query.SortByID && fault.Is(err, fault.Rejected) {
		at.after, query.SortByID = unordered, false
		people, info, err = a.wire.List(ctx, query)
	}
	return people, info, at, err
}

// behind is where the listing goes on. Only the first page decides for paging by id: from then on the cursor remembers.
func (p place) behind(people []wire.Subscriber, info wire.PageInfo) place {
	next := place{page: p.page + 1, size: p.size}
	if info.PerPage > 0 && info.PerPage < p.size {
		next.size = info.PerPage
	}
	if p.after == unordered {
		next.after = unordered
	} else if (p.page == 1 || p.after > 0) && ascending(people, 0) {
		next.after = int64(people[len(people)-1].ID)
	}
	return next
}

// ascending says that the ids rise, and begin above after.
func ascending(people []wire.Subscriber, after int64) bool {
	for _, p := range people {
		if int64(p.ID) <= after {
			return false
		}
		after = int64(p.ID)
	}
	return true
}

// entries leaves out people without an address (known by phone only): they cannot be ours.
func (a *Account) entries(people []wire.Subscriber) ([]maillist.Entry, error) {
	entries := make([]maillist.Entry, 0, len(people))
	for _, p := range people {
		if p.ID <= 0 {
			return nil, fault.New(fault.Protocol, a.name, "list subscribers", "a row without an id")
		}
		if p.Email != "" {
			entries = append(entries, entry(p))
		}
	}
	return slices.Clip(entries), nil
}
