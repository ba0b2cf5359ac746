package postgres

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/whmcsync/whmcsync/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose notes what was applied.
const versionTable = "whmcsync_migrations"

// Migrate brings the schema up to what this program needs and says how many migrations that took. Processes that
// migrate at the same moment wait for each other (up to five minutes) under an advisory lock.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	db := s.migrationDB()
	defer func() { _ = db.Close() }()
	provider, err := newProvider(db)
	if err != nil {
		return 0, broken("prepare the migrations", err)
	}
	results, err := provider.Up(ctx)
	return len(results), broken("migrate the schema", err)
}

// migrationDB is a connection without a statement timeout: an index on a big table may take long.
func (s *Store) migrationDB() *sql.DB {
	config := s.config.Copy()
	config.RuntimeParams["statement_timeout"] = "0"
	return stdlib.OpenDB(*config)
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
}

// SchemaVersion returns the version that the database has (0 = nothing there yet) and the one this program wants. It
// changes nothing.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	if want, err = newestMigration(); err != nil {
		return 0, 0, broken("read the embedded migrations", err)
	}
	var exists bool
	if err := s.quick.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&exists); err != nil || !exists {
		return 0, want, broken("read the schema version", err)
	}
	err = s.quick.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&have)
	return have, want, broken("read the schema version", err)
}

// CheckSchema refuses a schema that is older than this program needs.
func (s *Store) CheckSchema(ctx context.Context) error {
	have, want, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if have < want {
		return fault.New(fault.Refused, "", "check the schema", "the database is at version %d and this program needs %d; run `whmcsync migrate`", have, want)
	}
	return nil
}

func newestMigration() (int64, error) {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, entry := range entries {
		version, err := goose.NumericComponent(entry.Name())
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, nil
}
