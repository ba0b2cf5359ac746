package app

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
)

// The server itself counts how often a table was gone through.
func TestTheListOfTransfersIsReadOnce(t *testing.T) {
	t.Parallel()
	url := statekit.Clone(t)
	before := scans(t, url)
	cfg := testConfig(t)
	cfg.Postgres = config.Postgres{URL: config.NewSecret(url), MaxConns: 4}
	cfg.Syncs = map[string]config.Sync{"transfers": {Type: "transfers", Source: "down", Account: "unused"}}
	a, err := Open(t.Context(), cfg, Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	status, err := a.Status(t.Context(), true)
	if err != nil || len(status.Syncs) != 1 || status.Syncs[0].Transfers == nil {
		t.Fatalf("%+v, %v", status, err)
	}
	a.Store.Close()
	if n := scans(t, url) - before; n != 1 {
		t.Errorf("read %d times", n)
	}
}

// scans is how often the memories were gone through, once nobody else is connected: what others did is counted when they leave.
func scans(t *testing.T, url string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	const here = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
	for others := 1; others > 0; {
		if err := conn.QueryRow(ctx, here).Scan(&others); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.QueryRow(ctx, `SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'memories'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
