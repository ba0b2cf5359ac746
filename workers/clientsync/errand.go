package clientsync

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// errand is the work on the people of one batch that need more than nothing.
type errand struct {
	*Worker
	job       workers.Job
	known     map[string]state.Memory
	open      map[string]int64 // address -> client of the failures that were open when the batch was read
	left      farewells
	earlier   workers.Earlier
	tally     *tally
	notices   workers.Notices
	unsettled error // why the batch has to be tried again although it got to its end
	patience  workers.Patience
}

// do settles a chunk of people: look, guard, claim, write, settle. An error stops the batch; what was done is settled.
func (e *errand) do(ctx context.Context, part []Decision) error {
	ready, settlements, fatal := e.look(ctx, part)
	if fatal != nil {
		// What cannot be written now must not use the guard up.
		ready = slices.DeleteFunc(ready, func(d Decision) bool { return len(d.Changes) > 0 })
	}
	placed, err := e.place(ctx, ready)
	if err != nil {
		return err
	}
	settlements = append(settlements, placed.settlements...)
	if len(placed.notes) > 0 {
		if err := e.Store.NoteChanges(ctx, e.job.Lease, placed.notes); err != nil {
			return err
		}
	}
	if fatal == nil && len(placed.writes) > 0 {
		var written []state.Settlement
		written, fatal = e.write(ctx, placed.writes)
		settlements = append(settlements, written...)
	}
	if len(settlements) > 0 {
		if err := e.Store.Settle(ctx, e.job.Lease, e.job.Batch.Sync, settlements); err != nil {
			return err
		}
	}
	return fatal
}

// look finds out live what could not be decided from memory. Nobody is created while it cannot be seen whether they left under
// an address that they had before.
func (e *errand) look(ctx context.Context, part []Decision) (ready []Decision, settlements []state.Settlement, fatal error) {
	for _, d := range part {
		e.heed(&d)
		seen, err := d, error(nil)
		if d.Act == Look || e.outdated(d) {
			if e.job.Draining() {
				return ready, settlements, workers.ErrDraining
			}
			seen, err = e.lookOne(ctx, d)
		}
		if err == nil && seen.Act == Create {
			err = e.left.of(seen.Wish.Members).err
		}
		e.left.note(seen, err)
		if err == nil {
			ready = append(ready, seen)
			settlements = append(settlements, e.settleEarlier(seen)...)
			continue
		}
		settlement, stop := e.trouble(d, state.Claimed{Version: e.known[d.Wish.Email].Version}, err)
		if stop != nil {
			return ready, settlements, stop
		}
		settlements = append(settlements, settlement...)
	}
	return ready, settlements, nil
}

// heed has somebody who was to be created looked at once more when it was found out meanwhile that they left under an address
// that they had before.
func (e *errand) heed(d *Decision) {
	before := e.left.of(d.Wish.Members).left
	if before == d.Wish.Left {
		return
	}
	d.Wish.Left = before
	if d.Act == Create {
		d.Act = Look
	}
}

// outdated says that the evidence for a write has become too old while the batch was under way.
func (e *errand) outdated(d Decision) bool {
	return len(d.Changes) > 0 && !d.Until.IsZero() && e.Clock.Now().After(d.Until)
}

func (e *errand) lookOne(ctx context.Context, d Decision) (Decision, error) {
	known := e.known[d.Wish.Email]
	if e.job.Run.Trigger == state.ByRetry {
		known.Refused = nil
	}
	entry, err := e.find(ctx, d.Wish.Email, known.RemoteKey)
	switch {
	case fault.Is(err, fault.NotFound):
		return e.Policy.Decide(d.Wish, known, Evidence{Known: true, Fresh: true}), nil
	case err != nil:
		return d, err
	}
	seen := e.Policy.Decide(d.Wish, known, Evidence{Known: true, Fresh: true, Entry: &entry})
	if seen.Act == Look {
		return d, fault.New(fault.Refused, e.job.Batch.Account, "look a subscriber up", "the list does not say which groups the person is in")
	}
	return seen, nil
}

