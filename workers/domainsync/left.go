package domainsync

import (
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// settleLeft closes the changes that an earlier attempt planned for records that have left the sync since, as a rule by
// one of these very changes: a domain that was marked Cancelled, a transfer that has arrived.
func (e *errand) settleLeft(ctx context.Context) error {
	left := e.left()
	defer e.countLeft()
	if len(left) == 0 {
		return nil
	}
	ids := make([]int64, len(left))
	for i, c := range left {
		ids[i] = c.RecordID
	}
	slices.Sort(ids)
	rows, err := e.Domains.RowsByIDs(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	settlements := make([]state.Settlement, len(left))
	for i, c := range left {
		settlements[i] = state.Settlement{ChangeIDs: []int64{c.ID}, State: whatBecame(c, rows)}
		if settlements[i].State == state.ChangeApplied {
			e.done[c.Key] = true
		}
		if r := e.batch.memo(registrar.Name(c.Key)).Renewal; r != nil && r.Change == c.ID && r.Outcome == Asked {
			settlements[i].State = state.ChangeFailed
			settlements[i].Failures = []state.Failure{{
				RecordID: c.RecordID, Key: c.Key, RunID: e.job.Run.ID, Class: string(fault.Held), Message: uncertain,
			}}
		}
	}
	return e.Store.Settle(ctx, e.job.Lease, e.job.Batch.Sync, settlements)
}

// left are the unsettled changes of records that are not in the batch any more.
func (e *errand) left() []state.Change {
	var left []state.Change
	for name, changes := range e.earlier.Unsettled {
		if !e.here(name) {
			left = append(left, changes...)
		}
	}
	return left
}

func (e *errand) here(name string) bool {
	return slices.ContainsFunc(e.batch.records, func(r record) bool { return string(r.name) == name })
}

// countLeft counts what earlier attempts of the batch did to records that are not in it any more.
func (e *errand) countLeft() {
	for name := range e.done {
		if !e.here(name) {
			e.add(state.CountRecords, 1)
			e.add(state.CountUpdated, 1)
		}
	}
}

// whatBecame says whether a change is there now. Of one at the registrar that is not asked: nobody needs it any more.
func whatBecame(c state.Change, rows []whmcs.Domain) state.ChangeState {
	i := slices.IndexFunc(rows, func(row whmcs.Domain) bool { return row.ID == c.RecordID })
	if i < 0 {
		return state.ChangeSuperseded
	}
	if d := (&Decision{Input: Input{Row: rows[i]}}); d.shows(c) {
		return state.ChangeApplied
	}
	return state.ChangeSuperseded
}
