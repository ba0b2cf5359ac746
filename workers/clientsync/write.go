package clientsync

import (
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// write claims the people, writes one after the other, and says how each is to be settled. With an error the people that
// were not reached stay planned, and the next attempt looks at them first.
func (e *errand) write(ctx context.Context, writes []Decision) ([]state.Settlement, error) {
	claims := make([]state.Claim, len(writes))
	for i, d := range writes {
		claims[i] = state.Claim{Key: d.Wish.Email, RecordID: d.Wish.Lead, Version: e.known[d.Wish.Email].Version, Changes: d.Changes}
	}
	claimed, err := e.Store.Claim(ctx, e.job.Lease, e.job.Batch.Sync, claims)
	if err != nil {
		return nil, err
	}
	mine, rights := e.claimed(ctx, writes, claimed)
	if writer, ok := e.List.(maillist.Writer); ok {
		return e.writeMany(ctx, writer, mine, rights)
	}
	return e.writeEach(ctx, mine, rights)
}

// claimed keeps those that are ours to write. The others are being written by somebody else, or have moved on since they
// were read: they are looked at again soon.
func (e *errand) claimed(ctx context.Context, writes []Decision, claimed []state.Claimed) (mine []Decision, rights []state.Claimed) {
	var again []int64
	for i, d := range writes {
		if claimed[i].OK {
			mine, rights = append(mine, d), append(rights, claimed[i])
			continue
		}
		again = append(again, d.Wish.Lead)
	}
	e.tally.add(state.SkipPrefix+"busy", len(again))
	if len(again) > 0 {
		if _, err := e.Store.Touch(ctx, e.job.Batch.Sync, again, state.ByPoll); err != nil {
			e.unsettled = err
		}
	}
	return mine, rights
}

func (e *errand) writeEach(ctx context.Context, writes []Decision, rights []state.Claimed) ([]state.Settlement, error) {
	var settlements []state.Settlement
	for i, d := range writes {
		if e.job.Draining() {
			return settlements, workers.ErrDraining
		}
		entry, err := e.apply(ctx, d)
		done, stop := e.outcome(d, rights[i], entry, err)
		settlements = append(settlements, done...)
		if stop != nil {
			return settlements, stop
		}
	}
	return settlements, nil
}

// writeMany sends the upserts as one job of the list, and the rest one by one.
func (e *errand) writeMany(ctx context.Context, writer maillist.Writer, writes []Decision, rights []state.Claimed) ([]state.Settlement, error) {
	var upserts, others []Decision
	var upsertRights, otherRights []state.Claimed
	for i, d := range writes {
		if d.Act == Create || d.Act == Update {
			upserts, upsertRights = append(upserts, d), append(upsertRights, rights[i])
		} else {
			others, otherRights = append(others, d), append(otherRights, rights[i])
		}
	}
	settlements, err := e.upsertAll(ctx, writer, upserts, upsertRights)
	if err != nil {
		return settlements, err
	}
	rest, err := e.writeEach(ctx, others, otherRights)
	return append(settlements, rest...), err
}

// upsertAll sends upserts as one job, which may take minutes: a draining worker begins none. A job that failed as a whole
// failed for each of them.
func (e *errand) upsertAll(ctx context.Context, writer maillist.Writer, upserts []Decision, rights []state.Claimed) ([]state.Settlement, error) {
	if len(upserts) == 0 {
		return nil, nil
	}
	if e.job.Draining() {
		return nil, workers.ErrDraining
	}
	all := make([]maillist.Subscriber, len(upserts))
	for i, d := range upserts {
		all[i] = d.Upsert
	}
	e.tally.add(state.CountCalls, 1)
	results, errs, failed := writer.UpsertAll(ctx, all)
	if failed != nil {
		results, errs = make([]maillist.Result, len(all)), slices.Repeat([]error{failed}, len(all))
	}
	var settlements []state.Settlement
	for i, d := range upserts {
		done, stop := e.outcome(d, rights[i], results[i].Entry, errs[i])
		settlements = append(settlements, done...)
		if stop != nil {
			return settlements, stop
		}
	}
	return settlements, nil
}

// apply makes the one call that the decision needs.
func (e *errand) apply(ctx context.Context, d Decision) (maillist.Entry, error) {
	if d.Act == OptOut {
		return d.entry(), e.optOut(ctx, d)
	}
	if e.patience.Out() {
		return maillist.Entry{}, e.patience.Trouble()
	}
	e.tally.add(state.CountCalls, 1)
	if d.Act == Detach {
		entry, err := e.List.Detach(ctx, d.entry(), d.Leave)
		e.patience.Answered(err)
		return entry, err
	}
	result, err := e.List.Upsert(ctx, d.Upsert)
	e.patience.Answered(err)
	return result.Entry, err
}

// optOut writes the opt-out into every client row of the person.
func (e *errand) optOut(ctx context.Context, d Decision) error {
	for _, id := range d.Wish.Members {
		if _, _, _, err := e.Clients.OptOut(ctx, e.Features, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// outcome turns an answer into a settlement.
func (e *errand) outcome(d Decision, right state.Claimed, entry maillist.Entry, err error) ([]state.Settlement, error) {
	if err != nil {
		return e.trouble(d, right, err)
	}
	e.tally.add(actKey(d.Act), 1)
	if entry.Suppression != maillist.NotSuppressed {
		d.Suppressed = entry.Suppression
		d.Skip = string(entry.Suppression)
	}
	return []state.Settlement{e.settlement(d, right, entry)}, nil
}
