package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// What a pass over domains asks of MySQL.
const (
	bareDomainIDs = "SELECT id, userid, domain, registrar, CAST(status AS CHAR) FROM tbldomains WHERE id > ?"
	bareDomainRow = `SELECT id, userid, COALESCE(registrationperiod, 0), domain, registrar, CAST(status AS CHAR), CAST(type AS CHAR),
		CAST(registrationdate AS CHAR), CAST(expirydate AS CHAR), CAST(nextduedate AS CHAR), CAST(nextinvoicedate AS CHAR),
		donotrenew, idprotection, is_premium FROM tbldomains WHERE id > ? AND id <= ?`
	bareOpenItems = `SELECT i.relid, CAST(i.duedate AS CHAR)
		FROM tblinvoiceitems i JOIN tblinvoices v ON v.id = i.invoiceid AND v.status IN ('Draft', 'Unpaid', 'Payment Pending', 'Collections')
		WHERE i.type IN ('Domain', 'DomainRegister', 'DomainTransfer') AND i.relid IN (`
)

// listingPage is how many domains the registrar gives at once.
const listingPage = 1000

// bareDomains reads what a pass over domains reads: the registrar's pages, then the rows of each batch beside what was
// listed of them.
type bareDomains struct {
	*bare
	caller  *caller
	where   string // the filter of the sync
	args    []any
	listing int64
}

func (a agency) newBare(ctx context.Context) (*bare, error) {
	b, err := a.world.newBare(ctx)
	if err != nil {
		return nil, err
	}
	reads := &bareDomains{bare: b, caller: &caller{base: a.account.URL(), http: &http.Client{Timeout: time.Minute}}}
	filter := a.portfolio.filter
	reads.where = " AND LOWER(TRIM(registrar)) = LOWER(?) AND CAST(status AS CHAR) IN (" + marks(len(filter.Statuses)) + ") ORDER BY id"
	reads.args = []any{filter.Registrar}
	for _, status := range filter.Statuses {
		reads.args = append(reads.args, string(status))
	}
	b.reads = reads
	return b, reads.caller.login(ctx)
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// list copies all pages into a listing of the run, under a lease as the program does.
func (b *bareDomains) list(ctx context.Context, run int64) error {
	store := b.world.store
	batch, err := store.AddBatch(ctx, run, state.NewBatch{Kind: state.BatchListing})
	if err != nil {
		return err
	}
	_, _, lease, err := store.BeginBatch(ctx, batch.ID, batch.Generation, "yardstick", time.Minute)
	if err != nil {
		return err
	}
	listing, err := store.NewListing(ctx, lease, run)
	if err != nil {
		return err
	}
	b.listing = listing.ID
	for offset, done := 0, false; !done; offset += listingPage {
		if done, err = b.copyPage(ctx, lease, offset); err != nil {
			return err
		}
	}
	return store.FinishBatch(ctx, lease, state.Counts{}, nil)
}

func (b *bareDomains) copyPage(ctx context.Context, lease state.Lease, offset int) (done bool, err error) {
	var page listed
	query := url.Values{"limit": {strconv.Itoa(listingPage)}, "offset": {strconv.Itoa(offset)}, "order_by.id": {"asc"}}
	if err := b.caller.get(ctx, query, &page); err != nil {
		return false, err
	}
	rows := make([]state.ListingRow, len(page.Data.Results))
	for i, row := range page.Data.Results {
		rows[i].Key = row.Domain.Name + "." + row.Domain.Extension
		if rows[i].Body, err = json.Marshal(row); err != nil {
			return false, err
		}
	}
	done = offset+len(rows) >= page.Data.Total
	from, to := cursor(offset), cursor(offset+listingPage)
	return done, b.world.store.AppendListing(ctx, lease, b.listing, from, to, rows, done)
}

// cursor is where a listing goes on; the start is "".
func cursor(offset int) string {
	if offset == 0 {
		return ""
	}
	return strconv.Itoa(offset)
}

func (b *bareDomains) page(ctx context.Context, after int64) ([]int64, error) {
	args := append([]any{after}, append(b.args[:len(b.args):len(b.args)], workers.SurveyPage)...)
	return b.pageOf(ctx, 4, bareDomainIDs+b.where+" LIMIT ?", args...)
}

// batch reads the rows, their open invoices, what is remembered, and what was listed of the names.
func (b *bareDomains) batch(ctx context.Context, s slice) error {
	ids, err := b.rows(ctx, s)
	if err != nil || len(ids) == 0 {
		return err
	}
	places := []any{new(sql.RawBytes), new(sql.RawBytes)}
	if err := b.each(ctx, places, func() {}, bareOpenItems+marks(len(ids))+")", ids...); err != nil {
		return err
	}
	names, err := b.names(ctx, s)
	if err == nil && len(names) != len(ids) {
		err = fmt.Errorf("the yardstick reads %d domains and remembers %d", len(ids), len(names))
	}
	if err != nil {
		return err
	}
	return b.listed(ctx, names)
}

func (b *bareDomains) rows(ctx context.Context, s slice) (ids []any, err error) {
	var id int64
	places := []any{&id}
	for range 13 {
		places = append(places, new(sql.RawBytes))
	}
	err = b.each(ctx, places, func() { ids = append(ids, id) }, bareDomainRow+b.where, append([]any{s.from, s.to}, b.args...)...)
	return ids, err
}

// names are those that the roster has of a slice.
func (b *bareDomains) names(ctx context.Context, s slice) (names []string, err error) {
	err = b.readState(ctx, s, 0, func(rows pgx.Rows) error {
		var name string
		err := rows.Scan(nil, &name)
		names = append(names, name)
		return err
	})
	return names, err
}

func (b *bareDomains) listed(ctx context.Context, names []string) error {
	rows, err := b.postgres.Query(ctx, `SELECT cursor, complete, created_at FROM listings WHERE id = $1`, b.listing)
	if err := drain(rows, err); err != nil {
		return err
	}
	rows, err = b.postgres.Query(ctx, `SELECT key, page, body::text FROM listing_rows WHERE listing_id = $1 AND key = ANY($2)`, b.listing, names)
	if err := drain(rows, err); err != nil {
		return err
	}
	if found := rows.CommandTag().RowsAffected(); found != int64(len(names)) {
		return fmt.Errorf("the yardstick finds %d of %d names listed", found, len(names))
	}
	return nil
}
