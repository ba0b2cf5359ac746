package api_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/api"
	"github.com/whmcsync/whmcsync/internal/whmcs/api/sim"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	identifier = "1d3nt/ifier"
	secret     = "s3cret+with=odd signs"
	accessKey  = "acc3ss#key"
	completed  = "Domain Transfer Completed"
)

func start(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Identifier, opt.Secret = identifier, secret
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, address string, cfg api.Config) *api.Client {
	t.Helper()
	cfg.Source, cfg.URL = "main", address
	cfg.Identifier, cfg.Secret = cmp.Or(cfg.Identifier, identifier), cmp.Or(cfg.Secret, secret)
	client, err := api.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestWire(t *testing.T) {
	t.Parallel()
	wiretest.Run(t, func(t testing.TB, s wiretest.Setup) wiretest.Target {
		t.Helper()
		server := start(t, sim.Options{Version: "8.13.1", AccessKey: accessKey, AllowedIP: "192.0.2.7"})
		cfg := api.Config{AccessKey: accessKey, InFlight: s.InFlight, Timeout: s.Timeout}
		if s.Limiter != nil {
			cfg.Limiter = s.Limiter
		}
		client := open(t, server.URL(), cfg)
		return wiretest.Target{
			Wire: wiretest.Sim(server), Secrets: []string{identifier, secret, accessKey, url.QueryEscape(secret)},
			Acts: []wiretest.Act{
				{Name: "SendEmail", Do: func(ctx context.Context) error { return client.SendEmail(ctx, completed, 7) }},
				{Name: "Check", Do: func(ctx context.Context) error { _, err := client.Check(ctx); return err }},
			},
		}
	})
}

func TestAMailIsAskedForInTheBodyAlone(t *testing.T) {
	t.Parallel()
	var method, address, kind, form string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		method, address, kind, form = r.Method, r.URL.String(), r.Header.Get("Content-Type"), string(raw)
		_, _ = io.WriteString(w, `{"result":"success"}`)
	}))
	t.Cleanup(server.Close)
	client := open(t, server.URL+"/billing/includes/api.php", api.Config{AccessKey: accessKey})
	if err := client.SendEmail(t.Context(), completed, 7); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST", "/billing/includes/api.php", "application/x-www-form-urlencoded",
		"accesskey=acc3ss%23key&action=SendEmail&id=7&identifier=1d3nt%2Fifier&messagename=Domain+Transfer+Completed&responsetype=json&secret=s3cret%2Bwith%3Dodd+signs",
	}
	if diff := gocmp.Diff(want, []string{method, address, kind, form}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMailsArriveOnce(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	client := open(t, server.URL(), api.Config{})
	for _, id := range []int64{7, 12} {
		if err := client.SendEmail(t.Context(), completed, id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := gocmp.Diff([]sim.Mail{{Template: completed, DomainID: 7}, {Template: completed, DomainID: 12}}, server.Mails()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := gocmp.Diff([]simkit.Violation{}, server.Violations()); diff != "" {
		t.Error(diff)
	}
}

func TestRefusalsHaveTheirClass(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opt      sim.Options
		cfg      api.Config
		template string
		want     string
	}{
		"a wrong secret":                     {cfg: api.Config{Secret: "guessed"}, want: "credentials refused: Authentication Failed"},
		"an address that is not on the list": {opt: sim.Options{AllowedIP: "192.0.2.7"}, want: "credentials refused: Invalid IP 127.0.0.1"},
		"a wrong access key": {
			opt: sim.Options{AllowedIP: "192.0.2.7", AccessKey: accessKey}, cfg: api.Config{AccessKey: "guessed"}, want: "credentials refused: Invalid IP 127.0.0.1",
		},
		"a role that may not": {
			opt: sim.Options{Actions: []string{"WhmcsDetails"}}, want: `credentials refused: Invalid Permissions: API action "sendemail" is not allowed`,
		},
		"a template that is not there": {template: "Domain Lost", want: "rejected: Email Template not found"},
		"no template":                  {template: "-", want: "rejected: You must provide either an existing email template name or a custom message type"},
		"a domain that is not there":   {opt: sim.Options{Domains: []int64{8}}, want: "rejected: Sending Failed. Please see documentation."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tc.opt)
			template := strings.Trim(cmp.Or(tc.template, completed), "-")
			err := open(t, server.URL(), tc.cfg).SendEmail(t.Context(), template, 7)
			want := "main: send email: " + tc.want
			if err == nil || err.Error() != want || len(server.Mails()) > 0 {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
}

// answering is a client of a server that says the same to everything.
func answering(t *testing.T, status int, body string) *api.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return open(t, server.URL, api.Config{})
}

func TestTheResultCountsAndNotTheStatusAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		body   string
		want   fault.Class
	}{
		{200, `{"result":"success"}`, ""},
		{200, `{"result":"error","message":"Email Template is disabled"}`, fault.Rejected},
		{200, `{"result":"error","message":"Authentication Failed"}`, fault.Auth},
		{200, `{"result":"error","message":"INVALID IP 192.0.2.1"}`, fault.Auth},
		{400, `{"result":"error","message":"Invalid Access Key"}`, fault.Auth},
		{403, `{"result":"error","message":"whatever"}`, fault.Auth},
		{403, `{"result":"success"}`, fault.Auth},
		{500, `{"result":"success"}`, fault.Transient},
		{200, `{"message":"hello"}`, fault.Protocol},
		{200, `{"result":"perhaps"}`, fault.Protocol},
		{200, `{"result":1}`, fault.Protocol},
		{200, `[]`, fault.Protocol},
		{200, `result=success;`, fault.Protocol},
		{200, ``, fault.Protocol},
		{200, `<b>Warning</b>: something in PHP {"result":"success"}`, fault.Protocol},
		{404, `{"result":"error","message":"Not found"}`, fault.Protocol},
		{302, ``, fault.Protocol},
	} {
		err := answering(t, tc.status, tc.body).SendEmail(t.Context(), completed, 7)
		if got := fault.ClassOf(err); got != tc.want {
			t.Errorf("HTTP %d %s: %q, want %q: %v", tc.status, tc.body, got, tc.want, err)
		}
	}
}

func TestCheckTellsTheVersionOrThatTheCredentialsAreGood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opt     sim.Options
		cfg     api.Config
		version string
		class   fault.Class
	}{
		"a role for everything":     {opt: sim.Options{Version: "8.13.1"}, version: "8.13.1"},
		"a role for mails alone":    {opt: sim.Options{Version: "8.13.1", Actions: []string{"SendEmail"}}},
		"before 8.0":                {},
		"a wrong secret":            {cfg: api.Config{Secret: "guessed"}, class: fault.Auth},
		"a caller who is not known": {opt: sim.Options{AllowedIP: "192.0.2.7"}, class: fault.Auth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tc.opt)
			version, err := open(t, server.URL(), tc.cfg).Check(t.Context())
			if version != tc.version || fault.ClassOf(err) != tc.class || len(server.Mails()) > 0 {
				t.Errorf("version %q, %v", version, err)
			}
		})
	}
	t.Run("an empty list in the place of the version", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{`{"result":"success","whmcs":""}`, `{"result":"success"}`, `{"result":"success","whmcs":{"version":9}}`} {
			if version, err := answering(t, 200, body).Check(t.Context()); version != "" || err != nil {
				t.Errorf("%s: %q, %v", body, version, err)
			}
		}
	})
}

func TestAMailThatWaitsForItsTurnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	if err := server.SetFaults(simkit.Fault{Kind: simkit.KindNothing}); err != nil {
		t.Fatal(err)
	}
	client := open(t, server.URL(), api.Config{InFlight: 1})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- client.SendEmail(ctx, completed, 7) }()
	for server.Counts().TotalCalls == 0 {
		time.Sleep(time.Millisecond)
	}
	waiting, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := client.SendEmail(waiting, completed, 8); !fault.Is(err, fault.Held) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want held", err)
	}
	cancel()
	if err := <-first; !fault.Is(err, fault.Held) {
		t.Errorf("%v, want held", err)
	}
	if n := server.Counts().TotalCalls; n != 1 {
		t.Errorf("%d calls were made", n)
	}
}

func TestAnAddressThatShowsTheSecretToTheNetworkIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://billing.example.com/includes/api.php", "https://u:p@billing.example.com/", ""} {
		if _, err := api.New(api.Config{Source: "main", URL: address, Identifier: identifier, Secret: secret}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
