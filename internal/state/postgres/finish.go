package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// advanceSQL moves the offset of the sync of open pass $1 over every leading settled slice. The run's row is locked
// first, as FinishRun does, so that a late call cannot move the offset of a pass that has ended. The last slice has no
// upper end; its lower one is the last id that is known.
const advanceSQL = `
	WITH run AS MATERIALIZED (
		SELECT id, sync FROM runs
		WHERE id = $1 AND sync = $2 AND kind = 'pass' AND NOT notify AND NOT ended FOR UPDATE
	), reached AS (
		SELECT run.sync, b.to_id, b.from_id FROM run, LATERAL (
			SELECT from_id, to_id FROM batches
			WHERE run_id = run.id AND kind = 'slice' AND seq < coalesce((
				SELECT seq FROM batches
				WHERE run_id = run.id AND kind = 'slice' AND state <> 'settled' ORDER BY seq LIMIT 1), 2147483647)
			ORDER BY seq DESC LIMIT 1
		) b
	)
	UPDATE syncs y SET record_offset = greatest(y.record_offset,
		CASE WHEN reached.to_id = 9223372036854775807 THEN reached.from_id ELSE reached.to_id END)
	FROM reached WHERE y.name = reached.sync`

// AdvanceOffset moves the sync's offset over every leading settled batch of the run and returns it. It never moves
// back, and not at all for a run that only notices, is no pass, or has ended.
func (s *Store) AdvanceOffset(ctx context.Context, sync string, runID int64) (offset int64, err error) {
	const op = "advance the offset"
	if _, err := s.durable.Exec(ctx, advanceSQL, runID, sync); err != nil {
		return 0, broken(op, err)
	}
	err = s.durable.QueryRow(ctx, `SELECT record_offset FROM syncs WHERE name = $1`, sync).Scan(&offset)
	return offset, broken(op, err)
}

// FinishRun ends a run as done, failed or held: it sums up what its batches counted and drops the destructive changes
// that nobody got to, and after a pass over all records the notices that it has not met. A pass that is done and reaches
// the end of the table sets the offset back to 0; one that was to end earlier leaves it where its batches got to. The
// reports are owed from then on. state.ErrConflict when the run has ended already or is unknown.
func (s *Store) FinishRun(ctx context.Context, runID int64, end state.RunState, errText string, reports ...state.ReportKind) (state.Run, error) {
	const op = "finish the run"
	if !end.Ended() {
		return state.Run{}, fault.New(fault.Refused, "", op, "%q is not an end", end)
	}
	var run state.Run
	err := s.transact(ctx, op, func(tx pgx.Tx) error {
		sync, err := lockOpenRun(ctx, tx, runID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, advanceSQL, runID, sync); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE changes SET state = 'superseded', settled_at = now()
			WHERE run_id = $1 AND state = 'planned' AND deferred`, runID); err != nil {
			return err
		}
		if run, err = endRun(ctx, tx, runID, end, errText); err != nil {
			return err
		}
		if err := supersedeUnseen(ctx, tx, run); err != nil {
			return err
		}
		if err := owe(ctx, tx, run, reports); err != nil {
			return err
		}
		return notePass(ctx, tx, run)
	})
	return run, err
}

func lockOpenRun(ctx context.Context, tx pgx.Tx, runID int64) (sync string, err error) {
	err = tx.QueryRow(ctx, `SELECT sync FROM runs WHERE id = $1 AND NOT ended FOR UPDATE`, runID).Scan(&sync)
	return sync, unlessThere(err)
}

func endRun(ctx context.Context, tx pgx.Tx, runID int64, end state.RunState, errText string) (state.Run, error) {
	rows, _ := tx.Query(ctx, `
		UPDATE runs r SET state = $2, error = $3, finished_at = now(), counts = (`+sumOfCounts+`)
		WHERE r.id = $1 RETURNING `+runColumns, runID, end, clean(errText))
	return pgx.CollectExactlyOneRow(rows, scanRun)
}

// sumOfCounts adds the counts of the batches of run $1 up.
const sumOfCounts = `
	SELECT coalesce(jsonb_object_agg(key, n), '{}') FROM (
		SELECT key, sum(value::bigint) AS n FROM batches, jsonb_each_text(counts) WHERE run_id = $1 GROUP BY key
	) AS sums`

// notePass writes to the sync what a run that is done means for it.
func notePass(ctx context.Context, tx pgx.Tx, run state.Run) error {
	if run.State != state.RunDone || run.Notify {
		return nil
	}
	if run.Kind == state.RunPass && run.PassEnds {
		if _, err := tx.Exec(ctx, `UPDATE syncs SET record_offset = 0, last_pass_at = now() WHERE name = $1`, run.Sync); err != nil {
			return err
		}
	}
	if run.Full {
		if _, err := tx.Exec(ctx, `
			UPDATE syncs y SET last_full_at = l.ended_at, last_listing = l.rows FROM listings l
			WHERE y.name = $1 AND l.id = $2 AND l.complete`, run.Sync, run.ListingID); err != nil {
			return err
		}
	}
	return noteCreated(ctx, tx, run)
}

// noteCreated counts whom a run has put on the list, so that the next listing is held to them too: after a first load
// into an empty account an empty listing is not to be believed.
func noteCreated(ctx context.Context, tx pgx.Tx, run state.Run) error {
	created := run.Counts[state.CountCreated]
	if created == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE syncs SET last_listing = last_listing + $2 WHERE name = $1`, run.Sync, created)
	return err
}

// Progress sums a run's batches up.
func (s *Store) Progress(ctx context.Context, runID int64) (state.Progress, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT count(*), count(*) FILTER (WHERE state = 'settled'),
			(SELECT count(*) FROM changes WHERE run_id = $1 AND state = 'planned' AND deferred),
			(`+sumOfCounts+`)
		FROM batches WHERE run_id = $1`, runID)
	return one("read the progress", rows, func(row pgx.CollectableRow) (state.Progress, error) {
		var p state.Progress
		err := row.Scan(&p.Batches, &p.Settled, &p.Deferred, &p.Counts)
		return p, err
	})
}

// Standing says whether a run has batches at all, and whether one of them is not settled yet. However many there are, it
// takes no longer.
func (s *Store) Standing(ctx context.Context, runID int64) (begun, unsettled bool, err error) {
	err = s.quick.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM batches WHERE run_id = $1), EXISTS (SELECT FROM batches WHERE run_id = $1 AND state <> 'settled')`, runID).
		Scan(&begun, &unsettled)
	return begun, unsettled, broken("look at the batches", err)
}
