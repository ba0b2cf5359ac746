package app

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const writingConfig = `
state_dir: $DIR
postgres: {url: "$PG"}
sources: {main: {dsn: "$DSN"}}
accounts:
  news: {type: mailrelay, base_url: "http://127.0.0.1:1", api_key: some-key}
  op: {type: openprovider, username: acme, password: some-password, base_url: "http://127.0.0.1:1"}
syncs:
  list: {type: clients, source: main, account: news, groups: [1], write_back: true}
  quiet-list: {type: clients, source: main, account: news, groups: [1]}
  names: {type: domains, source: main, account: op, registrar: openprovider}
  quiet-names: {type: domains, source: main, account: op, registrar: openprovider, mode: notify}
  led-names: {type: domains, source: main, account: op, registrar: openprovider, leads: {status: nobody, expiry: nobody}}
`

// The server of this test is its own: it is made read-only as a whole.
func TestCheckSeesWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	root, cfg := writingWorld(t)
	found := func(words string) string {
		var syncs []string
		for _, f := range Check(t.Context(), cfg, Options{Log: zerolog.Nop()}) {
			if name, _, _ := strings.Cut(f.Detail, " writes to WHMCS"); f.Result == ResultFailed && strings.Contains(f.Detail, words) {
				if !strings.Contains(f.Hint, "point sources.main.dsn at the primary server, or write syncs."+name) {
					t.Errorf("no way out: %+v", f)
				}
				syncs = append(syncs, name)
			}
		}
		slices.Sort(syncs)
		return strings.Join(syncs, ", ")
	}
	if got := found("read-only"); got != "" {
		t.Errorf("a primary server is read-only for %s", got)
	}
	if _, err := root.ExecContext(t.Context(), "SET GLOBAL read_only = 1"); err != nil {
		t.Fatal(err)
	}
	if got := found("this database is read-only: The MariaDB server is running with the --read-only option"); got != "list, names" {
		t.Errorf("a replica is read-only for %q", got)
	}
}

func TestCheckHintsAtAModuleThatWritesByItself(t *testing.T) {
	t.Parallel()
	root, cfg := writingWorld(t)
	for value, want := range map[string]int{"": 0, "on": 2} { // those that write; mode notify is not told
		for name, to := range map[string]string{"DomainSyncEnabled": value, "DomainSyncNotifyOnly": "on"} {
			if _, err := root.ExecContext(t.Context(), "REPLACE INTO whmcs.tblconfiguration (setting, value) VALUES (?, ?)", name, to); err != nil {
				t.Fatal(err)
			}
		}
		told := 0
		for _, f := range Check(t.Context(), cfg, Options{Log: zerolog.Nop()}) {
			if strings.Contains(f.Detail, "goes on calling Openprovider's module") && f.Result == ResultWarning {
				told++
			}
		}
		if told != want {
			t.Errorf("sync enabled %q: told %d times, want %d", value, told, want)
		}
	}
}

// writingWorld is a MariaDB of its own, and a configuration whose user has no special rights there.
func writingWorld(t *testing.T) (root *sql.DB, cfg config.Config) {
	t.Helper()
	server := testkit.PrivateMariaDB(t)
	root, err := sql.Open("mysql", server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	for _, statement := range []string{
		"CREATE DATABASE whmcs", "CREATE USER plain IDENTIFIED BY 'plain-word'", "GRANT SELECT, INSERT, UPDATE ON whmcs.* TO plain",
	} {
		if _, err := root.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := driver.ParseDSN(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	settings.DBName = "whmcs"
	if err := fixture.Load(t.Context(), settings.FormatDSN()); err != nil {
		t.Fatal(err)
	}
	settings.User, settings.Passwd = "plain", "plain-word"
	text := strings.NewReplacer("$DIR", t.TempDir(), "$PG", testkit.Postgres(t), "$DSN", settings.FormatDSN()).Replace(writingConfig)
	cfg, err = config.Parse("test", []byte(text), os.LookupEnv, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	return root, cfg
}
