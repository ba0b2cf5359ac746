package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Deferred reads the destructive changes of a run that wait for its end, oldest first.
func (s *Store) Deferred(ctx context.Context, runID int64) ([]state.Change, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+changeColumns+` FROM changes WHERE run_id = $1 AND state = 'planned' AND deferred`, runID)
	changes, err := all("read the deferred changes", rows, scanChange)
	slices.SortFunc(changes, func(a, b state.Change) int { return cmp.Compare(a.ID, b.ID) })
	return changes, err
}

// ApplyDeferred moves a run from judging to applying, with batches of at most batchSize records for its deferred changes,
// takes them from the guard, one for each key, and returns how many records there are. state.ErrConflict when the
// run is not being judged (any more).
func (s *Store) ApplyDeferred(ctx context.Context, runID int64, batchSize int) (records int, err error) {
	err = s.transact(ctx, "apply the deferred changes", func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			SELECT DISTINCT record_id FROM changes WHERE run_id = $1 AND state = 'planned' AND deferred ORDER BY 1`, runID)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		var batches []state.NewBatch
		for part := range slices.Chunk(ids, max(batchSize, 1)) {
			batches = append(batches, state.NewBatch{Kind: state.BatchDestructive, IDs: part})
		}
		records = len(ids)
		return addDestructive(ctx, tx, runID, batches)
	})
	return records, err
}

func addDestructive(ctx context.Context, tx pgx.Tx, runID int64, batches []state.NewBatch) error {
	var sync string
	var seq int
	err := tx.QueryRow(ctx, `
		UPDATE runs SET state = 'applying', next_seq = next_seq + $2, guard_used = guard_used + (
			SELECT count(DISTINCT key) FROM changes WHERE run_id = $1 AND state = 'planned' AND deferred)
		WHERE id = $1 AND state = 'judging' RETURNING sync, next_seq - $2`, runID, len(batches)).Scan(&sync, &seq)
	if err != nil {
		return unlessThere(err)
	}
	return copyBatches(ctx, tx, runID, sync, seq, batches)
}

// HoldDeferred holds the deferred changes of a run for a person and returns how many. Held changes of earlier runs of
// the same field are superseded.
func (s *Store) HoldDeferred(ctx context.Context, runID int64) (held int, err error) {
	err = s.transact(ctx, "hold the deferred changes", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			UPDATE changes old SET state = 'superseded', settled_at = now() FROM changes c
			WHERE c.run_id = $1 AND c.state = 'planned' AND c.deferred
				AND old.sync = c.sync AND old.key = c.key AND old.field = c.field AND old.state = 'held'`, runID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE changes SET state = 'held', deferred = false WHERE run_id = $1 AND state = 'planned' AND deferred`, runID)
		held = int(tag.RowsAffected())
		return err
	})
	return held, err
}

// ReleaseHeld lets go of the held changes of a run, so that an approved run plans them anew, and returns the ids of
// their records and how many changes there were.
func (s *Store) ReleaseHeld(ctx context.Context, runID int64) (recordIDs []int64, changes int, err error) {
	rows, _ := s.durable.Query(ctx, `
		UPDATE changes SET state = 'superseded', settled_at = now() WHERE run_id = $1 AND state = 'held' RETURNING record_id`, runID)
	ids, err := all("release the held changes", rows, pgx.RowTo[int64])
	return sortedSet(ids), len(ids), err
}

// RejectHeld refuses the held changes of a run for good, so that the same wish is not planned again, and returns how
// many there were.
func (s *Store) RejectHeld(ctx context.Context, runID int64) (rejected int, err error) {
	err = s.transact(ctx, "reject the held changes", func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			UPDATE changes SET state = 'rejected', settled_at = now() WHERE run_id = $1 AND state = 'held' RETURNING `+changeColumns, runID)
		changes, err := pgx.CollectRows(rows, scanChange)
		if err != nil || len(changes) == 0 {
			return err
		}
		rejected = len(changes)
		return refuseWishes(ctx, tx, changes[0].Sync, refusals(changes))
	})
	return rejected, err
}

// refusals gathers the wishes of changes by key, oldest first, as memories that refuse them.
func refusals(changes []state.Change) []state.Memory {
	slices.SortFunc(changes, func(a, b state.Change) int { return cmp.Compare(a.ID, b.ID) })
	refused := map[string]state.Memory{}
	for _, c := range changes {
		if c.Wish == nil {
			continue
		}
		m := refused[c.Key]
		if !state.Refuses(m.Refused, c.Wish) {
			m.Refused = append(m.Refused, c.Wish...)
		}
		m.Key, m.RecordID = c.Key, c.RecordID
		refused[c.Key] = m
	}
	return slices.Collect(maps.Values(refused))
}
