package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Settle ends the work on keys: the memory of each is kept as given (or forgotten) if it is still at the version given,
// its claim ends, its changes and failures are noted. One that has moved on is left as it is and its record touched, so
// that it is looked at again. A settlement without a key settles only its changes, failures and resolved records.
// state.ErrLeaseLost, and nothing written, when somebody else has the batch.
func (s *Store) Settle(ctx context.Context, l state.Lease, sync string, settlements []state.Settlement) error {
	var keep, forget []state.Memory
	for _, settlement := range settlements {
		switch {
		case settlement.Memory.Key == "":
		case settlement.Forget:
			forget = append(forget, settlement.Memory)
		default:
			keep = append(keep, settlement.Memory)
		}
	}
	return s.fenced(ctx, "settle the keys", l, func(tx pgx.Tx, f fence) error {
		settled, err := keepMemories(ctx, tx, sync, keep, forget)
		if err != nil {
			return err
		}
		if err := touchMissed(ctx, tx, sync, append(keep, forget...), settled); err != nil {
			return err
		}
		return settleRest(ctx, tx, f, sync, settlements)
	})
}

// keepMemories writes what it can and returns the keys it wrote. It goes through the keys in their order, so that two
// batches that share keys wait for each other rather than deadlock.
func keepMemories(ctx context.Context, tx pgx.Tx, sync string, keep, forget []state.Memory) (map[string]bool, error) {
	settled := make(map[string]bool, len(keep)+len(forget))
	note := func(rows pgx.Rows) error {
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, key := range keys {
			settled[key] = true
		}
		return err
	}
	batch := &pgx.Batch{}
	for _, m := range byKey(forget) {
		batch.Queue(deleteMemory, sync, clean(m.Key), m.Version).Query(note)
	}
	for _, m := range byKey(filter(keep, func(m state.Memory) bool { return m.Version > 0 })) {
		batch.Queue(updateMemory, sync, clean(m.Key), m.RecordID, m.RemoteID, clean(m.RemoteKey), m.Groups, m.Fingerprint,
			m.Echo, clean(m.Suppressed), m.Refused, m.Version, m.Memo).Query(note)
	}
	if fresh := filter(keep, func(m state.Memory) bool { return m.Version == 0 }); len(fresh) > 0 {
		batch.Queue(insertMemories, memoryArrays(sync, fresh)...).Query(note)
	}
	return settled, tx.SendBatch(ctx, batch).Close()
}

func byKey(memories []state.Memory) []state.Memory {
	return slices.SortedFunc(slices.Values(memories), func(a, b state.Memory) int { return strings.Compare(a.Key, b.Key) })
}

func memoryKey(m state.Memory) string { return m.Key }

const deleteMemory = `DELETE FROM memories WHERE sync = $1 AND key = $2 AND version = $3 RETURNING key`

const updateMemory = `
	UPDATE memories SET record_id = $3, remote_id = $4, remote_key = $5, groups = $6, fingerprint = $7, echo = $8,
		suppressed = $9, refused = $10, memo = $12, version = version + 1, claim_batch = NULL, claim_token = '', updated_at = now()
	WHERE sync = $1 AND key = $2 AND version = $11 RETURNING key`

// insertMemories takes many at once: a first load consists of little else.
const insertMemories = `
	INSERT INTO memories (sync, key, record_id, remote_id, remote_key, groups, fingerprint, echo, suppressed, refused, memo)
	SELECT $1, x.key, x.record_id, x.remote_id, x.remote_key, x.groups::bigint[], x.fingerprint, x.echo, x.suppressed, x.refused, x.memo
	FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::bytea[], $11::json[])
		AS x (key, record_id, remote_id, remote_key, groups, fingerprint, echo, suppressed, refused, memo)
	ORDER BY x.key COLLATE "C"
	ON CONFLICT (sync, key) DO NOTHING RETURNING key`

