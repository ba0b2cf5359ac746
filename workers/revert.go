package workers

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// Undone is what became of the changes of one record that were to be undone.
type Undone struct {
	Done    []state.Change
	Refused []Refusal
	Last    []byte // the wish that the record was settled as since; it is not to be done again either. nil = none
}

// Refusal is a change that is left as it is, and why in plain words.
type Refusal struct {
	Change state.Change
	Why    string
}

// Refuse leaves changes as they are.
func (u *Undone) Refuse(why string, changes ...state.Change) {
	for _, c := range changes {
		u.Refused = append(u.Refused, Refusal{c, why})
	}
}

// Final says that an answer to an undoing is the last word: either side, or we ourselves, will not do it, however often
// it is asked. Such a change is refused with what was answered.
func Final(err error) bool { return fault.Is(err, fault.Rejected) || fault.Is(err, fault.Refused) }

// Revert undoes the applied changes that the batch names, one record after the other: record says what belongs together,
// and undo gets its changes, newest first. What was undone is marked so, and its wishes are not planned again; what was
// refused comes back as failures.
func Revert[K cmp.Ordered](
	ctx context.Context, ledger Ledger, job Job, record func(state.Change) K, undo func(ctx context.Context, changes []state.Change, counts state.Counts) (Undone, error),
) (state.Counts, []state.Failure, error) {
	changes, err := ledger.Changes(ctx, state.ChangeFilter{IDs: job.Batch.IDs})
	if err != nil {
		return nil, nil, err
	}
	applied := map[K][]state.Change{}
	for _, c := range changes {
		if c.State == state.ChangeApplied {
			applied[record(c)] = append(applied[record(c)], c)
		}
	}
	counts, failures := state.Counts{state.CountRecords: int64(len(applied))}, []state.Failure(nil)
	for _, key := range slices.Sorted(maps.Keys(applied)) {
		if job.Draining() {
			return nil, nil, ErrDraining
		}
		undone, err := undo(ctx, applied[key], counts)
		if err != nil {
			return nil, nil, err
		}
		if err := ledger.MarkReverted(ctx, job.Lease, undone.ids(), undone.wishes()); err != nil {
			return nil, nil, err
		}
		if n := len(undone.Done); n > 0 {
			counts["reverted"] += int64(n)
		}
		failures = append(failures, undone.failures(job.Run.ID)...)
	}
	return counts, failures, nil
}

func (u *Undone) ids() []int64 {
	ids := make([]int64, len(u.Done))
	for i, c := range u.Done {
		ids[i] = c.ID
	}
	return ids
}

// wishes are what is not to be done again, by key, the newest last.
func (u *Undone) wishes() map[string][]byte {
	wishes := map[string][]byte{}
	for _, c := range slices.Backward(u.Done) {
		if !state.Refuses(wishes[c.Key], c.Wish) {
			wishes[c.Key] = append(wishes[c.Key], c.Wish...)
		}
	}
	if len(u.Done) > 0 && len(u.Last) > 0 {
		key := u.Done[0].Key
		if !state.Refuses(wishes[key], u.Last) {
			wishes[key] = append(wishes[key], u.Last...)
		}
	}
	return wishes
}

func (u *Undone) failures(run int64) []state.Failure {
	failures := make([]state.Failure, len(u.Refused))
	for i, no := range u.Refused {
		failures[i] = state.Failure{
			RecordID: no.Change.RecordID, Key: no.Change.Key, RunID: run, Class: string(fault.Refused),
			Message: "change " + strconv.FormatInt(no.Change.ID, 10) + " not reverted: " + no.Why,
		}
	}
	return failures
}
