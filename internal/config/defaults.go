package config

import (
	"path/filepath"
	"time"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// defaults is the Config of an empty file.
func defaults(env Env) Config {
	return Config{
		StateDir: stateDir(env),
		Log:      Log{Level: "info"},
		Postgres: Postgres{URL: NewSecret(Embedded), MaxConns: 10},
		Redis:    Redis{URL: NewSecret(Embedded)},
		HTTP:     HTTP{Listen: "127.0.0.1:8080"},
		Retain:   Retain{Changes: 90 * day, Batches: 14 * day},
		Mail:     Mail{Port: 587, TLS: "starttls"},
		Sources:  map[string]Source{},
		Accounts: map[string]Account{},
		Syncs:    map[string]Sync{},
	}
}

// stateDir is systemd's StateDirectory= (the first, when it names several), else a folder beside us.
func stateDir(env Env) string {
	if dirs, ok := env("STATE_DIRECTORY"); ok {
		if all := filepath.SplitList(dirs); len(all) > 0 && all[0] != "" {
			return all[0]
		}
	}
	return "./.whmcsync"
}

func newSource() Source { return Source{Timezone: time.UTC} }

func newAccount() Account {
	return Account{Rate: Rate{PerSecond: 4, InFlight: 4}, Timeout: 30 * time.Second, PageSize: 1000}
}

// newSync leaves Timezone nil: the source's is filled in once both are known.
func newSync() Sync {
	return Sync{
		Mode: "apply", BatchSize: 250, Window: 200, Attempts: 8, FullEvery: 24 * time.Hour, Poll: 5 * time.Minute,
		Guard: Guard{Min: 5, Percent: 1, ListingShrink: 20},
		Clients: Clients{
			Consent: whmcs.ConsentOptIn,
			Fields:  []FieldRule{{To: "name", From: "full_name"}, {To: "locale", From: "language"}},
		},
		Domains: newDomains(),
	}
}