func memoryArrays(sync string, keep []state.Memory) []any {
	return []any{
		sync,
		texts(keep, memoryKey),
		column(keep, func(m state.Memory) int64 { return m.RecordID }),
		column(keep, func(m state.Memory) int64 { return m.RemoteID }),
		texts(keep, func(m state.Memory) string { return m.RemoteKey }),
		column(keep, func(m state.Memory) *string { return arrayText(m.Groups) }),
		column(keep, func(m state.Memory) []byte { return m.Fingerprint }),
		column(keep, func(m state.Memory) []byte { return m.Echo }),
		texts(keep, func(m state.Memory) string { return m.Suppressed }),
		column(keep, func(m state.Memory) []byte { return m.Refused }),
		column(keep, func(m state.Memory) json.RawMessage { return m.Memo }),
	}
}

// touchMissed has the records of memories that were not written looked at again.
func touchMissed(ctx context.Context, tx pgx.Tx, sync string, memories []state.Memory, settled map[string]bool) error {
	var missed []int64
	for _, m := range memories {
		if !settled[clean(m.Key)] && m.RecordID != 0 {
			missed = append(missed, m.RecordID)
		}
	}
	if len(missed) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, touchSQL, sync, sortedSet(missed), state.ByPoll)
	return err
}

// settleRest notes what became of the changes (deferred ones only once their turn has come), which failures are over and which are new.
func settleRest(ctx context.Context, tx pgx.Tx, f fence, sync string, settlements []state.Settlement) error {
	ids := map[state.ChangeState][]int64{}
	var resolved []int64
	var failures []state.Failure
	for _, settlement := range settlements {
		ids[settlement.State] = append(ids[settlement.State], settlement.ChangeIDs...)
		resolved = append(resolved, settlement.Resolved...)
		failures = append(failures, settlement.Failures...)
	}
	batch := &pgx.Batch{}
	for as, of := range ids {
		if len(of) > 0 {
			batch.Queue(`
				UPDATE changes SET state = $1, settled_at = now()
				WHERE id = ANY($2) AND sync = $3 AND state = $4 AND (NOT deferred OR $5)`,
				as, of, sync, state.ChangePlanned, f.kind == state.BatchDestructive)
		}
	}
	if len(resolved) > 0 {
		batch.Queue(`DELETE FROM failures WHERE sync = $1 AND record_id = ANY($2)`, sync, resolved)
	}
	if len(failures) > 0 {
		batch.Queue(upsertFailures("$1", "$2", "1", 3, ""), append([]any{sync, f.runID}, failureColumns(failures)...)...)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// MarkReverted notes that applied changes were undone, and which wishes (fingerprint by key) must not be written
// again. state.ErrLeaseLost, and nothing written, when somebody else has the batch.
func (s *Store) MarkReverted(ctx context.Context, l state.Lease, changeIDs []int64, refused map[string][]byte) error {
	return s.fenced(ctx, "note the reverted changes", l, func(tx pgx.Tx, f fence) error {
		if _, err := tx.Exec(ctx, `
			UPDATE changes SET state = 'reverted', settled_at = now() WHERE id = ANY($1) AND sync = $2 AND state = 'applied'`,
			changeIDs, f.sync); err != nil {
			return err
		}
		wishes := make([]state.Memory, 0, len(refused))
		for key, wish := range refused {
			wishes = append(wishes, state.Memory{Key: key, Refused: wish})
		}
		return refuseWishes(ctx, tx, f.sync, wishes)
	})
}

// refuseWishes adds wishes (Key, RecordID, Refused) to those that must not be planned again; the oldest are forgotten.
func refuseWishes(ctx context.Context, tx pgx.Tx, sync string, wishes []state.Memory) error {
	slices.SortFunc(wishes, func(a, b state.Memory) int { return strings.Compare(a.Key, b.Key) })
	_, err := tx.Exec(ctx, `
		INSERT INTO memories AS m (sync, key, record_id, refused)
		SELECT $1, x.key, x.record_id, x.refused FROM unnest($2::text[], $3::bigint[], $4::bytea[]) AS x (key, record_id, refused)
		ORDER BY x.key COLLATE "C"
		ON CONFLICT (sync, key) DO UPDATE SET version = m.version + 1, updated_at = now(),
			refused = substring((coalesce(m.refused, '') || excluded.refused) from greatest(1, length((coalesce(m.refused, '') || excluded.refused)) - $5 + 1))`,
		sync, texts(wishes, memoryKey),
		column(wishes, func(m state.Memory) int64 { return m.RecordID }),
		column(wishes, func(m state.Memory) []byte { return m.Refused }), state.KeepRefused*state.WishLen)
	return err
}
