package domainsync

import (
	"cmp"
	"context"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
)

// buy asks for a renewal, once and never again: it is remembered before the registrar is asked, and whoever finds it
// remembered only looks. With a settled outcome the record is decided anew, so that its row gets the new date.
func (e *errand) buy(ctx context.Context, d Decision, claimed state.Claimed) ([]state.Settlement, error) {
	if e.patience.Out() {
		return e.trouble(d, claimed, claimed.ChangeIDs, e.patience.Trouble())
	}
	marked, err := e.mark(ctx, &d, claimed.ChangeIDs[0], claimed.Version)
	if err != nil {
		return nil, err
	}
	if !marked {
		e.again(ctx, d)
		return []state.Settlement{{ChangeIDs: claimed.ChangeIDs, State: state.ChangeSuperseded}}, nil
	}
	e.add(state.CountCalls, 1)
	dates, err := e.askForRenewal(ctx, d)
	e.patience.Answered(err)
	switch fault.ClassOf(err) {
	case "":
		return nil, e.bought(ctx, d, dates)
	case fault.Rejected, fault.Refused, fault.NotFound:
		return nil, e.refused(ctx, d, err)
	case fault.RateLimited, fault.Auth:
		return nil, e.takeBack(ctx, d, err)
	default:
		return nil, e.lost(ctx, d, err)
	}
}

// mark remembers that the renewal is being asked for. False: somebody else is at the record, and nothing was remembered.
func (e *errand) mark(ctx context.Context, d *Decision, change, version int64) (bool, error) {
	from := e.Policy.Expiry.leading(d.Seen.Domain.Dates).Day
	d.After.Renewal = &Renewal{From: from, Years: renewalYears(d.Row), Change: change}
	err := e.store(ctx, *d, state.Settlement{Memory: e.remembered(*d, state.Claimed{Version: version})})
	stored := e.batch.memo(d.Name).Renewal
	return err == nil && stored != nil && stored.Change == change, err
}

// store settles something of one record at once, and reads back what is remembered of it: what somebody else has written
// meanwhile stays.
func (e *errand) store(ctx context.Context, d Decision, settlement state.Settlement) error {
	sync := e.job.Batch.Sync
	if err := e.Store.Settle(ctx, e.job.Lease, sync, []state.Settlement{settlement}); err != nil {
		return err
	}
	known, err := e.Store.MemoriesByKeys(ctx, sync, []string{string(d.Name)})
	if err != nil {
		return err
	}
	e.batch.known[string(d.Name)] = known[string(d.Name)]
	return nil
}

func (e *errand) askForRenewal(ctx context.Context, d Decision) (registrar.Dates, error) {
	renewer, can := e.Registrar.(registrar.Renewer)
	if !can {
		return registrar.Dates{}, cannot(e.job, "renew a domain")
	}
	dates, notes, err := renewer.Renew(ctx, *d.Seen.Domain, d.After.Renewal.Years)
	if err == nil && len(notes) > 0 {
		e.remark(d, d.Changes[0], notes)
	}
	return dates, err
}

// remark records what the registrar said about a change.
func (e *errand) remark(d Decision, c state.Change, notes []string) {
	e.Log.Warn().Str("domain", string(d.Name)).Str("field", c.Field).Strs("remarks", notes).Msg("the registrar remarked upon a change")
	c.State, c.Reason = state.ChangeNoticed, "the registrar remarks: "+strings.Join(notes, "; ")
	c.Field += "_remark"
	e.notes = append(e.notes, c)
}

// bought goes on with the dates that the renewal brought.
func (e *errand) bought(ctx context.Context, d Decision, dates registrar.Dates) error {
	d.After.Renewal.Outcome = Bought
	if err := e.closeRenewal(ctx, d); err != nil {
		return err
	}
	if dates != (registrar.Dates{}) {
		domain := *d.Seen.Domain
		domain.Dates = dates
		d.Seen.Domain = &domain
	}
	e.goOn(d)
	return nil
}

// refused goes on without the renewal.
func (e *errand) refused(ctx context.Context, d Decision, why error) error {
	d.After.Renewal.Outcome, d.After.Renewal.Why = Refused, why.Error()
	if err := e.closeRenewal(ctx, d); err != nil {
		return err
	}
	e.goOn(d)
	return nil
}

// takeBack forgets a renewal that was certainly not bought, and stops the batch. The change stays planned: the guard has
// let it pass.
func (e *errand) takeBack(ctx context.Context, d Decision, why error) error {
	d.After.Renewal = nil
	return cmp.Or(e.store(ctx, d, state.Settlement{Memory: e.remembered(d, state.Claimed{Version: e.version(d)})}), why)
}

// lost leaves the renewal to the next attempt, which looks whether it is there. The last attempt looks itself.
func (e *errand) lost(ctx context.Context, d Decision, why error) error {
	switch {
	case fault.Is(why, fault.Held) || ctx.Err() != nil || !e.job.Last && e.patience.Out():
		return why
	case !e.job.Last:
		e.unsettled = why
		return nil
	}
	if seen, err := e.look(ctx, Decision{Input: Input{Row: d.Row, Name: d.Name, Memo: d.After, Today: d.Today}}); err == nil {
		d.Seen = seen
	}
	e.goOn(d)
	return nil
}

// goOn decides a record anew whose renewal has been asked for.
func (e *errand) goOn(d Decision) {
	in, known := d.Input, e.batch.known[string(d.Name)]
	in.Memo = e.batch.memo(d.Name)
	e.next = append(e.next, e.decide(in, known, e.job))
}

// closeRenewals stores what has become of renewals that were asked for before, while their records are still in the sync.
func (e *errand) closeRenewals(ctx context.Context, ready []Decision) error {
	for i := range ready {
		d := &ready[i]
		before, after := d.Memo.Renewal, d.After.Renewal
		if e.job.Run.Notify || before == nil || after == nil || before.Outcome == after.Outcome {
			continue
		}
		if err := e.closeRenewal(ctx, *d); err != nil {
			return err
		}
		d.Memo.Renewal = after
	}
	return nil
}

// closeRenewal stores the outcome of a renewal, before the row is written: with that the record leaves the sync.
func (e *errand) closeRenewal(ctx context.Context, d Decision) error {
	r := d.After.Renewal
	remembers := d
	remembers.After = d.Memo
	remembers.After.Renewal = r
	settlement := state.Settlement{
		Memory: e.remembered(remembers, state.Claimed{Version: e.version(d)}), ChangeIDs: []int64{r.Change}, State: state.ChangeFailed,
	}
	switch r.Outcome {
	case Bought:
		settlement.State = state.ChangeApplied
	case Refused:
		settlement.Failures = []state.Failure{e.failure(d, string(fault.Rejected), r.refused())}
	default:
		settlement.Failures = []state.Failure{e.failure(d, string(fault.Held), uncertain)}
	}
	return e.store(ctx, d, settlement)
}
