package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Claim reserves keys for the lease's worker, each if its memory is still at the version that was planned from and nobody
// else's claim is on it (a claim ends with its batch's lease), and records their changes in the same transaction. The
// answers are in the order of the claims; of several claims of one key only the first is granted. state.ErrLeaseLost, and
// nothing written, when somebody else has the batch.
func (s *Store) Claim(ctx context.Context, l state.Lease, sync string, claims []state.Claim) ([]state.Claimed, error) {
	var answers []state.Claimed
	err := s.fenced(ctx, "claim the keys", l, func(tx pgx.Tx, f fence) error {
		versions, err := claim(ctx, tx, sync, l, claims)
		if err != nil {
			return err
		}
		answers = answerClaims(claims, versions)
		return recordClaimed(ctx, tx, f, claims, answers)
	})
	return answers, err
}

// claim reserves and returns the new version by key of what it could reserve. It goes through the keys in their order, so
// that two batches that share keys wait for each other rather than deadlock.
func claim(ctx context.Context, tx pgx.Tx, sync string, l state.Lease, claims []state.Claim) (map[string]int64, error) {
	sorted := slices.SortedStableFunc(slices.Values(claims), func(a, b state.Claim) int { return strings.Compare(a.Key, b.Key) })
	sorted = slices.CompactFunc(sorted, func(a, b state.Claim) bool { return a.Key == b.Key })
	versions := make(map[string]int64, len(sorted))
	batch := &pgx.Batch{}
	for _, c := range sorted {
		statement, last := claimKnown, c.Version
		if c.Version == 0 {
			statement, last = claimNew, c.RecordID
		}
		key := clean(c.Key)
		batch.Queue(statement, sync, key, l.BatchID, l.Token, last).Query(func(rows pgx.Rows) error {
			granted, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if len(granted) == 1 {
				versions[key] = granted[0]
			}
			return err
		})
	}
	return versions, tx.SendBatch(ctx, batch).Close()
}

const (
	claimKnown = `
		UPDATE memories m SET version = m.version + 1, claim_batch = $3, claim_token = $4, updated_at = now()
		WHERE m.sync = $1 AND m.key = $2 AND m.version = $5 AND (m.claim_token = $4 OR NOT EXISTS (
			SELECT FROM batches b
			WHERE b.id = m.claim_batch AND b.token = m.claim_token AND b.state = 'running' AND b.lease_until > now()))
		RETURNING m.version`
	claimNew = `
		INSERT INTO memories (sync, key, claim_batch, claim_token, record_id) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sync, key) DO NOTHING RETURNING version`
)

func answerClaims(claims []state.Claim, versions map[string]int64) []state.Claimed {
	return column(claims, func(c state.Claim) state.Claimed {
		key := clean(c.Key)
		version, ok := versions[key]
		delete(versions, key)
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
	ids, err := recordChanges(ctx, tx, f, changes, supersedeByClaims)
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
