package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const changeColumns = `id, sync, run_id, batch_id, record_id, key, field, old, new, side, state, destructive, deferred, reason,
	wish, created_at, settled_at`

func scanChange(row pgx.CollectableRow) (c state.Change, err error) {
	err = row.Scan(&c.ID, &c.Sync, &c.RunID, &c.BatchID, &c.RecordID, &c.Key, &c.Field, &c.Old, &c.New, &c.Side, &c.State,
		&c.Destructive, &c.Deferred, &c.Reason, &c.Wish, moment{&c.CreatedAt}, moment{&c.SettledAt})
	return c, err
}

// Changes reads the changes chosen, newest first.
func (s *Store) Changes(ctx context.Context, f state.ChangeFilter) ([]state.Change, error) {
	var w where
	if f.Sync != "" {
		w.and("sync = ?", f.Sync)
	}
	if f.RunID != 0 {
		w.and("run_id = ?", f.RunID)
	}
	if f.BatchID != 0 {
		w.and("run_id = (SELECT b.run_id FROM batches b WHERE b.id = ?)", f.BatchID)
		w.and("batch_id = ?", f.BatchID)
	}
	if f.RecordID != 0 {
		w.and("record_id = ?", f.RecordID)
	}
	if f.Key != "" {
		w.and("key = ?", f.Key)
	}
	if f.Keys != nil {
		w.and("key = ANY(?)", f.Keys)
	}
	if f.State != "" {
		w.and("state = ?", f.State)
	}
	if f.SeenIn != 0 {
		w.and("seen_run = ?", f.SeenIn)
	}
	if f.IDs != nil {
		w.and("id = ANY(?)", f.IDs)
	}
	if f.BeforeID != 0 {
		w.and("id < ?", f.BeforeID)
	}
	rows, _ := s.quick.Query(ctx, `SELECT `+changeColumns+` FROM changes WHERE `+w.String()+` ORDER BY id DESC`+limit(f.Limit), w.args...)
	return all("read the changes", rows, scanChange)
}

// Unsettled reads the planned changes that earlier generations of a batch left behind, oldest first: whether they
// were written is to be found out by looking. Changes deferred to the end of the run are not among them.
func (s *Store) Unsettled(ctx context.Context, batchID int64) ([]state.Change, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+changeColumns+` FROM changes
		WHERE batch_id = $1 AND state = 'planned' AND NOT deferred ORDER BY id`, batchID)
	return all("read the unsettled changes", rows, scanChange)
}

