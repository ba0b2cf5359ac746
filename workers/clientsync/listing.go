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

// A listing has two parts, the subscribers and then the deleted ones.
const (
	subscribersPart = "subscribers"
	deletedPart     = "deleted"
	endPart         = "end"
)

// place is where a listing stands: the part, whether somebody may have been missed so far, and the list's own cursor.
type place struct {
	part string
	gaps bool
	at   maillist.Cursor
}

const (
	withGaps = "gaps"
	gapless  = "gapless"
)

// String is how a place is stored; parsePlace reads it. The start is "".
func (p place) String() string {
	word := gapless
	if p.gaps {
		word = withGaps
	}
	return p.part + " " + word + " " + string(p.at)
}

func parsePlace(text string) place {
	fields := strings.SplitN(text, " ", 3)
	if len(fields) < 3 {
		return place{part: subscribersPart}
	}
	return place{part: fields[0], gaps: fields[1] == withGaps, at: maillist.Cursor(fields[2])}
}

// list reads the outside list into the run's listing.
func (w *Worker) list(ctx context.Context, job workers.Job) (state.Counts, error) {
	return workers.List(ctx, w.Store, job, func(ctx context.Context, at string) (workers.Page, error) {
		page, next, err := w.nextPage(ctx, parsePlace(at))
		if err != nil {
			return workers.Page{}, err
		}
		rows, err := w.listingRows(job.Batch.Account, page.Entries)
		return workers.Page{Rows: rows, Next: next.String(), Done: next.part == endPart}, err
	})
}

// nextPage reads the page at a place and says where the next one is.
func (w *Worker) nextPage(ctx context.Context, at place) (maillist.Page, place, error) {
	deleted, canListDeleted := w.List.(maillist.DeletedLister)
	if at.part == deletedPart && canListDeleted {
		page, err := deleted.ListDeletedPage(ctx, at.at)
		if err != nil || page.Done {
			return page, place{part: endPart, gaps: at.gaps}, err
		}
		return page, place{deletedPart, at.gaps, page.Next}, nil
	}
	page, err := w.List.ListPage(ctx, at.at)
	gaps := at.gaps || page.Gaps
	switch {
	case err != nil:
		return page, at, err
	case !page.Done:
		return page, place{subscribersPart, gaps, page.Next}, nil
	case canListDeleted:
		return page, place{part: deletedPart, gaps: gaps}, nil
	default:
		return page, place{part: endPart, gaps: gaps}, nil
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
