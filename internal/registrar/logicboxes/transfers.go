package logicboxes

import (
	"context"
	"fmt"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// actionPage is how many actions, or orders with their actions, are asked for at once: the orders' numbers stand in the
// URL, which servers do not take at any length.
const actionPage = 100

// Transfer follows the newest order of a name. See registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	details, err := a.details(ctx, name)
	word := string(details.Status)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && gone(word):
		return a.lostTransfer(ctx, name)
	case err != nil:
		return registrar.Transfer{}, err
	case waiting(word):
		return a.openTransfer(ctx, name, details)
	}
	t := registrar.Transfer{Name: name, ID: details.ID(), State: registrar.TransferUnknown, Raw: word}
	if status(word) != registrar.Unknown {
		t.State, t.Dates = registrar.TransferCompleted, registrar.Dates{Expiration: date(details.EndTime)}
	}
	return t, nil
}

// openTransfer is for an order that waits: it has an action that is running, or one that has ended badly.
func (a *Account) openTransfer(ctx context.Context, name registrar.Name, details wire.Details) (registrar.Transfer, error) {
	now, err := a.actions(ctx, false, []string{details.ID()})
	if err != nil {
		return registrar.Transfer{}, err
	}
	if newest, ok := newest(now, details.ID()); ok {
		return pending(name, newest), nil
	}
	ended, err := a.actions(ctx, true, []string{details.ID()})
	if err != nil {
		return registrar.Transfer{}, err
	}
	if t, ok := endedTransfer(name, ended, details.ID()); ok {
		return t, nil
	}
	return registrar.Transfer{Name: name, ID: details.ID(), State: registrar.TransferUnknown, Raw: string(details.Status)}, nil
}

// lostTransfer is for a name whose order was deleted: a transfer that nobody approved ends so.
func (a *Account) lostTransfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	order, err := a.remembered(ctx, name)
	if err != nil {
		return registrar.Transfer{}, err
	}
	ended, err := a.actions(ctx, true, []string{string(order.ID)})
	if err != nil {
		return registrar.Transfer{}, err
	}
	if t, ok := endedTransfer(name, ended, string(order.ID)); ok {
		return t, nil
	}
	return registrar.Transfer{Name: name, ID: string(order.ID), State: registrar.TransferUnknown, Raw: string(order.Status)}, nil
}

func pending(name registrar.Name, a wire.Action) registrar.Transfer {
	return registrar.Transfer{
		Name: name, ID: string(a.OrderID), State: registrar.TransferPending, Raw: string(a.Status), Reason: string(a.StatusDesc),
	}
}

// endedTransfer reads the newest transfer among an order's archived actions. One that succeeded, on an order that is not
// active, says nothing we could name.
func endedTransfer(name registrar.Name, ended []wire.Action, order string) (registrar.Transfer, bool) {
	last, ok := newest(transfersOnly(ended), order)
	if !ok {
		return registrar.Transfer{}, false
	}
	t := registrar.Transfer{Name: name, ID: order, State: registrar.TransferUnknown, Raw: string(last.Status)}
	if transferEnd(string(last.Status)) == registrar.TransferFailed {
		t.State, t.Reason = registrar.TransferFailed, string(last.StatusDesc)
	}
	return t, true
}

func transfersOnly(actions []wire.Action) []wire.Action {
	return slices.DeleteFunc(slices.Clone(actions), func(a wire.Action) bool { return !isTransfer(string(a.Type)) })
}

// newest is an order's last action.
func newest(actions []wire.Action, order string) (last wire.Action, ok bool) {
	for _, action := range actions {
		if string(action.OrderID) == order && (!ok || number(action.ID) > number(last.ID)) {
			last, ok = action, true
		}
	}
	return last, ok
}

// manyActions is more pages than the actions of one page of orders take.
const manyActions = 200

// actions reads all actions of some orders: one that is left out could make a transfer that runs look like one that failed.
// Pages may be shorter than asked for.
func (a *Account) actions(ctx context.Context, past bool, orders []string) (all []wire.Action, err error) {
	for page := 1; len(orders) > 0; page++ {
		some, err := a.wire.Actions(ctx, past, orders, page, actionPage)
		if err == nil && page > manyActions {
			err = fault.New(fault.Protocol, a.name, "list actions", "more than %d pages, and no end", manyActions)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some.Rows...)
		if n := len(some.Rows); n == 0 || len(all) >= some.Total && (some.Total > 0 || n < actionPage) {
			break
		}
	}
	return all, nil
}

// ListTransfersPage reads the orders that wait, and what is being done to them. See registrar.TransferLister.
func (a *Account) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	at, err := a.parseTransferPlace(after)
	if err != nil {
		return registrar.TransferPage{}, err
	}
	orders, err := a.wire.Orders(ctx, wire.Search{
		Page: at.page, Size: actionPage, Statuses: []string{inactive}, ChildOrders: a.childOrders,
	})
	if err != nil {
		return registrar.TransferPage{}, err
	}
	actions, err := a.actions(ctx, false, orderIDs(orders.Rows))
	if err != nil {
		return registrar.TransferPage{}, err
	}
	next := transferPlace{page: at.page + 1, met: at.met + len(orders.Rows)}
	page := registrar.TransferPage{Transfers: running(orders.Rows, actions), Done: len(orders.Rows) == 0 || next.met >= orders.Total}
	if !page.Done {
		page.Next = next.cursor()
	}
	return page, nil
}

// transferPlace is what a cursor of that list says: the page to read, and how many orders were met before it.
type transferPlace struct{ page, met int }

func (p transferPlace) cursor() registrar.Cursor {
	return registrar.Cursor(fmt.Sprintf("page=%d met=%d", p.page, p.met))
}

func (a *Account) parseTransferPlace(c registrar.Cursor) (transferPlace, error) {
	if c == "" {
		return transferPlace{page: 1}, nil
	}
	var p transferPlace
	n, err := fmt.Sscanf(string(c), "page=%d met=%d", &p.page, &p.met)
	if err != nil || n != 2 || p.page < 2 || p.cursor() != c {
		return transferPlace{}, fault.New(fault.Refused, a.name, "list transfers", "%.60q is not one of our cursors", string(c))
	}
	return p, nil
}

// running are the transfers among what is being done to orders. What has ended is for a look-up to tell.
func running(rows []wire.Order, actions []wire.Action) []registrar.Transfer {
	actions = transfersOnly(actions)
	var transfers []registrar.Transfer
	for _, row := range rows {
		name, err := registrar.ParseName(string(row.Name))
		if action, ok := newest(actions, string(row.ID)); ok && err == nil {
			transfers = append(transfers, pending(name, action))
		}
	}
	return transfers
}

func orderIDs(rows []wire.Order) []string {
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, string(row.ID))
	}
	return ids
}
