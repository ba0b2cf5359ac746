package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// DomainSpots reads the little that a survey needs of at most limit domains with id > after that the filter admits, by
// id. Fewer than limit means that there are no more.
func (d *DB) DomainSpots(ctx context.Context, filter whmcs.DomainFilter, after int64, limit int) ([]whmcs.DomainSpot, error) {
	spots := make([]whmcs.DomainSpot, 0, min(limit, 100_000))
	for more := true; more && len(spots) < limit; {
		page, err := d.spotPage(ctx, filter, after, max(limit-len(spots), chunk))
		if err != nil {
			return nil, err
		}
		for _, domain := range page.admitted {
			spots = append(spots, whmcs.DomainSpot{ID: domain.ID, RawName: domain.RawName, Status: domain.Status})
		}
		after, more = page.last, page.full
	}
	return spots[:min(limit, len(spots))], nil
}

// spotPage is one stretch of domains of which the filter took some out.
type spotPage struct {
	admitted []whmcs.Domain
	last     int64 // id up to which it has seen all
	full     bool  // there may be more
}

func (d *DB) spotPage(ctx context.Context, filter whmcs.DomainFilter, after int64, limit int) (spotPage, error) {
	where, args := domainsWhere(filter)
	sieve := filter.Sieve()
	page, seen := spotPage{admitted: make([]whmcs.Domain, 0, limit)}, 0
	var row domainRow
	err := d.query(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(&row.id, &row.client, &row.name, &row.registrar, &row.status); err != nil {
			return err
		}
		seen, page.last = seen+1, row.id
		if domain := row.domain(); sieve.Admits(domain) {
			page.admitted = append(page.admitted, domain)
		}
		return nil
	}, "SELECT id, userid, domain, registrar, CAST(status AS CHAR) FROM tbldomains WHERE id > ?"+where+" ORDER BY id LIMIT ?",
		slices.Concat([]any{after}, args, []any{limit})...)
	if err != nil {
		return spotPage{}, d.fail(fmt.Sprintf("survey domains (behind id %d)", after), selectDomains, err)
	}
	page.full = seen == limit
	page.admitted, err = d.withoutGroups(ctx, filter, page.admitted)
	return page, err
}

// DomainsChangedSince lists the domains that the filter admits and whose updated_at is not older than the cursor, a
// little overlap included, by id. The zero cursor lists none and only says from where to go on. With more than limit
// before names, TLDs, clients and groups are taken out, the cause of the error is ErrTooMany (class Refused), and the
// cursor of the answer is good all the same. It needs DomainFeatures.UpdatedAt.
func (d *DB) DomainsChangedSince(ctx context.Context, filter whmcs.DomainFilter, cursor time.Time, limit int) (whmcs.Changed, error) {
	now, err := d.Clock(ctx)
	if err != nil {
		return whmcs.Changed{}, err
	}
	changed := whmcs.Changed{Cursor: now}
	if cursor.IsZero() {
		return changed, nil
	}
	const op = "look for changed domains"
	ids, err := d.touchedDomains(ctx, filter, cursor, limit)
	if err != nil {
		return whmcs.Changed{}, d.fail(op, selectTouched, err)
	}
	if len(ids) > limit {
		return changed, fault.New(fault.Refused, d.name, op, "%w", ErrTooMany)
	}
	admitted, err := d.DomainsByIDs(ctx, whmcs.DomainFeatures{}, filter, ids)
	for _, domain := range admitted {
		changed.IDs = append(changed.IDs, domain.ID)
	}
	return changed, err
}

// touchedDomains lists at most one more than limit.
func (d *DB) touchedDomains(ctx context.Context, filter whmcs.DomainFilter, cursor time.Time, limit int) ([]int64, error) {
	since := max(1, cursor.Add(-overlap).Unix()) // before 1970 FROM_UNIXTIME knows nothing
	where, args := domainsWhere(filter)
	var ids []int64
	err := d.query(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM tbldomains WHERE updated_at >= FROM_UNIXTIME(?)"+where+" ORDER BY id LIMIT ?",
		slices.Concat([]any{since}, args, []any{limit + 1})...)
	return ids, err
}
