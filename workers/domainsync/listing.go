package domainsync

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// place is where a listing stands: whether a name may have been missed so far, and the registrar's own cursor.
type place struct {
	gaps bool
	at   registrar.Cursor
}

const (
	withGaps = "gaps "
	gapless  = "gapless "
)

// String is how a place is stored; parsePlace reads it. The start is "".
func (p place) String() string {
	if p.gaps {
		return withGaps + string(p.at)
	}
	return gapless + string(p.at)
}

func parsePlace(text string) place {
	if at, found := strings.CutPrefix(text, withGaps); found {
		return place{true, registrar.Cursor(at)}
	}
	return place{false, registrar.Cursor(strings.TrimPrefix(text, gapless))}
}

// list reads the registrar page by page into the run's listing. A second try goes on where the first one stopped.
func (w *Worker) list(ctx context.Context, job workers.Job) (state.Counts, error) {
	listing, err := w.Store.NewListing(ctx, job.Lease, job.Run.ID)
	if err != nil {
		return nil, err
	}
	counts := state.Counts{}
	for !listing.Complete {
		if job.Draining() {
			return nil, workers.ErrDraining
		}
		rows, next, done, err := w.page(ctx, job, parsePlace(listing.Cursor))
		if err != nil {
			return nil, err
		}
		counts[state.CountCalls]++
		if err := w.Store.AppendListing(ctx, job.Lease, listing.ID, listing.Cursor, next.String(), rows, done); err != nil {
			return nil, err
		}
		listing.Cursor, listing.Complete = next.String(), done
	}
	return counts, nil
}

// page reads one page of domains, or of transfers.
func (w *Worker) page(ctx context.Context, job workers.Job, at place) (rows []state.ListingRow, next place, done bool, err error) {
	if w.Transfers {
		lister, ok := w.Registrar.(registrar.TransferLister)
		if !ok {
			return nil, at, false, cannot(job, "list transfers")
		}
		page, err := lister.ListTransfersPage(ctx, at.at)
		rows, err := listed(page.Transfers, func(t registrar.Transfer) registrar.Name { return t.Name }, err)
		return rows, place{at: page.Next}, page.Done, err
	}
	lister, ok := w.Registrar.(registrar.Lister)
	if !ok {
		return nil, at, false, cannot(job, "list domains")
	}
	page, err := lister.ListPage(ctx, at.at)
	rows, err = listed(page.Domains, func(d registrar.Domain) registrar.Name { return d.Name }, err)
	return rows, place{at.gaps || page.Gaps, page.Next}, page.Done, err
}

func cannot(job workers.Job, what string) error {
	return fault.New(fault.Refused, job.Batch.Account, what, "this registrar cannot")
}

// listed writes entries as they are stored, by name.
func listed[T any](entries []T, name func(T) registrar.Name, err error) ([]state.ListingRow, error) {
	if err != nil {
		return nil, err
	}
	rows := make([]state.ListingRow, len(entries))
	for i, entry := range entries {
		body, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		rows[i] = state.ListingRow{Key: string(name(entry)), Body: body}
	}
	return rows, nil
}
