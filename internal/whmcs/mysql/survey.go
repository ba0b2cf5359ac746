package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// overlap is how far ChangedSince looks back behind its cursor: updated_at has whole seconds, and a row becomes
// visible only when its transaction ends.
const overlap = 2 * time.Second

// Clock is the database's clock, by which ChangedSince goes.
func (d *DB) Clock(ctx context.Context) (time.Time, error) {
	var micros int64
	row := d.pool.QueryRowContext(ctx, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)")
	if err := row.Scan(&micros); err != nil {
		return time.Time{}, d.fail("read the clock", selectClients, err)
	}
	return time.UnixMicro(micros).UTC(), nil
}

// Count is how many clients there are.
func (d *DB) Count(ctx context.Context) (int64, error) {
	var n int64
	err := d.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM tblclients").Scan(&n)
	return n, d.fail("count clients", selectClients, err)
}

// Spots reads id and address of at most limit clients with id > after, by id. Fewer than limit means that there are
// no more.
func (d *DB) Spots(ctx context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	spots := make([]whmcs.Spot, 0, min(limit, 100_000))
	var email sql.RawBytes // valid until the next row, and copied by the conversion below
	err := d.query(ctx, func(rows *sql.Rows) error {
		var spot whmcs.Spot
		if err := rows.Scan(&spot.ID, &email); err != nil {
			return err
		}
		spot.Raw = whmcs.DecodeText(string(email))
		spots = append(spots, spot)
		return nil
	}, "SELECT id, email FROM tblclients WHERE id > ? ORDER BY id LIMIT ?", after, limit)
	return spots, d.fail(fmt.Sprintf("survey clients (behind id %d)", after), selectClients, err)
}

// ChangedSince lists clients whose updated_at is not older than the cursor, a little overlap included, by id. The
// zero cursor lists none and only says from where to go on. With more than limit the cause of the error is ErrTooMany
// (class Refused), and the cursor of the answer is good all the same. It needs Features.UpdatedAt.
func (d *DB) ChangedSince(ctx context.Context, cursor time.Time, limit int) (whmcs.Changed, error) {
	now, err := d.Clock(ctx)
	if err != nil {
		return whmcs.Changed{}, err
	}
	changed := whmcs.Changed{Cursor: now}
	if cursor.IsZero() {
		return changed, nil
	}
	since := max(1, cursor.Add(-overlap).Unix()) // before 1970 FROM_UNIXTIME knows nothing
	err = d.query(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		changed.IDs = append(changed.IDs, id)
		return err
	}, "SELECT id FROM tblclients WHERE updated_at >= FROM_UNIXTIME(?) ORDER BY id LIMIT ?", since, limit+1)
	const op = "look for changed clients"
	if err != nil {
		return whmcs.Changed{}, d.fail(op, selectUpdated, err)
	}
	if len(changed.IDs) > limit {
		changed.IDs = nil
		return changed, fault.New(fault.Refused, d.name, op, "%w", ErrTooMany)
	}
	return changed, nil
}
