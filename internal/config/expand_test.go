package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

// withEnv reads a file whose state_dir, a free text, is the value.
func withEnv(value string) (config.Config, error) {
	env := environment(map[string]string{
		"DIR": "/srv", "NESTED": "${DIR}", "YAML": "x\", log: {level: debug}, a: \"\n- b: # c", "NUMBER": "7", "YES": "true", "EMPTY": "",
	})
	disk := files(map[string]string{"/run/dir": "/from/file\r\n", "/run/two": "a\nb\n"})
	return config.Parse("f", []byte(value), env, disk)
}

func TestExpansion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, written, want string }{
		{"a variable", `"${DIR}"`, "/srv"},
		{"a variable in the middle, twice", `"a${DIR}b${DIR}c"`, "a/srvb/srvc"},
		{"an unquoted variable", `${DIR}/x`, "/srv/x"},
		{"a file without its line end", `"${file:/run/dir}"`, "/from/file"},
		{"a file keeps the line ends inside", `"${file:/run/two}"`, "a\nb"},
		{"two dollars are one", `"a$$b$${DIR}"`, "a$b${DIR}"},
		{"a single dollar stays", `"$DIR $ 5$"`, "$DIR $ 5$"},
		{"what was filled in is not read again", `"${NESTED}"`, "${DIR}"},
		{"YAML in a value stays text", `"${YAML}"`, "x\", log: {level: debug}, a: \"\n- b: # c"},
		{"a block of text loses its last line end", "|\n  ${DIR}\n", "/srv"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := withEnv("state_dir: " + tc.written)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, cfg.StateDir); diff != "" || cfg.Log.Level != "info" {
				t.Errorf("log level %q, (-want +got)\n%s", cfg.Log.Level, diff)
			}
		})
	}
}

func TestNumbersAndSwitchesMayComeFromVariables(t *testing.T) {
	t.Parallel()
	cfg, err := withEnv("postgres: {max_conns: \"${NUMBER}\"}\n" +
		"accounts: {n: {type: mailrelay, host: a, api_key: k, api_batches: \"${YES}\", rate: {per_second: \"${NUMBER}\"}}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Accounts["n"]; cfg.Postgres.MaxConns != 7 || !got.APIBatches || got.Rate.PerSecond != 7 {
		t.Errorf("got %d, %+v", cfg.Postgres.MaxConns, got)
	}
}

func TestExpansionsThatFailSayWhy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, written, want string }{
		{"a variable that is not set", `"${NOPE}"`, "f:1:1: state_dir: the environment variable NOPE is not set"},
		{"a file that is not there", `"${file:/run/none}"`, "cannot read the file /run/none (file does not exist)"},
		{"a file with a line break in its name", `"${file:/a\nb}"`, "cannot read the file /a b (file does not exist)"},
		{"no closing brace", `"pa${ss"`, "has a ${ without its }"},
		{"something else in the braces", `"pa${s s}w"`, "neither ${VARIABLE} nor ${file:/path}"},
		{"an empty name", `"${}"`, "neither ${VARIABLE} nor ${file:/path}"},
		{"an empty value where one is needed", `"${EMPTY}"`, "must not be empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := withEnv("state_dir: " + tc.written)
			checkMessage(t, err, tc.want)
			if err != nil && strings.Contains(err.Error(), "pa$") {
				t.Errorf("%v quotes the value", err)
			}
		})
	}
}
