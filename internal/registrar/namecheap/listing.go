package namecheap

import (
	"cmp"
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/wire"
)

// place is what a cursor says: the page to read, its size, and how many rows came before it.
type place struct{ page, size, seen int }

func (p place) cursor() registrar.Cursor {
	return registrar.Cursor(fmt.Sprintf("page=%d size=%d seen=%d", p.page, p.size, p.seen))
}

func (a *Account) parsePlace(op string, c registrar.Cursor) (place, error) {
	if c == "" {
		return place{page: 1, size: a.pageSize}, nil
	}
	var p place
	n, err := fmt.Sscanf(string(c), "page=%d size=%d seen=%d", &p.page, &p.size, &p.seen)
	if err != nil || n != 3 || p.page < 2 || p.size < minPage || p.size > maxPage || p.seen < 1 || p.cursor() != c {
		return place{}, fault.New(fault.Refused, a.name, op, "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// behind is where a list goes on; done when it does not. Only the rows that came are counted: a page may be capped below
// what was asked for. A list that ends before its end is an error.
func (a *Account) behind(op string, p place, rows int, paging wire.Paging) (next place, done bool, err error) {
	p.page++
	p.seen += rows
	done = p.seen >= paging.TotalItems
	if rows > paging.TotalItems || rows == 0 && !done {
		return p, false, fault.New(fault.Protocol, a.name, op, "%d rows on a page of a list of %d", rows, paging.TotalItems)
	}
	return p, done, nil
}

// ListPage reads one page of the account's domains. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	const op = "list domains"
	at, err := a.parsePlace(op, after)
	if err != nil {
		return registrar.Page{}, err
	}
	rows, paging, err := a.wire.List(ctx, at.page, at.size)
	if err != nil {
		return registrar.Page{}, err
	}
	next, done, err := a.behind(op, at, len(rows), paging)
	if err != nil {
		return registrar.Page{}, err
	}
	page := registrar.Page{Domains: unique(rows), Done: done, Total: paging.TotalItems, Gaps: at.page > 1}
	if !done {
		page.Next = next.cursor()
	}
	return page, nil
}

// unique leaves out what came twice, and rows whose name is none: they cannot be anybody's.
func unique(rows []wire.Domain) []registrar.Domain {
	domains := make([]registrar.Domain, 0, len(rows))
	seen := make(map[registrar.Name]bool, len(rows))
	for _, row := range rows {
		name, err := registrar.ParseName(row.Name)
		if err == nil && !seen[name] {
			seen[name] = true
			domains = append(domains, listed(name, row))
		}
	}
	return domains
}

// ListTransfersPage reads one page of the transfers in that are in progress. See registrar.TransferLister.
func (a *Account) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	const op = "list transfers"
	at, err := a.parsePlace(op, after)
	if err != nil {
		return registrar.TransferPage{}, err
	}
	rows, paging, err := a.wire.Transfers(ctx, "", at.page, at.size)
	if err != nil {
		return registrar.TransferPage{}, err
	}
	next, done, err := a.behind(op, at, len(rows), paging)
	if err != nil {
		return registrar.TransferPage{}, err
	}
	page := registrar.TransferPage{Done: done}
	for _, row := range rows {
		if name, err := registrar.ParseName(row.Name); err == nil {
			page.Transfers = append(page.Transfers, transfer(name, row))
		}
	}
	if !done {
		page.Next = next.cursor()
	}
	return page, nil
}

// maxSearch bounds how many pages of names that merely contain the one asked for are looked through.
const maxSearch = 5

// Transfer finds the newest transfer of a name. A name of which there is none, but which the account holds, has come in
// some other way: completed. See registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	for _, spelling := range spellings(name) {
		row, found, err := a.search(ctx, name, spelling)
		if err != nil {
			return registrar.Transfer{}, err
		}
		if found {
			return a.dated(ctx, transfer(name, row))
		}
	}
	return a.dated(ctx, registrar.Transfer{Name: name, State: registrar.TransferCompleted})
}

func (a *Account) search(ctx context.Context, name registrar.Name, spelling string) (wire.Transfer, bool, error) {
	at := place{page: 1, size: a.pageSize}
	for at.page <= maxSearch {
		rows, paging, err := a.wire.Transfers(ctx, spelling, at.page, at.size)
		if err != nil {
			return wire.Transfer{}, false, err
		}
		if row, found := newest(rows, name); found {
			return row, true, nil
		}
		next, done, err := a.behind("look up transfer", at, len(rows), paging)
		if err != nil || done {
			return wire.Transfer{}, false, err
		}
		at = next
	}
	return wire.Transfer{}, false, fault.New(fault.Protocol, a.name, "look up transfer", "more than %d pages of other names", maxSearch)
}

// dated adds the dates to a completed transfer. While the name is not held, or is somebody else's, nothing is concluded:
// it may be on its way still, or have left again. Without a transfer, there is nothing then.
func (a *Account) dated(ctx context.Context, t registrar.Transfer) (registrar.Transfer, error) {
	if t.State != registrar.TransferCompleted {
		return t, nil
	}
	d, err := a.Get(ctx, t.Name)
	switch {
	case fault.Is(err, fault.NotFound) && t.ID != "":
		t.State, t.Reason = registrar.TransferUnknown, "the transfer is completed, and the account does not hold the name"
		return t, nil
	case err != nil:
		return registrar.Transfer{}, err
	case d.Status == registrar.Unknown:
		t.State, t.Raw = registrar.TransferUnknown, cmp.Or(t.Raw, d.Raw)
		return t, nil
	}
	t.Dates = d.Dates
	return t, nil
}
