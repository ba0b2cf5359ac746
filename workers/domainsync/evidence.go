package domainsync

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// evidence reads what was listed of the names of a batch. Without a listing nothing is known.
func (w *Worker) evidence(ctx context.Context, job workers.Job, b batch) (map[registrar.Name]Evidence, error) {
	evidence := map[registrar.Name]Evidence{}
	if job.Run.ListingID == 0 || len(b.records) == 0 {
		return evidence, nil
	}
	names := make([]string, len(b.records))
	for i, r := range b.records {
		names[i] = string(r.name)
	}
	listing, err := w.Store.Listing(ctx, job.Run.ListingID)
	if err != nil {
		return nil, err
	}
	rows, err := w.Store.ListingRows(ctx, job.Run.ListingID, names)
	if err != nil {
		return nil, err
	}
	missed := Evidence{Known: !w.Transfers}
	old := w.Clock.Now().Sub(listing.BegunAt) > cmp.Or(w.MaxAge, time.Hour)
	for _, r := range b.records {
		missed.Old = old || b.known[string(r.name)].SettledAt.After(listing.BegunAt)
		evidence[r.name] = missed
	}
	for _, row := range rows {
		name := registrar.Name(row.Key)
		evidence[name], err = w.with(evidence[name], row)
		if err != nil { // an entry that cannot be read back is its own domain's trouble: that one is looked up
			evidence[name] = Evidence{}
		}
	}
	return evidence, nil
}

// with takes one listed entry in. Of several of one name (an order that has ended and one that runs) the one that is
// alive counts; of several transfers one that has ended does, so that the name is looked up.
func (w *Worker) with(e Evidence, row state.ListingRow) (Evidence, error) {
	e.Known = true
	if w.Transfers {
		var transfer registrar.Transfer
		err := json.Unmarshal(row.Body, &transfer)
		if e.Transfer == nil || transfer.State != registrar.TransferPending {
			e.Transfer = &transfer
		}
		return e, err
	}
	var domain registrar.Domain
	err := json.Unmarshal(row.Body, &domain)
	if e.Domain == nil || life(domain.Status) >= life(e.Domain.Status) {
		e.Domain = &domain
	}
	return e, err
}

func life(s registrar.Status) int {
	switch s {
	case registrar.Active, registrar.Suspended:
		return 3
	case registrar.Deleted, registrar.TransferredAway, registrar.Failed:
		return 0
	case registrar.Unknown:
		return 1
	default:
		return 2
	}
}

// look asks the registrar about one name, and about what became of it when it is not there.
func (e *errand) look(ctx context.Context, d Decision) (seen Evidence, err error) {
	name := d.Name
	seen = Evidence{Known: true, Live: true}
	if e.Transfers {
		seen.Transfer, err = ask(e, func() (registrar.Transfer, error) { return e.track(ctx, name) })
		if err == nil && seen.Transfer != nil && e.Policy.needsDomain(d, *seen.Transfer) {
			seen.Domain, err = ask(e, func() (registrar.Domain, error) { return e.Registrar.Get(ctx, name) })
		}
		return seen, err
	}
	seen.Domain, err = ask(e, func() (registrar.Domain, error) { return e.Registrar.Get(ctx, name) })
	if seen = seen.ofThisLife(d.Row); err != nil || seen.Domain != nil {
		return seen, err
	}
	if historian, ok := e.Registrar.(registrar.Historian); ok {
		seen.Departure, err = ask(e, func() (registrar.Departure, error) { return historian.Departed(ctx, name) })
	}
	if seen.Departure != nil && ofEarlierLife(d.Row, *seen.Departure) {
		seen.Departure = nil
	}
	if err == nil && seen.Departure == nil && e.Witness != nil {
		seen.Testimony, err = ask(e, func() (registrar.Testimony, error) { return e.Witness.Testify(ctx, name) })
	}
	return seen, err
}

func (e *errand) track(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	tracker, ok := e.Registrar.(registrar.TransferTracker)
	if !ok {
		return registrar.Transfer{}, cannot(e.job, "follow a transfer")
	}
	return tracker.Transfer(ctx, name)
}

// ask makes one call; nil = the other side does not know the name.
func ask[T any](e *errand, call func() (T, error)) (*T, error) {
	if e.patience.Out() {
		return nil, e.patience.Trouble()
	}
	e.add(state.CountCalls, 1)
	answer, err := call()
	e.patience.Answered(err)
	switch {
	case err == nil:
		return &answer, nil
	case fault.Is(err, fault.NotFound):
		return nil, nil //nolint:nilnil // not there is an answer
	default:
		return nil, err
	}
}
