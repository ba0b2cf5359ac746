package domainsync

import (
	"context"
	"encoding/json"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// list reads the registrar into the run's listing.
func (w *Worker) list(ctx context.Context, job workers.Job) (state.Counts, error) {
	return workers.List(ctx, w.Store, job, func(ctx context.Context, at string) (workers.Page, error) {
		if w.Transfers {
			return w.transfersPage(ctx, job, registrar.Cursor(at))
		}
		return w.domainsPage(ctx, job, registrar.Cursor(at))
	})
}

func (w *Worker) domainsPage(ctx context.Context, job workers.Job, at registrar.Cursor) (workers.Page, error) {
	lister, ok := w.Registrar.(registrar.Lister)
	if !ok {
		return workers.Page{}, cannot(job, "list domains")
	}
	page, err := lister.ListPage(ctx, at)
	if err != nil {
		return workers.Page{}, err
	}
	rows, err := listed(page.Domains, func(d registrar.Domain) registrar.Name { return d.Name })
	return workers.Page{Rows: rows, Next: string(page.Next), Done: page.Done}, err
}

func (w *Worker) transfersPage(ctx context.Context, job workers.Job, at registrar.Cursor) (workers.Page, error) {
	lister, ok := w.Registrar.(registrar.TransferLister)
	if !ok {
		return workers.Page{}, cannot(job, "list transfers")
	}
	page, err := lister.ListTransfersPage(ctx, at)
	if err != nil {
		return workers.Page{}, err
	}
	rows, err := listed(page.Transfers, func(t registrar.Transfer) registrar.Name { return t.Name })
	return workers.Page{Rows: rows, Next: string(page.Next), Done: page.Done}, err
}

func cannot(job workers.Job, what string) error {
	return fault.New(fault.Refused, job.Batch.Account, what, "this registrar cannot")
}

// listed writes entries as they are stored, by name.
func listed[T any](entries []T, name func(T) registrar.Name) ([]state.ListingRow, error) {
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
