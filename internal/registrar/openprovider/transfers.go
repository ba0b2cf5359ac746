package openprovider

import (
	"context"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// hot are the statuses in which a transfer that matters may be. The API takes one at a time; each is a short list. What
// failed comes first, so that a newer attempt for the same name has the last word.
var hot = []string{"FAI", "REQ", "PEN", "SCH", "RRQ"}

// ListTransfersPage reads the lists of the hot statuses, one after the other. See registrar.TransferLister.
func (a *Account) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	status, at, err := a.parseHot(string(after))
	if err != nil {
		return registrar.TransferPage{}, err
	}
	s, err := a.read(ctx, at, wire.Query{Op: "list transfers in status " + status, Call: "list_transfers", Status: strings.ToLower(status)})
	if err != nil {
		return registrar.TransferPage{}, err
	}
	page := registrar.TransferPage{Transfers: transfers(s.rows)}
	switch rest := hot[slices.Index(hot, status)+1:]; {
	case !s.done:
		page.Next = registrar.Cursor(status + " " + s.next.String())
	case len(rest) > 0:
		page.Next = registrar.Cursor(rest[0])
	default:
		page.Done = true
	}
	return page, nil
}

// parseHot reads a cursor: a status, and a place in its list unless it is the start.
func (a *Account) parseHot(text string) (status string, at place, err error) {
	if text == "" {
		text = hot[0]
	}
	status, rest, _ := strings.Cut(text, " ")
	if !slices.Contains(hot, status) {
		return "", place{}, fault.New(fault.Refused, a.name, "list transfers", "%.80q is not one of our cursors", text)
	}
	at, err = a.parsePlace(rest, "list transfers")
	return status, at, err
}

func transfers(rows []wire.Domain) []registrar.Transfer {
	list := make([]registrar.Transfer, 0, len(rows))
	for _, row := range rows {
		if name, err := nameOf(row); err == nil && isTransfer(row) {
			list = append(list, transfer(row, name))
		}
	}
	return list
}