// find looks a person up, by the list's own spelling first.
func (e *errand) find(ctx context.Context, email, remote string) (maillist.Entry, error) {
	if e.patience.Out() {
		return maillist.Entry{}, e.patience.Trouble()
	}
	e.tally.add(state.CountCalls, 1)
	entry, err := e.List.Find(ctx, cmp.Or(remote, email))
	e.patience.Answered(err)
	return entry, err
}

// settleEarlier closes the changes that an earlier attempt planned: the look has told whether they arrived.
func (e *errand) settleEarlier(seen Decision) []state.Settlement {
	var applied, superseded []int64
	for _, change := range e.earlier.Unsettled[seen.Wish.Email] {
		if !seen.shows(change) {
			superseded = append(superseded, change.ID)
			continue
		}
		applied = append(applied, change.ID)
		e.tally.done[seen.Wish.Email] = countKey(change)
	}
	var settlements []state.Settlement
	if len(applied) > 0 {
		settlements = append(settlements, state.Settlement{ChangeIDs: applied, State: state.ChangeApplied})
	}
	if len(superseded) > 0 {
		settlements = append(settlements, state.Settlement{ChangeIDs: superseded, State: state.ChangeSuperseded})
	}
	return settlements
}

// placed is what the guard made of a chunk.
type placed struct {
	settlements []state.Settlement
	notes       []state.Change
	writes      []Decision
}

// place sends every decision where it belongs: settled at once, noted, or written.
func (e *errand) place(ctx context.Context, ready []Decision) (placed, error) {
	var p placed
	held, err := e.held(ctx, ready)
	if err != nil {
		return p, err
	}
	for _, d := range ready {
		e.notices.Decided(e.job, d.Wish.Email, d.Changes...)
		switch {
		case d.Act == Nothing:
			e.tally.count(d)
			if id := e.open[d.Wish.Email]; id != 0 && d.over() {
				p.settlements = append(p.settlements, state.Settlement{Resolved: []int64{id}})
			}
		case d.Act == Adopt:
			e.tally.count(d)
			p.settlements = append(p.settlements, e.settlement(d, state.Claimed{Version: e.known[d.Wish.Email].Version}, d.entry()))
		case e.job.Run.Notify:
			e.tally.add(actKey(d.Act), 1)
		case d.destructive() && state.Refuses(held[d.Wish.Email], d.Wish.Fingerprint):
			e.note(&p, d, state.ChangeHeld, state.CountHeld)
		case d.destructive():
			if err := e.guard(ctx, &p, d); err != nil {
				return p, err
			}
		default:
			p.writes = append(p.writes, d)
		}
	}
	if e.job.Run.Notify {
		p.settlements = nil
	}
	return p, nil
}

// held reads which wishes of these people wait for a person already.
func (e *errand) held(ctx context.Context, ready []Decision) (map[string][]byte, error) {
	var emails []string
	for _, d := range ready {
		if d.destructive() {
			emails = append(emails, d.Wish.Email)
		}
	}
	return workers.Held(ctx, e.Store, e.job, emails)
}

// guard lets a destructive change through, holds it, or defers it to the end of the run.
func (e *errand) guard(ctx context.Context, p *placed, d Decision) error {
	if e.job.Batch.Kind == state.BatchDestructive {
		p.writes = append(p.writes, d)
		return nil
	}
	if d.Act != OptOut && !d.Wish.Reason.urgent() {
		for i := range d.Changes {
			d.Changes[i].Deferred = true
		}
		e.note(p, d, state.ChangePlanned, state.CountDeferred)
		return nil
	}
	allowed, err := workers.Allowed(ctx, e.Store, e.job.Run, e.earlier.Unsettled[d.Wish.Email])
	if err != nil {
		return err
	}
	if !allowed {
		e.note(p, d, state.ChangeHeld, state.CountHeld)
		return nil
	}
	p.writes = append(p.writes, d)
	return nil
}

// note records changes without writing them. What an earlier attempt of the batch noted of the same is replaced.
func (e *errand) note(p *placed, d Decision, as state.ChangeState, key string) {
	e.tally.add(key, 1)
	for _, change := range d.Changes {
		change.State = as
		p.notes = append(p.notes, change)
	}
}

