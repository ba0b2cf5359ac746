package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const leadershipColumns = `holder = $1 AND expires > now(), holder, term, expires`

func scanLeadership(row pgx.CollectableRow) (state.Leadership, error) {
	var l state.Leadership
	err := row.Scan(&l.Leader, &l.Holder, &l.Term, moment{&l.Expires})
	return l, err
}

// AcquireLeadership takes or renews the scheduler's lease for ttl. When somebody else holds it, the answer tells who
// and until when, with Leader false. The term rises when the holder changes. A lease that ends much later than any could
// was taken before the clock of the server was set back, and holds nobody off.
func (s *Store) AcquireLeadership(ctx context.Context, holder string, ttl time.Duration) (state.Leadership, error) {
	const op = "acquire leadership"
	rows, _ := s.durable.Query(ctx, `
		INSERT INTO leadership AS l (holder, term, expires) VALUES ($1, 1, now() + $2::interval)
		ON CONFLICT (id) DO UPDATE
		SET holder = excluded.holder, expires = excluded.expires, term = l.term + (l.holder <> excluded.holder)::int
		WHERE l.holder = excluded.holder OR l.expires <= now() OR l.expires > now() + 10 * $2::interval
		RETURNING `+leadershipColumns, holder, ttl)
	leadership, err := one(op, rows, scanLeadership)
	if !errors.Is(err, state.ErrNotFound) {
		return leadership, err
	}
	rows, _ = s.durable.Query(ctx, `SELECT `+leadershipColumns+` FROM leadership`, holder)
	return one(op, rows, scanLeadership)
}

// ReleaseLeadership gives the lease up, if it is holder's, so that another need not wait for its end.
func (s *Store) ReleaseLeadership(ctx context.Context, holder string) error {
	_, err := s.durable.Exec(ctx, `UPDATE leadership SET expires = now() WHERE holder = $1 AND expires > now()`, holder)
	return broken("release leadership", err)
}

// Leader tells who leads. Leader is false when nobody does now; the zero Leadership when nobody ever did.
func (s *Store) Leader(ctx context.Context) (state.Leadership, error) {
	rows, _ := s.quick.Query(ctx, `SELECT expires > now(), holder, term, expires FROM leadership`)
	leadership, err := one("read the leader", rows, scanLeadership)
	if errors.Is(err, state.ErrNotFound) {
		return state.Leadership{}, nil
	}
	return leadership, err
}
