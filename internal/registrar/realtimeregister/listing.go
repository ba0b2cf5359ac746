package realtimeregister

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

// place is what a cursor says: how many rows came before, and how many to ask for.
type place struct{ offset, size int }

func (p place) cursor() registrar.Cursor {
	return registrar.Cursor(fmt.Sprintf("offset=%d size=%d", p.offset, p.size))
}

func (a *Account) parsePlace(c registrar.Cursor) (place, error) {
	if c == "" {
		return place{size: a.pageSize}, nil
	}
	var p place
	n, err := fmt.Sscanf(string(c), "offset=%d size=%d", &p.offset, &p.size)
	if err != nil || n != 2 || p.offset < 1 || p.size < 1 || p.cursor() != c {
		return place{}, fault.New(fault.Refused, a.name, "list domains", "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// ListPage reads everything at once, or a page where pages are wanted. The first listing of a day also asks for the rules
// of each extension that the account has. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	at, err := a.parsePlace(after)
	if err != nil {
		return registrar.Page{}, err
	}
	read := a.page
	if at.size == 0 {
		read = a.export
	}
	rows, page, err := read(ctx, at)
	if err == nil {
		page.Domains, err = a.domains(ctx, rows)
	}
	if err != nil {
		return registrar.Page{}, err
	}
	return page, nil
}

// export believes an answer only when it has as many rows as it says there are.
func (a *Account) export(ctx context.Context, _ place) ([]wire.Domain, registrar.Page, error) {
	all, err := a.wire.Export(ctx)
	if rows := len(all.Rows); err == nil && all.Total.Told && rows != all.Total.N {
		err = fault.New(fault.Protocol, a.name, "list domains", "%d rows of %d domains in one answer; with a page_size it is read in pages", rows, all.Total.N)
	}
	return all.Rows, registrar.Page{Done: true, Total: all.Total.N}, err
}

// page ends a listing when as many rows were read as there are, or at an empty page where that is not told.
func (a *Account) page(ctx context.Context, at place) ([]wire.Domain, registrar.Page, error) {
	got, err := a.wire.Page(ctx, at.offset, at.size)
	if err != nil {
		return nil, registrar.Page{}, err
	}
	rows, total := len(got.Rows), got.Total
	next := place{at.offset + rows, at.size}
	page := registrar.Page{Total: total.N, Gaps: at.offset > 0, Done: total.Told && next.offset >= total.N || !total.Told && rows == 0}
	if rows > at.size || rows == 0 && !page.Done {
		return nil, page, fault.New(fault.Protocol, a.name, "list domains", "%d rows on a page of %d, behind row %d of %d", rows, at.size, at.offset, total.N)
	}
	if !page.Done {
		page.Next = next.cursor()
	}
	return got.Rows, page, nil
}

// domains leaves out what came twice, and rows whose name is none: they cannot be anybody's.
func (a *Account) domains(ctx context.Context, rows []wire.Domain) ([]registrar.Domain, error) {
	domains := make([]registrar.Domain, 0, len(rows))
	seen := make(map[registrar.Name]bool, len(rows))
	for _, row := range rows {
		name, err := registrar.ParseName(string(row.Name))
		if err != nil || seen[name] {
			continue
		}
		seen[name] = true
		r, err := a.extensions.of(ctx, name)
		if err != nil {
			return nil, err
		}
		domains = append(domains, domain(name, row, r))
	}
	return domains, nil
}
