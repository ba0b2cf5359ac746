package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// runColumns needs the runs table under the name r.
const runColumns = `r.id, r.sync, r.kind, r.state, r.trigger, r.slot, r.full_listing, r.notify, r.dry_run, r.listing_id, r.from_id,
	r.slice_cursor, r.sliced, r.pass_ends, r.batch_limit, r.total, r.guard_limit, r.guard_used, r.counts, r.error,
	r.request_id, r.started_at, r.finished_at,
	(SELECT count(*) FROM changes c WHERE c.run_id = r.id AND c.state = 'held')`

// runFields are the places for runColumns.
func runFields(r *state.Run) []any {
	return []any{
		&r.ID, &r.Sync, &r.Kind, &r.State, &r.Trigger, &r.Slot, &r.Full, &r.Notify, &r.DryRun, &r.ListingID, &r.FromID,
		&r.SliceCursor, &r.Sliced, &r.PassEnds, &r.BatchLimit, &r.Total, &r.GuardLimit, &r.GuardUsed, &r.Counts, &r.Error,
		&r.RequestID,
		moment{&r.Started},
		moment{&r.Finished},
		&r.Held,
	}
}

func scanRun(row pgx.CollectableRow) (state.Run, error) {
	var r state.Run
	err := row.Scan(runFields(&r)...)
	return r, err
}

// CreateRun makes a run. state.ErrRunExists when the slot of the sync is taken, state.ErrRunInProgress when it is a
// pass and another pass of the sync has not ended, state.ErrConflict when its request was taken or refused,
// state.ErrNotFound for an unknown sync. A pass takes the place of an older one that is held.
func (s *Store) CreateRun(ctx context.Context, n state.NewRun) (state.Run, error) {
	var run state.Run
	err := s.transact(ctx, "create the run", func(tx pgx.Tx) error {
		var err error
		if run, err = insertRun(ctx, tx, n); err != nil {
			return err
		}
		if err := takeRequest(ctx, tx, n.RequestID, run.ID); err != nil {
			return err
		}
		return supersedeHeldRuns(ctx, tx, run, n)
	})
	return run, err
}

func insertRun(ctx context.Context, tx pgx.Tx, n state.NewRun) (state.Run, error) {
	rows, _ := tx.Query(ctx, `
		INSERT INTO runs AS r (sync, kind, state, trigger, slot, full_listing, notify, from_id, slice_cursor, batch_limit,
			guard_limit, request_id, listing_id, dry_run, guard_base, guard_used)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, used, used FROM (`+usedBefore+`) AS before RETURNING `+runColumns,
		n.Sync, n.Kind, n.State, n.Trigger, n.Slot, n.Full, n.Notify, n.FromID, n.BatchLimit, n.GuardLimit, n.RequestID, n.ListingID, n.DryRun)
	run, err := pgx.CollectExactlyOneRow(rows, scanRun)
	switch {
	case violates(err, "runs_slot"):
		return run, state.ErrRunExists
	case violates(err, "runs_one_pass"):
		return run, state.ErrRunInProgress
	}
	return run, err
}

// usedBefore is what the earlier parts of a pass that goes on behind id $8 have taken from the guard: all of them share one.
const usedBefore = `
	SELECT coalesce((
		SELECT guard_used FROM runs WHERE sync = $1 AND kind = 'pass' AND NOT notify AND $2 = 'pass' AND NOT $7 AND $8 > 0 ORDER BY id DESC LIMIT 1
	), 0) AS used`

func takeRequest(ctx context.Context, tx pgx.Tx, request, run int64) error {
	if request == 0 {
		return nil
	}
	tag, err := tx.Exec(ctx, `UPDATE requests SET run_id = $2 WHERE id = $1 AND run_id = 0 AND refused = ''`, request, run)
	if err == nil && tag.RowsAffected() == 0 {
		return state.ErrConflict
	}
	return err
}

