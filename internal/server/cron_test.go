package server_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

func TestCronKeyAsksForARun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bearer := with("Authorization", "Bearer "+cronKey)

	for name, got := range map[string]reply{
		"GET with the key in the query":   b.ask(t, http.MethodGet, "/cron/newsletter?key="+cronKey, ""),
		"POST with the key in the query":  b.ask(t, http.MethodPost, "/cron/newsletter?key="+cronKey, ""),
		"GET with the key in the header":  b.ask(t, http.MethodGet, "/cron/newsletter", "", bearer),
		"POST with the key in the header": b.ask(t, http.MethodPost, "/cron/newsletter", "", bearer),
	} {
		want := `{"request":41,"sync":"newsletter"}` + "\n"
		if got.status != http.StatusAccepted || got.body != want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	want := strings.Split(strings.Repeat("newsletter by cron,", 4), ",")[:4]
	if diff := cmp.Diff(want, b.fake.requests); diff != "" {
		t.Error(diff)
	}
	if log := b.log.String(); strings.Contains(log, cronKey) || !strings.Contains(log, "/cron/newsletter") {
		t.Errorf("the log must name the path and never the key:\n%s", log)
	}
}

func TestCronRefusesEverybodyInTheSameWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, path := range map[string]string{
		"a wrong key":                     "/cron/newsletter?key=guess",
		"no key":                          "/cron/newsletter",
		"an empty key":                    "/cron/newsletter?key=",
		"an unknown sync":                 "/cron/nonsense?key=" + cronKey,
		"an unknown sync and no key":      "/cron/nonsense",
		"a sync without a key":            "/cron/reseller",
		"a sync without a key, but one":   "/cron/reseller?key=" + cronKey,
		"the key of a bearer in the path": "/cron/newsletter?Authorization=" + cronKey,
	} {
		t.Run(name, func(t *testing.T) {
			got := b.ask(t, http.MethodGet, path, "")
			if diff := cmp.Diff(`{"error":"access denied"}`+"\n", got.body); diff != "" || got.status != http.StatusForbidden {
				t.Errorf("%d\n%s", got.status, diff)
			}
		})
	}
	t.Run("HEAD starts nothing, whoever asks", func(t *testing.T) {
		if got := b.ask(t, http.MethodHead, "/cron/newsletter?key="+cronKey, ""); got.status != http.StatusMethodNotAllowed {
			t.Error(got.status)
		}
	})
	if len(b.fake.requests) != 0 {
		t.Errorf("runs were requested: %v", b.fake.requests)
	}
}

func TestCronTellsWhyThereIsNoNewRun(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		status int
		says   string
	}{
		"a run is in progress":   {state.ErrRunInProgress, http.StatusOK, `"note":"a run of this sync is in progress","run":41`},
		"the sync is paused":     {fault.New(fault.Held, "news", "request run", "paused by ops"), http.StatusConflict, "paused"},
		"the database is away":   {errors.New("dial tcp 10.0.0.7:5432: refused"), http.StatusServiceUnavailable, "try again later"},
		"somebody was too quick": {state.ErrConflict, http.StatusServiceUnavailable, "try again later"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fake.set(func(f *fakeDeps) { f.runErr = c.err })
			got := b.ask(t, http.MethodPost, "/cron/newsletter?key="+cronKey, "")
			if got.status != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if strings.Contains(got.body, "10.0.0.7") {
				t.Error("the answer tells where the database is")
			}
		})
	}
}
