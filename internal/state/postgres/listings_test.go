package postgres_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

// listingLease adds a listing batch to a run and takes its lease.
func (b *bundle) listingLease(run state.Run) state.Lease {
	b.t.Helper()
	batch, err := b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	must(b.t, err)
	return b.begin(batch)
}

func rowsOf(keys ...string) (rows []state.ListingRow) {
	for _, key := range keys {
		rows = append(rows, state.ListingRow{Key: key, Body: json.RawMessage(fmt.Sprintf(`{"email":%q}`, key))})
	}
	return rows
}

func TestListingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.State = state.RunListing })
	first := b.listingLease(run)
	listing, err := b.NewListing(b.ctx, first, run.ID)
	must(t, err)
	must(t, b.AppendListing(b.ctx, first, listing.ID, "", "p2", rowsOf("a@example.com"), false))

	b.lapse()
	lapsed, err := b.Lapsed(b.ctx, news)
	must(t, err)
	second := b.begin(lapsed[0])
	wantErr(t, b.AppendListing(b.ctx, first, listing.ID, "p2", "p3", rowsOf("lost@example.com"), false), state.ErrLeaseLost)
	again, err := b.NewListing(b.ctx, second, run.ID)
	must(t, err)
	wantSame(t, "listing", state.Listing{ID: listing.ID, Cursor: "p2", Pages: 1, Rows: 1}, again)

	wantErr(t, b.AppendListing(b.ctx, second, listing.ID, "", "p2", rowsOf("twice@example.com"), false), state.ErrConflict)
	must(t, b.AppendListing(b.ctx, second, listing.ID, "p2", "", rowsOf("b@example.com", "c@example.com"), true))
	wantErr(t, b.AppendListing(b.ctx, second, listing.ID, "", "", rowsOf("more@example.com"), true), state.ErrConflict)

	done, err := b.Listing(b.ctx, listing.ID)
	must(t, err)
	if !done.Complete || done.Rows != 3 || done.Pages != 2 || done.BegunAt.IsZero() || done.EndedAt.Before(done.BegunAt) {
		t.Errorf("listing %+v", done)
	}
	wantSame(t, "rows kept", int64(3), b.number(`SELECT count(*) FROM listing_rows`))
	got, err := b.Run(b.ctx, run.ID)
	must(t, err)
	wantSame(t, "the run's listing", listing.ID, got.ListingID)
}

func TestListingPageAndCursorMoveTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.State = state.RunListing })
	lease := b.listingLease(run)
	listing, err := b.NewListing(b.ctx, lease, run.ID)
	must(t, err)
	broken := append(rowsOf("a@example.com"), state.ListingRow{Key: "b@example.com", Body: json.RawMessage("<html>")})
	if err := b.AppendListing(b.ctx, lease, listing.ID, "", "p2", broken, false); err == nil {
		t.Fatal("a page that is no JSON was kept")
	}
	after, err := b.Listing(b.ctx, listing.ID)
	must(t, err)
	wantSame(t, "listing", state.Listing{ID: listing.ID}, after)
	wantSame(t, "rows kept", int64(0), b.number(`SELECT count(*) FROM listing_rows`))

	won := race(t, 6, state.ErrConflict, func() error {
		return b.AppendListing(b.ctx, lease, listing.ID, "", "p2", rowsOf("a@example.com"), false)
	})
	wantSame(t, "pages kept", 1, won)
}

func TestListingRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.State = state.RunListing })
	lease := b.listingLease(run)
	listing, err := b.NewListing(b.ctx, lease, run.ID)
	must(t, err)
	row := func(key, body string) state.ListingRow {
		return state.ListingRow{Key: key, Body: json.RawMessage(body)}
	}
	must(t, b.AppendListing(b.ctx, lease, listing.ID, "", "2", []state.ListingRow{
		row("moved", `{"n":1}`), row("twice", `{"n":1}`), row("twice", `{"n":2}`), row("same", `{}`), row("same", `{}`), row("nul", `{"x":"a\u0000b"}`),
	}, false))
	must(t, b.AppendListing(b.ctx, lease, listing.ID, "2", "", []state.ListingRow{row("moved", `{"n":2}`)}, true))
	rows, err := b.ListingRows(b.ctx, listing.ID, []string{"moved", "twice", "same", "nul", "absent"})
	must(t, err)
	wantSame(t, "rows", []state.ListingRow{
		row("moved", `{"n":1}`), row("moved", `{"n":2}`), row("nul", `{"x":"a\u0000b"}`), row("same", `{}`), row("twice", `{"n":1}`), row("twice", `{"n":2}`),
	}, rows)

	must(t, b.DropListing(b.ctx, listing.ID))
	must(t, b.DropListing(b.ctx, listing.ID))
	wantErr(t, onlyError(b.Listing(b.ctx, listing.ID)), state.ErrNotFound)
	wantSame(t, "rows kept", int64(0), b.number(`SELECT count(*) FROM listing_rows`))
}
