package statekit

import (
	"context"
	"testing"

	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

var template = testkit.Template{Prepare: migrate}

// Clone returns the URL of a fresh migrated database that nobody else uses before the end of the test.
func Clone(t testing.TB) string {
	t.Helper()
	return template.Clone(t)
}

func migrate(ctx context.Context, url string) error {
	store, err := postgres.Open(ctx, url, 2)
	if err != nil {
		return err
	}
	defer store.Close()
	_, err = store.Migrate(ctx)
	return err
}
