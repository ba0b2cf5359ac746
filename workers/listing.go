package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Page is one page of the outside system, as it is stored.
type Page struct {
	Rows []state.ListingRow
	Next string // where the one after it starts
	Done bool   // there is none after it
}

// List reads the outside system page by page into the run's listing; read gets the place where a page starts, "" at first.
// A second try goes on where the first one stopped.
func List(ctx context.Context, store Listings, job Job, read func(ctx context.Context, at string) (Page, error)) (state.Counts, error) {
	listing, err := store.NewListing(ctx, job.Lease, job.Run.ID)
	if err != nil {
		return nil, err
	}
	counts := state.Counts{}
	for !listing.Complete {
		if job.Draining() {
			return nil, ErrDraining
		}
		page, err := read(ctx, listing.Cursor)
		if err != nil {
			return nil, err
		}
		counts[state.CountCalls]++
		if err := store.AppendListing(ctx, job.Lease, listing.ID, listing.Cursor, page.Next, page.Rows, page.Done); err != nil {
			return nil, err
		}
		listing.Cursor, listing.Complete = page.Next, page.Done
	}
	return counts, nil
}
