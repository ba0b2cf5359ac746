package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const memoryColumns = `m.key, m.record_id, m.remote_id, m.remote_key, m.groups, m.fingerprint, m.echo, m.suppressed,
	m.refused, m.memo, m.version, m.updated_at`

func scanMemory(row pgx.CollectableRow) (m state.Memory, err error) {
	err = row.Scan(&m.Key, &m.RecordID, &m.RemoteID, &m.RemoteKey, &m.Groups, &m.Fingerprint, &m.Echo, &m.Suppressed,
		&m.Refused, &m.Memo, &m.Version, moment{&m.SettledAt})
	return m, err
}

// MemoriesByKeys reads what was last settled for the keys given, by key. A key that nothing was settled for is missing.
func (s *Store) MemoriesByKeys(ctx context.Context, sync string, keys []string) (map[string]state.Memory, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+memoryColumns+` FROM memories m WHERE m.sync = $1 AND m.key = ANY($2)`, sync, keys)
	found, err := all("read the memories", rows, scanMemory)
	return memoriesByKey(found), err
}

// MemoriesWith reads the memories of a sync whose memo has a field, as far as their records are still part of the sync.
func (s *Store) MemoriesWith(ctx context.Context, sync, field string) ([]state.Memory, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+memoryColumns+` FROM memories m
		WHERE m.sync = $1 AND (m.memo -> $2::text) IS NOT NULL
			AND EXISTS (SELECT FROM roster r WHERE r.sync = m.sync AND r.record_id = m.record_id AND r.key = m.key)
		ORDER BY m.record_id`, sync, field)
	return all("read the memories", rows, scanMemory)
}

func memoriesByKey(found []state.Memory) map[string]state.Memory {
	memories := make(map[string]state.Memory, len(found))
	for _, m := range found {
		memories[m.Key] = m
	}
	return memories
}

// RecordsByRange reads all that is remembered of the records with from < id <= to, in one round trip.
func (s *Store) RecordsByRange(ctx context.Context, sync string, from, to int64) (state.RecordSet, error) {
	return s.recordSet(ctx, rangeOfIDs, sync, from, to)
}

// RecordsByIDs reads all that is remembered of the records named, in one round trip.
func (s *Store) RecordsByIDs(ctx context.Context, sync string, ids []int64) (state.RecordSet, error) {
	return s.recordSet(ctx, "ID = ANY($2)", sync, ids)
}

// recordSetQueries read the parts of a RecordSet; (ID in set) stands for the condition on a record id. A memory is
// found through the record that leads it, which a plain range scan does; only keys not found that way (led by a
// record outside the set, or by one that has left) are looked up one by one. OFFSET 0 keeps the lookup of those who share
// a key a lookup: without it the planner may turn the join around and read everything.
var recordSetQueries = []string{
	`
	SELECT record_id, key FROM roster WHERE sync = $1 AND (record_id in set)`, `
	WITH led AS MATERIALIZED (
		SELECT ` + memoryColumns + ` FROM memories m WHERE m.sync = $1 AND (m.record_id in set)
	)
	SELECT * FROM led
	UNION ALL
	SELECT ` + memoryColumns + ` FROM memories m WHERE m.sync = $1 AND m.key = ANY(ARRAY(
		SELECT key FROM roster WHERE sync = $1 AND (record_id in set) AND key <> '' AND key NOT IN (SELECT key FROM led)
	))`, `
	SELECT DISTINCT other.record_id, other.key FROM roster r CROSS JOIN LATERAL (
		SELECT record_id, key FROM roster WHERE sync = $1 AND key = r.key AND key <> '' OFFSET 0
	) AS other
	WHERE r.sync = $1 AND r.key <> '' AND (r.record_id in set) AND NOT (other.record_id in set)`, `
	SELECT ` + failureFields + ` FROM failures WHERE sync = $1 AND (record_id in set)`,
}

// rangeOfIDs is the condition of a slice.
const rangeOfIDs = "ID > $2 AND ID <= $3"

func inSet(query, condition string) string {
	for _, id := range []string{"m.record_id", "r.record_id", "other.record_id", "record_id"} {
		query = strings.ReplaceAll(query, "("+id+" in set)", "("+strings.ReplaceAll(condition, "ID", id)+")")
	}
	return query
}

func (s *Store) recordSet(ctx context.Context, condition string, args ...any) (state.RecordSet, error) {
	var set state.RecordSet
	batch := &pgx.Batch{}
	queue := func(i int) *pgx.QueuedQuery { return batch.Queue(inSet(recordSetQueries[i], condition), args...) }
	queue(0).Query(into(&set.Roster, scanRoster))
	queue(1).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanMemory)
		set.Memories = memoriesByKey(found)
		return err
	})
	queue(2).Query(into(&set.Shared, scanRoster))
	queue(3).Query(into(&set.Failures, scanFailure))
	err := s.quick.SendBatch(ctx, batch).Close()
	set.Roster, _ = sortedRoster(set.Roster, nil)
	set.Shared, _ = sortedRoster(set.Shared, nil)
	slices.SortFunc(set.Failures, func(a, b state.Failure) int { return cmp.Compare(a.RecordID, b.RecordID) })
	return set, broken("read what is remembered of the records", err)
}

// into collects the rows of one query of a batch.
func into[T any](dest *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*dest, err = pgx.CollectRows(rows, scan)
		return err
	}
}
