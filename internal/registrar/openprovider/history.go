package openprovider

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// Departed looks among the names that have left the live list. A name that is deleted and known to the queue of outgoing
// transfers has been transferred away; any other deleted one has lapsed. One that is back on the live list has not left. See
// registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	op := "look for the end of " + string(name)
	row, err := a.find(ctx, name, wire.Query{Op: op, Call: "find_deleted", Deleted: true})
	if err != nil {
		return registrar.Departure{}, err
	}
	d := domain(row, name, registrar.NotTold)
	if d.Status != registrar.Lapsed {
		return registrar.Departure{}, fault.New(fault.NotFound, a.name, op, "nothing says that the name has left")
	}
	left := registrar.Departure{Status: registrar.Lapsed, Day: d.Left, Raw: d.Raw}
	away, err := a.transferredOut(ctx, name, row, true)
	if err == nil {
		err = a.isBack(ctx, op, name)
	}
	switch {
	case err != nil:
		return registrar.Departure{}, err
	case away:
		left.Status, left.Raw = registrar.TransferredAway, awayWord(d)
	default:
		left.GraceUntil, left.RedemptionUntil = d.GraceUntil, d.RedemptionUntil
	}
	return left, nil
}

// isBack is fault.NotFound for a name that has a living row beside the deleted one: what it left was an earlier life.
func (a *Account) isBack(ctx context.Context, op string, name registrar.Name) error {
	row, err := a.live(ctx, name)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && (status(row) == registrar.Lapsed || status(row) == registrar.Failed):
		return nil
	case err != nil:
		return err
	default:
		return fault.New(fault.NotFound, a.name, op, "it left once, and the account holds it")
	}
}

// awayWord is what is told of a name that was transferred away.
func awayWord(d registrar.Domain) string { return d.Raw + " after " + outgoing }

// The queues of orders. Their names are documented for the XML API only.
const (
	outgoing = "transferOut"
	other    = "renew" // one in which a name that has left cannot be
)

// transferredOut believes the queue's filter only when it has seen it work: the row must be in one queue and not in the
// other. A server that knows no such filter would show it in both. Gone says in which list the row was found.
func (a *Account) transferredOut(ctx context.Context, name registrar.Name, row wire.Domain, gone bool) (bool, error) {
	in, err := a.queued(ctx, name, row, gone, outgoing)
	if !in || err != nil {
		return false, err
	}
	in, err = a.queued(ctx, name, row, gone, other)
	return !in, err
}

// queued says whether a queue holds the row. A server that refuses the question gives no evidence: it is as if the row
// were in the wrong queue.
func (a *Account) queued(ctx context.Context, name registrar.Name, row wire.Domain, gone bool, queue string) (bool, error) {
	found, err := a.find(ctx, name, wire.Query{
		Op: "look for " + string(name) + " in the queue " + queue, Call: "find_queued", Deleted: gone, Queue: queue,
	})
	switch fault.ClassOf(err) {
	case fault.NotFound:
		return false, nil
	case fault.Rejected:
		return queue == other, nil
	}
	return found.ID == row.ID, err
}
