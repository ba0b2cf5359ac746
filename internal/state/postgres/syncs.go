package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const syncColumns = `name, type, source, account, record_offset, last_slot, last_full_at, last_listing, last_pass_at,
	poll_cursor, polled_at, paused_at, pause_reason, records_total`

func scanSync(row pgx.CollectableRow) (state.Sync, error) {
	var y state.Sync
	err := row.Scan(&y.Name, &y.Type, &y.Source, &y.Account, &y.Offset, moment{&y.LastSlot}, moment{&y.LastFullAt},
		&y.LastListing, moment{&y.LastPassAt}, moment{&y.PollCursor}, moment{&y.PolledAt}, moment{&y.PausedAt},
		&y.PauseReason, &y.RecordsTotal)
	return y, err
}

// EnsureSyncs makes a row for each configured sync and its account, or brings type, source and account up to date.
// What is remembered of a sync stays.
func (s *Store) EnsureSyncs(ctx context.Context, syncs []state.Sync) error {
	accounts := column(syncs, func(y state.Sync) string { return y.Account })
	return s.transact(ctx, "note the configured syncs", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO accounts (name) SELECT DISTINCT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING`, accounts); err != nil {
			return err
		}
		for _, y := range syncs {
			if _, err := tx.Exec(ctx, `
				INSERT INTO syncs AS y (name, type, source, account) VALUES ($1, $2, $3, $4)
				ON CONFLICT (name) DO UPDATE SET type = excluded.type, source = excluded.source, account = excluded.account
				WHERE (y.type, y.source, y.account) <> (excluded.type, excluded.source, excluded.account)`,
				y.Name, y.Type, y.Source, y.Account); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sync reads one sync. state.ErrNotFound for an unknown name.
func (s *Store) Sync(ctx context.Context, name string) (state.Sync, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+syncColumns+` FROM syncs WHERE name = $1`, name)
	return one("read the sync", rows, scanSync)
}

// Syncs reads all syncs by name, those that are no longer configured included.
func (s *Store) Syncs(ctx context.Context) ([]state.Sync, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+syncColumns+` FROM syncs ORDER BY name`)
	return all("read the syncs", rows, scanSync)
}

// PauseSync stops a sync from being worked on; a pause that is there already keeps its moment. state.ErrNotFound for
// an unknown name.
func (s *Store) PauseSync(ctx context.Context, name, reason string) error {
	return s.exactlyOne(ctx, "pause the sync", `
		UPDATE syncs SET paused_at = coalesce(paused_at, now()), pause_reason = $2 WHERE name = $1`, name, clean(reason))
}

// ResumeSync ends a pause. state.ErrNotFound for an unknown name.
func (s *Store) ResumeSync(ctx context.Context, name string) error {
	return s.exactlyOne(ctx, "resume the sync", `UPDATE syncs SET paused_at = NULL, pause_reason = '' WHERE name = $1`, name)
}

// Accounts reads all accounts by name.
func (s *Store) Accounts(ctx context.Context) ([]state.Account, error) {
	rows, _ := s.quick.Query(ctx, `SELECT name, paused_at, pause_reason FROM accounts ORDER BY name`)
	return all("read the accounts", rows, func(row pgx.CollectableRow) (state.Account, error) {
		var a state.Account
		err := row.Scan(&a.Name, moment{&a.PausedAt}, &a.PauseReason)
		return a, err
	})
}

// PauseAccount stops all syncs of an account from being worked on. state.ErrNotFound for an unknown name.
func (s *Store) PauseAccount(ctx context.Context, name, reason string) error {
	return s.exactlyOne(ctx, "pause the account", `
		UPDATE accounts SET paused_at = coalesce(paused_at, now()), pause_reason = $2 WHERE name = $1`, name, clean(reason))
}

// ResumeAccount ends a pause. state.ErrNotFound for an unknown name.
func (s *Store) ResumeAccount(ctx context.Context, name string) error {
	return s.exactlyOne(ctx, "resume the account", `UPDATE accounts SET paused_at = NULL, pause_reason = '' WHERE name = $1`, name)
}

// SetPoll notes that the source was asked just now for what changed, and where to ask from next time.
// state.ErrNotFound for an unknown sync.
func (s *Store) SetPoll(ctx context.Context, sync string, cursor time.Time) error {
	return s.exactlyOne(ctx, "note the poll", `UPDATE syncs SET poll_cursor = $2, polled_at = now() WHERE name = $1`, sync, whenSet(cursor))
}

// SetTotal notes how many records the source has. state.ErrNotFound for an unknown sync.
func (s *Store) SetTotal(ctx context.Context, sync string, n int64) error {
	return s.exactlyOne(ctx, "note the number of records", `UPDATE syncs SET records_total = $2 WHERE name = $1`, sync, n)
}

// exactlyOne runs a durable UPDATE of one row; state.ErrNotFound when there is no such row.
func (s *Store) exactlyOne(ctx context.Context, op, sql string, args ...any) error {
	tag, err := s.durable.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return state.ErrNotFound
	}
	return broken(op, err)
}
