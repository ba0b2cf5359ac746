package domainsync

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// revert undoes applied changes where that is safe: where the row, or the registrar, still holds what we wrote. What was
// undone is not planned again until something else is wanted.
func (w *Worker) revert(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	record := func(c state.Change) int64 { return c.RecordID }
	return workers.Revert(ctx, w.Store, job, record, func(ctx context.Context, changes []state.Change, counts state.Counts) (workers.Undone, error) {
		undo := undoing{Worker: w, counts: counts}
		err := undo.record(ctx, changes)
		return undo.Undone, err
	})
}

// undoing collects what the reverted changes of one record come to.
type undoing struct {
	workers.Undone
	*Worker
	counts state.Counts
}

// record undoes the changes of one record, newest first.
func (u *undoing) record(ctx context.Context, changes []state.Change) error {
	rows, err := u.Domains.RowsByIDs(ctx, []int64{changes[0].RecordID})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		u.Refuse("the domain is no longer there, or at another registrar", changes...)
		return nil
	}
	var source, account []state.Change
	for _, c := range changes {
		switch {
		case c.Field == FieldClientMail:
			u.Refuse("a mail that was sent cannot be taken back", c)
		case c.Field == FieldRenewal:
			u.Refuse("a renewal that was bought cannot be taken back", c)
		case c.Side == state.SideSource:
			source = append(source, c)
		default:
			account = append(account, c)
		}
	}
	if err := u.row(ctx, rows[0], source); err != nil {
		return err
	}
	return u.settings(ctx, account)
}

// row writes the old values back where the row still holds the new ones.
func (u *undoing) row(ctx context.Context, row whmcs.Domain, changes []state.Change) error {
	write := whmcs.DomainWrite{ID: row.ID, Old: row.Values(), New: row.Values(), InvoiceItems: u.Policy.Due.InvoiceItems}
	var undone []state.Change
	for _, c := range changes {
		wrote, back := write.New, write.New
		unknown, unfit := setValue(&wrote, c.Field, c.New), setValue(&back, c.Field, c.Old)
		switch {
		case unknown != nil:
			u.Refuse(unknown.Error(), c)
		case unfit != nil || c.Old == "":
			u.Refuse("what stood there before is not a value that may be written", c)
		case back == write.New: // an earlier attempt has done it
			u.Done = append(u.Done, c)
		case wrote != write.New:
			u.Refuse("WHMCS holds something else by now", c)
		default:
			write.New = back
			undone = append(undone, c)
		}
	}
	if len(undone) == 0 {
		return nil
	}
	ok, err := u.Domains.WriteDomain(ctx, write)
	switch {
	case workers.Final(err):
		u.Refuse(err.Error(), undone...)
	case err != nil:
		return err
	case !ok:
		u.Refuse("somebody changed the domain at the same moment", undone...)
	default:
		u.Done = append(u.Done, undone...)
	}
	return nil
}

// settings switches back at the registrar what it still has as we set it.
func (u *undoing) settings(ctx context.Context, changes []state.Change) error {
	for _, c := range changes {
		u.counts[state.CountCalls]++
		held, err := u.Registrar.Get(ctx, registrar.Name(c.Key))
		now := map[string]string{FieldAutoRenew: told(held.AutoRenew), FieldPrivacy: told(held.Privacy)}[c.Field]
		switch {
		case fault.Is(err, fault.NotFound):
			u.Refuse("the registrar no longer has the domain", c)
			continue
		case workers.Final(err):
			u.Refuse(err.Error(), c)
			continue
		case err != nil:
			return err
		case now != c.New:
			u.Refuse("the registrar holds something else by now", c)
			continue
		}
		u.counts[state.CountCalls]++
		_, err = u.set(ctx, held, c.Field, c.Old == onOff(true))
		switch {
		case workers.Final(err):
			u.Refuse(err.Error(), c)
		case err != nil:
			return err
		default:
			u.Done = append(u.Done, c)
		}
	}
	return nil
}
