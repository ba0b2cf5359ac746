package clientsync

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// A listing has two parts, the subscribers and then the deleted ones; its cursor names the part and the place in it.
const (
	subscribersPart = "subscribers:"
	deletedPart     = "deleted:"
)

// list reads the outside list page by page into the run's listing. A second try goes on where the first one stopped.
func (w *Worker) list(ctx context.Context, job workers.Job) (state.Counts, error) {
	listing, err := w.Store.NewListing(ctx, job.Lease, job.Run.ID)
	if err != nil {
		return nil, err
	}
	counts := state.Counts{}
	for cursor := listing.Cursor; !listing.Complete; {
		if job.Draining() {
			return nil, workers.ErrDraining
		}
		page, next, err := w.nextPage(ctx, cursor)
		if err != nil {
			return nil, err
		}
		counts[state.CountCalls]++
		rows, err := w.listingRows(job.Batch.Account, page.Entries)
		if err != nil {
			return nil, err
		}
		listing.Complete = next == ""
		if err := w.Store.AppendListing(ctx, job.Lease, listing.ID, cursor, next, rows, listing.Complete); err != nil {
			return nil, err
		}
		cursor = next
	}
	return counts, nil
}

// nextPage reads the page at the cursor and says where the next one is; "" = the listing has ended.
func (w *Worker) nextPage(ctx context.Context, cursor string) (maillist.Page, string, error) {
	deleted, canListDeleted := w.List.(maillist.DeletedLister)
	if place, ok := strings.CutPrefix(cursor, deletedPart); ok && canListDeleted {
		page, err := deleted.ListDeletedPage(ctx, maillist.Cursor(place))
		if err != nil || page.Done {
			return page, "", err
		}
		return page, deletedPart + string(page.Next), nil
	}
	page, err := w.List.ListPage(ctx, maillist.Cursor(strings.TrimPrefix(cursor, subscribersPart)))
	switch {
	case err != nil:
		return page, "", err
	case !page.Done:
		return page, subscribersPart + string(page.Next), nil
	case canListDeleted:
		return page, deletedPart, nil
	default:
		return page, "", nil
	}
}

// listingRows keeps of each entry what a comparison needs, under the address as we would write it.
func (w *Worker) listingRows(account string, entries []maillist.Entry) ([]state.ListingRow, error) {
	rows := make([]state.ListingRow, 0, len(entries))
	for _, entry := range entries {
		key, err := whmcs.NormalizeEmail(entry.Email)
		if err != nil {
			continue // no client can have this address
		}
		entry.Attributes = w.Policy.mapped(entry.Attributes)
		body, err := json.Marshal(entry)
		if err != nil {
			return nil, fault.New(fault.Refused, account, "keep listing", "entry %d: %w", entry.ID, err)
		}
		rows = append(rows, state.ListingRow{Key: key, Body: body})
	}
	return rows, nil
}

// mapped keeps the attributes that the policy writes.
func (p Policy) mapped(held maillist.Attributes) maillist.Attributes {
	ours := map[string]bool{}
	for _, field := range p.Fields {
		ours[field.Attribute] = true
	}
	kept := maps.Clone(held)
	maps.DeleteFunc(kept, func(name, _ string) bool { return !ours[name] })
	return kept
}
