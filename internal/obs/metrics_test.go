package obs_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/whmcsync/whmcsync/internal/obs"
)

// scrape returns what Prometheus would read.
func scrape(t *testing.T, m *obs.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, got string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics("1.2.3")
	m.Run("newsletter", "pass", "done")
	m.Batch("newsletter", "slice", "settled")
	m.Records("newsletter", "unchanged", 250)
	m.Records("newsletter", "unchanged", -1)
	m.Changes("newsletter", "groups", "applied", 3)
	m.Call("news", "upsert", "ok", 40*time.Millisecond)
	m.Call("news", "upsert", "rate_limited", 2*time.Minute)
	m.Waited("news", 1500*time.Millisecond)
	m.RedisUp(true)
	wantLines(t, scrape(t, m),
		`whmcsync_runs_total{kind="pass",state="done",sync="newsletter"} 1`,
		`whmcsync_batches_total{kind="slice",outcome="settled",sync="newsletter"} 1`,
		`whmcsync_records_total{result="unchanged",sync="newsletter"} 250`,
		`whmcsync_changes_total{field="groups",state="applied",sync="newsletter"} 3`,
		`whmcsync_api_calls_total{account="news",call="upsert",class="ok"} 1`,
		`whmcsync_api_calls_total{account="news",call="upsert",class="rate_limited"} 1`,
		`whmcsync_api_call_seconds_bucket{account="news",call="upsert",le="0.05"} 1`,
		`whmcsync_api_call_seconds_count{account="news",call="upsert"} 2`,
		`whmcsync_rate_limit_wait_seconds_total{account="news"} 1.5`,
		`whmcsync_redis_up 1`,
		`whmcsync_build_info{go_version="go`,
		`version="1.2.3"} 1`,
		`go_goroutines `,
	)
}

func snapshot(lastPass time.Time) obs.Snapshot {
	return obs.Snapshot{
		Leader: true,
		Syncs: []obs.SyncSnapshot{
			{Name: "newsletter", Offset: 500, SourceRecords: 10000, Held: 3, Waiting: 2, GivenUp: 1, LastPass: lastPass, Promise: 2 * time.Hour, Freshness: 90 * time.Minute, Failures: map[string]int64{"rejected": 2}},
			{Name: "fresh"},
			{Name: "transfers", Transfers: &obs.Transfers{N: 4, Oldest: lastPass}},
			{Name: "arrived", Transfers: &obs.Transfers{}},
		},
		Accounts: []obs.AccountSnapshot{{Name: "news", Paused: true}},
		Queues:   []obs.QueueSnapshot{{Name: "news", Depth: map[string]int64{"pending": 7}, LatencySeconds: 1.5}},
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	t.Run("is read when somebody scrapes", func(t *testing.T) {
		t.Parallel()
		m := obs.NewMetrics("dev")
		m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) { return snapshot(time.Now().Add(-time.Hour)), nil })
		got := scrape(t, m)
		wantLines(t, got,
			`whmcsync_snapshot_up 1`,
			`whmcsync_leader 1`,
			`whmcsync_offset{sync="newsletter"} 500`,
			`whmcsync_held_changes{sync="newsletter"} 3`,
			`whmcsync_held_changes{sync="fresh"} 0`,
			`whmcsync_untold_reports{state="waiting",sync="newsletter"} 2`,
			`whmcsync_untold_reports{state="given_up",sync="newsletter"} 1`,
			`whmcsync_untold_reports{state="given_up",sync="fresh"} 0`,
			`whmcsync_source_records{sync="newsletter"} 10000`,
			`whmcsync_failures{class="rejected",sync="newsletter"} 2`,
			`whmcsync_last_pass_age_seconds{sync="newsletter"} 3600`,
			`whmcsync_freshness_promise_seconds{sync="newsletter"} 7200`,
			`whmcsync_freshness_seconds{sync="newsletter"} 5400`,
			`whmcsync_last_pass_timestamp_seconds{sync="newsletter"} `,
			`whmcsync_account_paused{account="news"} 1`,
			`whmcsync_queue_depth{queue="news",state="pending"} 7`,
			`whmcsync_queue_latency_seconds{queue="news"} 1.5`,
			`whmcsync_offset{sync="fresh"} 0`,
			`whmcsync_pending_transfers{sync="transfers"} 4`,
			`whmcsync_oldest_pending_transfer_seconds{sync="transfers"} 3600`,
			`whmcsync_oldest_pending_transfer_seconds{sync="arrived"} 0`,
		)
		if strings.Contains(got, `pending_transfers{sync="fresh"}`) {
			t.Error("a sync that follows no transfers counts them")
		}
		if strings.Contains(got, `last_pass_age_seconds{sync="fresh"}`) {
			t.Error("a sync without a pass has an age")
		}
	})
	t.Run("costs one look for several scrapers", func(t *testing.T) {
		t.Parallel()
		var looks atomic.Int32
		m := obs.NewMetrics("dev")
		m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) {
			looks.Add(1)
			return snapshot(time.Now()), nil
		})
		for range 3 {
			scrape(t, m)
		}
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks", n)
		}
	})
	t.Run("that fails leaves the other metrics alone", func(t *testing.T) {
		t.Parallel()
		m := obs.NewMetrics("dev")
		m.SnapshotFrom(func(ctx context.Context) (obs.Snapshot, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the look has no deadline")
			}
			return snapshot(time.Now()), errors.New("postgres is down")
		})
		m.RedisUp(false)
		got := scrape(t, m)
		wantLines(t, got, `whmcsync_snapshot_up 0`, `whmcsync_redis_up 0`)
		if strings.Contains(got, "whmcsync_offset{") {
			t.Error("shows numbers that were not read")
		}
	})
}

func TestLabelsHoldNamesOnly(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics("dev")
	m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) {
		return obs.Snapshot{Syncs: []obs.SyncSnapshot{{Name: "n", Failures: map[string]int64{"ann@example.test": 1}}}}, nil
	})
	m.Changes("newsletter", "ann@example.test", "applied", 1)
	m.Call("news", "https://example.test/?api_key=s3cret", "ok", time.Second)
	m.Batch("newsletter", "slice", strings.Repeat("x", 100))
	got := scrape(t, m)
	for _, leak := range []string{"ann@", "s3cret", "xxxxx"} {
		if strings.Contains(got, leak) {
			t.Errorf("%q is in a label", leak)
		}
	}
	wantLines(t, got, `field="other"`, `call="other"`, `outcome="other"`, `class="other"`)
}

func TestNamesFollowTheRulesOfPrometheus(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics("dev")
	m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) { return snapshot(time.Now()), nil })
	m.Records("newsletter", "unchanged", 1)
	m.Call("news", "upsert", "ok", time.Second)
	problems, err := promlint.New(strings.NewReader(scrape(t, m))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func ExampleMetrics_SnapshotFrom() {
	m := obs.NewMetrics("1.0.0")
	m.SnapshotFrom(func(context.Context) (obs.Snapshot, error) {
		return obs.Snapshot{Syncs: []obs.SyncSnapshot{{Name: "newsletter", Offset: 500}}}, nil
	})
	http.Handle("/metrics", m.Handler())
}
