package callcount_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx/callcount"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	most = 3
	span = 5 * time.Minute
)

// admitted counts a call in that must be let through.
func admitted(t *testing.T, c *callcount.Counter, call string) (takeBack func()) {
	t.Helper()
	takeBack, wait, err := c.Admit(t.Context(), call, most, span)
	if err != nil || wait != 0 {
		t.Fatalf("%s: to wait %s, %v", call, wait, err)
	}
	return takeBack
}

// refused is how long a call must wait that must not be let through.
func refused(t *testing.T, c *callcount.Counter, call string) time.Duration {
	t.Helper()
	_, wait, err := c.Admit(t.Context(), call, most, span)
	if err != nil || wait <= 0 || wait > span {
		t.Fatalf("%s: to wait %s, %v", call, wait, err)
	}
	return wait
}

func TestAllProcessesTogetherStayWithinTheLimit(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		var all sync.WaitGroup
		var let atomic.Int64
		for range 4 {
			counter := callcount.New(client, "op")
			all.Go(func() {
				for range 50 {
					_, wait, err := counter.Admit(t.Context(), "a", 100, span)
					if err != nil {
						t.Error(err)
					}
					if wait == 0 {
						let.Add(1)
					}
				}
			})
		}
		all.Wait()
		if let.Load() != 100 {
			t.Errorf("%d of 200 calls were let through, want 100", let.Load())
		}
		if n := client.LLen(t.Context(), "whmcsync:calls:{op}:a").Val(); n != 100 {
			t.Errorf("%d times are kept", n)
		}
		if ttl := client.PTTL(t.Context(), "whmcsync:calls:{op}:a").Val(); ttl < span || ttl > span+time.Minute {
			t.Errorf("kept for %s", ttl)
		}
	})
}

func TestOtherCallsAndAccountsCountByThemselves(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		counter := callcount.New(client, "op")
		for range most {
			admitted(t, counter, "a")
		}
		refused(t, counter, "a")
		admitted(t, counter, "b")
		admitted(t, callcount.New(client, "other"), "a")
	})
}

func TestACallTakenBackDoesNotCount(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		counter := callcount.New(client, "op")
		for range most - 1 {
			admitted(t, counter, "a")
		}
		for range most {
			admitted(t, counter, "a")()
		}
		admitted(t, counter, "a")
		refused(t, counter, "a")
	})
}

func TestTheWindowSlides(t *testing.T) {
	t.Parallel()
	server, now := miniredis.RunT(t), time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	pass := func(d time.Duration) { now = now.Add(d); server.SetTime(now) } // keys do not expire by this
	counter := callcount.New(testkit.RedisClient(t, &redis.Options{Addr: server.Addr()}), "op")
	pass(0)
	for range most {
		admitted(t, counter, "a")
		pass(time.Minute)
	}
	if wait := refused(t, counter, "a"); wait != span-most*time.Minute {
		t.Errorf("to wait %s", wait)
	}
	pass(span - most*time.Minute - time.Microsecond)
	if wait := refused(t, counter, "a"); wait != time.Microsecond {
		t.Errorf("to wait %s", wait)
	}
	pass(time.Microsecond)
	admitted(t, counter, "a")
	if wait := refused(t, counter, "a"); wait != time.Minute {
		t.Errorf("to wait %s for the second to leave", wait)
	}
	server.FastForward(span + time.Minute)
	if keys := server.Keys(); len(keys) != 0 {
		t.Errorf("left behind: %s", keys)
	}
}

func TestWithoutRedisNobodyCalls(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	counter := callcount.New(testkit.RedisClient(t, &redis.Options{Addr: server.Addr(), MaxRetries: -1}), "op")
	takeBack := admitted(t, counter, "a")
	server.SetError("LOADING")
	if _, _, err := counter.Admit(t.Context(), "a", most, span); !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
	takeBack() // must not hang or panic
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := counter.Admit(ctx, "a", most, span); !fault.Is(err, fault.Held) {
		t.Errorf("got %v", err)
	}
}
