package obs

import (
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "whmcsync"

// Metrics counts what this process does. Safe for concurrent use. It fits httpx.Observer and queue.Metrics.
type Metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	batches  *prometheus.CounterVec
	records  *prometheus.CounterVec
	changes  *prometheus.CounterVec
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	waited   *prometheus.CounterVec
	redisUp  prometheus.Gauge
}

// NewMetrics makes the metrics of a program of this version, in a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		runs:     counter("runs_total", "Runs that ended in this process, by final state.", "sync", "kind", "state"),
		batches:  counter("batches_total", "Batches executed by this process, by outcome.", "sync", "kind", "outcome"),
		records:  counter("records_total", "Records looked at, by what became of them.", "sync", "result"),
		changes:  counter("changes_total", "Changes by field and by what became of them.", "sync", "field", "state"),
		calls:    counter("api_calls_total", "Calls to outside systems; class is ok when the call succeeded.", "account", "call", "class"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "api_call_seconds", Help: "How long calls to outside systems took.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"account", "call"}),
		waited: counter("rate_limit_wait_seconds_total", "Time spent waiting for an account's rate limit.", "account"),
		redisUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "redis_up", Help: "Whether Redis answered the newest check of this process.",
		}),
	}
	m.registry.MustRegister(m.runs, m.batches, m.records, m.changes, m.calls, m.seconds, m.waited, m.redisUp, buildInfo(version),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	}, func() float64 { return 1 })
}

// Run counts a run that ended.
func (m *Metrics) Run(sync, kind, state string) {
	m.runs.WithLabelValues(safe(sync), safe(kind), safe(state)).Inc()
}

// Batch counts an executed batch.
func (m *Metrics) Batch(sync, kind, outcome string) {
	m.batches.WithLabelValues(safe(sync), safe(kind), safe(outcome)).Inc()
}

// Records counts n records with one result; results are the keys of state.Counts.
func (m *Metrics) Records(sync, result string, n int64) {
	m.records.WithLabelValues(safe(sync), safe(result)).Add(float64(max(0, n)))
}

// Changes counts n changes of one field that reached a state.
func (m *Metrics) Changes(sync, field, state string, n int64) {
	m.changes.WithLabelValues(safe(sync), safe(field), safe(state)).Add(float64(max(0, n)))
}

// Call counts a call to an outside system; class is "ok" or a fault class.
func (m *Metrics) Call(account, call, class string, took time.Duration) {
	m.calls.WithLabelValues(safe(account), safe(call), safe(class)).Inc()
	m.seconds.WithLabelValues(safe(account), safe(call)).Observe(took.Seconds())
}

// Waited adds time spent waiting for an account's rate limit.
func (m *Metrics) Waited(account string, d time.Duration) {
	m.waited.WithLabelValues(safe(account)).Add(max(0, d.Seconds()))
}

// RedisUp tells whether Redis answers.
func (m *Metrics) RedisUp(up bool) { m.redisUp.Set(number(up)) }

// Handler serves the metrics. A part that cannot be read is left out, not the whole.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

const maxLabel = 64

// safe keeps what is not a name out of labels: each new value is a time series for ever, and an address would be
// personal data.
func safe(label string) string {
	if len(label) > maxLabel || strings.ContainsAny(label, "@?&=\n") {
		return "other"
	}
	return label
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
