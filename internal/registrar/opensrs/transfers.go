package opensrs

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

// oldOrders is after how many days a transfer that was ordered is left out of the list: none is pending for so long.
const oldOrders = 180

// Transfer asks for the newest transfer in: one call while it is pending, else a second one for whether the name has
// arrived. Not to be polled tightly: of a transfer that is pending at the registry, asking starts its completion. See
// registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	check, err := a.wire.CheckTransfer(ctx, string(name))
	if err != nil && !fault.Is(err, fault.NotFound) { // a name it does not know may be ours all the same
		return registrar.Transfer{}, err
	}
	transfer := tracked(name, check)
	if !settled(check.Status) {
		return transfer, nil
	}
	belonging, err := a.wire.Belongs(ctx, string(name))
	if err != nil {
		return registrar.Transfer{}, err
	}
	if !belonging.Ours && unheard(check.Status) {
		return registrar.Transfer{}, fault.New(fault.NotFound, a.name, "look up transfer of "+string(name), "there is none, and the account does not hold it")
	}
	return arrived(transfer, belonging), nil
}

// ListTransfersPage reads one page of the transfers that were ordered in the last 180 days. See registrar.TransferLister.
func (a *Account) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	const op = "list transfers in"
	at, err := a.parsePlace(after, op, min(a.pageSize, wire.MaxTransfers))
	if err != nil {
		return registrar.TransferPage{}, err
	}
	ordered := civil.Of(time.Now().UTC()).AddDays(-oldOrders).String()
	list, err := a.wire.TransfersIn(ctx, ordered, wire.Pages{Page: at.page, Limit: at.size})
	if at.page == 0 && fault.Is(err, fault.Rejected) { // so there is none
		return registrar.TransferPage{Done: true}, nil
	}
	if err != nil {
		return registrar.TransferPage{}, err
	}
	rows := len(list.Transfers)
	next, done := at.behind(rows, list.Total, at.seen+rows < list.Total)
	if next.endless(list.Total) {
		return registrar.TransferPage{}, fault.New(fault.Protocol, a.name, op, "%d rows of %d transfers, and no end", next.seen, list.Total)
	}
	page := registrar.TransferPage{Transfers: newest(list.Transfers), Done: done}
	if !done {
		page.Next = next.cursor()
	}
	return page, nil
}
