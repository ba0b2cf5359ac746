package mysql

import (
	"context"
	"database/sql"
	"slices"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// openItems are the items of invoices that somebody may still pay, for domains.
const openItems = `tblinvoiceitems i JOIN tblinvoices v ON v.id = i.invoiceid AND v.status IN ('Draft', 'Unpaid', 'Payment Pending', 'Collections')`

const ofDomains = `i.type IN ('Domain', 'DomainRegister', 'DomainTransfer')`

// addOpenInvoices fills OpenInvoice.
func (d *DB) addOpenInvoices(ctx context.Context, domains []whmcs.Domain) error {
	for part := range slices.Chunk(domains, chunk) {
		if err := d.markOpen(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) markOpen(ctx context.Context, domains []whmcs.Domain) error {
	ids := make([]any, 0, len(domains))
	for _, domain := range domains {
		ids = append(ids, domain.ID)
	}
	return d.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var due sql.RawBytes
		if err := rows.Scan(&id, &due); err != nil {
			return err
		}
		if domain := findDomain(domains, id); domain != nil && !domain.NextDue.IsZero() && domain.NextDue == day(due) {
			domain.OpenInvoice = true
		}
		return nil
	}, "SELECT i.relid, CAST(i.duedate AS CHAR) FROM "+openItems+" WHERE "+ofDomains+" AND i.relid IN ("+marks(len(ids))+")", ids...)
}

// moveItems moves the open items of a domain from one due date to another. It looks them up first and then updates by
// id: an UPDATE by domain would lock a whole table that has no key for it.
func (d *DB) moveItems(ctx context.Context, tx *sql.Tx, domain int64, from, to civil.Date) error {
	items, err := openItemsDue(ctx, tx, domain, from)
	if err != nil || len(items) == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE "+openItems+" SET i.duedate = ? WHERE i.duedate = ? AND i.id IN ("+marks(len(items))+")",
		append([]any{to.String(), from.String()}, list(items)...)...)
	return err
}

func openItemsDue(ctx context.Context, tx *sql.Tx, domain int64, due civil.Date) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, "SELECT i.id FROM "+openItems+" WHERE "+ofDomains+" AND i.relid = ? AND i.duedate = ? ORDER BY i.id", domain, due.String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		items = append(items, id)
	}
	return items, rows.Err()
}
