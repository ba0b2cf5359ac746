package bench

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	whmcsdb "github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// syncName is the sync that is measured, bareName the one under which the yardstick's batches are kept.
const (
	syncName = "newsletter"
	bareName = "yardstick"
	apiKey   = "bench-key"
	secret   = "bench-hook-secret"
)

// billing is a WHMCS-like database.
type billing struct {
	dsn      string
	db       *whmcsdb.DB
	features whmcs.Features
	records  int
}

func (s *servers) newBilling(ctx context.Context, name string, records int) (*billing, error) {
	dsn, err := s.newMySQL(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := fixture.Load(ctx, dsn); err != nil {
		return nil, err
	}
	if _, err := fixture.Clients(ctx, dsn, fixture.Options{N: records, Seed: 1, FourByte: true}); err != nil {
		return nil, err
	}
	db, err := whmcsdb.New(whmcsdb.Config{Name: "main", DSN: dsn})
	if err != nil {
		return nil, err
	}
	s.undo = append(s.undo, func() { _ = db.Close() })
	features, err := db.Probe(ctx)
	return &billing{dsn: dsn, db: db, features: features, records: records}, err
}

// settings are what the configurations of a benchmark differ in.
type settings struct {
	BatchSize int
	PerSecond float64
	InFlight  int
	Listen    string
	SimURL    string
}

// world is one install of whmcsync with a WHMCS and a mailing list around it.
type world struct {
	*billing
	dir           string
	settings      settings
	stateURL      string
	redisURL      string
	store         *postgres.Store
	list          *sim.Server
	program       string
	configuration config.Config
}

// newWorld makes the state's database and the list; the n-th world of a benchmark uses the n-th database of Redis.
func (s *servers) newWorld(ctx context.Context, b *billing, o Options, n int, list sim.Options, set settings) (w *world, err error) {
	w = &world{billing: b, settings: set, program: o.Program, dir: filepath.Join(o.Dir, fmt.Sprintf("install%d", n))}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return nil, err
	}
	if w.stateURL, err = s.newPostgres(ctx, fmt.Sprintf("state%d", n)); err != nil {
		return nil, err
	}
	if w.redisURL, err = s.redisDB(ctx, n); err != nil {
		return nil, err
	}
	list.APIKey = apiKey
	w.list = sim.New(list)
	if err := w.list.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	w.settings.SimURL = w.list.URL()
	if w.settings.Listen, err = freeAddress(); err != nil {
		return nil, err
	}
	return w, w.migrate(ctx)
}

// migrate writes the configuration and prepares the state.
func (w *world) migrate(ctx context.Context) (err error) {
	if err := w.configure(w.settings); err != nil {
		return err
	}
	if w.store, err = postgres.Open(ctx, w.stateURL, 20); err != nil {
		return err
	}
	if _, err := w.store.Migrate(ctx); err != nil {
		return err
	}
	return w.store.EnsureSyncs(ctx, []state.Sync{
		{Name: syncName, Type: "clients", Source: "main", Account: "news"},
		{Name: bareName, Type: "clients", Source: "main", Account: "news"},
	})
}

func (w *world) close() {
	if w.store != nil {
		w.store.Close()
	}
	_ = w.list.Close()
}

func (w *world) configPath() string { return filepath.Join(w.dir, "whmcsync.yaml") }

// configure writes the configuration; processes that are started from now on go by it.
func (w *world) configure(set settings) (err error) {
	w.settings = set
	text := fmt.Sprintf(`# Made by the benchmark.
state_dir: %s
log: {level: warn}
http: {listen: %q}
postgres: {url: %q}
redis: {url: %q}
sources:
  main: {dsn: %q, hook_secret: %s}
accounts:
  news:
    type: mailrelay
    base_url: %s
    api_key: %s
    rate: {per_second: %g, in_flight: %d}
syncs:
  newsletter:
    type: clients
    source: main
    account: news
    batch_size: %d
    full_every: 365d
    poll: 0
    groups: [1, 3]
`, filepath.Join(w.dir, "state"), set.Listen, w.stateURL, w.redisURL, w.dsn, secret, set.SimURL, apiKey, set.PerSecond, set.InFlight, set.BatchSize)
	if err := os.WriteFile(w.configPath(), []byte(text), 0o600); err != nil {
		return err
	}
	w.configuration, err = config.Load(w.configPath(), os.LookupEnv)
	return err
}

// need is what a batch reads of each client.
func (w *world) need() whmcs.Wish { return app.Policy(w.configuration.Syncs[syncName]).Needs() }

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
