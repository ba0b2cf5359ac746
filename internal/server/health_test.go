package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestReadyzNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ready := func(edit ...func(*http.Request)) reply { return b.ask(t, http.MethodGet, "/readyz", "", edit...) }

	if got := ready(); got.status != 200 || got.body != `{"ready":true,"draining":false,"checks":{"postgres":"ok"}}`+"\n" {
		t.Errorf("%d %s", got.status, got.body)
	}
	b.fake.set(func(f *fakeDeps) { f.checkErr = fault.New(fault.Transient, "", "ping", "10.0.0.7 refused") })
	b.clock.pass(time.Second)
	if got := ready(); got.status != 503 || !strings.Contains(got.body, "10.0.0.7 refused") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ready(fromOutside); got.status != 503 || !strings.Contains(got.body, `"postgres":"failed: transient"`) {
		t.Errorf("a stranger is told too much or too little: %d %s", got.status, got.body)
	}
	if got := b.ask(t, http.MethodGet, "/healthz", ""); got.status != 200 {
		t.Errorf("a broken database must not look like a dead process: %d", got.status)
	}
	b.fake.set(func(f *fakeDeps) { f.checkErr = nil })
	b.clock.pass(time.Second)
	if got := ready(); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	log := b.log.String()
	if strings.Count(log, "readiness check fails") != 1 || strings.Count(log, "readiness check is well again") != 1 {
		t.Errorf("each turn is logged once:\n%s", log)
	}
}

func TestReadyzCannotBeUsedToLoadTheDatabase(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	b := setup(t, func(_ *server.Config, d *server.Deps) {
		d.Checks = []server.Check{{Name: "redis", Probe: func(context.Context) error { asked.Add(1); return nil }}}
	})
	for range 20 {
		b.ask(t, http.MethodGet, "/readyz", "")
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("the check ran %d times within a second", got)
	}
}

func TestReadyzDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *server.Config, d *server.Deps) {
		d.Checks = []server.Check{{Name: "redis", Probe: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}
	})
	start := time.Now()
	if got := b.ask(t, http.MethodGet, "/readyz", ""); got.status != 503 || time.Since(start) > 10*time.Second {
		t.Errorf("%d after %s", got.status, time.Since(start))
	}
}

func TestDraining(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.srv.Drain()
	if got := b.ask(t, http.MethodGet, "/readyz", ""); got.status != 503 || !strings.Contains(got.body, `"draining":true`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := b.ask(t, http.MethodPost, "/cron/newsletter?key="+cronKey, ""); got.status != 202 {
		t.Errorf("what comes while draining is still answered: %d", got.status)
	}
}

func TestServeFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = w.Write([]byte("whole"))
	})
	srv, err := server.NewHealth("127.0.0.1:0", nil, slow, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	got := make(chan error, 1)
	go func() { got <- server.Probe(context.Background(), "http://"+srv.Addr()+"/metrics") }()
	<-entered
	stop()
	testkit.Eventually(t, 10*time.Second, func() (bool, string) {
		conn, err := net.Dial("tcp", srv.Addr())
		if err == nil {
			conn.Close()
		}
		return err != nil, "new connections are still taken"
	})
	close(leave)
	if err := errors.Join(<-got, <-ended); err != nil {
		t.Error(err)
	}
}

func TestMetricsOnAPortOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *server.Config, _ *server.Deps) { c.MetricsListen = "127.0.0.1:0" })
	if got := b.ask(t, http.MethodGet, "/metrics", "", with("Authorization", "Bearer "+token)); got.status != http.StatusNotFound {
		t.Errorf("metrics on the public port: %d", got.status)
	}
	b.base = "http://" + b.srv.MetricsAddr()
	if got := b.ask(t, http.MethodGet, "/metrics", "", fromOutside); got.body != "metrics GET" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := b.ask(t, http.MethodGet, "/", ""); got.status != http.StatusNotFound {
		t.Errorf("pages on the metrics port: %d", got.status)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := server.Probe(t.Context(), b.base+"/healthz"); err != nil {
		t.Error(err)
	}
	sick := httptest.NewServer(http.NotFoundHandler())
	defer sick.Close()
	for name, address := range map[string]string{
		"answered 404":   sick.URL,
		"refused":        "http://127.0.0.1:1/healthz?key=hidden-value",
		"cannot be read": "http://\x7f",
	} {
		err := server.Probe(t.Context(), address)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hidden-value") {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}

func TestPanicIsOneLogEntryAndA500(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *server.Config, d *server.Deps) {
		d.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken on purpose") })
	})
	got := b.ask(t, http.MethodGet, "/metrics", "")
	if diff := cmp.Diff(`{"error":"internal error"}`+"\n", got.body); diff != "" || got.status != 500 {
		t.Errorf("%d\n%s", got.status, diff)
	}
	if n := strings.Count(b.log.String(), "broken on purpose"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, b.log)
	}
}
