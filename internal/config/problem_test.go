package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

func TestABrokenFileIsReportedWholeAndInOrder(t *testing.T) {
	t.Parallel()
	broken, want := read(t, "testdata/broken.yaml"), read(t, "testdata/broken.golden")
	cfg, err := parse(t, broken)
	if diff := cmp.Diff(strings.TrimSpace(want), err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(config.Config{}, cfg, comparer); diff != "" {
		t.Errorf("a refused file still gave a Config:\n%s", diff)
	}
}

func TestProblemsCarryTheirPlace(t *testing.T) {
	t.Parallel()
	_, err := parse(t, "log:\n  levle: debug\n")
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		t.Fatalf("got %T", err)
	}
	want := []config.Problem{{Line: 2, Column: 3, Path: "log.levle", Text: "unknown key: did you mean level?"}}
	if diff := cmp.Diff(want, problems.List); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestShapes holds the messages about the form of the file.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, yaml, want string }{
		{"a list instead of the file", "- 1", "f:1:1: must be a section with keys below it, got a list"},
		{"a number instead of a section", "log: 5", "f:1:1: log: must be a section with keys below it, got a number"},
		{"text instead of a list", "http: {users: ops}", "f:1:8: http.users: must be a list, got text: write it in [ ]"},
		{"a section refused as a whole asks for none of its keys", "accounts: {news: 5}", "f:1:12: accounts.news: must be a section with keys below it, got a number"},
		{"a key without a value", "log:\n  level:", "f:2:3: log.level: must be text, got nothing"},
		{"a list instead of a number", "postgres: {max_conns: [1]}", "f:1:12: postgres.max_conns: must be a whole number, got a list"},
		{"a quoted number", `postgres: {max_conns: "10"}`, "f:1:12: postgres.max_conns: must be a whole number, got text: write 10 without quotes"},
		{"a number where text belongs", "state_dir: 5", "f:1:1: state_dir: must be text, got a number: put it in quotes"},
		{"a fraction where a whole number belongs", "postgres: {max_conns: 1.5}", `f:1:12: postgres.max_conns: must be a whole number, got "1.5": write e.g. 10`},
		{"an anchor", "log: &a {level: info}", "f:1:1: log: must be a section with keys below it, got a YAML anchor, alias or tag (write the value out)"},
		{"a merge key", "<<: {log: {level: info}}", "f:1:1: only plain keys are used here: write the settings out"},
		{"two documents", "log: {}\n---\nredis: {}", "f:3:1: a second YAML document: keep one, without ---"},
		{"an open bracket", "a: [1", "f:1:4: is not valid YAML: sequence end token ']' not found: check the indentation, the quotes and the brackets here and on the line above"},
		{"a tab", "log:\n\tlevel: info", "f:2:1: is not valid YAML: found character tab that cannot start any token: check the indentation, the quotes and the brackets here and on the line above"},
		{"a key with a dot and a line break", `"a.b\nc": 1`, `f:1:1: "a.b\nc": unknown key: use state_dir, log, postgres, redis, http, retain, alerts, mail, sources, accounts or syncs`},
		{"a file far too large", strings.Repeat("# nothing to see here\n", 20000), "f:1:1: is larger than 256 KiB: this is not a whmcsync configuration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("f", []byte(tc.yaml), environment(nil), files(nil))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestItemsOfAListAreFoundAtTheirFirstKey(t *testing.T) {
	t.Parallel()
	_, err := parse(t, "http:\n  users:\n    - name: ops\n      password: long enough\n    - role: viewer\n")
	want := "whmcsync.yaml:5:7: http.users.2.name: is missing: write e.g. name: ops\n" +
		"whmcsync.yaml:5:7: http.users.2.password: is missing: write e.g. password: ${OPS_SECRET}"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
