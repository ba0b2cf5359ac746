package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Notice records what a batch of a run that only notes has found: keys are those that it has decided about, found what differs
// of them. A difference that stands already is not recorded again; one of these keys that was not found, or is another one
// by now, is superseded. It returns how many of those found were noticed by earlier runs. What small runs and dry runs noticed
// was told to nobody: a pass takes it over as its own. state.ErrLeaseLost, and nothing written, when somebody else has the
// batch.
func (s *Store) Notice(ctx context.Context, l state.Lease, sync string, keys []string, found []state.Change) (before int, err error) {
	rows, _ := s.quick.Query(ctx, standingSQL, sync, keys)
	standing, err := all("read what was noticed", rows, scanStanding)
	if err != nil || len(standing)+len(found) == 0 {
		return 0, err
	}
	err = s.fenced(ctx, "note what was noticed", l, func(tx pgx.Tx, f fence) error {
		n := compareNotices(standing, found, f)
		before = n.before
		if err := supersedeNotices(ctx, tx, n.gone); err != nil {
			return err
		}
		if f.kind == state.BatchSlice {
			if err := n.seen(ctx, tx, f); err != nil {
				return err
			}
		}
		return insertNotices(ctx, tx, f, n.fresh)
	})
	return before, err
}

// standing is a difference that was noticed and still stood when it was last looked for.
type standing struct {
	id, runID int64
	untold    bool // by the run that noticed it
	difference
}

// difference is what makes one the same as another.
type difference struct {
	recordID              int64
	key, field, old, new_ string
	side                  state.Side
}

const standingSQL = `
	SELECT c.id, c.run_id, EXISTS (SELECT FROM runs r WHERE r.id = c.run_id AND (r.kind = 'touch' OR r.dry_run)),
		c.record_id, c.key, c.field, c.old, c.new, c.side
	FROM changes c WHERE c.key = ANY($2) AND c.sync = $1 AND c.state = 'noticed' AND c.settled_at IS NULL`

func scanStanding(row pgx.CollectableRow) (n standing, err error) {
	err = row.Scan(&n.id, &n.runID, &n.untold, &n.recordID, &n.key, &n.field, &n.old, &n.new_, &n.side)
	return n, err
}

// differenceOf is a change as it comes back from the database.
func differenceOf(c state.Change) difference {
	return difference{c.RecordID, clean(c.Key), clean(c.Field), clean(c.Old), clean(c.New), c.Side}
}

// notices is what becomes of differences that stood and of those that were found.
type notices struct {
	fresh  []state.Change // not noticed before
	stand  []int64        // changes that stand on
	adopt  []int64        // of these, what this run is the first to tell
	gone   []int64        // changes that do not
	before int            // found now, and noticed by an earlier run
}

func compareNotices(known []standing, found []state.Change, f fence) (n notices) {
	wanted := make(map[difference]bool, len(found))
	for _, c := range found {
		wanted[differenceOf(c)] = true
	}
	stands := make(map[difference]bool, len(known))
	for _, k := range known {
		if !wanted[k.difference] {
			n.gone = append(n.gone, k.id)
			continue
		}
		stands[k.difference] = true
		n.stand = append(n.stand, k.id)
		switch {
		case k.runID == f.runID:
		case k.untold && f.kind == state.BatchSlice:
			n.adopt = append(n.adopt, k.id)
		default:
			n.before++
		}
	}
	n.fresh = filter(found, func(c state.Change) bool { return !stands[differenceOf(c)] })
	return n
}

// seen marks what stands as met by the pass, which takes over what nobody was told of.
func (n notices) seen(ctx context.Context, tx pgx.Tx, f fence) error {
	if len(n.stand) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE changes SET seen_run = $1, run_id = CASE WHEN id = ANY($3) THEN $1 ELSE run_id END,
			batch_id = CASE WHEN id = ANY($3) THEN $2 ELSE batch_id END
		WHERE id = ANY($4) AND state = 'noticed' AND settled_at IS NULL`, f.runID, f.batchID, n.adopt, n.stand)
	return err
}

func supersedeNotices(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE changes SET state = 'superseded', settled_at = now(), seen_run = NULL
		WHERE id = ANY($1) AND state = 'noticed' AND settled_at IS NULL`, ids)
	return err
}

// insertNotices records differences that stand from now on. One that somebody else notices at the same moment is theirs.
func insertNotices(ctx context.Context, tx pgx.Tx, f fence, fresh []state.Change) error {
	if len(fresh) == 0 {
		return nil
	}
	if err := replaceNoted(ctx, tx, f, fresh); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insertChangesSQL(`NULL`, `$2`)+`
		ON CONFLICT (key, field, record_id, sync) WHERE state = 'noticed' AND settled_at IS NULL DO NOTHING`,
		changeColumnsOf(f, fresh)...)
	return err
}

// mostUnseen is how many notices the end of a pass supersedes: it must not take long. The next one goes on.
const mostUnseen = 50_000

// supersedeUnseen ends the notices that a pass over all records has not met: their records have left the sync, or the pass
// writes and has settled them. Of records that it could not look at, nothing is known.
func supersedeUnseen(ctx context.Context, tx pgx.Tx, run state.Run) error {
	if run.Kind != state.RunPass || run.State != state.RunDone || !run.PassEnds {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE changes SET state = 'superseded', settled_at = now(), seen_run = NULL WHERE id = ANY(ARRAY(
			SELECT c.id FROM changes c WHERE c.seen_run < $2 AND c.sync = $1
				AND c.key NOT IN (SELECT f.key FROM failures f WHERE f.sync = $1 AND f.run_id = $2) LIMIT $3))`,
		run.Sync, run.ID, mostUnseen)
	return err
}
