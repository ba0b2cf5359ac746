package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// CountChanges counts the changes of a sync that were made in the last while, by their state.
func (s *Store) CountChanges(ctx context.Context, sync string, within time.Duration) (map[string]int, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT state, count(*) FROM changes WHERE sync = $1 AND created_at > now() - $2::interval GROUP BY state`, sync, within)
	counts := map[string]int{}
	var in string
	var n int
	_, err := pgx.ForEachRow(rows, []any{&in, &n}, func() error {
		counts[in] = n
		return nil
	})
	return counts, broken("count the changes", err)
}

// HeldRuns returns the runs of a sync whose changes wait for a person, with the number of changes.
func (s *Store) HeldRuns(ctx context.Context, sync string) (map[int64]int, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT run_id, count(*) FROM changes WHERE sync = $1 AND state IN ('planned', 'held') AND state = 'held' GROUP BY run_id`, sync)
	held := map[int64]int{}
	var run int64
	var n int
	_, err := pgx.ForEachRow(rows, []any{&run, &n}, func() error {
		held[run] = n
		return nil
	})
	return held, broken("count the held changes", err)
}

// ChangeTotals counts the changes of a run by field and state.
func (s *Store) ChangeTotals(ctx context.Context, runID int64) ([]state.ChangeTotal, error) {
	rows, _ := s.quick.Query(ctx, `SELECT field, state, count(*) FROM changes WHERE run_id = $1 GROUP BY field, state`, runID)
	return all("count the changes of the run", rows, pgx.RowToStructByPos[state.ChangeTotal])
}

// Approve lets go of what a run holds: an implausible listing is believed and the run goes on; held changes are planned
// anew, live, by a run of their own, which is returned. state.ErrNothing when nothing is held.
func (s *Store) Approve(ctx context.Context, runID int64) (state.Run, error) {
	run, err := s.Run(ctx, runID)
	if err != nil {
		return state.Run{}, err
	}
	if run.State == state.RunHeld {
		return s.MoveRun(ctx, runID, state.RunHeld, state.RunSlicing, state.RunSet{Error: new(string)})
	}
	var approved state.Run
	err = s.transact(ctx, "approve the run", func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			UPDATE changes SET state = 'superseded', settled_at = now() WHERE run_id = $1 AND state = 'held' RETURNING record_id`, runID)
		records, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return state.ErrNothing
		}
		approved, err = insertErrand(ctx, tx, run.Sync, state.RunApprove, state.ByApproval, fmt.Sprintf("approve/%d", runID),
			state.NewBatch{Kind: state.BatchDestructive, IDs: sortedSet(records)})
		return err
	})
	return approved, err
}

// Reject refuses what a run holds, so that it is not planned again until the record changes, and returns how many
// changes that were. A run whose listing was implausible fails. state.ErrNothing when nothing is held.
func (s *Store) Reject(ctx context.Context, runID int64) (int, error) {
	run, err := s.Run(ctx, runID)
	if err != nil {
		return 0, err
	}
	if run.State == state.RunHeld {
		why := "rejected: " + run.Error
		_, err := s.MoveRun(ctx, runID, state.RunHeld, state.RunFailed, state.RunSet{Error: &why})
		return 0, err
	}
	rejected, err := s.RejectHeld(ctx, runID)
	if err == nil && rejected == 0 {
		return 0, state.ErrNothing
	}
	return rejected, err
}

// RequestRevert makes a run that undoes applied changes where that is safe. slot tells one wish from another.
// state.ErrNothing without changes.
func (s *Store) RequestRevert(ctx context.Context, sync, slot string, changes []int64) (state.Run, error) {
	if len(changes) == 0 {
		return state.Run{}, state.ErrNothing
	}
	var run state.Run
	err := s.transact(ctx, "revert the changes", func(tx pgx.Tx) (err error) {
		run, err = insertErrand(ctx, tx, sync, state.RunRevert, state.ByRevert, slot,
			state.NewBatch{Kind: state.BatchRevert, IDs: sortedSet(changes)})
		return err
	})
	return run, err
}

// insertErrand makes a run with one batch that is ready to go.
func insertErrand(ctx context.Context, tx pgx.Tx, sync string, kind state.RunKind, trigger state.Trigger, slot string, batch state.NewBatch) (state.Run, error) {
	run, err := insertRun(ctx, tx, state.NewRun{Sync: sync, Kind: kind, State: state.RunWorking, Trigger: trigger, Slot: slot})
	if err != nil {
		return run, err
	}
	if err := copyBatches(ctx, tx, run.ID, sync, 1, []state.NewBatch{batch}); err != nil {
		return run, err
	}
	rows, _ := tx.Query(ctx, `
		UPDATE runs r SET sliced = true, next_seq = 2, total = $2 WHERE r.id = $1 RETURNING `+runColumns, run.ID, len(batch.IDs))
	return pgx.CollectExactlyOneRow(rows, scanRun)
}
