package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that sql.Open knows as pgx
	"github.com/pressly/goose/v3"
	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestOpenRefusesPlainlyAndSilently(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, url, hint string
		class           fault.Class
	}{
		{"a url that is none", "postgres://whmcsync:s3cret@[/x", "not a valid one", fault.Refused},
		{"a setting that is none", "postgres://whmcsync:s3cret@localhost/x?pool_max_conns=many", "not a valid one", fault.Refused},
		{"a server that is not there", "postgres://whmcsync:s3cret@127.0.0.1:1/x", "is it running", fault.Transient},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), tc.url, 2)
			if !fault.Is(err, tc.class) || !strings.Contains(err.Error(), tc.hint) {
				t.Errorf("got %v, want %s with %q", err, tc.class, tc.hint)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestOpenTellsEachCauseOnce(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), "postgres://me@127.0.0.1:1,127.0.0.1:2/x", 2) // each is tried with TLS and without
	if err == nil {
		t.Fatal("nobody listens there")
	}
	for _, cause := range []string{"dial tcp 127.0.0.1:1: connect: connection refused", "dial tcp 127.0.0.1:2: connect: connection refused"} {
		if n := strings.Count(err.Error(), cause); n != 1 {
			t.Errorf("%q is told %d times: %v", cause, n, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %q", err)
	}
}

func TestOpenHintsAtAMissingDatabase(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(testkit.Postgres(t))
	must(t, err)
	u.Path += "_gone"
	_, err = postgres.Open(t.Context(), u.String(), 2)
	if !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "create it first") {
		t.Errorf("got %v", err)
	}
}

func TestOpenKeepsWithinItsConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := b.open(3)
	group, ctx := errgroup.WithContext(b.ctx)
	for range 20 {
		group.Go(func() error {
			_, err := store.Syncs(ctx)
			return err
		})
		group.Go(func() error { return store.SetTotal(ctx, news, 1) })
	}
	must(t, group.Wait())
	b.Store.Close()
	testkit.Eventually(t, 10*time.Second, func() (bool, string) {
		n := b.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'whmcsync'`)
		return n <= 3, fmt.Sprintf("%d connections, want at most 3", n)
	})
}

// migrations is how many there are.
const migrations = 7

func TestMigrate(t *testing.T) {
	t.Parallel()
	t.Run("four processes at once apply each migration once", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		applied := make([]int, 4)
		group, ctx := errgroup.WithContext(t.Context())
		for i := range applied {
			group.Go(func() error {
				store, err := postgres.Open(ctx, url, 2)
				if err != nil {
					return err
				}
				defer store.Close()
				applied[i], err = store.Migrate(ctx)
				return err
			})
		}
		must(t, group.Wait())
		if sum := applied[0] + applied[1] + applied[2] + applied[3]; sum != migrations {
			t.Errorf("applied %v, want %d in all", applied, migrations)
		}
	})
	t.Run("an older schema is told with the way out", func(t *testing.T) {
		t.Parallel()
		store, err := postgres.Open(t.Context(), testkit.Postgres(t), 2)
		must(t, err)
		defer store.Close()
		have, want, err := store.SchemaVersion(t.Context())
		must(t, err)
		if have != 0 || want != migrations {
			t.Errorf("have %d, want %d", have, want)
		}
		for _, err := range []error{store.CheckSchema(t.Context()), onlyError(store.Syncs(t.Context()))} {
			if err == nil || !strings.Contains(err.Error(), "whmcsync migrate") {
				t.Errorf("got %v, want the hint", err)
			}
		}
		_, err = store.Migrate(t.Context())
		must(t, err)
		must(t, store.CheckSchema(t.Context()))
		again, err := store.Migrate(t.Context())
		must(t, err)
		if again != 0 {
			t.Errorf("a second migration applied %d", again)
		}
	})
}

func TestMigrateKeepsWhatIsRemembered(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	db, err := sql.Open("pgx", url)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	older, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("migrations"), goose.WithTableName("whmcsync_migrations"))
	must(t, err)
	_, err = older.UpTo(t.Context(), 4)
	must(t, err)
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO roster (sync, record_id, email) VALUES ('newsletter', 7, 'ana@example.com');
		INSERT INTO subscribers (sync, email, record_id, remote_email) VALUES ('newsletter', 'ana@example.com', 7, 'Ana@example.com')`)
	must(t, err)

	store, err := postgres.Open(t.Context(), url, 2)
	must(t, err)
	t.Cleanup(store.Close)
	_, err = store.Migrate(t.Context())
	must(t, err)
	got, err := store.RecordsByIDs(t.Context(), news, []int64{7})
	must(t, err)
	wantSame(t, "remembered", state.RecordSet{
		Roster:   []state.RosterRow{row(7, ana)},
		Memories: map[string]state.Memory{ana: {Key: ana, RecordID: 7, RemoteKey: "Ana@example.com", Version: 1}},
	}, got)
}

func TestErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	_, err := b.Sync(ctx, news)
	wantErr(t, err, context.Canceled)
	if !fault.Is(err, fault.Transient) {
		t.Errorf("class %s, want transient", fault.ClassOf(err))
	}
	b.Store.Close()
	_, err = b.RequestRun(b.ctx, state.Request{Sync: news})
	if !fault.Is(err, fault.Transient) {
		t.Errorf("class %s, want transient", fault.ClassOf(err))
	}
}

func onlyError[T any](_ T, err error) error { return err }
