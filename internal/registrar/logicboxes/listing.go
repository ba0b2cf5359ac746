package logicboxes

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// place is what a cursor says: the page to read and its size, how many orders were met before it, how many the account
// had then, by how many it had grown, and the number of the oldest order met. Last unordered means that this server does
// not sort.
type place struct {
	page, size, met, total, grown int
	last                          int64
}

const unordered = -1 // as place.last

func (p place) cursor() registrar.Cursor {
	return registrar.Cursor(fmt.Sprintf("page=%d size=%d met=%d total=%d grown=%d last=%d", p.page, p.size, p.met, p.total, p.grown, p.last))
}

func (a *Account) parsePlace(c registrar.Cursor) (place, error) {
	if c == "" {
		return place{page: 1, size: a.pageSize}, nil
	}
	var p place
	n, err := fmt.Sscanf(string(c), "page=%d size=%d met=%d total=%d grown=%d last=%d", &p.page, &p.size, &p.met, &p.total, &p.grown, &p.last)
	if err != nil || n != 6 || p.page < 2 || p.size < wire.MinPage || p.size > wire.MaxPage || p.cursor() != c {
		return place{}, fault.New(fault.Refused, a.name, "list orders", "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// ListPage reads one page, the youngest orders first: a new one then pushes orders towards us, where they are met twice,
// and only a vanished one can pull an order past us. That shows in a total that went down. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	at, err := a.parsePlace(after)
	if err != nil {
		return registrar.Page{}, err
	}
	orders, err := a.wire.Orders(ctx, wire.Search{Page: at.page, Size: at.size, ChildOrders: a.childOrders})
	if err != nil {
		return registrar.Page{}, err
	}
	if at.page > max(at.total, orders.Total)+1 {
		return registrar.Page{}, fault.New(fault.Protocol, a.name, "list orders", "there are more pages than orders")
	}
	fresh, next := at.behind(orders)
	page := registrar.Page{Total: orders.Total, Domains: domains(fresh)}
	page.Done = len(orders.Rows) == 0 || next.metAll()
	page.Gaps = at.page > 1 && (next.last == unordered || orders.Total < at.total) || page.Done && !next.metAll()
	if !page.Done {
		page.Next = next.cursor()
	}
	return page, nil
}

// metAll leaves out of account what was ordered while we were listing: that was on no page of ours.
func (p place) metAll() bool { return p.met >= p.total-p.grown }

// behind drops the orders that were met on a page before, and says where the listing goes on.
func (p place) behind(orders wire.Orders) (fresh []wire.Order, next place) {
	next = place{page: p.page + 1, size: p.size, total: orders.Total, grown: p.grown, last: p.last}
	if p.page > 1 {
		next.grown += max(0, orders.Total-p.total)
	}
	if p.last == unordered || !descending(orders.Rows) {
		next.last, next.met = unordered, p.met+len(orders.Rows)
		return orders.Rows, next
	}
	for _, row := range orders.Rows {
		if n := number(row.ID); p.last == 0 || n < p.last {
			fresh = append(fresh, row)
			next.last = n
		}
	}
	next.met = p.met + len(fresh)
	return fresh, next
}

// descending says that every order has a number, and a lower one than the order before it.
func descending(rows []wire.Order) bool {
	before := int64(0)
	for _, row := range rows {
		n := number(row.ID)
		if n <= 0 || before > 0 && n >= before {
			return false
		}
		before = n
	}
	return true
}

// domains leaves out the rows that are no domains of the account; nothing is concluded from a name that is not listed.
func domains(rows []wire.Order) []registrar.Domain {
	all := make([]registrar.Domain, 0, len(rows))
	for _, row := range rows {
		if d, ok := listed(row); ok {
			all = append(all, d)
		}
	}
	return all
}
