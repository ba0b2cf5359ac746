package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

const beginSQL = `
	UPDATE batches b SET state = 'running', token = $3, worker = $4, lease_until = now() + $5::interval, started_at = now(),
		begins = begins + 1, error = ''
	FROM runs r, syncs y, accounts a
	WHERE b.id = $1 AND b.generation = $2 AND b.state IN ('queued', 'ready')
		AND r.id = b.run_id AND NOT r.ended
		AND y.name = b.sync AND y.paused_at IS NULL AND a.name = b.account AND a.paused_at IS NULL
	RETURNING ` + batchColumns + `, ` + runColumns

// BeginBatch gives a worker the lease on one generation of a batch for ttl. state.ErrStale when that generation is
// running, settled or overtaken, its run has ended, or its sync or account is paused; a paused batch stays queued and is
// made ready again by the scheduler.
func (s *Store) BeginBatch(ctx context.Context, batchID int64, generation int, worker string, ttl time.Duration) (state.Batch, state.Run, state.Lease, error) {
	var batch state.Batch
	var run state.Run
	token := rand.Text()
	err := s.quick.QueryRow(ctx, beginSQL, batchID, generation, token, worker, ttl).
		Scan(append(batchFields(&batch), runFields(&run)...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return state.Batch{}, state.Run{}, state.Lease{}, state.ErrStale
	}
	if err != nil {
		return state.Batch{}, state.Run{}, state.Lease{}, broken("begin the batch", err)
	}
	return batch, run, leaseOn(batch, token), nil
}

func leaseOn(b state.Batch, token string) state.Lease {
	return state.Lease{BatchID: b.ID, Generation: b.Generation, Token: token, Until: b.LeaseUntil}
}

// held is the condition that the lease ($1 batch, $2 generation, $3 token) is still the batch's. A lease that lapsed
// is good until somebody acts upon that.
const held = `id = $1 AND generation = $2 AND token = $3 AND state = 'running'`

// RenewLease prolongs a lease to ttl from now. state.ErrLeaseLost when somebody else has the batch.
func (s *Store) RenewLease(ctx context.Context, l state.Lease, ttl time.Duration) (state.Lease, error) {
	err := s.quick.QueryRow(ctx, `
		UPDATE batches SET lease_until = now() + $4::interval WHERE `+held+` RETURNING lease_until`,
		l.BatchID, l.Generation, l.Token, ttl).Scan(moment{&l.Until})
	return l, broken("renew the lease", unlessLeased(err))
}

// unlessLeased turns "no such row" of a fenced statement into state.ErrLeaseLost.
func unlessLeased(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return state.ErrLeaseLost
	}
	return err
}

// FinishBatch settles a batch with its counts, and records the failures among its records. state.ErrLeaseLost when
// somebody else has the batch.
func (s *Store) FinishBatch(ctx context.Context, l state.Lease, counts state.Counts, failures []state.Failure) error {
	pool := s.quick
	if len(failures) > 0 {
		pool = s.durable
	}
	return broken("finish the batch", finishBatch(ctx, pool, l, counts, failures))
}

const settleSQL = `UPDATE batches SET state = 'settled', settled_at = now(), lease_until = NULL, token = '', counts = $4 WHERE ` + held

func finishBatch(ctx context.Context, pool *pgxpool.Pool, l state.Lease, counts state.Counts, failures []state.Failure) error {
	args := []any{l.BatchID, l.Generation, l.Token, orEmpty(counts)}
	if len(failures) == 0 {
		tag, err := pool.Exec(ctx, settleSQL, args...)
		return unlessOne(tag.RowsAffected(), err)
	}
	var settled int64
	err := pool.QueryRow(ctx, `
		WITH settled AS (`+settleSQL+` RETURNING sync, run_id, attempts), failed AS (`+upsertFailures("settled.sync", "settled.run_id", "settled.attempts + 1", 5, "settled,")+`)
		SELECT count(*) FROM settled`, append(args, failureColumns(failures)...)...).Scan(&settled)
	return unlessOne(settled, err)
}

func unlessOne(rows int64, err error) error {
	if err == nil && rows == 0 {
		return state.ErrLeaseLost
	}
	return err
}

// HandBack gives an unfinished batch back: to the queue, which tries the same task again, or to the scheduler, which
// makes a new one. state.ErrLeaseLost when somebody else has the batch.
func (s *Store) HandBack(ctx context.Context, l state.Lease, h state.HandBack) error {
	const op = "hand the batch back"
	if h.To != state.BatchQueued && h.To != state.BatchReady {
		return fault.New(fault.Refused, "", op, "a batch cannot be handed back as %q", h.To)
	}
	tag, err := s.durable.Exec(ctx, `
		UPDATE batches SET state = $4, token = '', lease_until = NULL, not_before = now() + $5::interval,
			queued_at = CASE WHEN $4 = 'queued' THEN now() ELSE queued_at END,
			generation = generation + ($4 = 'ready')::int, attempts = attempts + $6::boolean::int, error = $7
		WHERE `+held, l.BatchID, l.Generation, l.Token, h.To, h.After, h.CountAttempt, clean(h.Error))
	return broken(op, unlessOne(tag.RowsAffected(), err))
}

// fence is the batch that a lease stands for.
type fence struct {
	batchID int64
	runID   int64
	sync    string
	kind    state.BatchKind
}

// fenced runs fn in one durable transaction during which the lease cannot be lost. state.ErrLeaseLost, and nothing
// written, when it is lost already.
func (s *Store) fenced(ctx context.Context, op string, l state.Lease, fn func(pgx.Tx, fence) error) error {
	return s.transact(ctx, op, func(tx pgx.Tx) error {
		f := fence{batchID: l.BatchID}
		err := tx.QueryRow(ctx, `SELECT run_id, sync, kind FROM batches WHERE `+held+` FOR SHARE`, l.BatchID, l.Generation, l.Token).
			Scan(&f.runID, &f.sync, &f.kind)
		if err != nil {
			return unlessLeased(err)
		}
		return fn(tx, f)
	})
}
