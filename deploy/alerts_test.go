package deploy_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/obs"
)

// rule is one alert of prometheus/alerts.yml.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func readRules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	decode(t, "prometheus/alerts.yml", &file)
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) == 0 {
		t.Fatal("no rules")
	}
	return file.Groups[0].Rules
}

const playbooks = "../docs/playbooks"

func TestEveryAlertHasAPlaybook(t *testing.T) {
	t.Parallel()
	pages := map[string]bool{}
	for _, r := range readRules(t) {
		page := filepath.Base(r.Annotations["runbook_url"])
		pages[page] = true
		if text := read(t, filepath.Join(playbooks, page)); !strings.HasPrefix(text, "# ") || !strings.Contains(text, "## Do\n") {
			t.Errorf("%s: %s does not say what to do", r.Alert, page)
		}
		if r.Annotations["summary"] == "" || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
			t.Errorf("%s lacks a summary or a severity", r.Alert)
		}
		if wait, err := time.ParseDuration(r.For); err != nil || wait < time.Minute {
			t.Errorf("%s does not wait: %q", r.Alert, r.For)
		}
	}
	found, err := os.ReadDir(playbooks)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !pages[f.Name()] {
			t.Errorf("%s belongs to no alert", f.Name())
		}
	}
}

var (
	metricName   = regexp.MustCompile(`\bwhmcsync_[a-z_]+`)
	servedMetric = regexp.MustCompile(`(?m)^# TYPE (whmcsync_\w+) `)
	link         = regexp.MustCompile(`\]\(([a-z-]+\.md)\)`)
)

func TestPlaybookLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(playbooks + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			read(t, filepath.Join(playbooks, m[1]))
		}
	}
}

func TestAlertsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	served := metricsPage()
	for _, r := range readRules(t) {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			if !strings.Contains(served, "# TYPE "+name+" ") {
				t.Errorf("%s asks for %s, which is not served", r.Alert, name)
			}
		}
	}
}

func TestTheManualListsTheMetricsThatAreServed(t *testing.T) {
	t.Parallel()
	served, manual := metricsPage(), read(t, "../docs/operations.md")
	for _, m := range servedMetric.FindAllStringSubmatch(served, -1) {
		if !strings.Contains(manual, "`"+m[1]+"`") {
			t.Errorf("the manual does not tell of %s", m[1])
		}
	}
	for _, name := range metricName.FindAllString(manual, -1) {
		if !strings.Contains(served, "# TYPE "+name+" ") {
			t.Errorf("the manual tells of %s, which is not served", name)
		}
	}
}

// metricsPage is /metrics of a process that knows one of everything.
func metricsPage() string {
	m := obs.NewMetrics("test")
	m.Run("newsletter", "pass", "done")
	m.Batch("newsletter", "slice", "settled")
	m.Records("newsletter", "unchanged", 1)
	m.Changes("newsletter", "groups", "applied", 1)
	m.Call("news", "upsert", "ok", time.Second)
	m.Waited("news", time.Second)
	m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) {
		return obs.Snapshot{
			Syncs: []obs.SyncSnapshot{{
				Name: "newsletter", LastPass: time.Now(), Promise: time.Hour, Freshness: time.Hour,
				Failures: map[string]int64{"rejected": 1}, Transfers: &obs.Transfers{N: 1, Oldest: time.Now()},
			}},
			Accounts: []obs.AccountSnapshot{{Name: "news"}},
			Queues:   []obs.QueueSnapshot{{Name: "news", Depth: map[string]int64{"pending": 1}}},
			Leader:   true,
		}, nil
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
