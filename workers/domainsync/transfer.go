package domainsync

import (
	"cmp"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// DecideTransfer says what follows from how a transfer in stands. It is pure; ask again with better evidence when it says
// Look.
func (p Policy) DecideTransfer(in Input) Decision {
	d := Decision{Input: in, Act: Settle, After: in.Memo}
	switch transfer := in.Seen.Transfer; {
	case in.Row.Status != whmcs.DomainPendingTransfer:
		d.After, d.Skip = Memo{Renewal: in.Memo.Renewal}, "not_pending"
	case !in.Seen.Live && (transfer == nil || transfer.State != registrar.TransferPending):
		d.Act = Look // a list may show an attempt that another one has followed
	case transfer == nil:
		d.unclear(fault.NotFound, "the registrar knows of no transfer of this domain")
	default:
		p.followTransfer(&d, *transfer)
	}
	return d.concluded()
}

func (p Policy) followTransfer(d *Decision, t registrar.Transfer) {
	switch t.State {
	case registrar.TransferCompleted:
		p.completed(d, t)
	case registrar.TransferFailed:
		p.failed(d, t)
	case registrar.TransferPending:
		p.pending(d, t)
	default:
		d.unclear(fault.Refused, fmt.Sprintf("the registrar's transfer status %q is not known; nothing was changed", t.Raw))
	}
}

// completed makes the domain Active. Some registrars know the date only hours later; then it is left to the next pass over
// the domains.
func (p Policy) completed(d *Decision, t registrar.Transfer) {
	d.arrive()
	if held := d.Seen.Domain; held != nil {
		t.Dates = held.Dates
	}
	after := d.Row.Values()
	after.Status = whmcs.DomainActive
	p.expiry(d, registrar.Domain{Status: registrar.Active, Dates: t.Dates}, &after)
	p.due(d, &after)
	d.add(after)
	p.renewal(d, t.Dates)
}

func (p Policy) failed(d *Decision, t registrar.Transfer) {
	d.arrive()
	if p.Failed != CancelFailed {
		d.trouble(fault.Rejected, "the transfer failed%s", because(t.Reason))
		return
	}
	after := d.Row.Values()
	after.Status = whmcs.DomainCancelled
	d.add(after)
	for i := range d.Changes {
		d.Changes[i].Reason = "the transfer failed" + because(t.Reason)
	}
}

// pending remembers since when and what it waits for, and reports what takes too long.
func (p Policy) pending(d *Decision, t registrar.Transfer) {
	d.Skip = "pending"
	if d.After.Pending.IsZero() {
		d.After.Pending = d.Now
	}
	d.After.Waits = cmp.Or(t.Reason, t.Raw)
	if days := daysSince(d.After.Pending, d.Now); p.PendFor > 0 && days >= p.PendFor {
		d.trouble(fault.Held, "the transfer has been pending for %d days%s", days, because(t.Reason))
	}
}

// unclear is for a transfer of which the registrar says nothing that may be concluded from. One that was seen pending has not
// ended for all that is known, and its age goes on.
func (d *Decision) unclear(class fault.Class, why string) {
	d.trouble(class, "%s", why)
	if !d.After.Pending.IsZero() {
		d.After.Waits = why
	}
}

// arrive ends the age of a transfer: it has come to its end, in whatever way.
func (d *Decision) arrive() { d.After.Pending, d.After.Waits = time.Time{}, "" }
