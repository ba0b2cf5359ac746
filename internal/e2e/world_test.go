package e2e

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const (
	apiKey     = "e2e-key"
	hookSecret = "e2e-hook-secret"
	newsletter = "newsletter"
	patience   = 60 * time.Second // generous: a busy machine is no failure
)

// shape says in what a world differs from the usual one.
type shape struct {
	clients  int         // 0 = 2,000; negative = none at all
	seed     uint64      // of the made-up clients; 0 = 1
	old      bool        // a WHMCS from before 7.5
	sim      sim.Options // the list's
	postgres string      // URL; "" = a private database on the common server
	mysql    string      // DSN of a server that is the test's own; "" = a private database on the common server
	redis    string      // URL; "" = a private server
	rate     string      // calls a second; "" = 400
	account  string      // more lines of the account
	sync     string      // more lines of the sync
	source   string      // more keys of the source
	mail     string      // the section mail; "" = nobody gets mail
	env      []string    // more variables of the program
	racy     bool        // the program is built as the tests are, with -race when they are
}

// world is everything outside of whmcsync, its configuration, and its processes.
type world struct {
	t      *testing.T
	dir    string
	config string
	sync   string // that passes are asked of
	old    bool
	racy   bool
	env    []string
	dsn    string
	whmcs  *sql.DB
	list   *sim.Server
	state  *pgxpool.Pool
	store  *postgres.Store
	oracle *oracle
}

// Two large and two small worlds may be up at a time: the machines that run these tests have two cores.
const worldsAtOnce = 4

var (
	large = make(chan struct{}, worldsAtOnce/2)
	small = make(chan struct{}, worldsAtOnce/2)
)

var migrated = testkit.Template{Prepare: migrate}

func migrate(ctx context.Context, url string) error {
	store, err := postgres.Open(ctx, url, 2)
	if err != nil {
		return err
	}
	defer store.Close()
	_, err = store.Migrate(ctx)
	return err
}

// newWorld builds a world of clients and a list, in which nothing runs yet.
func newWorld(t *testing.T, s shape) *world {
	t.Helper()
	w := bareWorld(t, &s)
	w.buildList(s)
	w.config = w.writeConfig("whmcsync.yaml", s)
	return w
}

// bareWorld builds all but the outside system, and fills in where the servers are.
func bareWorld(t *testing.T, s *shape) *world {
	t.Helper()
	room := large
	if s.clients != 0 && s.clients <= 600 {
		room = small
	}
	room <- struct{}{}
	t.Cleanup(func() { <-room })
	w := &world{t: t, dir: t.TempDir(), sync: newsletter, old: s.old, racy: s.racy, env: s.env, oracle: newOracle()}
	w.buildWHMCS(*s)
	if s.postgres == "" {
		s.postgres = migrated.Clone(t)
	} else if err := migrate(t.Context(), s.postgres); err != nil {
		t.Fatal(err)
	}
	if s.redis == "" {
		s.redis = testkit.Redis(t)
	}
	w.openState(s.postgres)
	return w
}

func (w *world) openState(url string) {
	w.t.Helper()
	var err error
	if w.store, err = postgres.Open(w.t.Context(), url, 2); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.store.Close)
	if w.state, err = pgxpool.New(w.t.Context(), url); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.state.Close)
}

// buildWHMCS makes the database and fills it.
func (w *world) buildWHMCS(s shape) {
	w.t.Helper()
	load := fixture.Load
	if s.old {
		load = fixture.LoadOld
	}
	w.dsn = s.mysql
	if w.dsn == "" {
		w.dsn = testkit.MySQL(w.t)
	} else {
		w.dsn = createDatabase(w.t, s.mysql)
	}
	if err := load(w.t.Context(), w.dsn); err != nil {
		w.t.Fatal(err)
	}
	if n := max(0, cmp.Or(s.clients, 2000)-3); n > 0 { // three are in every database
		if _, err := fixture.Clients(w.t.Context(), w.dsn, fixture.Options{N: n, Seed: cmp.Or(s.seed, 1), FourByte: true}); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.whmcs, err = sql.Open("mysql", lax(w.dsn)); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.whmcs.Close() })
	if s.clients < 0 {
		w.exec("DELETE FROM tblclients")
	}
}

