package wiretest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
)

func (k kit) limits(t *testing.T) {
	t.Parallel()
	t.Run("calls at once stay within the limit", k.inFlight)
	t.Run("every call asks the limiter once and lets go once", k.asksLimiter)
	t.Run("a limiter that refuses keeps the call back", k.refused)
}

func (k kit) inFlight(t *testing.T) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 3, Timeout: longEnough})
	target.Wire.Fail(Fault{Kind: Latency, Delay: 5 * time.Millisecond})
	var all sync.WaitGroup
	for i := range 24 {
		act := target.Acts[i%len(target.Acts)]
		all.Go(func() {
			if err := act.Do(t.Context()); err != nil {
				t.Errorf("%s: %v", act.Name, err)
			}
		})
	}
	all.Wait()
	same(t, "calls at once", 3, target.Wire.PeakInFlight())
}

func (k kit) asksLimiter(t *testing.T) {
	t.Parallel()
	limiter := &watcher{}
	target := k.open(t, Setup{InFlight: 3, Timeout: longEnough, Limiter: limiter})
	for _, act := range target.Acts {
		if err := act.Do(t.Context()); err != nil {
			t.Errorf("%s: %v", act.Name, err)
		}
	}
	waits, releases := limiter.counts()
	if waits < len(target.Acts) || waits != target.Wire.Calls() || releases != waits {
		t.Errorf("%d calls, the limiter was asked %d times and released %d times", target.Wire.Calls(), waits, releases)
	}
	target.letsGoOfFailed(t, limiter)
}

// letsGoOfFailed does not count what arrives: HTTP may send a GET again that met a connection just being closed.
func (g Target) letsGoOfFailed(t *testing.T, limiter *watcher) {
	t.Helper()
	g.Wire.Fail(Fault{Kind: Cut})
	before, _ := limiter.counts()
	for _, act := range g.Acts {
		if act.Do(t.Context()) == nil {
			t.Errorf("%s did not fail", act.Name)
		}
	}
	waits, releases := limiter.counts()
	same(t, "asked", before+len(g.Acts), waits)
	same(t, "released", waits, releases)
}

func (k kit) refused(t *testing.T) {
	t.Parallel()
	no := &fault.Error{Class: fault.RateLimited, RetryAfter: time.Minute}
	target := k.open(t, Setup{InFlight: 1, Timeout: longEnough, Limiter: &watcher{refusal: no}})
	for _, act := range target.Acts {
		err := act.Do(t.Context())
		wantClass(t, err, fault.RateLimited)
		same(t, "wait", time.Minute, fault.RetryAfter(err))
	}
	same(t, "calls", 0, target.Wire.Calls())
}

// watcher is a Limiter that limits nothing and remembers.
type watcher struct {
	refusal error

	mu              sync.Mutex
	waits, releases int
	blocked         []time.Duration
}

func (w *watcher) Wait(context.Context) (func(), error) {
	if w.refusal != nil {
		return nil, w.refusal
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits++
	return func() { w.mu.Lock(); defer w.mu.Unlock(); w.releases++ }, nil
}

func (w *watcher) Block(_ context.Context, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked = append(w.blocked, d)
}

func (w *watcher) blocks() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocked
}

func (w *watcher) counts() (waits, releases int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waits, w.releases
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantClass(t *testing.T, err error, want fault.Class) {
	t.Helper()
	if got := fault.ClassOf(err); got != want {
		t.Errorf("class %q, want %q: %v", got, want, err)
	}
}
