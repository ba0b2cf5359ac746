package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// batchColumns needs the batches table under the name b.
const batchColumns = `b.id, b.run_id, b.sync, b.account, b.kind, b.seq, b.from_id, b.to_id, b.ids, b.state, b.generation,
	b.attempts, b.not_before, b.worker, b.lease_until, b.counts, b.error,
	b.queued_at, b.started_at, b.settled_at, b.begins <= (b.state = 'running')::int`

// batchFields are the places for batchColumns.
func batchFields(b *state.Batch) []any {
	return []any{
		&b.ID, &b.RunID, &b.Sync, &b.Account, &b.Kind, &b.Seq, &b.FromID, &b.ToID, &b.IDs, &b.State, &b.Generation,
		&b.Attempts,
		moment{&b.NotBefore},
		&b.Worker,
		moment{&b.LeaseUntil},
		&b.Counts, &b.Error,
		moment{&b.QueuedAt},
		moment{&b.StartedAt},
		moment{&b.SettledAt},
		&b.FirstTry,
	}
}

func scanBatch(row pgx.CollectableRow) (state.Batch, error) {
	var b state.Batch
	err := row.Scan(batchFields(&b)...)
	return b, err
}

// AppendBatches adds the slices of the ids behind fromCursor up to toCursor to a run, in the order of their ids; last
// says that no more will come. A pass ends with the run that has the open-ended slice. state.ErrConflict when the run's cursor is not at fromCursor (any more), it is sliced,
// or it has ended.
func (s *Store) AppendBatches(ctx context.Context, runID, fromCursor, toCursor int64, last bool, slices []state.NewBatch) error {
	const op = "append the batches"
	if err := inOrder(slices, fromCursor); err != nil {
		return fault.New(fault.Refused, "", op, "%w", err)
	}
	return s.transact(ctx, op, func(tx pgx.Tx) error {
		var seq int
		var sync string
		err := tx.QueryRow(ctx, `
			UPDATE runs SET slice_cursor = $3, sliced = $4, next_seq = next_seq + $5, pass_ends = pass_ends OR $3 = 9223372036854775807
			WHERE id = $1 AND slice_cursor = $2 AND NOT sliced AND NOT ended
			RETURNING next_seq - $5, sync`, runID, fromCursor, toCursor, last, len(slices)).Scan(&seq, &sync)
		if err != nil {
			return unlessThere(err)
		}
		return copyBatches(ctx, tx, runID, sync, seq, slices)
	})
}

func copyBatches(ctx context.Context, tx pgx.Tx, runID int64, sync string, seq int, batches []state.NewBatch) error {
	var account string
	if err := tx.QueryRow(ctx, `SELECT account FROM syncs WHERE name = $1`, sync).Scan(&account); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"batches"},
		[]string{"run_id", "sync", "account", "kind", "seq", "from_id", "to_id", "ids"},
		pgx.CopyFromSlice(len(batches), func(i int) ([]any, error) {
			b := batches[i]
			return []any{runID, sync, account, string(b.Kind), seq + i, b.FromID, b.ToID, b.IDs}, nil
		}))
	return err
}

// AddBatch adds one batch that is no slice (a listing, named records or changes) to a run. state.ErrConflict when the
// run has ended or is unknown, and for a listing that is not the run's first batch.
func (s *Store) AddBatch(ctx context.Context, runID int64, n state.NewBatch) (state.Batch, error) {
	const op = "add the batch"
	if n.Kind == state.BatchSlice {
		return state.Batch{}, fault.New(fault.Refused, "", op, "slices come through AppendBatches, in the order of their ids")
	}
	rows, _ := s.durable.Query(ctx, `
		WITH r AS (
			UPDATE runs SET next_seq = next_seq + 1 WHERE id = $1 AND NOT ended AND ($2 <> 'listing' OR next_seq = 1)
			RETURNING id, sync, next_seq - 1 AS seq
		)
		INSERT INTO batches AS b (run_id, sync, account, kind, seq, from_id, to_id, ids)
		SELECT r.id, r.sync, y.account, $2, r.seq, $3, $4, $5::bigint[] FROM r JOIN syncs y ON y.name = r.sync
		RETURNING `+batchColumns, runID, n.Kind, n.FromID, n.ToID, n.IDs)
	batch, err := pgx.CollectExactlyOneRow(rows, scanBatch)
	return batch, broken(op, unlessThere(err))
}

