package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// environment looks variables up in a map.
func environment(values map[string]string) config.Env {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// files reads from a map.
func files(values map[string]string) config.ReadFile {
	return func(path string) ([]byte, error) {
		value, ok := values[path]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte(value), nil
	}
}

// parse reads a file with no environment and no files around it.
func parse(t *testing.T, yaml string) (config.Config, error) {
	t.Helper()
	return config.Parse("whmcsync.yaml", []byte(yaml), environment(nil), files(nil))
}

// mustParse fails the test when the file is refused.
func mustParse(t *testing.T, yaml string) config.Config {
	t.Helper()
	cfg, err := parse(t, yaml)
	if err != nil {
		t.Fatalf("refused:\n%v", err)
	}
	return cfg
}

// comparer compares what cmp cannot look into.
var comparer = cmp.Options{
	cmp.Comparer(func(a, b config.Secret) bool { return a.Reveal() == b.Reveal() }),
	cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
}

// minimal is the shortest file that does something.
const minimal = `
sources:
  main: {dsn: "whmcsync:pw@tcp(db:3306)/whmcs", timezone: Europe/Madrid}
accounts:
  news: {type: mailrelay, host: acme, api_key: key}
syncs:
  newsletter: {type: clients, source: main, account: news, groups: [1, 3]}
`

func TestMinimalFileGetsTheDefaults(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		StateDir: "./.whmcsync",
		Log:      config.Log{Level: "info"},
		Postgres: config.Postgres{URL: config.NewSecret("embedded"), MaxConns: 10},
		Redis:    config.Redis{URL: config.NewSecret("embedded")},
		HTTP:     config.HTTP{Listen: "127.0.0.1:8080"},
		Retain:   config.Retain{Changes: 90 * 24 * time.Hour, Batches: 14 * 24 * time.Hour},
		Mail:     config.Mail{Port: 587, TLS: "starttls"},
		Sources:  map[string]config.Source{"main": {DSN: config.NewSecret("whmcsync:pw@tcp(db:3306)/whmcs"), Timezone: madrid}},
		Accounts: map[string]config.Account{"news": {
			Type: "mailrelay", Host: "acme", APIKey: config.NewSecret("key"),
			Rate: config.Rate{PerSecond: 4, InFlight: 4}, Timeout: 30 * time.Second, PageSize: 1000,
		}},
		Syncs: map[string]config.Sync{"newsletter": {
			Type: "clients", Source: "main", Account: "news", Timezone: madrid, Mode: "apply",
			BatchSize: 250, Window: 200, Attempts: 8, FullEvery: 24 * time.Hour, Poll: 5 * time.Minute,
			Guard:    config.Guard{Min: 5, Percent: 1, ListingShrink: 20},
			Statuses: []string{"Active"},
			Clients: config.Clients{
				Consent: whmcs.ConsentOptIn,
				Groups:  []config.GroupRule{{ID: 1}, {ID: 3}},
				Fields:  []config.FieldRule{{To: "name", From: "full_name"}, {To: "locale", From: "language"}},
			},
		}},
	}
	if diff := cmp.Diff(want, mustParse(t, minimal), comparer); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEmptyFilesLoad(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing at all":              "",
		"comments only":               "# later\n",
		"a document mark":             "---\n",
		"sections with comments only": "http:\n  # listen: x\nsyncs:\nlog: {}\n",
		"a byte order mark":           "\ufefflog: {level: info}\n",
		"Windows line ends":           "log:\r\n  level: info\r\nredis:\r\n  url: embedded\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(mustParse(t, "log: {level: info}"), mustParse(t, text), comparer); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestStateDirectoryOfSystemdIsUsed(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"STATE_DIRECTORY": "/var/lib/whmcsync:/var/lib/other"})
	cfg, err := config.Parse("x", nil, env, files(nil))
	if err != nil || cfg.StateDir != "/var/lib/whmcsync" {
		t.Errorf("got %q, %v", cfg.StateDir, err)
	}
}

func TestLoadReadsSecretsBesideTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "key"), "s3cret\n")
	path := filepath.Join(dir, "whmcsync.yaml")
	write(t, path, strings.ReplaceAll(minimal, "api_key: key", `api_key: "${file:key}"`))
	cfg, err := config.Load(path, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Accounts["news"].APIKey.Reveal(); got != "s3cret" {
		t.Errorf("api_key = %q, want the content without the line end", got)
	}
}

func TestLoadOfAMissingFileSaysWhichFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := config.Load(path, environment(nil))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestFindPrefersTheFlagThenTheEnvironment(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{config.EnvFile: "/from/env.yaml"})
	for flag, want := range map[string]string{"/from/flag.yaml": "/from/flag.yaml", "": "/from/env.yaml"} {
		if got, err := config.Find(flag, env); err != nil || got != want {
			t.Errorf("Find(%q) = %q, %v; want %q", flag, got, err, want)
		}
	}
}

// TestFindLooksInTheUsualPlaces changes the working directory, so it cannot run beside others.
func TestFindLooksInTheUsualPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	if got, err := config.Find("", environment(nil)); err == nil && got != "/etc/whmcsync/whmcsync.yaml" {
		t.Errorf("found %q in an empty folder", got)
	} else if err != nil && !strings.Contains(err.Error(), "--config") {
		t.Errorf("%v does not say the way out", err)
	}
	write(t, "whmcsync.yaml", "")
	if got, err := config.Find("", environment(nil)); err != nil || got != "whmcsync.yaml" {
		t.Errorf("got %q, %v", got, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
