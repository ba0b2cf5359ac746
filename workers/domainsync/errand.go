package domainsync

import (
	"cmp"
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// errand is the work on the records of one batch that need more than nothing.
type errand struct {
	*Worker
	job       workers.Job
	batch     batch
	earlier   workers.Earlier
	done      map[string]bool // names of which something was written
	counts    state.Counts
	notes     []state.Change // what is recorded without being written
	notices   workers.Notices
	unsettled error // why the batch has to be tried again although it got to its end
	patience  workers.Patience
	mails     workers.Patience // with WHMCS, which is asked to send them
	next      []Decision       // records that go on once more, after a renewal
}

// do settles a chunk of records: look, guard, claim, write, settle. An error stops the batch; what was done is settled.
func (e *errand) do(ctx context.Context, part []Decision) error {
	ready, settlements, fatal := e.lookAll(ctx, part)
	if fatal != nil {
		// What cannot be written now must not use the guard up.
		ready = slices.DeleteFunc(ready, func(d Decision) bool { return len(d.Changes) > 0 })
	}
	for _, d := range ready {
		settlements = append(settlements, e.settleEarlier(d)...)
	}
	for len(ready) > 0 {
		done, stop, err := e.carryOut(ctx, ready, fatal == nil)
		if err != nil {
			return err
		}
		settlements, fatal = append(settlements, done...), cmp.Or(fatal, stop)
		ready, e.next = e.next, nil
	}
	if err := e.flush(ctx, settlements); err != nil {
		return err
	}
	return fatal
}

// carryOut places what was decided and writes what is to be written now. stop ends the batch once the settlements are
// stored, err at once.
func (e *errand) carryOut(ctx context.Context, ready []Decision, write bool) (settlements []state.Settlement, stop, err error) {
	if err := e.closeRenewals(ctx, ready); err != nil {
		return nil, nil, err
	}
	if err := e.giveWay(ctx, ready); err != nil {
		return nil, nil, err
	}
	writes, settlements, err := e.place(ctx, ready)
	if err != nil || !write || len(writes) == 0 {
		return settlements, nil, err
	}
	written, stop := e.write(ctx, writes)
	return append(settlements, written...), stop, nil
}

// flush stores what the chunk came to.
func (e *errand) flush(ctx context.Context, settlements []state.Settlement) error {
	if len(e.notes) > 0 {
		if err := e.Store.NoteChanges(ctx, e.job.Lease, e.notes); err != nil {
			return err
		}
		e.notes = nil
	}
	if len(settlements) == 0 {
		return nil
	}
	return e.Store.Settle(ctx, e.job.Lease, e.job.Batch.Sync, settlements)
}

// lookAll finds out live what could not be decided from what is known.
func (e *errand) lookAll(ctx context.Context, part []Decision) (ready []Decision, settlements []state.Settlement, fatal error) {
	for _, d := range part {
		if d.Act != Look {
			ready = append(ready, d)
			continue
		}
		if e.job.Draining() {
			return ready, settlements, workers.ErrDraining
		}
		seen, err := e.look(ctx, d)
		if err != nil {
			failed, stop := e.trouble(d, state.Claimed{Version: e.version(d)}, nil, err)
			if stop != nil {
				return ready, settlements, stop
			}
			settlements = append(settlements, failed...)
			continue
		}
		in := d.Input
		in.Seen = seen
		ready = append(ready, e.decide(in, e.batch.known[string(d.Name)], e.job))
	}
	return ready, settlements, nil
}

// settleEarlier closes the changes that an earlier attempt planned. What is no longer wanted has arrived: both sides were
// read anew.
func (e *errand) settleEarlier(d Decision) []state.Settlement {
	var settlements []state.Settlement
	for _, change := range e.earlier.Unsettled[string(d.Name)] {
		if d.asked(change) { // that is settled by what has become of it
			continue
		}
		as := state.ChangeApplied
		if d.wants(change) || !d.shows(change) {
			as = state.ChangeSuperseded
		} else {
			e.done[string(d.Name)] = true
		}
		settlements = append(settlements, state.Settlement{ChangeIDs: []int64{change.ID}, State: as})
	}
	return settlements
}

// asked says whether a change is the renewal that is remembered.
func (d *Decision) asked(c state.Change) bool {
	return d.Memo.Renewal != nil && d.Memo.Renewal.Change == c.ID
}

// wants says whether the plan holds this change again.
func (d *Decision) wants(c state.Change) bool {
	return slices.ContainsFunc(d.Changes, func(mine state.Change) bool { return mine.Field == c.Field && mine.New == c.New })
}

// shows says whether a change that was planned before is there now. What was not asked shows nothing.
func (d *Decision) shows(c state.Change) bool {
	now := map[string]string{
		FieldStatus: string(d.Row.Status), FieldExpiry: d.Row.Expiry.String(), FieldNextDue: d.Row.NextDue.String(),
		FieldNextInvoice: d.Row.NextInvoice.String(), FieldAutoRenew: onOff(!d.Row.DoNotRenew), FieldPrivacy: onOff(d.Row.IDProtection),
	}
	if c.Side == state.SideAccount {
		now = map[string]string{}
		if held := d.Seen.Domain; held != nil {
			now[FieldAutoRenew], now[FieldPrivacy] = told(held.AutoRenew), told(held.Privacy)
		}
	}
	return now[c.Field] == c.New
}

// place sends every change where it belongs: written now, recorded for later, or held. Decisions with nothing to write are
// settled at once.
func (e *errand) place(ctx context.Context, ready []Decision) (writes []Decision, settlements []state.Settlement, err error) {
	held, err := e.held(ctx, ready)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range ready {
		now, err := e.sort(ctx, d, held[string(d.Name)])
		if err != nil {
			return nil, nil, err
		}
		if len(now) < len(d.Changes) { // what is not written now is not brought over
			d.After.Settings = d.Memo.Settings
		}
		if len(now) > 0 {
			d.Changes = now
			writes = append(writes, d)
			continue
		}
		if len(d.Changes) == 0 {
			e.count(d)
		}
		d.Changes = nil
		if settlement, ok := e.quiet(d); ok {
			settlements = append(settlements, settlement)
		}
	}
	return writes, settlements, nil
}

// held reads which wishes of these records wait for a person already.
func (e *errand) held(ctx context.Context, ready []Decision) (map[string][]byte, error) {
	var names []string
	for _, d := range ready {
		if slices.ContainsFunc(d.Changes, func(c state.Change) bool { return c.Destructive }) {
			names = append(names, string(d.Name))
		}
	}
	return workers.Held(ctx, e.Store, e.job, names)
}

// sort returns the changes that are written now and records the others. held are the wishes that a person was asked about
// and has not answered: what belongs together with one of them is held, too.
func (e *errand) sort(ctx context.Context, d Decision, held []byte) (now []state.Change, err error) {
	if e.job.Run.Notify {
		e.notice(d)
		return nil, nil
	}
	e.notes = append(e.notes, d.Notices...)
	if i := bringsRenewal(d.Changes); i >= 0 { // the row waits: it is to get the date that the renewal brings
		d.Changes = d.Changes[i : i+1]
	}
	if e.job.Batch.Kind == state.BatchDestructive {
		return d.Changes, nil
	}
	var later, switches []state.Change
	for _, c := range d.Changes {
		switch {
		case c.Side == state.SideAccount:
			switches = append(switches, c)
		case c.Destructive:
			c.Deferred = true
			later = append(later, c)
		default:
			now = append(now, c)
		}
	}
	asked := func(c state.Change) bool { return state.Refuses(held, c.Wish) }
	if slices.ContainsFunc(later, asked) {
		e.note(later, state.ChangeHeld, state.CountHeld)
	} else {
		e.note(later, state.ChangePlanned, state.CountDeferred)
	}
	allowed := !slices.ContainsFunc(switches, asked)
	if allowed {
		allowed, err = e.allowed(ctx, d, switches)
	}
	if err != nil || allowed {
		return append(now, switches...), err
	}
	e.note(switches, state.ChangeHeld, state.CountHeld)
	return now, nil
}

// notice takes what a run that writes would do to a record.
func (e *errand) notice(d Decision) {
	e.notices.Decided(e.job, string(d.Name), slices.Concat(d.Notices, d.Changes)...)
	if len(d.Changes) > 0 {
		e.add(state.CountUpdated, 1)
	}
}

// allowed asks the guard, once for each record.
func (e *errand) allowed(ctx context.Context, d Decision, switches []state.Change) (bool, error) {
	if len(switches) == 0 {
		return true, nil
	}
	return workers.Allowed(ctx, e.Store, e.job.Run, e.earlier.Unsettled[string(d.Name)])
}

// note records changes without writing them. What an earlier attempt of the batch noted of the same is replaced.
func (e *errand) note(changes []state.Change, as state.ChangeState, key string) {
	if len(changes) == 0 {
		return
	}
	e.add(key, 1)
	for _, change := range changes {
		change.State = as
		e.notes = append(e.notes, change)
	}
}

// quiet is what is to be remembered of a record of which nothing is written now; false = nothing.
func (e *errand) quiet(d Decision) (state.Settlement, bool) {
	settlement := state.Settlement{State: state.ChangeApplied}
	if e.job.Run.Notify {
		d.After, d.Pardoned = d.Memo.aged(d.After), nil
	}
	if !d.After.equal(d.Memo) || len(d.Pardoned) > 0 {
		settlement.Memory = e.remembered(d, state.Claimed{Version: e.version(d)})
	}
	if d.Trouble != nil {
		settlement.Failures = []state.Failure{e.failure(d, string(d.Trouble.Class), d.Trouble.Message)}
	} else if e.batch.open[d.Row.ID] && !d.stands() {
		settlement.Resolved = []int64{d.Row.ID}
	}
	return settlement, settlement.Memory.Key != "" || settlement.Failures != nil || settlement.Resolved != nil
}

func (e *errand) failure(d Decision, class, message string) state.Failure {
	return state.Failure{RecordID: d.Row.ID, Key: string(d.Name), RunID: e.job.Run.ID, Class: class, Message: message}
}

// remembered is the memory of a record as a decision leaves it. What a person has refused stays refused until it is over.
func (e *errand) remembered(d Decision, claimed state.Claimed) state.Memory {
	known := e.batch.known[string(d.Name)]
	return state.Memory{
		Key: string(d.Name), RecordID: d.Row.ID, Refused: state.Pardon(known.Refused, d.Pardoned), Memo: d.After.encode(), Version: claimed.Version,
	}
}

func (e *errand) version(d Decision) int64 { return e.batch.known[string(d.Name)].Version }

// heal ends the failures of records that have left the sync.
func (e *errand) heal(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return e.Store.Settle(ctx, e.job.Lease, e.job.Batch.Sync, []state.Settlement{{Resolved: ids}})
}

func (e *errand) add(key string, n int) {
	if n != 0 {
		e.counts[key] += int64(n)
	}
}

// count files a record that needs nothing (more).
func (e *errand) count(d Decision) {
	switch {
	case e.done[string(d.Name)]:
		e.add(state.CountUpdated, 1)
	case d.Trouble != nil:
		e.add(state.CountFailed, 1)
	case d.Skip != "":
		e.add(state.SkipPrefix+d.Skip, 1)
	default:
		e.add(state.CountUnchanged, 1)
	}
}

// trouble turns an error about one record into a settlement, or into an error that stops the batch. ids are its changes
// that failed.
func (e *errand) trouble(d Decision, claimed state.Claimed, ids []int64, err error) ([]state.Settlement, error) {
	class := fault.ClassOf(err)
	switch class {
	case fault.RateLimited, fault.Held, fault.Auth:
		return nil, err
	case fault.Transient, fault.Protocol:
		if !e.job.Last && e.patience.Out() {
			return nil, err
		}
		if !e.job.Last {
			e.unsettled = err // the newest says it best
			return nil, nil
		}
	}
	e.add(state.CountFailed, 1)
	settlement := state.Settlement{
		ChangeIDs: ids, State: state.ChangeFailed, Failures: []state.Failure{e.failure(d, string(class), err.Error())},
	}
	for _, change := range e.earlier.Unsettled[string(d.Name)] {
		if !d.asked(change) {
			settlement.ChangeIDs = append(settlement.ChangeIDs, change.ID)
		}
	}
	if claimed.OK { // the claim ends with what is remembered
		settlement.Memory = e.remembered(d, claimed)
	}
	return []state.Settlement{settlement}, nil
}
