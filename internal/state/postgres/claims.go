package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// ClaimSubscribers reserves subscribers for the lease's worker for hold, each if it is still at the version that was
// planned from and nobody else's claim is on it (a claim ends with its batch's lease), and records their changes in the same transaction. The answers are in
// the order of the claims; of several claims of one address only the first is granted. state.ErrLeaseLost, and nothing
// written, when somebody else has the batch.
func (s *Store) ClaimSubscribers(ctx context.Context, l state.Lease, sync string, claims []state.Claim) ([]state.Claimed, error) {
	var answers []state.Claimed
	err := s.fenced(ctx, "claim the subscribers", l, func(tx pgx.Tx, f fence) error {
		versions, err := claim(ctx, tx, sync, l, claims)
		if err != nil {
			return err
		}
		answers = answerClaims(claims, versions)
		return recordClaimed(ctx, tx, f, claims, answers)
	})
	return answers, err
}

// claim reserves and returns the new version by address of what it could reserve. Rows are locked in the order of
// their addresses, so that two batches that share people wait for each other rather than deadlock.
func claim(ctx context.Context, tx pgx.Tx, sync string, l state.Lease, claims []state.Claim) (map[string]int64, error) {
	sorted := slices.SortedStableFunc(slices.Values(claims), func(a, b state.Claim) int { return strings.Compare(a.Email, b.Email) })
	sorted = slices.CompactFunc(sorted, func(a, b state.Claim) bool { return a.Email == b.Email })
	emails := texts(sorted, func(c state.Claim) string { return c.Email })
	records := column(sorted, func(c state.Claim) int64 { return c.RecordID })
	planned := column(sorted, func(c state.Claim) int64 { return c.Version })

	versions := make(map[string]int64, len(sorted))
	note := func(rows pgx.Rows) error {
		var email string
		var version int64
		_, err := pgx.ForEachRow(rows, []any{&email, &version}, func() error {
			versions[email] = version
			return nil
		})
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(lockSubscribers, sync, emails)
	batch.Queue(`
		UPDATE subscribers u SET version = u.version + 1, claim_batch = $4, claim_token = $5, updated_at = now()
		FROM unnest($2::text[], $3::bigint[]) AS x (email, version)
		WHERE u.sync = $1 AND u.email = x.email AND u.version = x.version AND (u.claim_token = $5 OR NOT EXISTS (
			SELECT FROM batches b
			WHERE b.id = u.claim_batch AND b.token = u.claim_token AND b.state = 'running' AND b.lease_until > now()))
		RETURNING u.email, u.version`, sync, emails, planned, l.BatchID, l.Token).Query(note)
	batch.Queue(`
		INSERT INTO subscribers (sync, email, record_id, version, claim_batch, claim_token)
		SELECT $1, x.email, x.record_id, 1, $5, $6
		FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS x (email, record_id, version) WHERE x.version = 0
		ORDER BY x.email COLLATE "C"
		ON CONFLICT (sync, email) DO NOTHING RETURNING email, version`,
		sync, emails, records, planned, l.BatchID, l.Token).Query(note)
	return versions, tx.SendBatch(ctx, batch).Close()
}

const lockSubscribers = `SELECT FROM subscribers WHERE sync = $1 AND email = ANY($2) ORDER BY email FOR UPDATE`

func answerClaims(claims []state.Claim, versions map[string]int64) []state.Claimed {
	return column(claims, func(c state.Claim) state.Claimed {
		email := clean(c.Email)
		version, ok := versions[email]
		delete(versions, email)
		return state.Claimed{OK: ok, Version: version}
	})
}

// recordClaimed records the changes of the claims that were granted and puts their ids into the answers.
func recordClaimed(ctx context.Context, tx pgx.Tx, f fence, claims []state.Claim, answers []state.Claimed) error {
	var changes []state.Change
	for i, c := range claims {
		if answers[i].OK {
			changes = append(changes, c.Changes...)
		}
	}
	ids, err := recordChanges(ctx, tx, f, changes, supersededByClaim)
	if err != nil {
		return err
	}
	for i, c := range claims {
		if answers[i].OK {
			answers[i].ChangeIDs, ids = ids[:len(c.Changes):len(c.Changes)], ids[len(c.Changes):]
		}
	}
	return nil
}
