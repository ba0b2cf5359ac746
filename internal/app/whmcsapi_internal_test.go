package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/whmcs/api/sim"
)

// withAPI is a configuration with one source that has an API at the address, and two syncs of transfers.
func withAPI(address, secret string) config.Config {
	op := config.Account{
		Type: "openprovider", Username: "acme", Password: config.NewSecret("p"), Rate: config.Rate{PerSecond: 1, InFlight: 1}, Timeout: time.Second,
	}
	sync := config.Sync{Type: "transfers", Source: "main", Account: "op", Mode: "apply", Domains: config.Domains{Registrar: "openprovider"}}
	told := sync
	told.Domains.ClientMails = true
	return config.Config{
		Sources: map[string]config.Source{"main": {
			Timezone: time.UTC, API: config.API{URL: address, Identifier: config.NewSecret("the-identifier"), Secret: config.NewSecret(secret)},
		}},
		Accounts: map[string]config.Account{"op": op},
		Syncs:    map[string]config.Sync{"silent": sync, "told": told},
	}
}

func startAPI(t *testing.T, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Identifier, opt.Secret = "the-identifier", "the-secret"
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func TestClientsAreToldByTheSyncsThatAskForIt(t *testing.T) {
	t.Parallel()
	server := startAPI(t, sim.Options{})
	a := opened(t)
	a.Config = withAPI(server.URL(), "the-secret")
	a.sources["main"] = &source{name: "main", config: a.Config.Sources["main"]}
	for name, want := range map[string][]sim.Mail{"silent": {}, "told": {{Template: "Domain Transfer Completed", DomainID: 7}}} {
		server.Reset()
		made, err := a.newDuty(name, a.Config.Syncs[name])
		if err != nil {
			t.Fatal(err)
		}
		if mailer := made.(*domainsDuty).worker.Mailer; mailer != nil {
			if err := mailer.SendEmail(t.Context(), "Domain Transfer Completed", 7); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(want, server.Mails()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	first, err := a.whmcsAPI("main")
	if again, _ := a.whmcsAPI("main"); err != nil || again != first {
		t.Errorf("made twice, %v", err)
	}
}

func TestCheckProvesTheAPIOfASource(t *testing.T) {
	t.Parallel()
	server := startAPI(t, sim.Options{Version: "8.13.1"})
	old := startAPI(t, sim.Options{})
	stranger := startAPI(t, sim.Options{AllowedIP: "192.0.2.7"})
	for name, tc := range map[string]struct {
		address, secret string
		want            Finding
	}{
		"all is well": {server.URL(), "the-secret", Finding{Result: ResultOK, Detail: "API: credentials accepted by WHMCS 8.13.1"}},
		"an old one":  {old.URL(), "the-secret", Finding{Result: ResultOK, Detail: "API: credentials accepted by WHMCS of an unknown version"}},
		"a wrong secret": {server.URL(), "guessed-secret", Finding{
			Result: ResultFailed, Detail: "main: look at the version: credentials refused: Authentication Failed",
			Hint: "look at identifier and secret in sources.main.api, and at WHMCS's list of API addresses (or access_key)",
		}},
		"an address that is not on the list": {stranger.URL(), "the-secret", Finding{
			Result: ResultFailed, Detail: "main: look at the version: credentials refused: Invalid IP 127.0.0.1",
			Hint: "look at identifier and secret in sources.main.api, and at WHMCS's list of API addresses (or access_key)",
		}},
		"another address": {strings.TrimSuffix(server.URL(), "/includes/api.php"), "the-secret", Finding{
			Result: ResultFailed, Detail: "main: look at the version: protocol: HTTP 404: there is no API (the address ends in /includes/api.php)",
			Hint: "look at sources.main.api.url: it ends in /includes/api.php",
		}},
		"an address that is none": {"http://billing.example.com", "the-secret", Finding{
			Result: ResultFailed, Detail: "source main: api: base_url must use https: plain http is allowed to a loopback host only",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &checker{App: newApp(withAPI(tc.address, tc.secret), Options{Log: zerolog.Nop()})}
			t.Cleanup(c.Close)
			tc.want.Name, tc.want.Subject = "source", "main"
			if diff := cmp.Diff([]Finding{tc.want}, c.sourceAPI(t.Context(), "main")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("nobody answers", func(t *testing.T) {
		t.Parallel()
		c := &checker{App: newApp(withAPI("http://"+closed(t)+"/includes/api.php", "the-secret"), Options{Log: zerolog.Nop()})}
		t.Cleanup(c.Close)
		found := c.sourceAPI(t.Context(), "main")
		if len(found) != 1 || found[0].Result != ResultFailed || found[0].Hint != "is sources.main.api.url right, and can this machine reach it?" {
			t.Errorf("%+v", found)
		}
	})
}

func TestCheckAsksTheAPIOfTheSourcesThatHaveOne(t *testing.T) {
	t.Parallel()
	server := startAPI(t, sim.Options{Version: "8.13.1"})
	for address, want := range map[string]int{server.URL(): 1, "": 0} {
		cfg := withAPI(address, "the-secret")
		cfg.Postgres.URL, cfg.Redis.URL = config.NewSecret("postgres://x@"+closed(t)+"/x"), config.NewSecret("redis://"+closed(t))
		cfg.Sources["main"] = config.Source{Timezone: time.UTC, DSN: config.NewSecret("x:x@tcp(" + closed(t) + ")/x"), API: cfg.Sources["main"].API}
		cfg.Accounts, cfg.Syncs = nil, nil
		asked := 0
		for _, f := range Check(t.Context(), cfg, Options{Log: zerolog.Nop()}) {
			if strings.HasPrefix(f.Detail, "API: ") {
				asked++
			}
		}
		if asked != want {
			t.Errorf("with %q: %d findings about the API, want %d", address, asked, want)
		}
	}
}