func supersedeHeldRuns(ctx context.Context, tx pgx.Tx, run state.Run, n state.NewRun) error {
	if n.Kind == state.RunPass {
		if _, err := tx.Exec(ctx, `
			UPDATE runs SET state = 'failed', error = 'superseded by a later run'
			WHERE sync = $1 AND kind = 'pass' AND state = 'held' AND id < $2`, run.Sync, run.ID); err != nil {
			return err
		}
	}
	if n.SlotAt.IsZero() {
		return nil
	}
	// A slot ahead of time comes from a clock that was wrong: it must not keep this one from being the last.
	_, err := tx.Exec(ctx, `
		UPDATE syncs SET last_slot = CASE WHEN last_slot > now() + interval '1 hour' THEN $2 ELSE greatest(last_slot, $2) END
		WHERE name = $1`, run.Sync, n.SlotAt)
	return err
}

// OpenRuns reads the runs of a sync that have not ended, oldest first.
func (s *Store) OpenRuns(ctx context.Context, sync string) ([]state.Run, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+runColumns+` FROM runs r WHERE r.sync = $1 AND NOT r.ended ORDER BY r.id`, sync)
	return all("read the open runs", rows, scanRun)
}

// Run reads one run. state.ErrNotFound for an unknown id.
func (s *Store) Run(ctx context.Context, id int64) (state.Run, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+runColumns+` FROM runs r WHERE r.id = $1`, id)
	return one("read the run", rows, scanRun)
}

// Runs reads the runs chosen, newest first.
func (s *Store) Runs(ctx context.Context, f state.RunFilter) ([]state.Run, error) {
	var w where
	if f.Sync != "" {
		w.and("r.sync = ?", f.Sync)
	}
	if f.Kind != "" {
		w.and("r.kind = ?", f.Kind)
	}
	if f.BeforeID != 0 {
		w.and("r.id < ?", f.BeforeID)
	}
	rows, _ := s.quick.Query(ctx, `SELECT `+runColumns+` FROM runs r WHERE `+w.String()+` ORDER BY r.id DESC`+limit(f.Limit), w.args...)
	return all("read the runs", rows, scanRun)
}

// MoveRun moves a run from one state to another and sets fields on the way. state.ErrConflict when the run is not in
// from (any more), state.ErrRunInProgress when an ended pass is to go on while another is under way. To end a run use
// FinishRun, which also sums up.
func (s *Store) MoveRun(ctx context.Context, id int64, from, to state.RunState, set state.RunSet) (state.Run, error) {
	const op = "move the run"
	rows, _ := s.durable.Query(ctx, `
		UPDATE runs r SET state = $3,
			listing_id = coalesce($4, listing_id), total = coalesce($5, total), guard_limit = coalesce($6, guard_limit),
			full_listing = coalesce($7, full_listing), sliced = coalesce($8, sliced), pass_ends = coalesce($9, pass_ends),
			error = coalesce($10, error),
			finished_at = CASE WHEN $3 IN ('done', 'failed', 'held') THEN now() END
		WHERE id = $1 AND state = $2 RETURNING `+runColumns,
		id, from, to, set.ListingID, set.Total, set.GuardLimit, set.Full, set.Sliced, set.PassEnds, cleanPointer(set.Error))
	run, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if violates(err, "runs_one_pass") {
		return state.Run{}, state.ErrRunInProgress
	}
	return run, broken(op, unlessThere(err))
}

// GuardTake takes up to n from what is left of the run's guard and returns how much it got. state.ErrNotFound for an
// unknown run.
func (s *Store) GuardTake(ctx context.Context, runID int64, n int) (granted int, err error) {
	err = s.durable.QueryRow(ctx, `
		WITH room AS (
			SELECT id, least($2::int, greatest(guard_limit - guard_used, 0)) AS granted FROM runs WHERE id = $1 FOR UPDATE
		)
		UPDATE runs r SET guard_used = r.guard_used + room.granted FROM room WHERE r.id = room.id
		RETURNING room.granted`, runID, max(n, 0)).Scan(&granted)
	return granted, broken("ask the guard", err)
}
