package domainsync

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// revert undoes applied changes where that is safe: where the row, or the registrar, still holds what we wrote. What was
// undone is not planned again until something else is wanted.
func (w *Worker) revert(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	changes, err := w.Store.Changes(ctx, state.ChangeFilter{IDs: job.Batch.IDs})
	if err != nil {
		return nil, nil, err
	}
	byRecord := map[int64][]state.Change{}
	for _, change := range changes {
		if change.State == state.ChangeApplied {
			byRecord[change.RecordID] = append(byRecord[change.RecordID], change)
		}
	}
	counts, failures := state.Counts{state.CountRecords: int64(len(byRecord))}, []state.Failure(nil)
	for _, id := range slices.Sorted(maps.Keys(byRecord)) {
		if job.Draining() {
			return nil, nil, workers.ErrDraining
		}
		undo := undoing{Worker: w, counts: counts}
		if err := undo.record(ctx, id, byRecord[id]); err != nil {
			return nil, nil, err
		}
		if err := w.Store.MarkReverted(ctx, job.Lease, undo.ids(), undo.wishes()); err != nil {
			return nil, nil, err
		}
		if n := len(undo.done); n > 0 {
			counts["reverted"] += int64(n)
		}
		for _, no := range undo.refused {
			failures = append(failures, no.failure(job.Run.ID))
		}
	}
	return counts, failures, nil
}

// undoing collects what the reverted changes of one record come to.
type undoing struct {
	*Worker
	counts  state.Counts
	done    []state.Change
	refused []refusal
}

type refusal struct {
	change state.Change
	why    string
}

func (r refusal) failure(run int64) state.Failure {
	return state.Failure{
		RecordID: r.change.RecordID, Key: r.change.Key, RunID: run, Class: string(fault.Refused),
		Message: "change " + strconv.FormatInt(r.change.ID, 10) + " not reverted: " + r.why,
	}
}

// record undoes the changes of one record, newest first.
func (u *undoing) record(ctx context.Context, id int64, changes []state.Change) error {
	rows, err := u.Domains.RowsByIDs(ctx, []int64{id})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		u.refuse(changes, "the domain is no longer there, or at another registrar")
		return nil
	}
	slices.SortFunc(changes, func(a, b state.Change) int { return int(b.ID - a.ID) })
	var source, account []state.Change
	for _, c := range changes {
		switch {
		case c.Field == FieldClientMail:
			u.refuse([]state.Change{c}, "a mail that was sent cannot be taken back")
		case c.Field == FieldRenewal:
			u.refuse([]state.Change{c}, "a renewal that was bought cannot be taken back")
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
		wrote := write.New
		if err := setValue(&wrote, c.Field, c.New); err != nil {
			return err
		}
		back := write.New
		switch err := setValue(&back, c.Field, c.Old); {
		case err != nil || c.Old == "":
			u.refuse([]state.Change{c}, "what stood there before is not a value that may be written")
		case back == write.New: // an earlier attempt has done it
			u.done = append(u.done, c)
		case wrote != write.New:
			u.refuse([]state.Change{c}, "WHMCS holds something else by now")
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
	case fault.Is(err, fault.Refused):
		u.refuse(undone, err.Error())
	case err != nil:
		return err
	case !ok:
		u.refuse(undone, "somebody changed the domain at the same moment")
	default:
		u.done = append(u.done, undone...)
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
			u.refuse([]state.Change{c}, "the registrar no longer has the domain")
			continue
		case err != nil:
			return err
		case now != c.New:
			u.refuse([]state.Change{c}, "the registrar holds something else by now")
			continue
		}
		u.counts[state.CountCalls]++
		_, err = u.set(ctx, held, c.Field, c.Old == onOff(true))
		switch {
		case fault.Is(err, fault.Rejected):
			u.refuse([]state.Change{c}, err.Error())
		case err != nil:
			return err
		default:
			u.done = append(u.done, c)
		}
	}
	return nil
}

func (u *undoing) refuse(changes []state.Change, why string) {
	for _, c := range changes {
		u.refused = append(u.refused, refusal{c, why})
	}
}

func (u *undoing) ids() []int64 {
	ids := make([]int64, len(u.done))
	for i, change := range u.done {
		ids[i] = change.ID
	}
	return ids
}

// wishes are what is not to be done again, by name.
func (u *undoing) wishes() map[string][]byte {
	wishes := map[string][]byte{}
	for _, change := range u.done {
		wishes[change.Key] = append(wishes[change.Key], change.Wish...)
	}
	return wishes
}
