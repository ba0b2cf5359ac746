package domainsync

import (
	"context"
	"fmt"
	"slices"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// write claims the records, writes one after the other, and says how each is to be settled. With an error the records that
// were not reached stay planned, and the next attempt looks at them first.
func (e *errand) write(ctx context.Context, writes []Decision) ([]state.Settlement, error) {
	claims := make([]state.Claim, len(writes))
	for i, d := range writes {
		claims[i] = state.Claim{Key: string(d.Name), RecordID: d.Row.ID, Version: e.version(d), Changes: e.withMail(d)}
	}
	claimed, err := e.Store.Claim(ctx, e.job.Lease, e.job.Batch.Sync, claims)
	if err != nil {
		return nil, err
	}
	var settlements []state.Settlement
	for i, d := range writes {
		if e.job.Draining() {
			return settlements, workers.ErrDraining
		}
		if !claimed[i].OK {
			e.again(ctx, d)
			continue
		}
		done, stop := e.apply(ctx, d, claimed[i])
		settlements = append(settlements, done...)
		if stop != nil {
			return settlements, stop
		}
	}
	return settlements, nil
}

// again has a record looked at once more that somebody else is at, or has changed since it was read.
func (e *errand) again(ctx context.Context, d Decision) {
	e.add(state.SkipPrefix+"busy", 1)
	if _, err := e.Store.Touch(ctx, e.job.Batch.Sync, []int64{d.Row.ID}, state.ByPoll); err != nil {
		e.unsettled = err
	}
}

// apply writes one record: WHMCS first, then the registrar.
func (e *errand) apply(ctx context.Context, d Decision, claimed state.Claimed) ([]state.Settlement, error) {
	if bringsRenewal(d.Changes) >= 0 {
		return e.buy(ctx, d, claimed)
	}
	var source, account []int64
	for i, c := range d.Changes {
		if c.Side == state.SideSource {
			source = append(source, claimed.ChangeIDs[i])
		} else {
			account = append(account, claimed.ChangeIDs[i])
		}
	}
	written, err := e.writeRow(ctx, d)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return e.trouble(d, claimed, claimed.ChangeIDs, err)
	case !written && len(source) > 0: // nobody's edit is lost: the row is planned anew
		e.again(ctx, d)
		d.After = d.Memo
		return []state.Settlement{{Memory: e.remembered(d, claimed), ChangeIDs: claimed.ChangeIDs, State: state.ChangeSuperseded}}, nil
	}
	settlements := []state.Settlement{{ChangeIDs: source, State: state.ChangeApplied}}
	switches := slices.DeleteFunc(slices.Clone(d.Changes), func(c state.Change) bool { return c.Side == state.SideSource })
	done, err := e.writeSettings(ctx, d, switches)
	if err != nil {
		if fault.Is(err, fault.Rejected) || fault.Is(err, fault.Refused) {
			d.reject(switches[done].Field, switches[done].New)
		}
		d.After.Settings = d.Memo.Settings
		settlements = append(settlements, state.Settlement{ChangeIDs: account[:done], State: state.ChangeApplied})
		failed, stop := e.trouble(d, claimed, account[done:], err)
		return append(settlements, failed...), stop
	}
	e.add(state.CountUpdated, 1)
	last := state.Settlement{Memory: e.remembered(d, claimed), ChangeIDs: account, State: state.ChangeApplied}
	if d.Trouble != nil {
		last.Failures = []state.Failure{e.failure(d, string(d.Trouble.Class), d.Trouble.Message)}
	} else if !d.stands() {
		last.Resolved = []int64{d.Row.ID}
	}
	return e.tell(ctx, d, claimed, append(settlements, last))
}

// writeRow brings the changes on WHMCS's side into its row. False: the row is no longer what it was.
func (e *errand) writeRow(ctx context.Context, d Decision) (bool, error) {
	write, err := e.rowWrite(d)
	if err != nil || write.Old == write.New {
		return err == nil, err
	}
	return e.Domains.WriteDomain(ctx, write)
}

func (w *Worker) rowWrite(d Decision) (whmcs.DomainWrite, error) {
	write := whmcs.DomainWrite{ID: d.Row.ID, Old: d.Row.Values(), New: d.Row.Values(), InvoiceItems: w.Policy.Due.InvoiceItems}
	for _, c := range d.Changes {
		if c.Side != state.SideSource {
			continue
		}
		if err := setValue(&write.New, c.Field, c.New); err != nil {
			return write, err
		}
	}
	return write, nil
}

// setValue puts one field into the values of a row.
func setValue(values *whmcs.DomainValues, field, text string) (err error) {
	switch field {
	case FieldStatus:
		values.Status = whmcs.DomainStatus(text)
	case FieldExpiry:
		values.Expiry, err = civil.Parse(text)
	case FieldNextDue:
		values.NextDue, err = civil.Parse(text)
	case FieldNextInvoice:
		values.NextInvoice, err = civil.Parse(text)
	case FieldAutoRenew:
		values.DoNotRenew = text == onOff(false)
	case FieldPrivacy:
		values.IDProtection = text == onOff(true)
	default:
		err = fmt.Errorf("there is no field %q", field)
	}
	if err != nil {
		return fault.New(fault.Refused, "", "write domain", "%w", err)
	}
	return nil
}

// writeSettings brings the changes on the registrar's side there and says how many arrived.
func (e *errand) writeSettings(ctx context.Context, d Decision, switches []state.Change) (done int, err error) {
	for i, c := range switches {
		if e.patience.Out() {
			return i, e.patience.Trouble()
		}
		e.add(state.CountCalls, 1)
		notes, err := e.set(ctx, *d.Seen.Domain, c.Field, c.New == onOff(true))
		e.patience.Answered(err)
		if err != nil {
			return i, err
		}
		if len(notes) > 0 {
			e.remark(d, c, notes)
		}
	}
	return len(switches), nil
}

func (w *Worker) set(ctx context.Context, held registrar.Domain, field string, on bool) (notes []string, err error) {
	renewer, canRenew := w.Registrar.(registrar.AutoRenewer)
	protector, canProtect := w.Registrar.(registrar.Protector)
	switch {
	case field == FieldAutoRenew && canRenew:
		return renewer.SetAutoRenew(ctx, held, on)
	case field == FieldPrivacy && canProtect:
		return protector.SetPrivacy(ctx, held, on)
	default:
		return nil, fault.New(fault.Refused, "", "set "+field, "this registrar cannot")
	}
}

// told shows a setting as changes do; "" = not told.
func told(t registrar.Tri) string {
	switch t {
	case registrar.On:
		return onOff(true)
	case registrar.Off:
		return onOff(false)
	default:
		return ""
	}
}
