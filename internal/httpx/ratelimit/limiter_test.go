package ratelimit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWorkersTogetherUseTheRateToTheFull(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		const rate, calls = 20, 41
		var mu sync.Mutex
		var sent []time.Time
		var left atomic.Int64
		left.Store(calls)
		var all sync.WaitGroup
		for range 8 {
			limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", PerSecond: rate, InFlight: 8})
			all.Go(func() {
				for left.Add(-1) >= 0 {
					release, err := limiter.Wait(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					sent = append(sent, time.Now())
					mu.Unlock()
					release()
				}
			})
		}
		all.Wait()
		ideal := time.Second * (calls - 1) / rate
		took := sent[len(sent)-1].Sub(sent[0])
		if used := ideal.Seconds() / took.Seconds(); used < 0.95 || used > 1.05 {
			t.Errorf("%.1f %% of the rate was used", used*100)
		}
	})
}

func TestCallsInFlightStayUnderTheCap(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		const limit = 3
		var flying, peak, done atomic.Int64
		var all sync.WaitGroup
		full := make(chan struct{}) // closed when as many calls as may be are under way: the first ones wait for that
		var once sync.Once
		for range 8 {
			limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", InFlight: limit})
			all.Go(func() {
				for range 10 {
					release, err := limiter.Wait(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					now := flying.Add(1)
					for seen := peak.Load(); now > seen && !peak.CompareAndSwap(seen, now); seen = peak.Load() {
					}
					if now >= limit {
						once.Do(func() { close(full) })
					}
					select {
					case <-full:
						time.Sleep(time.Millisecond) // the call itself
					case <-time.After(10 * time.Second):
						t.Errorf("%d calls are under way and no other one begins", now)
					}
					flying.Add(-1)
					done.Add(1)
					release()
				}
			})
		}
		all.Wait()
		if peak.Load() != limit || done.Load() != 80 {
			t.Errorf("%d at once (want %d), %d of 80 done", peak.Load(), limit, done.Load())
		}
	})
}

func TestBlockStopsThoseWhoAlreadyWait(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", PerSecond: 2, InFlight: 8})
		release, err := limiter.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		errs := make(chan error, 3)
		for range 3 {
			go func() {
				release, err := limiter.Wait(t.Context())
				if err == nil {
					release()
				}
				errs <- err
			}()
		}
		testkit.Eventually(t, 5*time.Second, func() (bool, string) {
			limits, err := limiter.Limits(t.Context())
			return err == nil && limits.InFlight == 4, "three are not waiting yet"
		})
		limiter.Block(t.Context(), time.Minute)
		for range 3 {
			if err := <-errs; !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) < 50*time.Second {
				t.Errorf("got %v", err)
			}
		}
		limits, err := limiter.Limits(t.Context())
		if err != nil || limits.InFlight != 1 || limits.PerSecond < 1 || limits.PerSecond > 1.1 || limits.BlockedUntil.IsZero() {
			t.Errorf("limits %+v, %v", limits, err)
		}
	})
}

func TestCancelledWaiterGivesItsPlaceBack(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", PerSecond: 0.5, InFlight: 2})
		first, err := limiter.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer first()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if _, err := limiter.Wait(ctx); !fault.Is(err, fault.Held) {
			t.Errorf("got %v", err)
		}
		if limits, err := limiter.Limits(t.Context()); err != nil || limits.InFlight != 1 {
			t.Errorf("limits %+v, %v", limits, err)
		}
	})
}

func TestWithoutRedisNobodyCalls(t *testing.T) {
	t.Parallel()
	client := testkit.RedisClient(t, &redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", PerSecond: 4, InFlight: 4})
	if _, err := limiter.Wait(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
	if _, err := limiter.Limits(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
	limiter.Block(t.Context(), time.Second) // must not hang or panic
}

func TestNoLimitsMeansNoWaiting(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news"})
		for range 50 {
			release, err := limiter.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			release()
		}
	})
}
