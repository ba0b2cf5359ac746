package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/server"
)

func TestWhoMaySeeWhat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asToken := with("Authorization", "Bearer "+token)
	cases := []struct {
		who    string
		edit   func(*http.Request)
		paths  []string
		status int
	}{
		{"a stranger", fromOutside, []string{"/", "/runs", "/failures", "/queues/", "/metrics", "/api/v1/status"}, http.StatusUnauthorized},
		{"a stranger", fromOutside, []string{"/healthz", "/readyz", "/login", "/assets/style.css"}, http.StatusOK},
		{"a stranger", fromOutside, []string{"/assets/", "/assets/layout.gohtml", "/nothing"}, http.StatusNotFound},
		{"a wrong token", with("Authorization", "Bearer guess"), []string{"/api/v1/status"}, http.StatusUnauthorized},
		{"an empty token", with("Authorization", "Bearer "), []string{"/api/v1/status"}, http.StatusUnauthorized},
		{"a token", asToken, []string{"/metrics", "/api/v1/status"}, http.StatusOK},
		{"a token", asToken, []string{"/", "/queues/", "/failures"}, http.StatusUnauthorized},
		{"a viewer", basic("ann", "ann's password"), []string{"/", "/runs", "/failures", "/queues/", "/metrics", "/api/v1/status"}, http.StatusOK},
		{"a wrong password", basic("ann", "bob's password"), []string{"/"}, http.StatusUnauthorized},
		{"this machine", func(*http.Request) {}, []string{"/metrics"}, http.StatusOK},
		{"this machine", func(*http.Request) {}, []string{"/", "/api/v1/status"}, http.StatusUnauthorized},
		{"a page that points a name of its own at us", func(r *http.Request) { r.Host = "evil.example" }, []string{"/metrics"}, http.StatusUnauthorized},
	}
	for _, c := range cases {
		for _, path := range c.paths {
			if got := b.ask(t, http.MethodGet, path, "", c.edit); got.status != c.status {
				t.Errorf("%s at %s: %d, want %d", c.who, path, got.status, c.status)
			}
		}
	}
}

func TestWithoutUsersOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t, nobody)
	cases := map[string]struct {
		edit   func(*http.Request)
		status int
	}{
		"by address":                         {func(*http.Request) {}, http.StatusOK},
		"by name":                            {func(r *http.Request) { r.Host = "localhost:8080" }, http.StatusOK},
		"by IPv6":                            {func(r *http.Request) { r.Host = "[::1]:8080" }, http.StatusOK},
		"not by a name that points at it":    {func(r *http.Request) { r.Host = "rebound.evil.example" }, http.StatusForbidden},
		"not by a name that looks like it":   {func(r *http.Request) { r.Host = "localhost.evil.example" }, http.StatusForbidden},
		"not for those a proxy serves":       {fromOutside, http.StatusForbidden},
		"not for those another proxy serves": {with("Forwarded", "for=203.0.113.9"), http.StatusForbidden},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/queues/", "/runs"} {
				got := b.ask(t, http.MethodGet, path, "", c.edit, with("Accept", "text/html"))
				if got.status != c.status {
					t.Errorf("%s: %d, want %d", path, got.status, c.status)
				}
			}
		})
	}
	t.Run("and says so", func(t *testing.T) {
		if got := b.ask(t, http.MethodGet, "/", ""); !strings.Contains(got.body, "No user is configured") {
			t.Error(got.body)
		}
	})
}

func TestQueuesByRole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ann, bob := basic("ann", "ann's password"), basic("bob", "bob's password")
	const path = "/queues/api/queues/news:pause"
	cases := map[string]struct {
		method string
		edit   []func(*http.Request)
		status int
		body   string
	}{
		"a viewer looks":                        {http.MethodGet, []func(*http.Request){ann}, 200, "viewer queues GET"},
		"a viewer changes nothing":              {http.MethodPost, []func(*http.Request){ann}, 403, `{"error":"a viewer cannot change queues"}` + "\n"},
		"a viewer deletes nothing":              {http.MethodDelete, []func(*http.Request){ann}, 403, `{"error":"a viewer cannot change queues"}` + "\n"},
		"an operator looks":                     {http.MethodGet, []func(*http.Request){bob}, 200, "operator queues GET"},
		"an operator changes":                   {http.MethodPost, []func(*http.Request){bob}, 200, "operator queues POST"},
		"an operator from our own page":         {http.MethodDelete, []func(*http.Request){bob, with("Sec-Fetch-Site", "same-origin")}, 200, "operator queues DELETE"},
		"another site through the operator":     {http.MethodPost, []func(*http.Request){bob, with("Sec-Fetch-Site", "cross-site")}, 403, ""},
		"another origin through an old browser": {http.MethodDelete, []func(*http.Request){bob, with("Origin", "https://evil.example")}, 403, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := b.ask(t, c.method, path, "", c.edit...)
			if got.status != c.status || (c.body != "" && got.body != c.body) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if log := b.log.String(); strings.Count(log, "queue is changed by hand") != 2 || !strings.Contains(log, `"user":"bob"`) {
		t.Errorf("who changed what is not in the log:\n%s", log)
	}
}

func TestWithoutUsersNoOtherSiteChangesAQueue(t *testing.T) {
	t.Parallel()
	b := setup(t, nobody)
	got := b.ask(t, http.MethodPost, "/queues/api/queues/news:pause", "", with("Sec-Fetch-Site", "cross-site"))
	if got.status != http.StatusForbidden {
		t.Error(got.status)
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/login", "/healthz", "/cron/x", "/nothing"} {
		h := b.ask(t, http.MethodGet, path, "").header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if diff := cmp.Diff(want, h.Get(name)); diff != "" {
				t.Errorf("%s %s\n%s", path, name, diff)
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	secret := config.NewSecret("hidden-value")
	for want, cfg := range map[string]server.Config{
		"needs a name and a password": {Users: []server.User{{Name: "ann"}}},
		"neither viewer nor operator": {Users: []server.User{{Name: "ann", Password: secret, Role: "admin"}}},
		"has no value":                {Tokens: []server.Token{{Name: "prometheus"}}},
		"unknown sync":                {Sources: map[string]server.Source{"main": {Syncs: []string{"gone"}}}},
		"public URL must read like":   {PublicURL: "sync.example.com"},
		"listen tcp":                  {Listen: "256.0.0.1:1"},
	} {
		_, err := server.New(cfg, server.Deps{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden-value") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