// Written returns the ids of records of these syncs into whose source we wrote since a moment.
func (s *Store) Written(ctx context.Context, syncs []string, since time.Time) ([]int64, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT DISTINCT record_id FROM changes
		WHERE settled_at >= $2 AND sync = ANY($1) AND side = 'source' AND state = 'applied' ORDER BY 1`, syncs, since)
	return all("read what was written", rows, pgx.RowTo[int64])
}

// NoteChanges records changes that nobody writes now: noticed and left alone by a run that writes, held, or planned, which
// here means deferred to the end of the run. What an earlier generation of the batch noted of the same field is replaced.
// state.ErrLeaseLost, and nothing written, when somebody else has the batch.
func (s *Store) NoteChanges(ctx context.Context, l state.Lease, changes []state.Change) error {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].Deferred = true
	}
	return s.fenced(ctx, "note the changes", l, func(tx pgx.Tx, f fence) error {
		_, err := recordChanges(ctx, tx, f, changes, supersedeByNotes)
		return err
	})
}

// retire takes older changes out of the way of newer ones.
type retire func(ctx context.Context, tx pgx.Tx, f fence, newer []state.Change) error

// recordChanges records changes of the fence's batch in their order, after older ones were retired, and returns their
// ids.
func recordChanges(ctx context.Context, tx pgx.Tx, f fence, changes []state.Change, retireOlder retire) ([]int64, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	if err := replaceNoted(ctx, tx, f, changes); err != nil {
		return nil, err
	}
	if err := retireOlder(ctx, tx, f, changes); err != nil {
		return nil, err
	}
	return insertChanges(ctx, tx, f, changes)
}

// sameFields finds the changes c that are about the fields of the arrays $1 (key) and $2 (field), each by the index on
// them: OFFSET 0 keeps the planner from starting at the other end.
const sameFields = `unnest($1::text[], $2::text[]) AS x (key, field) CROSS JOIN LATERAL (
	SELECT id, sync, run_id, batch_id, state, deferred, seen_run FROM changes WHERE key = x.key AND field = x.field OFFSET 0
) AS c`

// replaceNoted removes what the same run noted of the same fields without writing it: notes of an earlier generation
// of the batch, and deferred changes that are now carried out. A notice that stands has not only this run to answer to.
func replaceNoted(ctx context.Context, tx pgx.Tx, f fence, changes []state.Change) error {
	_, err := tx.Exec(ctx, `
		DELETE FROM changes WHERE id = ANY(ARRAY(
			SELECT c.id FROM `+sameFields+`
			WHERE c.sync = $3 AND c.run_id = $4 AND c.seen_run IS NULL
				AND (c.state = 'planned' AND c.deferred OR c.batch_id = $5 AND c.state IN ('noticed', 'held'))))`,
		texts(changes, changeKey), texts(changes, changeField), f.sync, f.runID, f.batchID)
	return err
}

func changeKey(c state.Change) string   { return c.Key }
func changeField(c state.Change) string { return c.Field }

// Older changes (c) that newer ones of the same key and field take the place of. A difference that stands noticed is older
// than whatever a run that writes makes of it.
const (
	olderHeld     = `c.state = 'held'`
	olderDeferred = `c.state = 'planned' AND c.deferred OR c.seen_run IS NOT NULL`
	olderPlanned  = `c.state = 'planned' OR c.seen_run IS NOT NULL`
)

// supersedeByNotes retires what noted changes take the place of.
func supersedeByNotes(ctx context.Context, tx pgx.Tx, f fence, changes []state.Change) error {
	held := filter(changes, func(c state.Change) bool { return c.State == state.ChangeHeld })
	serious := filter(changes, func(c state.Change) bool { return c.State != state.ChangeNoticed })
	if err := supersede(ctx, tx, f, held, olderHeld); err != nil {
		return err
	}
	return supersede(ctx, tx, f, serious, olderDeferred)
}

// supersedeByClaims retires what claimed changes take the place of. A claim means that nobody else is at the key:
// whatever is still planned there was left behind, and a held change that is carried out now need not be held any more.
func supersedeByClaims(ctx context.Context, tx pgx.Tx, f fence, changes []state.Change) error {
	destructive := filter(changes, func(c state.Change) bool { return c.Destructive })
	if err := supersede(ctx, tx, f, destructive, olderHeld); err != nil {
		return err
	}
	return supersede(ctx, tx, f, changes, olderPlanned)
}

// supersede retires the older changes of the sync that are about the fields of newer ones and that condition names.
func supersede(ctx context.Context, tx pgx.Tx, f fence, newer []state.Change, condition string) error {
	if len(newer) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE changes SET state = 'superseded', settled_at = now(), seen_run = NULL WHERE id = ANY(ARRAY(
			SELECT c.id FROM `+sameFields+` WHERE c.sync = $3 AND (`+condition+`)))`,
		texts(newer, changeKey), texts(newer, changeField), f.sync)
	return err
}

// insertChanges records changes in their order and returns their ids, which rise in that order.
func insertChanges(ctx context.Context, tx pgx.Tx, f fence, changes []state.Change) ([]int64, error) {
	const settledAt = `CASE WHEN x.state NOT IN ('planned', 'held') THEN now() END`
	rows, _ := tx.Query(ctx, insertChangesSQL(settledAt, `NULL`)+` RETURNING id`, changeColumnsOf(f, changes)...)
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// insertChangesSQL is the statement that records the changes of changeColumnsOf in their order; settledAt and seenRun are SQL
// expressions over them.
func insertChangesSQL(settledAt, seenRun string) string {
	return `
		INSERT INTO changes (sync, run_id, batch_id, record_id, key, field, old, new, side, state, destructive, deferred,
			reason, wish, settled_at, seen_run)
		SELECT $1, $2, $3, x.record_id, x.key, x.field, x.old, x.new, x.side, x.state, x.destructive,
			x.deferred AND x.state = 'planned', x.reason, x.wish, ` + settledAt + `, ` + seenRun + `
		FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[],
			$12::boolean[], $13::text[], $14::bytea[])
			WITH ORDINALITY AS x (record_id, key, field, old, new, side, state, destructive, deferred, reason, wish, n)
		ORDER BY x.n`
}

func changeColumnsOf(f fence, changes []state.Change) []any {
	return []any{
		f.sync, f.runID, f.batchID,
		column(changes, func(c state.Change) int64 { return c.RecordID }),
		texts(changes, changeKey),
		texts(changes, changeField),
		texts(changes, func(c state.Change) string { return c.Old }),
		texts(changes, func(c state.Change) string { return c.New }),
		column(changes, func(c state.Change) string { return string(c.Side) }),
		column(changes, func(c state.Change) string { return string(c.State) }),
		column(changes, func(c state.Change) bool { return c.Destructive }),
		column(changes, func(c state.Change) bool { return c.Deferred }),
		texts(changes, func(c state.Change) string { return c.Reason }),
		column(changes, func(c state.Change) []byte { return c.Wish }),
	}
}
