package postgres

import (
	"context"
	"time"
)

// portion is how many rows one statement deletes, so that none takes long or locks much.
const portion = 5000

// inPortions runs a DELETE again and again until it finds nothing more; its last argument is the portion.
func (s *Store) inPortions(ctx context.Context, sql string, args ...any) (deleted int64, err error) {
	args = append(args, portion)
	for {
		tag, err := s.durable.Exec(ctx, sql, args...)
		deleted += tag.RowsAffected()
		if err != nil || tag.RowsAffected() == 0 {
			return deleted, err
		}
	}
}

// staleRuns are the ended runs that finished longer ago than $1 and that nobody needs: none with held or planned
// changes, and none that is held itself.
const staleRuns = `
	SELECT r.id FROM runs r
	WHERE r.finished_at < now() - $1::interval AND r.ended AND r.state <> 'held'
		AND NOT EXISTS (SELECT FROM changes c WHERE c.run_id = r.id AND c.state IN ('planned', 'held'))`

// Prune forgets what is old: changes settled longer ago than changesOlder; batches, requests and touch runs
// of runs that ended longer ago than batchesOlder; and other runs that ended longer ago than both. Held or planned
// changes with their runs, and open failures, stay. Listings go when no run needs them any more, however young: one that
// was held and overtaken leaves its own behind, and so does a crash. It returns how many changes and runs went.
func (s *Store) Prune(ctx context.Context, changesOlder, batchesOlder time.Duration) (changes, runs int64, err error) {
	const op = "prune"
	changes, err = s.inPortions(ctx, `
		DELETE FROM changes WHERE id = ANY(ARRAY(
			SELECT id FROM changes WHERE settled_at < now() - $1::interval AND state NOT IN ('planned', 'held') LIMIT $2))`, changesOlder)
	if err != nil {
		return changes, 0, broken(op, err)
	}
	for _, sql := range pruneOfRuns {
		if _, err := s.inPortions(ctx, sql, batchesOlder); err != nil {
			return changes, 0, broken(op, err)
		}
	}
	for _, sql := range pruneListings {
		if _, err := s.inPortions(ctx, sql); err != nil {
			return changes, 0, broken(op, err)
		}
	}
	runs, err = s.inPortions(ctx, pruneRuns, batchesOlder, max(changesOlder, batchesOlder))
	return changes, runs, broken(op, err)
}

// pruneOfRuns delete what belongs to stale runs.
var pruneOfRuns = []string{
	`DELETE FROM batches WHERE id = ANY(ARRAY(SELECT b.id FROM batches b WHERE b.run_id IN (` + staleRuns + `) LIMIT $2))`,
	`DELETE FROM requests WHERE id = ANY(ARRAY(
		SELECT id FROM requests WHERE requested_at < now() - $1::interval AND (run_id <> 0 OR refused <> '') LIMIT $2))`,
}

// spareListings (l) belong to no run that is open or held.
const spareListings = `
	listings l WHERE NOT EXISTS (SELECT FROM runs r WHERE r.id = l.run_id AND (NOT r.ended OR r.state = 'held'))`

var pruneListings = []string{
	`DELETE FROM listing_rows WHERE ctid = ANY(ARRAY(
		SELECT x.ctid FROM (SELECT l.id FROM ` + spareListings + `) l JOIN listing_rows x ON x.listing_id = l.id LIMIT $1))`,
	`DELETE FROM listings WHERE id = ANY(ARRAY(SELECT l.id FROM ` + spareListings + ` LIMIT $1))`,
}

const pruneRuns = `
	DELETE FROM runs WHERE id = ANY(ARRAY(
		SELECT r.id FROM runs r WHERE r.id IN (` + staleRuns + `) AND (r.kind = 'touch' OR r.finished_at < now() - $2::interval) LIMIT $3))`
