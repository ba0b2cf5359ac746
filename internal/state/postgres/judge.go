package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Deferred reads the destructive changes of a run that wait for its end, oldest first.
func (s *Store) Deferred(ctx context.Context, runID int64) ([]state.Change, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+changeColumns+` FROM changes WHERE run_id = $1 AND state = 'planned' AND deferred ORDER BY id`, runID)
	return all("read the deferred changes", rows, scanChange)
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
		return refuseWishes(ctx, tx, changes[0].Sync, newestWishes(changes))
	})
	return rejected, err
}

// newestWishes picks the newest wish for each address out of changes, as subscribers that refuse it.
func newestWishes(changes []state.Change) []state.Subscriber {
	newest := map[string]state.Change{}
	for _, c := range changes {
		if c.Wish != nil && c.ID > newest[c.Key].ID {
			newest[c.Key] = c
		}
	}
	wishes := make([]state.Subscriber, 0, len(newest))
	for email, c := range newest {
		wishes = append(wishes, state.Subscriber{Email: email, RecordID: c.RecordID, Refused: c.Wish})
	}
	return wishes
}
