package logicboxes

import (
	"cmp"
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// Departed reads how the newest order of a name ended. Where that is not said in so many words, or the name has got another
// order since, there is no evidence. See registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	order, err := a.remembered(ctx, name)
	if err != nil {
		return registrar.Departure{}, err
	}
	ended, err := a.actions(ctx, true, []string{string(order.ID)})
	if err != nil {
		return registrar.Departure{}, err
	}
	op := "look for what became of " + string(name)
	last, _ := newest(ended, string(order.ID))
	d, ok := departure(last)
	if !ok {
		return registrar.Departure{}, fault.New(fault.NotFound, a.name, op, "the order is %s; its archive does not say how that came", order.Status)
	}
	switch _, err := a.Get(ctx, name); {
	case fault.Is(err, fault.NotFound):
		return d, nil
	case err != nil:
		return registrar.Departure{}, err
	default:
		return registrar.Departure{}, fault.New(fault.NotFound, a.name, op, "it left once, and the account holds it")
	}
}

// remembered is the newest order of a name among those that were deleted. The search finds any name that holds the text.
func (a *Account) remembered(ctx context.Context, name registrar.Name) (wire.Order, error) {
	var found []wire.Order
	for _, spelling := range spellings(name) {
		for page, met := 1, 0; ; page++ {
			orders, err := a.wire.Orders(ctx, wire.Search{
				Page: page, Size: wire.MaxPage, Name: spelling, Statuses: []string{deleted, archived}, ChildOrders: a.childOrders,
			})
			if err != nil {
				return wire.Order{}, err
			}
			found = append(found, slices.DeleteFunc(orders.Rows, func(o wire.Order) bool {
				return !isName(o.Name, name) || !gone(string(o.Status))
			})...)
			if met += len(orders.Rows); len(orders.Rows) == 0 || met >= orders.Total {
				break
			}
		}
	}
	if len(found) == 0 {
		return wire.Order{}, &fault.Error{Class: fault.NotFound, Account: a.name, Op: "look for what became of " + string(name)}
	}
	return slices.MaxFunc(found, func(x, y wire.Order) int { return cmp.Compare(number(x.ID), number(y.ID)) }), nil
}
