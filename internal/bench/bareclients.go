package bench

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/whmcs"
	whmcsdb "github.com/whmcsync/whmcsync/internal/whmcs/mysql"
	"github.com/whmcsync/whmcsync/workers"
)

// bareClients reads what a pass over clients from memory reads.
type bareClients struct {
	*bare
	need whmcs.Wish
}

func (m mailing) newBare(ctx context.Context) (*bare, error) {
	b, err := m.world.newBare(ctx)
	if err == nil {
		b.reads = bareClients{bare: b, need: m.policy().Needs()}
	}
	return b, err
}

// list: nothing is listed.
func (b bareClients) list(context.Context, int64) error { return nil }

func (b bareClients) page(ctx context.Context, after int64) ([]int64, error) {
	return b.pageOf(ctx, 1, "SELECT id, email FROM tblclients WHERE id > ? ORDER BY id LIMIT ?", after, workers.SurveyPage)
}

// batch reads both databases, and who shares an address with somebody.
func (b bareClients) batch(ctx context.Context, s slice) error {
	if err := b.clients(ctx, 0, s.from, s.to); err != nil {
		return err
	}
	var sharers []any
	err := b.readState(ctx, s, b.sql.Sharers, func(rows pgx.Rows) error {
		var id int64
		err := rows.Scan(&id, nil)
		sharers = append(sharers, id)
		return err
	})
	if err != nil || len(sharers) == 0 {
		return err
	}
	return b.clients(ctx, len(sharers), sharers...)
}

// clients reads the clients of a range, or those of n ids.
func (b bareClients) clients(ctx context.Context, n int, args ...any) error {
	rows, err := b.mysql.QueryContext(ctx, whmcsdb.BareClients(b.world.features, b.need, n), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	places := make([]any, len(columns))
	for i := range places {
		places[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
	}
	return rows.Err()
}
