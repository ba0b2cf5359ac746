package wire

import (
	"context"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// MaxTransfers is the largest page of the lists of transfers.
const MaxTransfers = 40

// TransferCheck is how the newest transfer in of a name stands.
type TransferCheck struct {
	Status string // pending_owner, pending_admin, pending_registry, completed, cancelled, undef; "" = not told
	Reason string
}

// CheckTransfer asks how the newest transfer in of a name stands. Of one that is pending at the registry this makes
// OpenSRS try to complete it within five minutes.
func (c Client) CheckTransfer(ctx context.Context, name string) (TransferCheck, error) {
	reply, err := c.send(ctx, command{
		op: "look up transfer of " + name, call: "check_transfer", action: "check_transfer", missing: fault.NotFound,
		attributes: map[string]string{"domain": name, "check_status": "1", "get_request_address": "0"},
	})
	return TransferCheck{Status: reply.Attributes.At("status").Text, Reason: reply.Attributes.At("reason").Text}, err
}

// Transfer is one row of the lists of transfers.
type Transfer struct {
	ID, Domain, Status, Completed string
}

// Transfers are one page of transfers in.
type Transfers struct {
	Transfers []Transfer
	Total     int
}

// TransfersIn lists transfers in that were ordered on or after a day (YYYY-MM-DD).
func (c Client) TransfersIn(ctx context.Context, ordered string, p Pages) (Transfers, error) {
	op := "list transfers in (page " + strconv.Itoa(p.Page) + ")"
	list, err := c.rows(ctx, op, "get_transfers_in", "transfers", map[string]string{
		"order_from": ordered, "limit": strconv.Itoa(p.Limit), "page": strconv.Itoa(p.Page),
	})
	return Transfers{Transfers: transfers(list.items), Total: list.total}, err
}

// TransfersAway lists what is known of one name leaving for another registrar and having arrived there. The server may
// take the name for a pattern.
func (c Client) TransfersAway(ctx context.Context, name string) ([]Transfer, error) {
	list, err := c.rows(ctx, "list transfers away of "+name, "get_transfers_away", "transfers", map[string]string{
		"domain": name, "status": "completed", "limit": strconv.Itoa(MaxTransfers),
	})
	return transfers(list.items), err
}

func transfers(items []Value) []Transfer {
	all := make([]Transfer, 0, len(items))
	for _, row := range items {
		all = append(all, Transfer{
			ID: row.At("transfer_id").Text, Domain: row.At("domain").Text, Status: row.At("status").Text,
			Completed: row.At("completed_date").Text,
		})
	}
	return all
}

// Deleted is one row of the list of deleted names.
type Deleted struct {
	Name, Day, Reason string
}

// DeletedDomains lists what is known of one name being deleted. The server may take the name for a pattern.
func (c Client) DeletedDomains(ctx context.Context, name string) ([]Deleted, error) {
	list, err := c.rows(ctx, "list deletions of "+name, "get_deleted_domains", "del_domains", map[string]string{"domain": name})
	all := make([]Deleted, 0, len(list.items))
	for _, row := range list.items {
		all = append(all, Deleted{Name: row.At("name").Text, Day: row.At("delete_date").Text, Reason: row.At("reason").Text})
	}
	return all, err
}

type rows struct {
	items []Value
	total int
}

// rows reads a list whose rows are left out when there are none, but whose total never is.
func (c Client) rows(ctx context.Context, op, action, member string, attributes map[string]string) (rows, error) {
	reply, err := c.send(ctx, command{op: op, call: action, action: action, attributes: attributes, missing: fault.Protocol})
	if err != nil {
		return rows{}, err
	}
	total, err := strconv.Atoi(reply.Attributes.At("total").Text)
	if err != nil || total < 0 {
		return rows{}, c.odd(op, "an answer without a total")
	}
	return rows{reply.Attributes.At(member).Items(), total}, nil
}
