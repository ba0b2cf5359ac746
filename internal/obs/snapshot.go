package obs

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Snapshot is what Postgres and Redis say at one moment; every process that serves metrics says the same, so take the
// maximum over them, not the sum. Leader alone is about this process.
type Snapshot struct {
	Syncs    []SyncSnapshot
	Accounts []AccountSnapshot
	Queues   []QueueSnapshot
	Leader   bool // this process leads the schedule
}

// SyncSnapshot is one sync.
type SyncSnapshot struct {
	Name          string
	Offset        int64
	SourceRecords int64
	LastPass      time.Time        // end of the newest finished pass; zero = none yet
	Promise       time.Duration    // within which every record is to be looked at; 0 = none
	Freshness     time.Duration    // how long they go between two looks at the present pace
	Failures      map[string]int64 // open failures by class
	Held          int64            // changes that wait for a person; a held run counts as one
	Waiting       int64            // reports that could not be told so far
	GivenUp       int64            // and those that will not be
	Transfers     *Transfers       // of a sync that follows them
}

// Transfers are the transfers in that are under way.
type Transfers struct {
	N      int64
	Oldest time.Time // when the oldest was first seen pending; zero = there is none
}

// AccountSnapshot is one account.
type AccountSnapshot struct {
	Name   string
	Paused bool
}

// QueueSnapshot is one queue; Depth is by state (pending, active, ...).
type QueueSnapshot struct {
	Name           string
	Depth          map[string]int64
	LatencySeconds float64
}

const (
	snapshotKeep    = 5 * time.Second // several scrapers cost one look
	snapshotTimeout = 4 * time.Second
)

// SnapshotFrom adds the gauges that take reads when they are scraped. Results are kept for 5 s; while reads fail these
// gauges are absent and whmcsync_snapshot_up is 0. Call it at most once.
func (m *Metrics) SnapshotFrom(read func(ctx context.Context) (Snapshot, error)) {
	m.registry.MustRegister(&snapshotCollector{read: read, now: time.Now})
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

var (
	descUp       = desc("snapshot_up", "Whether Postgres and Redis could be asked for the gauges below.")
	descFailures = desc("failures", "Records that could not be settled, open, by class.", "sync", "class")
	descHeld     = desc("held_changes", "Changes that wait for a person; a held run counts as one.", "sync")
	descUntold   = desc("untold_reports", "Reports of runs that could not be told: waiting, or given up with none told since.", "sync", "state")
	descDepth    = desc("queue_depth", "Tasks of a queue by state.", "queue", "state")
	descLatency  = desc("queue_latency_seconds", "Age of the oldest task that is ready.", "queue")
	descOffset   = desc("offset", "Highest record id up to which the present pass is settled; 0 between passes.", "sync")
	descRecords  = desc("source_records", "Records of the source at the newest survey.", "sync")
	descAge      = desc("last_pass_age_seconds", "Time since the newest pass finished.", "sync")
	descLastPass = desc("last_pass_timestamp_seconds", "When the newest pass finished.", "sync")
	descPromise  = desc("freshness_promise_seconds", "Within what every record is to be looked at, where that is promised.", "sync")
	descFresh    = desc("freshness_seconds", "How long records go between two looks at the present pace, where a promise is to be kept.", "sync")
	descPending  = desc("pending_transfers", "Transfers in that are under way, of syncs that follow them.", "sync")
	descOldest   = desc("oldest_pending_transfer_seconds", "Time since the oldest transfer that is under way was first seen pending; 0 without one.", "sync")
	descPaused   = desc("account_paused", "Whether nothing is sent to the account.", "account")
	descLeader   = desc("leader", "Whether this process leads the schedule.")
)

// snapshotCollector asks when it is scraped.
type snapshotCollector struct {
	read func(ctx context.Context) (Snapshot, error)
	now  func() time.Time

	mu    sync.Mutex
	taken time.Time
	last  Snapshot
	err   error
}

// Describe implements prometheus.Collector.
func (c *snapshotCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descUp, descFailures, descHeld, descUntold, descDepth, descLatency, descOffset, descRecords, descAge, descLastPass, descPromise, descFresh,
		descPending, descOldest, descPaused, descLeader,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *snapshotCollector) Collect(ch chan<- prometheus.Metric) {
	snapshot, err := c.snapshot()
	gauge(ch, descUp, number(err == nil))
	if err != nil {
		return
	}
	gauge(ch, descLeader, number(snapshot.Leader))
	for _, s := range snapshot.Syncs {
		c.collectSync(ch, s)
	}
	for _, a := range snapshot.Accounts {
		gauge(ch, descPaused, number(a.Paused), a.Name)
	}
	for _, q := range snapshot.Queues {
		gauge(ch, descLatency, q.LatencySeconds, q.Name)
		for state, n := range q.Depth {
			gauge(ch, descDepth, float64(n), q.Name, state)
		}
	}
}

func (c *snapshotCollector) collectSync(ch chan<- prometheus.Metric, s SyncSnapshot) {
	gauge(ch, descOffset, float64(s.Offset), s.Name)
	gauge(ch, descRecords, float64(s.SourceRecords), s.Name)
	gauge(ch, descHeld, float64(s.Held), s.Name)
	gauge(ch, descUntold, float64(s.Waiting), s.Name, "waiting")
	gauge(ch, descUntold, float64(s.GivenUp), s.Name, "given_up")
	for class, n := range s.Failures {
		gauge(ch, descFailures, float64(n), s.Name, class)
	}
	if !s.LastPass.IsZero() {
		gauge(ch, descAge, c.now().Sub(s.LastPass).Seconds(), s.Name)
		gauge(ch, descLastPass, float64(s.LastPass.UnixMilli())/1000, s.Name)
	}
	if s.Promise > 0 {
		gauge(ch, descPromise, s.Promise.Seconds(), s.Name)
		gauge(ch, descFresh, s.Freshness.Seconds(), s.Name)
	}
	if s.Transfers != nil {
		c.collectTransfers(ch, s.Name, *s.Transfers)
	}
}

func (c *snapshotCollector) collectTransfers(ch chan<- prometheus.Metric, sync string, t Transfers) {
	var age time.Duration
	if !t.Oldest.IsZero() {
		age = c.now().Sub(t.Oldest)
	}
	gauge(ch, descPending, float64(t.N), sync)
	gauge(ch, descOldest, age.Seconds(), sync)
}

// snapshot keeps failures as long as answers: a database in trouble is not asked more often.
func (c *snapshotCollector) snapshot() (Snapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.taken.IsZero() || now.Sub(c.taken) >= snapshotKeep {
		ctx, cancel := context.WithTimeout(context.Background(), snapshotTimeout)
		defer cancel()
		c.last, c.err = c.read(ctx)
		c.taken = now
	}
	return c.last, c.err
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, value float64, labels ...string) {
	for i, label := range labels {
		labels[i] = safe(label)
	}
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}
