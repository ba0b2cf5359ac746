package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

func scanRoster(row pgx.CollectableRow) (r state.RosterRow, err error) {
	err = row.Scan(&r.RecordID, &r.Key)
	return r, err
}

// sortedRoster sorts by record id. In SQL, an ORDER BY beside = ANY tempts the planner into walking a whole index.
func sortedRoster(rows []state.RosterRow, err error) ([]state.RosterRow, error) {
	slices.SortFunc(rows, func(a, b state.RosterRow) int { return cmp.Compare(a.RecordID, b.RecordID) })
	return rows, err
}

// Roster reads the rows of the records with from < id <= to, by record id.
func (s *Store) Roster(ctx context.Context, sync string, from, to int64) ([]state.RosterRow, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT record_id, key FROM roster WHERE sync = $1 AND record_id > $2 AND record_id <= $3 ORDER BY record_id`, sync, from, to)
	return all("read the roster", rows, scanRoster)
}

// RosterByIDs reads the rows of the records named, by record id.
func (s *Store) RosterByIDs(ctx context.Context, sync string, ids []int64) ([]state.RosterRow, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT record_id, key FROM roster WHERE sync = $1 AND record_id = ANY($2)`, sync, ids)
	return sortedRoster(all("read the roster", rows, scanRoster))
}

// RosterByKeys reads the rows of all records that have one of the keys, by record id. The empty key has none.
func (s *Store) RosterByKeys(ctx context.Context, sync string, keys []string) ([]state.RosterRow, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT record_id, key FROM roster WHERE sync = $1 AND key = ANY($2) AND key <> ''`, sync, keys)
	return sortedRoster(all("read the roster", rows, scanRoster))
}

// PutRoster notes which key records have now, and removes records that are gone. Rows that say so already are not
// written; of several rows of one record the last counts.
func (s *Store) PutRoster(ctx context.Context, sync string, put []state.RosterRow, remove []int64) error {
	if len(put) == 0 && len(remove) == 0 {
		return nil
	}
	put = lastRows(put)
	return s.transact(ctx, "keep the roster", func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		if len(remove) > 0 {
			batch.Queue(`DELETE FROM roster WHERE sync = $1 AND record_id = ANY($2)`, sync, remove)
		}
		if len(put) > 0 {
			batch.Queue(`
				INSERT INTO roster AS r (sync, record_id, key)
				SELECT $1, x.id, x.key FROM unnest($2::bigint[], $3::text[]) AS x (id, key) ORDER BY x.id
				ON CONFLICT (sync, record_id) DO UPDATE SET key = excluded.key WHERE r.key <> excluded.key`,
				sync, column(put, func(r state.RosterRow) int64 { return r.RecordID }), texts(put, func(r state.RosterRow) string { return r.Key }))
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

func lastRows(rows []state.RosterRow) []state.RosterRow {
	last := make(map[int64]string, len(rows))
	for _, r := range rows {
		last[r.RecordID] = r.Key
	}
	kept := make([]state.RosterRow, 0, len(last))
	for id, key := range last {
		kept = append(kept, state.RosterRow{RecordID: id, Key: key})
	}
	kept, _ = sortedRoster(kept, nil)
	return kept
}