func actKey(a Act) string {
	switch a {
	case Create:
		return state.CountCreated
	case Detach:
		return state.CountDetached
	case OptOut:
		return state.CountWroteBack
	default:
		return state.CountUpdated
	}
}

// trouble turns an error about one person into a settlement, or into an error that stops the batch.
func (e *errand) trouble(d Decision, claimed state.Claimed, err error) ([]state.Settlement, error) {
	if deleted, ok := errors.AsType[*maillist.DeletedError](err); ok {
		return e.deleted(d, claimed, deleted), nil
	}
	switch fault.ClassOf(err) {
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
	return e.failed(d, claimed, err), nil
}

// deleted remembers that the person was deleted from the list.
func (e *errand) deleted(d Decision, claimed state.Claimed, cause *maillist.DeletedError) []state.Settlement {
	d.Suppressed, d.Skip = maillist.Deleted, string(maillist.Deleted)
	e.tally.add(state.SkipPrefix+d.Skip, 1)
	e.Log.Info().Int64("client", d.Wish.Lead).Str("answer", cause.Text).Msg("subscriber was deleted from the list and stays deleted")
	settlement := e.settlement(d, claimed, maillist.Entry{})
	settlement.State = state.ChangeSuperseded
	return []state.Settlement{settlement}
}

// failed files a failure. What the list or we ourselves refused is not tried again until the wish changes; a dry run leaves
// that for the next run to find out.
func (e *errand) failed(d Decision, claimed state.Claimed, err error) []state.Settlement {
	e.tally.add(state.CountFailed, 1)
	class := fault.ClassOf(err)
	settlement := state.Settlement{ChangeIDs: claimed.ChangeIDs, State: state.ChangeFailed, Failures: []state.Failure{{
		RecordID: d.Wish.Lead, Key: d.Wish.Email, RunID: e.job.Run.ID, Class: string(class), Message: err.Error(),
	}}}
	for _, change := range e.earlier.Unsettled[d.Wish.Email] {
		settlement.ChangeIDs = append(settlement.ChangeIDs, change.ID)
	}
	refused := (class == fault.Rejected || class == fault.Refused) && !e.job.Run.DryRun
	if !refused && !claimed.OK {
		return []state.Settlement{settlement} // nothing to remember, and no claim to end
	}
	settlement.Memory = e.known[d.Wish.Email]
	settlement.Memory.Key, settlement.Memory.RecordID, settlement.Memory.Version = d.Wish.Email, d.Wish.Lead, claimed.Version
	if refused {
		settlement.Memory.Refused = d.Wish.Fingerprint
	}
	return []state.Settlement{settlement}
}

// heal ends the failures of clients whose address was not valid.
func (e *errand) heal(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return e.Store.Settle(ctx, e.job.Lease, e.job.Batch.Sync, []state.Settlement{{Resolved: ids}})
}

// settlement is what is remembered of a person whose act is done.
func (e *errand) settlement(d Decision, claimed state.Claimed, entry maillist.Entry) state.Settlement {
	known := e.known[d.Wish.Email]
	settled := state.Memory{
		Key: d.Wish.Email, RecordID: d.Wish.Lead, RemoteID: known.RemoteID, RemoteKey: known.RemoteKey, Echo: known.Echo,
		Fingerprint: d.Wish.Fingerprint, Suppressed: string(d.Suppressed), Version: claimed.Version,
	}
	if entry.ID != 0 {
		settled.RemoteID, settled.RemoteKey, settled.Echo = entry.ID, entry.Email, e.Policy.Echo(entry)
	}
	if d.Skip == "" {
		settled.Groups = plainIDs(d.Wish.Groups)
	}
	return state.Settlement{
		Memory: settled, Forget: d.Wish.Reason == Gone,
		ChangeIDs: claimed.ChangeIDs, State: state.ChangeApplied, Resolved: slices.Concat(d.Wish.Members, []int64{d.Wish.Lead}),
	}
}
