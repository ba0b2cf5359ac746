package domainsync

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// Worker executes the batches of one domains or transfers sync. It may be used by many goroutines at once.
type Worker struct {
	Policy    Policy
	Transfers bool // it follows transfers in; otherwise it keeps domains in step
	Domains   Domains
	Registrar registrar.Registrar
	Witness   registrar.Witness // nil = nobody
	Mailer    Mailer            // tells clients of transfers that came to their end; nil = nobody does
	Store     workers.DutyStore
	Zone      *time.Location // where WHMCS is; default UTC
	MaxAge    time.Duration  // how old a listing may be for a write upon it; default one hour
	Clock     workers.Clock
	Log       zerolog.Logger
}

// chunk is how many records are claimed, written and settled together: what a crash leaves to be looked at again.
const chunk = 25

// Do executes one batch of whatever kind.
func (w *Worker) Do(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	switch job.Batch.Kind {
	case state.BatchListing:
		counts, err := w.list(ctx, job)
		return counts, nil, err
	case state.BatchRevert:
		return w.revert(ctx, job)
	default:
		return w.settle(ctx, job)
	}
}

// settle reads the batch, plans every record, and settles those with something to do, a chunk at a time.
func (w *Worker) settle(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	batch, err := w.read(ctx, job)
	if err != nil {
		return nil, nil, err
	}
	earlier, err := workers.ReadEarlier(ctx, w.Store, job.Batch)
	if err != nil {
		return nil, nil, err
	}
	decisions, err := w.plan(ctx, job, batch, earlier)
	if err != nil {
		return nil, nil, err
	}
	errand := &errand{Worker: w, job: job, batch: batch, earlier: earlier, done: map[string]bool{}, counts: state.Counts{}}
	for name := range earlier.Applied {
		errand.done[name] = true
	}
	errand.add(state.CountRecords, len(decisions)+len(batch.failures))
	errand.add(state.CountFailed, len(batch.failures))
	var busy []Decision
	for _, d := range decisions {
		if d.Act == Nothing && !batch.open[d.Row.ID] {
			errand.count(d)
			errand.notices.Decided(job, string(d.Name))
		} else {
			busy = append(busy, d)
		}
	}
	for part := range slices.Chunk(busy, chunk) {
		if err := errand.do(ctx, part); err != nil {
			return nil, nil, err
		}
	}
	if err := errand.settleLeft(ctx); err != nil {
		return nil, nil, err
	}
	if err := errand.heal(ctx, batch.healed); err != nil {
		return nil, nil, err
	}
	if err := errand.notices.Record(ctx, w.Store, job, errand.counts); err != nil {
		return nil, nil, err
	}
	return errand.counts, batch.failures, errand.unsettled
}

// plan decides about every record from memory and, where the run has one, the listing.
func (w *Worker) plan(ctx context.Context, job workers.Job, b batch, earlier workers.Earlier) ([]Decision, error) {
	evidence, err := w.evidence(ctx, job, b)
	if err != nil {
		return nil, err
	}
	mustLook := job.Run.Trigger == state.ByRetry || job.Batch.Kind == state.BatchDestructive
	decisions := make([]Decision, len(b.records))
	for i, r := range b.records {
		decisions[i] = w.decide(Input{
			Row: r.row, Name: r.name, Seen: evidence[r.name], Memo: b.memo(r.name), Today: w.today(), Now: w.Clock.Now(),
		}, b.known[string(r.name)], job)
		if mustLook || earlier.Unsettled[string(r.name)] != nil {
			decisions[i].Act = Look
		}
	}
	return decisions, nil
}

// decide asks the policy and leaves out what a person, or the registrar, has refused.
func (w *Worker) decide(in Input, known state.Memory, job workers.Job) Decision {
	if job.Run.Trigger == state.ByRetry {
		known.Refused, in.Memo.Rejected = nil, nil
	}
	decide := w.Policy.Decide
	if w.Transfers {
		decide = w.Policy.DecideTransfer
	}
	d := decide(in)
	if d.Pardoned = d.pardoned(known.Refused); d.Act == Nothing && len(d.Pardoned) > 0 {
		d.Act = Settle
	}
	wanted := slices.DeleteFunc(slices.Clone(d.Changes), func(c state.Change) bool { return state.Refuses(known.Refused, c.Wish) })
	if i := bringsRenewal(wanted); i >= 0 && !makesActive(wanted) {
		wanted = slices.Delete(wanted, i, i+1) // whoever took the transfer back did not ask for more of it
	}
	if len(wanted) < len(d.Changes) {
		d.Changes, d.Skip = wanted, cmp.Or(d.Skip, "refused")
		d = d.concluded()
	}
	return d
}

func (w *Worker) today() civil.Date {
	return civil.Of(w.Clock.Now().In(cmp.Or(w.Zone, time.UTC)))
}
