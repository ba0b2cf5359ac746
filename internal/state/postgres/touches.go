package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// touchSQL points at records; one that is pending already is not doubled. A retry asks for more than any other touch.
const touchSQL = `
	INSERT INTO touches (sync, record_id, trigger)
	SELECT $1, x.id, $3 FROM unnest($2::bigint[]) WITH ORDINALITY AS x (id, n) ORDER BY x.n
	ON CONFLICT (sync, record_id) DO UPDATE SET trigger = excluded.trigger WHERE excluded.trigger = 'retry' AND touches.trigger <> 'retry'
	RETURNING seq`

// Touch points at records that should be looked at soon. It returns the numbers of the new touches; a record that is
// pending already gets none, unless it is to be retried now. state.ErrNotFound for an unknown sync.
func (s *Store) Touch(ctx context.Context, sync string, ids []int64, trigger state.Trigger) (seqs []int64, err error) {
	err = s.transact(ctx, "touch the records", func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, touchSQL, sync, sortedSet(ids), trigger)
		seqs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	return seqs, err
}

// PendingTouches counts the touches of a sync that are older than that, and tells the number of the oldest.
func (s *Store) PendingTouches(ctx context.Context, sync string, older time.Duration) (oldestSeq int64, n int, err error) {
	err = s.quick.QueryRow(ctx, `
		SELECT coalesce(min(seq), 0), count(*) FROM touches WHERE sync = $1 AND at <= now() - $2::interval`, sync, older).Scan(&oldestSeq, &n)
	return oldestSeq, n, broken("read the pending touches", err)
}

// ClaimTouches turns up to limit pending touches of a sync, oldest first, into one small run whose only batch is the
// worker's for ttl. What touch runs of the last hour took from the guard counts for this one too. state.ErrNothing when
// none is pending, or the sync or its account is paused.
func (s *Store) ClaimTouches(ctx context.Context, sync string, limit int, worker string, ttl time.Duration, guardLimit int, notify bool) (state.Batch, state.Run, state.Lease, error) {
	var batch state.Batch
	var run state.Run
	token := rand.Text()
	err := s.transact(ctx, "claim the touches", func(tx pgx.Tx) error {
		touches, err := takeTouches(ctx, tx, sync, limit)
		if err != nil {
			return err
		}
		if run, err = insertTouchRun(ctx, tx, sync, touches, guardLimit, notify); err != nil {
			return err
		}
		batch, err = insertTouchBatch(ctx, tx, run, touches, worker, token, ttl)
		return err
	})
	if err != nil {
		return state.Batch{}, state.Run{}, state.Lease{}, err
	}
	return batch, run, leaseOn(batch, token), nil
}

type touch struct {
	seq      int64
	recordID int64
	trigger  state.Trigger
}

func takeTouches(ctx context.Context, tx pgx.Tx, sync string, limit int) ([]touch, error) {
	rows, _ := tx.Query(ctx, `
		WITH oldest AS (
			SELECT t.seq, t.trigger = 'retry' AS retry FROM touches t JOIN syncs y ON y.name = t.sync JOIN accounts a ON a.name = y.account
			WHERE t.sync = $1 AND y.paused_at IS NULL AND a.paused_at IS NULL
			ORDER BY t.seq LIMIT $2 FOR UPDATE OF t SKIP LOCKED
		)
		DELETE FROM touches t USING oldest
		WHERE t.seq = oldest.seq AND oldest.retry = (SELECT o.retry FROM oldest o ORDER BY o.seq LIMIT 1) RETURNING t.seq, t.record_id, t.trigger`, sync, limit)
	touches, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t touch, err error) {
		err = row.Scan(&t.seq, &t.recordID, &t.trigger)
		return t, err
	})
	if err == nil && len(touches) == 0 {
		return nil, state.ErrNothing
	}
	slices.SortFunc(touches, func(a, b touch) int { return cmp.Compare(a.seq, b.seq) })
	return touches, err
}

func insertTouchRun(ctx context.Context, tx pgx.Tx, sync string, touches []touch, guardLimit int, notify bool) (state.Run, error) {
	rows, _ := tx.Query(ctx, `
		WITH recent AS (
			SELECT least(coalesce(sum(guard_used - guard_base), 0), $5::int)::int AS used FROM runs
			WHERE sync = $1 AND kind = 'touch' AND started_at > now() - interval '1 hour'
		)
		INSERT INTO runs AS r (sync, kind, state, trigger, slot, sliced, total, guard_limit, guard_base, guard_used, next_seq, notify)
		SELECT $1, 'touch', 'working', $2, $3, true, $4, $5, used, used, 2, $6 FROM recent RETURNING `+runColumns,
		sync, touches[0].trigger, fmt.Sprintf("touch/%d", touches[0].seq), len(touches), guardLimit, notify)
	return pgx.CollectExactlyOneRow(rows, scanRun)
}

func insertTouchBatch(ctx context.Context, tx pgx.Tx, run state.Run, touches []touch, worker, token string, ttl time.Duration) (state.Batch, error) {
	ids := sortedSet(column(touches, func(t touch) int64 { return t.recordID }))
	rows, _ := tx.Query(ctx, `
		INSERT INTO batches AS b (run_id, sync, account, kind, seq, ids, state, worker, token, lease_until, queued_at, started_at, begins)
		SELECT $1, name, account, 'touch', 1, $3::bigint[], 'running', $4, $5, now() + $6::interval, now(), now(), 1
		FROM syncs WHERE name = $2 RETURNING `+batchColumns, run.ID, run.Sync, ids, worker, token, ttl)
	return pgx.CollectExactlyOneRow(rows, scanBatch)
}
