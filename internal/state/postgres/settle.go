package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

// SettleSubscribers ends the work on subscribers: each is kept as given (or forgotten) if it is still at the version
// given, its claim ends, its changes and failures are noted. One that has moved on is left as it is and its record
// touched, so that it is looked at again. A settlement without an address settles only its changes, failures and
// resolved records. state.ErrLeaseLost, and nothing written, when somebody else has the batch.
func (s *Store) SettleSubscribers(ctx context.Context, l state.Lease, sync string, settlements []state.Settlement) error {
	var keep, forget []state.Subscriber
	for _, settlement := range settlements {
		switch {
		case settlement.Subscriber.Email == "":
		case settlement.Forget:
			forget = append(forget, settlement.Subscriber)
		default:
			keep = append(keep, settlement.Subscriber)
		}
	}
	return s.fenced(ctx, "settle the subscribers", l, func(tx pgx.Tx, f fence) error {
		settled, err := keepSubscribers(ctx, tx, sync, keep, forget)
		if err != nil {
			return err
		}
		if err := touchMissed(ctx, tx, sync, append(keep, forget...), settled); err != nil {
			return err
		}
		return settleRest(ctx, tx, f, sync, settlements)
	})
}

// keepSubscribers writes what it can and returns the addresses it wrote. It goes through the addresses in their order, so
// that two batches that share people wait for each other rather than deadlock.
func keepSubscribers(ctx context.Context, tx pgx.Tx, sync string, keep, forget []state.Subscriber) (map[string]bool, error) {
	settled := make(map[string]bool, len(keep)+len(forget))
	note := func(rows pgx.Rows) error {
		emails, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, email := range emails {
			settled[email] = true
		}
		return err
	}
	batch := &pgx.Batch{}
	for _, u := range byAddress(forget) {
		batch.Queue(deleteSubscriber, sync, clean(u.Email), u.Version).Query(note)
	}
	for _, u := range byAddress(filter(keep, func(u state.Subscriber) bool { return u.Version > 0 })) {
		batch.Queue(updateSubscriber, sync, clean(u.Email), u.RecordID, u.RemoteID, clean(u.RemoteEmail), u.Groups, u.Fingerprint,
			u.Echo, clean(u.Suppressed), u.Refused, u.Version, u.Memo).Query(note)
	}
	if fresh := filter(keep, func(u state.Subscriber) bool { return u.Version == 0 }); len(fresh) > 0 {
		batch.Queue(insertSubscribers, subscriberArrays(sync, fresh)...).Query(note)
	}
	return settled, tx.SendBatch(ctx, batch).Close()
}

func byAddress(subscribers []state.Subscriber) []state.Subscriber {
	return slices.SortedFunc(slices.Values(subscribers), func(a, b state.Subscriber) int { return strings.Compare(a.Email, b.Email) })
}

func address(u state.Subscriber) string { return u.Email }

const deleteSubscriber = `DELETE FROM subscribers WHERE sync = $1 AND email = $2 AND version = $3 RETURNING email`

const updateSubscriber = `
	UPDATE subscribers SET record_id = $3, remote_id = $4, remote_email = $5, groups = $6, fingerprint = $7, echo = $8,
		suppressed = $9, refused = $10, memo = $12, version = version + 1, claim_batch = NULL, claim_token = '', updated_at = now()
	WHERE sync = $1 AND email = $2 AND version = $11 RETURNING email`

// insertSubscribers takes many at once: a first load consists of little else.
const insertSubscribers = `
	INSERT INTO subscribers (sync, email, record_id, remote_id, remote_email, groups, fingerprint, echo, suppressed, refused, memo)
	SELECT $1, x.email, x.record_id, x.remote_id, x.remote_email, x.groups::bigint[], x.fingerprint, x.echo, x.suppressed, x.refused, x.memo
	FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::bytea[], $11::json[])
		AS x (email, record_id, remote_id, remote_email, groups, fingerprint, echo, suppressed, refused, memo)
	ORDER BY x.email COLLATE "C"
	ON CONFLICT (sync, email) DO NOTHING RETURNING email`

func subscriberArrays(sync string, keep []state.Subscriber) []any {
	return []any{
		sync,
		texts(keep, address),
		column(keep, func(u state.Subscriber) int64 { return u.RecordID }),
		column(keep, func(u state.Subscriber) int64 { return u.RemoteID }),
		texts(keep, func(u state.Subscriber) string { return u.RemoteEmail }),
		column(keep, func(u state.Subscriber) *string { return arrayText(u.Groups) }),
		column(keep, func(u state.Subscriber) []byte { return u.Fingerprint }),
		column(keep, func(u state.Subscriber) []byte { return u.Echo }),
		texts(keep, func(u state.Subscriber) string { return u.Suppressed }),
		column(keep, func(u state.Subscriber) []byte { return u.Refused }),
		column(keep, func(u state.Subscriber) json.RawMessage { return u.Memo }),
	}
}

// touchMissed has the records of subscribers that were not written looked at again.
func touchMissed(ctx context.Context, tx pgx.Tx, sync string, subscribers []state.Subscriber, settled map[string]bool) error {
	var missed []int64
	for _, u := range subscribers {
		if !settled[clean(u.Email)] && u.RecordID != 0 {
			missed = append(missed, u.RecordID)
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
		batch.Queue(upsertFailures("$1", "$2", 3, ""), append([]any{sync, f.runID}, failureColumns(failures)...)...)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// MarkReverted notes that applied changes were undone, and which wishes (fingerprint by address) must not be written
// again. state.ErrLeaseLost, and nothing written, when somebody else has the batch.
func (s *Store) MarkReverted(ctx context.Context, l state.Lease, changeIDs []int64, refused map[string][]byte) error {
	return s.fenced(ctx, "note the reverted changes", l, func(tx pgx.Tx, f fence) error {
		if _, err := tx.Exec(ctx, `
			UPDATE changes SET state = 'reverted', settled_at = now() WHERE id = ANY($1) AND sync = $2 AND state = 'applied'`,
			changeIDs, f.sync); err != nil {
			return err
		}
		wishes := make([]state.Subscriber, 0, len(refused))
		for email, wish := range refused {
			wishes = append(wishes, state.Subscriber{Email: email, Refused: wish})
		}
		return refuseWishes(ctx, tx, f.sync, wishes)
	})
}

// refuseWishes adds wishes (Email, RecordID, Refused) to those that must not be planned again; the oldest are forgotten.
func refuseWishes(ctx context.Context, tx pgx.Tx, sync string, wishes []state.Subscriber) error {
	slices.SortFunc(wishes, func(a, b state.Subscriber) int { return strings.Compare(a.Email, b.Email) })
	_, err := tx.Exec(ctx, `
		INSERT INTO subscribers AS u (sync, email, record_id, refused)
		SELECT $1, x.email, x.record_id, x.refused FROM unnest($2::text[], $3::bigint[], $4::bytea[]) AS x (email, record_id, refused)
		ORDER BY x.email COLLATE "C"
		ON CONFLICT (sync, email) DO UPDATE SET version = u.version + 1, updated_at = now(),
			refused = substring((coalesce(u.refused, '') || excluded.refused) from greatest(1, length((coalesce(u.refused, '') || excluded.refused)) - $5 + 1))`,
		sync, texts(wishes, address),
		column(wishes, func(u state.Subscriber) int64 { return u.RecordID }),
		column(wishes, func(u state.Subscriber) []byte { return u.Refused }), state.KeepRefused*state.WishLen)
	return err
}