// lax is the DSN with which WHMCS itself would write: zero dates are allowed.
func lax(dsn string) string {
	more := "?"
	if strings.Contains(dsn, "?") {
		more = "&"
	}
	return dsn + more + "sql_mode=''&charset=utf8mb4&interpolateParams=true"
}

// createDatabase makes the database "whmcs" on a server that is the test's own.
func createDatabase(t *testing.T, dsn string) string {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE whmcs CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	slash := strings.LastIndexByte(dsn, '/')
	return dsn[:slash+1] + "whmcs" + dsn[slash+1:]
}

// exec changes the WHMCS-like database and returns how many rows that concerned.
func (w *world) exec(query string, args ...any) int64 {
	w.t.Helper()
	result, err := w.whmcs.ExecContext(w.t.Context(), query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) rows() []row {
	w.t.Helper()
	return readRows(w.t, w.whmcs, w.old)
}

// buildList starts the list and puts people on it.
func (w *world) buildList(s shape) {
	w.t.Helper()
	s.sim.APIKey = apiKey
	s.sim.Groups = []sim.Group{{ID: 1, Name: "All"}, {ID: 2, Name: "By hand"}, {ID: 3, Name: "Hosting"}, {ID: 4, Name: "Iberia"}, {ID: 5, Name: "Press"}}
	w.list = sim.New(s.sim)
	if err := w.list.Start("127.0.0.1:0"); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.list.Close() })
	w.list.Seed(populace(w.oracle, w.rows())...)
}

func (w *world) writeConfig(name string, s shape) string {
	w.t.Helper()
	return w.write(name, s, fmt.Sprintf(`
accounts:
  news:
    type: mailrelay
    base_url: %s
    api_key: %s
    timeout: 2s
    rate: {per_second: %s, in_flight: 8}
%s
syncs:
  newsletter:
    type: clients
    source: main
    account: news
    groups:
      - 1
      - {id: 3, when: {product: [11, 12]}}
      - {id: 4, when: {country: [ES, PT]}}
    fields: {name: full_name, locale: language, country: country, "custom:11": companyname, "custom:12": "custom_field:1"}
%s
`, w.list.URL(), apiKey, cmp.Or(s.rate, "400"), indent(4, s.account), indent(4, cmp.Or(s.sync, "guard: {min: 5000}\npoll: 0s"))))
}

// write writes a configuration: the servers, and the accounts and syncs given.
func (w *world) write(name string, s shape, rest string) string {
	w.t.Helper()
	text := fmt.Sprintf(`
state_dir: %q
log: {level: info, format: json}
postgres: {url: %q, max_conns: 4}
redis: {url: %q}
http: {listen: "127.0.0.1:0"}
sources:
  main: {dsn: %q, hook_secret: %s%s}
`, filepath.Join(w.dir, "state"), s.postgres, s.redis, w.dsn, hookSecret, s.source) + rest
	if s.mail != "" {
		text += "mail: " + s.mail + "\n"
	}
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func indent(by int, lines string) string {
	if lines == "" {
		return ""
	}
	margin := strings.Repeat(" ", by)
	return margin + strings.ReplaceAll(lines, "\n", "\n"+margin)
}

// start starts one role and waits until it is up.
func (w *world) start(role string, args ...string) *process {
	w.t.Helper()
	path, env := program, w.env
	if w.racy {
		path, env = os.Args[0], append([]string{asProgram + "=1"}, w.env...)
	}
	p := launch(w.t, path, env, append([]string{role, "--config", w.config}, args...)...)
	p.says(`"started"`, patience)
	return p
}

// crew is the usual staff.
type crew struct{ schedulers, workers []*process }

// staff starts two schedulers and two workers.
func (w *world) staff() crew {
	w.t.Helper()
	var c crew
	for range 2 {
		c.schedulers = append(c.schedulers, w.start("scheduler"))
		c.workers = append(c.workers, w.start("worker"))
	}
	return c
}

// embedded is the same configuration with the servers that the program brings.
func (w *world) embedded() string {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "redis:") || strings.HasPrefix(line, "postgres:")
	})
	path := filepath.Join(w.dir, "embedded.yaml")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// embeddedPostgres is where the embedded server can be reached.
func (w *world) embeddedPostgres() string {
	w.t.Helper()
	url, err := os.ReadFile(filepath.Join(w.dir, "state", "postgres.url"))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(url))
}
