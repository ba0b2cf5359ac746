package server_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/server"
)

func TestStatusPageTellsWhereEachSyncStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := b.clock.Now()
	b.fake.set(func(f *fakeDeps) { f.status = sample(now) })
	page := b.ask(t, http.MethodGet, "/", "", basic("ann", "ann's password"))
	if page.status != http.StatusOK {
		t.Fatal(page.status)
	}
	for what, want := range map[string]string{
		"the offset":                     "record 6,250",
		"the total":                      "of 10,000 records in all",
		"the run under way":              "run 44, pass, working: 25 of 40 batches",
		"the last run":                   "run 43, pass by schedule, 3 min",
		"the next run":                   ">in 23 h<",
		"what changed":                   "applied <b>95</b>",
		"failures by class, with a link": `<a class="chip r-failed" href="/failures?sync=newsletter">rejected <b>12</b></a>`,
		"the queue":                      "13 waiting, 4 active",
		"the rate":                       "3.9 of 4 calls/s, 4 of 4 at once",
		"a blocked account":              "news asked us to wait",
		"why a sync is paused":           "moving to a new list, see ticket 812",
		"why an account is paused":       "the API key was refused",
		"how to approve":                 "<code>whmcsync approve 39</code>",
		"a mail that was given up":       "the mail about run 38 was given up: mail: send mail: credentials refused: 535 no",
		"a mail that nobody has tried":   "the mail about run 39 waits for a worker",
		"an alert that waits, as text":   "the line in the activity log, or the alert, about run 39 waits for another try: send alert: the webhook &lt;b&gt;",
		"that there are more of them":    "and so with 1 more",
		"why a run was held":             "the listing shrank from 310 to 12 entries",
		"how to start by hand":           "<code>whmcsync sync trial</code>",
		"a sync that never ran":          "no pass yet",
		"refreshing":                     `<meta http-equiv="refresh" content="10">`,
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%s is not shown: %s", what, want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://", "style=\""} {
		if strings.Contains(page.body, never) {
			t.Errorf("the page holds %q", never)
		}
	}
}

func TestStatusPageShoutsWhenNobodyIsAtWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	page := b.ask(t, http.MethodGet, "/", "", basic("ann", "ann's password"))
	for _, want := range []string{`<li class="bad"><b>none</b> scheduler`, `<li class="bad"><b>0</b> workers`, "No sync is configured yet"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}

func TestFailuresPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.set(func(f *fakeDeps) { f.failures = sampleFailures(b.clock.Now()) })
	ann := basic("ann", "ann's password")

	all := b.ask(t, http.MethodGet, "/failures", "", ann).body
	one := b.ask(t, http.MethodGet, "/failures?sync=newsletter", "", ann).body
	none := b.ask(t, http.MethodGet, "/failures?sync=%3Cb%3E", "", ann).body
	if !strings.Contains(all, "max@example.net") || strings.Contains(one, "max@example.net") {
		t.Error("the filter by sync does not work")
	}
	if !strings.Contains(one, "is &lt;b&gt;not&lt;/b&gt; valid") || strings.Contains(none, "<b>") && strings.Contains(none, "of <b>") {
		t.Error("text of others is not escaped")
	}
	if !strings.Contains(one, "not by itself") || !strings.Contains(one, "in 40 s") {
		t.Error("the next try is not shown")
	}
	if !strings.Contains(none, "No open failure") {
		t.Error("an empty list does not say so")
	}
}

func TestRunsPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ann := basic("ann", "ann's password")
	if empty := b.ask(t, http.MethodGet, "/runs", "", ann).body; !strings.Contains(empty, "Nothing has run yet") {
		t.Error(empty)
	}
	b.fake.set(func(f *fakeDeps) { f.runs = sampleRuns(b.clock.Now()) })
	page := b.ask(t, http.MethodGet, "/runs", "", ann).body
	for _, want := range []string{"left out: no consent <b>2,113</b>", "25/40", "under 1 s", "the listing shrank"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}

func TestPagesWhenTheStateCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fake.set(func(f *fakeDeps) { f.pageErr = errors.New("10.0.0.7 refused") })
	for _, path := range []string{"/", "/runs", "/failures", "/api/v1/status"} {
		got := b.ask(t, http.MethodGet, path, "", basic("ann", "ann's password"))
		if got.status != http.StatusServiceUnavailable || strings.Contains(got.body, "10.0.0.7") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

func TestAPIStatusKeysAreStable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	b.fake.set(func(f *fakeDeps) { f.status = sample(now) })
	got := b.ask(t, http.MethodGet, "/api/v1/status", "", with("Authorization", "Bearer "+token))
	want, err := os.ReadFile("testdata/status.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indent(t, got.body)); diff != "" {
		t.Errorf("keys are a contract, change them only on purpose\n%s", diff)
	}
	t.Run("GET only", func(t *testing.T) {
		got := b.ask(t, http.MethodPost, "/api/v1/status", "{}", with("Authorization", "Bearer "+token))
		if got.status != http.StatusMethodNotAllowed {
			t.Error(got.status)
		}
	})
	t.Run("no sync is an empty list", func(t *testing.T) {
		b.fake.set(func(f *fakeDeps) { f.status = server.Status{} })
		got := b.ask(t, http.MethodGet, "/api/v1/status", "", with("Authorization", "Bearer "+token))
		if diff := cmp.Diff(`{"leader":"","workers":0,"syncs":[]}`+"\n", got.body); diff != "" {
			t.Error(diff)
		}
	})
}

func indent(t *testing.T, body string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}
