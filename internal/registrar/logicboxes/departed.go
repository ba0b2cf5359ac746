package logicboxes

import (
	"cmp"
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// Departed reads how the newest order of a name ended. Where that is not said in so many words there is no evidence. See
// registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	order, err := a.remembered(ctx, name)
	if err != nil {
		return registrar.Departure{}, err
	}
	ended, err := a.actions(ctx, true, []string{string(order.ID)})
	if err != nil {
		return registrar.Departure{}, err
	}
	last, _ := newest(ended, string(order.ID))
	if d, ok := departure(last); ok {
		return d, nil
	}
	return registrar.Departure{}, fault.New(fault.NotFound, a.name, "look for what became of "+string(name), "the order is %s; its archive does not say how that came", order.Status)
}

// remembered is the newest order of a name among those that were deleted. The search finds any name that holds the text.
func (a *Account) remembered(ctx context.Context, name registrar.Name) (wire.Order, error) {
	var found []wire.Order
	for _, spelling := range spellings(name) {
		for page := 1; ; page++ {
			orders, err := a.wire.Orders(ctx, wire.Search{
				Page: page, Size: wire.MaxPage, Name: spelling, Statuses: []string{deleted, archived}, ChildOrders: a.childOrders,
			})
			if err != nil {
				return wire.Order{}, err
			}
			found = append(found, slices.DeleteFunc(orders.Rows, func(o wire.Order) bool {
				return !isName(o.Name, name) || !gone(string(o.Status))
			})...)
			if page*wire.MaxPage >= orders.Total {
				break
			}
		}
	}
	if len(found) == 0 {
		return wire.Order{}, &fault.Error{Class: fault.NotFound, Account: a.name, Op: "look for what became of " + string(name)}
	}
	return slices.MaxFunc(found, func(x, y wire.Order) int { return cmp.Compare(number(x.ID), number(y.ID)) }), nil
}
