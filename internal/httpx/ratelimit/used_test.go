package ratelimit_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestLimitsTellHowMuchIsUsed(t *testing.T) {
	t.Parallel()
	opt, err := redis.ParseURL(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { client.Close() })
	limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news"})
	idle, err := limiter.Limits(t.Context())
	if err != nil || idle.UsedPerSecond != 0 {
		t.Fatalf("an account nobody called uses %v/s, %v", idle.UsedPerSecond, err)
	}
	const calls = 30
	for range calls {
		release, err := limiter.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	used, err := limiter.Limits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The calls may fall into two windows, of which the fuller one is told.
	if used.UsedPerSecond < calls/20.0 || used.UsedPerSecond > calls/10.0 {
		t.Errorf("%d calls in one moment count as %v/s", calls, used.UsedPerSecond)
	}
}
