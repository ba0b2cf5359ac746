package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const listingColumns = `l.id, l.cursor, l.pages, l.rows, l.complete, l.created_at, l.ended_at`

func scanListing(row pgx.CollectableRow) (state.Listing, error) {
	var l state.Listing
	err := row.Scan(&l.ID, &l.Cursor, &l.Pages, &l.Rows, &l.Complete, moment{&l.BegunAt}, moment{&l.EndedAt})
	return l, err
}

// NewListing makes the run's listing, or returns the one it has, so that a second try goes on at its cursor.
// state.ErrLeaseLost when somebody else has the batch.
func (s *Store) NewListing(ctx context.Context, lease state.Lease, runID int64) (state.Listing, error) {
	var listing state.Listing
	err := s.fenced(ctx, "begin the listing", lease, func(tx pgx.Tx, _ fence) error {
		if _, err := tx.Exec(ctx, `SELECT FROM runs WHERE id = $1 FOR UPDATE`, runID); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `
			WITH present AS (SELECT l.id FROM runs r JOIN listings l ON l.id = r.listing_id WHERE r.id = $1),
			added AS (
				INSERT INTO listings AS l (sync, run_id)
				SELECT r.sync, r.id FROM runs r WHERE r.id = $1 AND NOT EXISTS (SELECT FROM present)
				RETURNING `+listingColumns+`
			), noted AS (
				UPDATE runs r SET listing_id = added.id FROM added WHERE r.id = $1
			)
			SELECT `+listingColumns+` FROM added l
			UNION ALL SELECT `+listingColumns+` FROM listings l JOIN present ON present.id = l.id`, runID)
		var err error
		listing, err = pgx.CollectExactlyOneRow(rows, scanListing)
		return err
	})
	return listing, err
}

// AppendListing keeps one page and moves the cursor, both or neither; done says that it was the last one.
// state.ErrLeaseLost when somebody else has the batch, state.ErrConflict when the listing's cursor is not fromCursor
// (any more) or it is complete.
func (s *Store) AppendListing(ctx context.Context, lease state.Lease, listingID int64, fromCursor, toCursor string, page []state.ListingRow, done bool) error {
	return s.fenced(ctx, "keep a page of the listing", lease, func(tx pgx.Tx, _ fence) error {
		var number int
		err := tx.QueryRow(ctx, `
			UPDATE listings SET cursor = $3, pages = pages + 1, rows = rows + $4, complete = $5,
				ended_at = CASE WHEN $5 THEN now() END
			WHERE id = $1 AND cursor = $2 AND NOT complete RETURNING pages`,
			listingID, fromCursor, toCursor, len(page), done).Scan(&number)
		if err != nil {
			return unlessThere(err)
		}
		return copyPage(ctx, tx, listingID, number, page)
	})
}

func copyPage(ctx context.Context, tx pgx.Tx, listingID int64, number int, page []state.ListingRow) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"listing_rows"}, []string{"listing_id", "page", "key", "body"},
		pgx.CopyFromSlice(len(page), func(i int) ([]any, error) {
			return []any{listingID, number, clean(page[i].Key), clean(string(page[i].Body))}, nil
		}))
	return err
}

// Listing reads a listing without its rows. state.ErrNotFound for an unknown or dropped one.
func (s *Store) Listing(ctx context.Context, id int64) (state.Listing, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+listingColumns+` FROM listings l WHERE l.id = $1`, id)
	return one("read the listing", rows, scanListing)
}

// ListingRows reads the rows with the keys given, by key and in the order of their pages: an entry that moved while it
// was listed is there more than once, and the last of its rows counts. Equal rows of one page are returned once.
func (s *Store) ListingRows(ctx context.Context, listingID int64, keys []string) ([]state.ListingRow, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT key, page, body::text FROM listing_rows WHERE listing_id = $1 AND key = ANY($2)`, listingID, keys)
	found, err := all("read the listing's rows", rows, func(row pgx.CollectableRow) (r pagedRow, err error) {
		err = row.Scan(&r.Key, &r.page, (*[]byte)(&r.Body))
		return r, err
	})
	return byPage(found), err
}

// pagedRow is a row with the number of its page.
type pagedRow struct {
	state.ListingRow
	page int
}

func byPage(found []pagedRow) []state.ListingRow {
	order := func(a, b pagedRow) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.page, b.page), bytes.Compare(a.Body, b.Body))
	}
	slices.SortFunc(found, order)
	found = slices.CompactFunc(found, func(a, b pagedRow) bool { return order(a, b) == 0 })
	return column(found, func(r pagedRow) state.ListingRow { return r.ListingRow })
}

// DropListing forgets a listing with its rows; an unknown one is no error. The listing itself goes last, so that Prune can
// tell of one that was not dropped to its end.
func (s *Store) DropListing(ctx context.Context, id int64) error {
	const op = "drop the listing"
	if _, err := s.inPortions(ctx, `
		DELETE FROM listing_rows WHERE ctid = ANY(ARRAY(SELECT ctid FROM listing_rows WHERE listing_id = $1 LIMIT $2))`, id); err != nil {
		return broken(op, err)
	}
	_, err := s.durable.Exec(ctx, `DELETE FROM listings WHERE id = $1`, id)
	return broken(op, err)
}
