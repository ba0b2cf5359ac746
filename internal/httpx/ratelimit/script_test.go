package ratelimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// world is a limiter on a Redis whose clock the test moves.
type world struct {
	*Limiter
	redis *miniredis.Miniredis
	now   time.Time
	token int
}

func newWorld(t interface {
	Fatal(...any)
	Cleanup(func())
}, cfg Config,
) *world {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	cfg.Redis, cfg.Account = client, "news"
	w := &world{Limiter: New(cfg), redis: server, now: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)}
	server.SetTime(w.now)
	return w
}

func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.redis.SetTime(w.now)
}

// ask reserves for a caller of its own.
func (w *world) ask(t testing.TB) seat {
	t.Helper()
	w.token++
	s, err := w.reserve(t.Context(), fmt.Sprint(w.token))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) limits(t testing.TB) Limits {
	t.Helper()
	l, err := w.Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReservedMomentsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.Float64Range(0.5, 500).Draw(rt, "rate")
		w := newWorld(rt, Config{PerSecond: rate})
		interval := time.Duration(w.interval()) * time.Microsecond
		var last, blocked time.Time
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"ask", "ask", "ask", "pass", "block"}).Draw(rt, "step") {
			case "pass":
				w.pass(time.Duration(rapid.Int64Range(0, int64(3*interval)).Draw(rt, "time")))
			case "block":
				d := time.Duration(rapid.Int64Range(1, 4000).Draw(rt, "ms")) * time.Millisecond
				w.Block(t.Context(), d)
				blocked = later(blocked, w.now.Add(d))
			case "ask":
				s := w.ask(t)
				at := w.now.Add(s.wait)
				if s.verdict == tooLong {
					if s.wait <= httpx.MaxWait {
						rt.Fatalf("refused though the wait is %s", s.wait)
					}
					continue
				}
				if !last.IsZero() && at.Sub(last) < interval-time.Microsecond {
					rt.Fatalf("%s after the one before, at least %s", at.Sub(last), interval)
				}
				if at.Before(blocked.Add(-time.Microsecond)) {
					rt.Fatalf("%s before the block ends", blocked.Sub(at))
				}
				if s.wait > httpx.MaxWait {
					rt.Fatalf("a wait of %s", s.wait)
				}
				last = at
			}
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestNoMomentIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerSecond: 4})
	for i := range 20 {
		if s := w.ask(t); s.verdict != free || s.wait != time.Duration(i)*250*time.Millisecond {
			t.Fatalf("caller %d: %+v", i, s)
		}
	}
	w.ask(t) // at exactly 5 s
	if s := w.ask(t); s.verdict != tooLong || s.wait != 5250*time.Millisecond {
		t.Errorf("the caller after 5 s: %+v", s)
	}
	w.pass(5 * time.Second)
	if s := w.ask(t); s.wait != 250*time.Millisecond {
		t.Errorf("a refused caller took a moment: %+v", s)
	}
}

func TestPlaceOfTheDeadIsFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{InFlight: 2, CallTimeout: 30 * time.Second})
	w.ask(t)
	w.ask(t)
	if s := w.ask(t); s.verdict != crowded {
		t.Fatalf("a third of two: %+v", s)
	}
	w.pass(34 * time.Second)
	if s := w.ask(t); s.verdict != crowded {
		t.Fatalf("freed while the call may still go on: %+v", s)
	}
	w.pass(2 * time.Second)
	if s := w.ask(t); s.verdict != free {
		t.Fatalf("not freed: %+v", s)
	}
}

func TestRateHalvesOnceForABurstAndGrowsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerSecond: 10})
	for range 5 {
		w.Block(t.Context(), 10*time.Second)
	}
	if l := w.limits(t); l.PerSecond != 5 || !l.BlockedUntil.Equal(w.now.Add(10*time.Second)) {
		t.Fatalf("after one burst: %+v", l)
	}
	w.Block(t.Context(), 20*time.Second)
	if l := w.limits(t); l.PerSecond != 5 || !l.BlockedUntil.Equal(w.now.Add(20*time.Second)) {
		t.Fatalf("a longer wait of the same burst: %+v", l)
	}
	w.pass(20*time.Second + time.Millisecond)
	first, second := w.ask(t), w.ask(t)
	if gap := second.wait - first.wait; gap < 180*time.Millisecond || gap > 200*time.Millisecond {
		t.Errorf("calls %s apart at half of 10 a second", gap)
	}
	w.pass(recovery)
	if l := w.limits(t); l.PerSecond != 10 || !l.BlockedUntil.IsZero() {
		t.Errorf("after the recovery: %+v", l)
	}
	for range 10 {
		w.Block(t.Context(), time.Second)
		w.pass(time.Second + time.Millisecond)
	}
	if l := w.limits(t); l.PerSecond < 1 || l.PerSecond > 1.1 {
		t.Errorf("a tenth of 10 is the least: %+v", l)
	}
}

func TestBackoffGrowsWhenNoTimeIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerSecond: 10})
	for _, want := range []time.Duration{5, 10, 20, 40, 80, 160, 300, 300} {
		w.Block(t.Context(), 0)
		if got := w.limits(t).BlockedUntil.Sub(w.now); got != want*time.Second {
			t.Fatalf("blocked for %s, want %s", got, want*time.Second)
		}
		w.pass(want*time.Second + time.Second)
	}
	w.pass(lastBackoff)
	w.Block(t.Context(), 0)
	if got := w.limits(t).BlockedUntil.Sub(w.now); got != 5*time.Second {
		t.Errorf("after a quiet time blocked for %s", got)
	}
}

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{PerSecond: 1})
	w.Block(t.Context(), time.Minute)
	other := New(Config{Redis: w.Redis, Account: "shop", PerSecond: 1})
	if release, err := other.Wait(t.Context()); err != nil {
		t.Error(err)
	} else {
		release()
	}
	if _, err := w.Wait(t.Context()); !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != time.Minute {
		t.Errorf("the blocked one: %v", err)
	}
}
