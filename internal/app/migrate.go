package app

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
)

// Migrate brings the schema up to date and returns how many migrations that took and the version it has now.
func Migrate(ctx context.Context, cfg config.Config, log zerolog.Logger) (applied int, version int64, err error) {
	a := &App{Config: cfg, Log: log}
	defer a.Close()
	url, _, err := a.postgresURL(ctx)
	if err != nil {
		return 0, 0, err
	}
	var store *postgres.Store
	if err := eventually(ctx, log, "PostgreSQL", func(ctx context.Context) (err error) {
		store, err = connectPostgres(ctx, url, 2)
		return err
	}); err != nil {
		return 0, 0, err
	}
	defer store.Close()
	if applied, err = store.Migrate(ctx); err != nil {
		return 0, 0, err
	}
	version, _, err = store.SchemaVersion(ctx)
	return applied, version, err
}

// OpenPatiently is Open for roles that may be started before their Postgres answers.
func OpenPatiently(ctx context.Context, cfg config.Config, opts Options) (a *App, err error) {
	err = eventually(ctx, opts.Log, "PostgreSQL", func(ctx context.Context) (err error) {
		a, err = Open(ctx, cfg, opts)
		return err
	})
	return a, err
}
