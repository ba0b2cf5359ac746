package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const subscriberColumns = `u.email, u.record_id, u.remote_id, u.remote_email, u.groups, u.fingerprint, u.echo, u.suppressed,
	u.refused, u.memo, u.version, u.updated_at`

func scanSubscriber(row pgx.CollectableRow) (u state.Subscriber, err error) {
	err = row.Scan(&u.Email, &u.RecordID, &u.RemoteID, &u.RemoteEmail, &u.Groups, &u.Fingerprint, &u.Echo, &u.Suppressed,
		&u.Refused, &u.Memo, &u.Version, moment{&u.SettledAt})
	return u, err
}

// SubscribersByEmails reads what was last settled for the addresses given, by e-mail. An address that nothing was
// settled for is missing.
func (s *Store) SubscribersByEmails(ctx context.Context, sync string, emails []string) (map[string]state.Subscriber, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+subscriberColumns+` FROM subscribers u WHERE u.sync = $1 AND u.email = ANY($2)`, sync, emails)
	found, err := all("read the subscribers", rows, scanSubscriber)
	return byEmail(found), err
}

func byEmail(found []state.Subscriber) map[string]state.Subscriber {
	subscribers := make(map[string]state.Subscriber, len(found))
	for _, u := range found {
		subscribers[u.Email] = u
	}
	return subscribers
}

// SubscribersByRange reads all that is remembered of the records with from < id <= to, in one round trip.
func (s *Store) SubscribersByRange(ctx context.Context, sync string, from, to int64) (state.RecordSet, error) {
	return s.recordSet(ctx, rangeOfIDs, sync, from, to)
}

// SubscribersForIDs reads all that is remembered of the records named, in one round trip.
func (s *Store) SubscribersForIDs(ctx context.Context, sync string, ids []int64) (state.RecordSet, error) {
	return s.recordSet(ctx, "ID = ANY($2)", sync, ids)
}

// recordSetQueries read the parts of a RecordSet; (ID in set) stands for the condition on a record id. A subscriber is
// found through the record that leads it, which a plain range scan does; only addresses not found that way (led by a
// record outside the set, or by one that has left) are looked up one by one. OFFSET 0 keeps the lookup of those who share
// an address a lookup: without it the planner may turn the join around and read everything.
var recordSetQueries = []string{
	`
	SELECT record_id, email FROM roster WHERE sync = $1 AND (record_id in set)`, `
	WITH led AS MATERIALIZED (
		SELECT ` + subscriberColumns + ` FROM subscribers u WHERE u.sync = $1 AND (u.record_id in set)
	)
	SELECT * FROM led
	UNION ALL
	SELECT ` + subscriberColumns + ` FROM subscribers u WHERE u.sync = $1 AND u.email = ANY(ARRAY(
		SELECT email FROM roster WHERE sync = $1 AND (record_id in set) AND email <> '' AND email NOT IN (SELECT email FROM led)
	))`, `
	SELECT DISTINCT other.record_id, other.email FROM roster r CROSS JOIN LATERAL (
		SELECT record_id, email FROM roster WHERE sync = $1 AND email = r.email AND email <> '' OFFSET 0
	) AS other
	WHERE r.sync = $1 AND r.email <> '' AND (r.record_id in set) AND NOT (other.record_id in set)`, `
	SELECT ` + failureFields + ` FROM failures WHERE sync = $1 AND (record_id in set)`,
}

// rangeOfIDs is the condition of a slice.
const rangeOfIDs = "ID > $2 AND ID <= $3"

func inSet(query, condition string) string {
	for _, id := range []string{"u.record_id", "r.record_id", "other.record_id", "record_id"} {
		query = strings.ReplaceAll(query, "("+id+" in set)", "("+strings.ReplaceAll(condition, "ID", id)+")")
	}
	return query
}

func (s *Store) recordSet(ctx context.Context, condition string, args ...any) (state.RecordSet, error) {
	var set state.RecordSet
	batch := &pgx.Batch{}
	queue := func(i int) *pgx.QueuedQuery { return batch.Queue(inSet(recordSetQueries[i], condition), args...) }
	queue(0).Query(into(&set.Roster, scanRoster))
	queue(1).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanSubscriber)
		set.Subscribers = byEmail(found)
		return err
	})
	queue(2).Query(into(&set.Shared, scanRoster))
	queue(3).Query(into(&set.Failures, scanFailure))
	err := s.quick.SendBatch(ctx, batch).Close()
	set.Roster, _ = sortedRoster(set.Roster, nil)
	set.Shared, _ = sortedRoster(set.Shared, nil)
	slices.SortFunc(set.Failures, func(a, b state.Failure) int { return cmp.Compare(a.RecordID, b.RecordID) })
	return set, broken("read what is remembered of the records", err)
}

// into collects the rows of one query of a batch.
func into[T any](dest *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*dest, err = pgx.CollectRows(rows, scan)
		return err
	}
}