// TakeReady marks ready batches of a sync as queued and returns them, oldest run first: as many slices as keep those
// queued or running within window, and all other kinds. Nothing while the sync or its account is paused. Two callers
// never get the same batch; two at the same moment may together pass the window.
func (s *Store) TakeReady(ctx context.Context, sync string, window int) ([]state.Batch, error) {
	rows, _ := s.quick.Query(ctx, `
		WITH room AS (
			SELECT greatest($2 - count(*), 0) AS n FROM batches b JOIN runs r ON r.id = b.run_id
			WHERE b.sync = $1 AND b.state IN ('queued', 'running') AND b.kind = 'slice' AND NOT r.ended
		), open AS (
			SELECT r.id FROM runs r JOIN syncs y ON y.name = r.sync JOIN accounts a ON a.name = y.account
			WHERE r.sync = $1 AND NOT r.ended AND y.paused_at IS NULL AND a.paused_at IS NULL
		), slices AS (
			SELECT b.id FROM batches b JOIN open ON open.id = b.run_id
			WHERE b.state <> 'settled' AND b.state = 'ready' AND b.kind = 'slice' AND (b.not_before IS NULL OR b.not_before <= now())
			ORDER BY b.run_id, b.seq LIMIT (SELECT n FROM room) FOR UPDATE OF b SKIP LOCKED
		), others AS (
			SELECT b.id FROM batches b JOIN open ON open.id = b.run_id
			WHERE b.state <> 'settled' AND b.state = 'ready' AND b.kind <> 'slice' AND (b.not_before IS NULL OR b.not_before <= now())
			FOR UPDATE OF b SKIP LOCKED
		), taken AS (
			UPDATE batches b SET state = 'queued', queued_at = now()
			WHERE b.id IN (SELECT id FROM slices UNION ALL SELECT id FROM others) RETURNING b.*
		)
		SELECT `+batchColumns+` FROM taken b ORDER BY b.run_id, b.seq`, sync, window)
	return all("take the ready batches", rows, scanBatch)
}

// Lapsed makes the batches whose worker let its lease lapse ready again, as a new generation, and returns them. A lease that
// ends hours from now was given before the clock of the server was set back: it has lapsed, too.
func (s *Store) Lapsed(ctx context.Context, sync string) ([]state.Batch, error) {
	rows, _ := s.durable.Query(ctx, `
		WITH lost AS (
			SELECT id FROM batches WHERE sync = $1 AND state IN ('queued', 'running') AND state = 'running' AND NOT lease_until BETWEEN now() AND now() + interval '1 hour'
			FOR UPDATE SKIP LOCKED
		)
		UPDATE batches b SET state = 'ready', generation = generation + 1, token = '', lease_until = NULL, not_before = NULL
		FROM lost WHERE b.id = lost.id RETURNING `+batchColumns, sync)
	return all("find the lapsed leases", rows, scanBatch)
}

// StaleQueued reads the batches of open runs that have been queued, and allowed to begin, for longer than older, or that
// were queued by a clock that was wrong: the queue may have lost them.
func (s *Store) StaleQueued(ctx context.Context, sync string, older time.Duration) ([]state.Batch, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+batchColumns+` FROM batches b JOIN runs r ON r.id = b.run_id
		WHERE b.sync = $1 AND b.state IN ('queued', 'running') AND b.state = 'queued' AND NOT r.ended
			AND NOT greatest(b.queued_at, b.not_before) BETWEEN now() - $2::interval AND now() + interval '1 day'
		ORDER BY b.run_id, b.seq`, sync, older)
	return all("find the batches long queued", rows, scanBatch)
}

// Requeue makes a queued batch ready again as a new generation. state.ErrConflict when it is not queued at that
// generation (any more).
func (s *Store) Requeue(ctx context.Context, batchID int64, generation int) error {
	tag, err := s.durable.Exec(ctx, `
		UPDATE batches SET state = 'ready', generation = generation + 1
		WHERE id = $1 AND generation = $2 AND state = 'queued'`, batchID, generation)
	return moved("make the batch ready again", tag, err)
}

// Depth counts the unsettled batches of open runs by sync and state.
func (s *Store) Depth(ctx context.Context) (map[string]map[state.BatchState]int, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT b.sync, b.state, count(*) FROM batches b JOIN runs r ON r.id = b.run_id
		WHERE NOT r.ended AND b.state <> 'settled' GROUP BY b.sync, b.state`)
	depth := map[string]map[state.BatchState]int{}
	var sync string
	var in state.BatchState
	var n int
	_, err := pgx.ForEachRow(rows, []any{&sync, &in, &n}, func() error {
		if depth[sync] == nil {
			depth[sync] = map[state.BatchState]int{}
		}
		depth[sync][in] = n
		return nil
	})
	return depth, broken("count the batches", err)
}
