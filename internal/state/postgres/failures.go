package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const failureFields = `id, sync, record_id, key, run_id, class, message, attempts, first_at, last_at, next_at,
	EXISTS (SELECT FROM runs r WHERE r.id = failures.run_id AND r.dry_run)`

func scanFailure(row pgx.CollectableRow) (f state.Failure, err error) {
	err = row.Scan(&f.ID, &f.Sync, &f.RecordID, &f.Key, &f.RunID, &f.Class, &f.Message, &f.Attempts,
		moment{&f.FirstAt}, moment{&f.LastAt}, moment{&f.NextAt}, &f.Rehearsed)
	return f, err
}

// upsertFailures is the statement that opens failures, or counts the newest attempts at those that are open. Its arguments
// from number first on are failureColumns; sync, run and attempts are SQL expressions, from is a table they come from.
func upsertFailures(sync, run, attempts string, first int, from string) string {
	return fmt.Sprintf(`
		INSERT INTO failures AS f (sync, record_id, key, run_id, attempts, class, message, next_at)
		SELECT %s, x.record_id, x.key, %s, %s, x.class, x.message, x.next_at
		FROM %s unnest($%d::bigint[], $%d::text[], $%d::text[], $%d::text[], $%d::timestamptz[]) AS x (record_id, key, class, message, next_at)
		ORDER BY x.record_id
		ON CONFLICT (sync, record_id) DO UPDATE SET key = excluded.key, run_id = excluded.run_id, class = excluded.class,
			message = excluded.message, next_at = excluded.next_at, attempts = f.attempts + excluded.attempts, last_at = now()`,
		sync, run, attempts, from, first, first+1, first+2, first+3, first+4)
}

// failureColumns are the arguments of upsertFailures; of several failures of one record the last counts.
func failureColumns(failures []state.Failure) []any {
	last := map[int64]state.Failure{}
	for _, f := range failures {
		last[f.RecordID] = f
	}
	kept := make([]state.Failure, 0, len(last))
	for _, f := range last {
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b state.Failure) int { return cmp.Compare(a.RecordID, b.RecordID) })
	return []any{
		column(kept, func(f state.Failure) int64 { return f.RecordID }),
		texts(kept, func(f state.Failure) string { return f.Key }),
		texts(kept, func(f state.Failure) string { return f.Class }),
		texts(kept, func(f state.Failure) string { return f.Message }),
		column(kept, func(f state.Failure) *time.Time { return whenSet(f.NextAt) }),
	}
}

func failuresWhere(f state.FailureFilter) where {
	var w where
	if f.Sync != "" {
		w.and("sync = ?", f.Sync)
	}
	if f.RunID != 0 {
		w.and("run_id = ?", f.RunID)
	}
	if f.Class != "" {
		w.and("class = ?", f.Class)
	}
	if f.RecordID != 0 {
		w.and("record_id = ?", f.RecordID)
	}
	if f.BeforeID != 0 {
		w.and("id < ?", f.BeforeID)
	}
	return w
}

// Failures reads the open failures chosen, newest first.
func (s *Store) Failures(ctx context.Context, f state.FailureFilter) ([]state.Failure, error) {
	w := failuresWhere(f)
	rows, _ := s.quick.Query(ctx, `SELECT `+failureFields+` FROM failures WHERE `+w.String()+` ORDER BY id DESC`+limit(f.Limit), w.args...)
	return all("read the failures", rows, scanFailure)
}

// FailuresOf reads the open failures of the records named.
func (s *Store) FailuresOf(ctx context.Context, sync string, ids []int64) ([]state.Failure, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+failureFields+` FROM failures WHERE sync = $1 AND record_id = ANY($2)`, sync, ids)
	return all("read the failures", rows, scanFailure)
}

// CountFailures counts the open failures of a sync by class.
func (s *Store) CountFailures(ctx context.Context, sync string) (map[string]int, error) {
	rows, _ := s.quick.Query(ctx, `SELECT class, count(*) FROM failures WHERE sync = $1 GROUP BY class`, sync)
	counts := map[string]int{}
	var class string
	var n int
	_, err := pgx.ForEachRow(rows, []any{&class, &n}, func() error {
		counts[class] = n
		return nil
	})
	return counts, broken("count the failures", err)
}

// Retry has the records of the open failures chosen looked at again, also where their wish was refused before, and
// returns their ids. It only touches them: wake the sync up afterwards.
func (s *Store) Retry(ctx context.Context, sync string, f state.FailureFilter) ([]int64, error) {
	const op = "retry the failures"
	f.Sync = sync
	w := failuresWhere(f)
	var ids []int64
	err := s.transact(ctx, op, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			WITH chosen AS (SELECT id FROM failures WHERE `+w.String()+` ORDER BY id DESC`+limit(f.Limit)+` FOR UPDATE)
			UPDATE failures f SET next_at = now() FROM chosen WHERE f.id = chosen.id RETURNING f.record_id, f.key`, w.args...)
		failures, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f state.Failure, err error) {
			err = row.Scan(&f.RecordID, &f.Key)
			return f, err
		})
		if err != nil {
			return err
		}
		ids = sortedSet(column(failures, func(f state.Failure) int64 { return f.RecordID }))
		return reopen(ctx, tx, sync, ids, column(failures, func(f state.Failure) string { return f.Key }))
	})
	return ids, err
}

// reopen forgets the refusals of keys and touches records.
func reopen(ctx context.Context, tx pgx.Tx, sync string, ids []int64, keys []string) error {
	if _, err := tx.Exec(ctx, `
		UPDATE memories SET refused = NULL, version = version + 1, updated_at = now()
		WHERE sync = $1 AND key = ANY($2) AND refused IS NOT NULL`,
		sync, keys); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, touchSQL, sync, ids, state.ByRetry)
	return err
}
