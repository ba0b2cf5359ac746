package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	whmcsdb "github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// bareName is the sync under which the yardstick's batches are kept.
const (
	bareName = "yardstick"
	apiKey   = "bench-key"
	secret   = "bench-hook-secret"
)

// duty is what the configurations of the measured syncs differ in.
type duty struct {
	kind, sync, account string
	config              string // of the account and the sync, a template that settings fill in
}

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
	db, err := whmcsdb.New(whmcsdb.Config{Name: "main", DSN: dsn})
	if err != nil {
		return nil, err
	}
	s.undo = append(s.undo, func() { _ = db.Close() })
	features, err := db.Probe(ctx)
	return &billing{dsn: dsn, db: db, features: features, records: records}, err
}

// connected does something past the program, as WHMCS would.
func (b *billing) connected(do func(*sql.DB) error) error {
	db, err := sql.Open("mysql", b.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

// settings are what the configurations of a benchmark differ in.
type settings struct {
	BatchSize int
	PerSecond float64
	InFlight  int
	Listen    string
	SimURL    string
}

// outside is the simulator of an outside system.
type outside interface {
	Start(listen string) error
	URL() string
	Counts() simkit.Counts
	Close() error
}

// world is one install of whmcsync between a WHMCS and an outside system.
type world struct {
	*billing
	duty          duty
	dir           string
	settings      settings
	stateURL      string
	redisURL      string
	store         *postgres.Store
	outside       outside
	program       string
	configuration config.Config
}

// newWorld makes the state's database and starts the outside system; the n-th world of a benchmark uses the n-th
// database of Redis.
func (b *bench) newWorld(ctx context.Context, from *billing, d duty, out outside, set settings) (w *world, err error) {
	b.worlds++
	n := b.worlds
	w = &world{billing: from, duty: d, outside: out, settings: set, program: b.Program, dir: filepath.Join(b.Dir, fmt.Sprintf("install%d", n))}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return nil, err
	}
	if w.stateURL, err = b.servers.newPostgres(ctx, fmt.Sprintf("state%d", n)); err != nil {
		return nil, err
	}
	if w.redisURL, err = b.servers.redisDB(ctx, n); err != nil {
		return nil, err
	}
	if err := out.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	w.settings.SimURL = out.URL()
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
		{Name: w.duty.sync, Type: w.duty.kind, Source: "main", Account: w.duty.account},
		{Name: bareName, Type: w.duty.kind, Source: "main", Account: w.duty.account},
	})
}

func (w *world) close() {
	if w.store != nil {
		w.store.Close()
	}
	_ = w.outside.Close()
}

func (w *world) configPath() string { return filepath.Join(w.dir, "whmcsync.yaml") }

// configure writes the configuration; processes that are started from now on go by it.
func (w *world) configure(set settings) (err error) {
	w.settings = set
	text := &bytes.Buffer{}
	fmt.Fprintf(text, `# Made by the benchmark.
state_dir: %s
log: {level: warn}
http: {listen: %q}
postgres: {url: %q}
redis: {url: %q}
sources:
  main: {dsn: %q, hook_secret: %s}
`, filepath.Join(w.dir, "state"), set.Listen, w.stateURL, w.redisURL, w.dsn, secret)
	own, err := template.New(w.duty.kind).Parse(w.duty.config)
	if err != nil {
		return err
	}
	if err := own.Execute(text, set); err != nil {
		return err
	}
	if err := os.WriteFile(w.configPath(), text.Bytes(), 0o600); err != nil {
		return err
	}
	w.configuration, err = config.Load(w.configPath(), os.LookupEnv)
	return err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
