package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/whmcsync/whmcsync/internal/cli"
)

// The program under test is this test binary, started again under the program's name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"whmcsync": func() { os.Exit(cli.Main(os.Args[1:])) }})
}

// Each script has a world of its own: a Postgres, a WHMCS database, a Redis and a Mailrelay simulator. Beside the usual
// commands it may use those of scriptCommands.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			testscript.Run(t, testscript.Params{
				Files: []string{file}, RequireExplicitExec: true, RequireUniqueNames: true,
				Setup: w.setup, Cmds: w.commands(),
			})
		})
	}
}

const configuration = `log: {level: warn}
state_dir: ${WORK}/state
postgres: {url: "${PG}"}
redis: {url: "${REDIS}"}
http: {listen: "127.0.0.1:0"}
sources:
  main: {dsn: "${DSN}"}
accounts:
  news: {type: mailrelay, base_url: "${BASE}", api_key: "${KEY}", timeout: 5s, rate: {per_second: 500, in_flight: 8}}
  spare: {type: mailrelay, base_url: "${BASE}", api_key: "${KEY}", rate: {per_second: 500}}
syncs:
  newsletter:
    type: clients
    source: main
    account: news
    groups: ["${GROUP}"]
    write_back: "${WRITE_BACK}"
    poll: 0s
    fields: {name: full_name, country: country, "custom:11": companyname}
`

// setup gives a script its world through the environment, which is also how it changes it.
func (w *world) setup(env *testscript.Env) error {
	vars := map[string]string{
		"PG": w.postgres, "REDIS": w.redis, "DSN": w.dsn, "RIGHT_DSN": w.dsn, "WRONG_DSN": w.dsnOf("nobody", wrong), "BASE": w.sim.URL(), "WRONG_PG": w.wrongPostgres(), "TAKEN": w.taken(), "KEY": apiKey, "GROUP": "1", "WRITE_BACK": "false",
		"WHMCSYNC_CONFIG": filepath.Join(env.WorkDir, "whmcsync.yaml"), "HOME": env.WorkDir, "TZ": "UTC",
		"NOBODY": "127.0.0.1:1", // where no server listens
	}
	for name, value := range vars {
		env.Setenv(name, value)
	}
	return os.WriteFile(vars["WHMCSYNC_CONFIG"], []byte(configuration), 0o600)
}

func (w *world) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"code": code, "eventually": eventually, "json": jsonHas, "sql": w.sql, "as": w.as, "clients": w.clients, "person": w.person, "unsubscribe": w.unsubscribe, "fault": w.fault, "secret": w.secret,
	}
}

// jsonHas demands that the last output is one JSON value with this value at a path of keys and numbers ("checks.0.name");
// len is the length.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("the output is not JSON: %v", err)
	}
	switch len(args) {
	case 0:
		return
	case 1:
		args = append(args, "")
	}
	for key := range strings.SplitSeq(args[0], ".") {
		value = child(value, key)
	}
	if got := text(value); (got == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], got)
	}
}
