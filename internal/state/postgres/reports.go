package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// reportColumns needs the reports table under the name p.
const reportColumns = `p.run_id, p.kind, p.sync, p.state, p.generation, p.tries, p.told, p.error, p.owed_at`

func scanReport(row pgx.CollectableRow) (r state.Report, err error) {
	err = row.Scan(&r.RunID, &r.Kind, &r.Sync, &r.State, &r.Generation, &r.Tries, &r.Told, &r.Error, &r.OwedAt)
	return r, err
}

// owe notes what is to be told of a run whose end is being written. A run that was held and went on ends twice, and both
// ends are told.
func owe(ctx context.Context, tx pgx.Tx, run state.Run, kinds []state.ReportKind) error {
	if len(kinds) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO reports AS p (run_id, kind, sync) SELECT $1, kind, $2 FROM unnest($3::text[]) AS x (kind)
		ON CONFLICT (run_id, kind) DO UPDATE SET state = 'owed', generation = p.generation + 1, tries = 0, told = '{}', error = '',
			owed_at = now(), queued_at = NULL, lease_until = NULL`, run.ID, run.Sync, kinds)
	return err
}

// TakeReports reads the owed reports of a sync that no queue was given yet, oldest first, and counts them as queued.
func (s *Store) TakeReports(ctx context.Context, sync string) ([]state.Report, error) {
	rows, _ := s.quick.Query(ctx, `
		WITH taken AS (
			UPDATE reports p SET queued_at = now() WHERE p.sync = $1 AND p.state = 'owed' AND p.queued_at IS NULL RETURNING `+reportColumns+`
		)
		SELECT * FROM taken ORDER BY run_id, kind`, sync)
	return all("take the reports", rows, scanReport)
}

// StaleReports reads the owed reports of a sync that were queued longer ago than that and that nobody tells at the moment,
// oldest first.
func (s *Store) StaleReports(ctx context.Context, sync string, older time.Duration) ([]state.Report, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+reportColumns+` FROM reports p
		WHERE p.sync = $1 AND p.state = 'owed' AND p.queued_at <= now() - $2::interval AND coalesce(p.lease_until <= now(), true)
		ORDER BY p.run_id, p.kind`, sync, older)
	return all("look for stale reports", rows, scanReport)
}

// RequeueReport raises the generation of an owed report that the queue lost, for TakeReports to hand it out again.
// state.ErrConflict when it has moved on meanwhile.
func (s *Store) RequeueReport(ctx context.Context, r state.Report) error {
	tag, err := s.quick.Exec(ctx, `
		UPDATE reports SET generation = generation + 1, queued_at = NULL
		WHERE run_id = $1 AND kind = $2 AND generation = $3 AND tries = $4 AND state = 'owed'`, r.RunID, r.Kind, r.Generation, r.Tries)
	return moved("requeue the report", tag, err)
}

// BeginReport begins a try to tell a report and gives it to the caller alone for ttl, or until SettleReport. One that was
// given up is tried, too: somebody asked for it. state.ErrNothing when it was told, state.ErrConflict while another try is
// under way, state.ErrNotFound for an unknown run.
func (s *Store) BeginReport(ctx context.Context, runID int64, kind state.ReportKind, ttl time.Duration) (state.Report, error) {
	var report state.Report
	err := s.transact(ctx, "begin the report", func(tx pgx.Tx) error {
		// A run that ended before there were reports has none.
		if _, err := tx.Exec(ctx, `
			INSERT INTO reports (run_id, kind, sync, queued_at) SELECT id, $2, sync, now() FROM runs WHERE id = $1
			ON CONFLICT (run_id, kind) DO NOTHING`, runID, kind); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `
			UPDATE reports p SET tries = p.tries + 1, lease_until = now() + $3::interval
			WHERE p.run_id = $1 AND p.kind = $2 AND p.state <> 'told' AND coalesce(p.lease_until <= now(), true)
			RETURNING `+reportColumns, runID, kind, ttl)
		var err error
		if report, err = pgx.CollectExactlyOneRow(rows, scanReport); errors.Is(err, pgx.ErrNoRows) {
			return whyNot(ctx, tx, runID, kind)
		}
		return err
	})
	return report, err
}

func whyNot(ctx context.Context, tx pgx.Tx, runID int64, kind state.ReportKind) error {
	var told bool
	err := tx.QueryRow(ctx, `SELECT state = 'told' FROM reports WHERE run_id = $1 AND kind = $2`, runID, kind).Scan(&told)
	switch {
	case err == nil && told:
		return state.ErrNothing
	case err == nil:
		return state.ErrConflict
	default:
		return err // ErrNoRows: not found
	}
}

// NoteTold notes for a try that something was told, which no other may repeat. state.ErrConflict when the try was overtaken.
func (s *Store) NoteTold(ctx context.Context, r state.Report, what string) error {
	tag, err := s.durable.Exec(ctx, `
		UPDATE reports SET told = array_append(told, $5) WHERE run_id = $1 AND kind = $2 AND generation = $3 AND tries = $4`,
		r.RunID, r.Kind, r.Generation, r.Tries, what)
	return moved("note what was told", tag, err)
}

// SettleReport ends a try: the report is told, given up, or still owed because of an error. state.ErrConflict when the try was
// overtaken.
func (s *Store) SettleReport(ctx context.Context, r state.Report, to state.ReportState, errText string) error {
	tag, err := s.durable.Exec(ctx, `
		UPDATE reports SET state = $5, error = $6, lease_until = NULL
		WHERE run_id = $1 AND kind = $2 AND generation = $3 AND tries = $4`,
		r.RunID, r.Kind, r.Generation, r.Tries, to, clean(errText))
	return moved("settle the report", tag, err)
}

// Reports reads what was to be told of a run.
func (s *Store) Reports(ctx context.Context, runID int64) ([]state.Report, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+reportColumns+` FROM reports p WHERE p.run_id = $1 ORDER BY p.kind`, runID)
	return all("read the reports", rows, scanReport)
}

// UntoldReports reads the reports of a sync that people wait for, oldest first: those that are owed although they were
// tried or for longer than that, and those that were given up and that no later one has got through since.
func (s *Store) UntoldReports(ctx context.Context, sync string, older time.Duration) ([]state.Report, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+reportColumns+` FROM reports p
		WHERE p.sync = $1 AND p.state <> 'told' AND CASE p.state
			WHEN 'owed' THEN p.error <> '' OR p.owed_at <= now() - $2::interval
			ELSE p.run_id > coalesce((SELECT max(x.run_id) FROM reports x
				WHERE x.sync = p.sync AND x.kind = p.kind AND x.state = 'told' AND x.told <> '{}'), 0)
			END
		ORDER BY p.run_id, p.kind`, sync, older)
	return all("read the untold reports", rows, scanReport)
}
