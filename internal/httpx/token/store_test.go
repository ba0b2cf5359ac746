package token_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx/token"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "p4ssword"

func open(t *testing.T, client redis.UniversalClient, cfg token.Config) *token.Store {
	t.Helper()
	cfg.Redis, cfg.Account = client, "op"
	if cfg.Secret == "" {
		cfg.Secret = password
	}
	store, err := token.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// counter numbers the tokens that it makes.
type counter struct {
	logins atomic.Int64
	takes  time.Duration
}

func (c *counter) login(context.Context) (string, error) {
	time.Sleep(c.takes)
	return fmt.Sprintf("token-%d", c.logins.Add(1)), nil
}

func want(t *testing.T, store *token.Store, stale string, c *counter, want string) {
	t.Helper()
	got, err := store.Token(t.Context(), stale, c.login)
	if err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestManyCallersOfTwoStoresLogInOnce(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c := &counter{takes: 100 * time.Millisecond}
		stores := []*token.Store{open(t, client, token.Config{}), open(t, client, token.Config{})}
		for _, round := range []struct{ stale, want string }{{"", "token-1"}, {"token-1", "token-2"}} {
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() { want(t, stores[i%2], round.stale, c, round.want) })
			}
			all.Wait()
		}
		if n := c.logins.Load(); n != 2 {
			t.Errorf("%d logins, want one and one more when the token was refused", n)
		}
	})
}

func TestAStoreUsesWhatAnotherHasRenewed(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c := &counter{}
		first, second := open(t, client, token.Config{}), open(t, client, token.Config{})
		want(t, first, "", c, "token-1")
		want(t, second, "", c, "token-1")
		want(t, first, "token-1", c, "token-2")
		want(t, second, "token-1", c, "token-2")
		want(t, first, "token-1", c, "token-2")
	})
}

func TestATokenIsSealed(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c := &counter{}
		want(t, open(t, client, token.Config{}), "", c, "token-1")
		for _, key := range client.Keys(t.Context(), "*").Val() {
			raw, err := client.Get(t.Context(), key).Bytes()
			if err != nil || bytes.Contains(raw, []byte("token-1")) || bytes.Contains(raw, []byte(password)) {
				t.Errorf("%s holds %q (%v)", key, raw, err)
			}
		}
		want(t, open(t, client, token.Config{Secret: "another"}), "", c, "token-2")
		want(t, open(t, client, token.Config{Secret: "another", Owner: "somebody else"}), "", c, "token-3")
	})
}

func TestWhatIsNotOursIsNoToken(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c := &counter{}
		want(t, open(t, client, token.Config{}), "", c, "token-1")
		sealed := client.Get(t.Context(), "whmcsync:token:{op}:sealed").Val()
		for i, spoiled := range []string{"", "x", sealed[:len(sealed)-1], string(sealed[0]^1) + sealed[1:], sealed + "z"} {
			client.Set(t.Context(), "whmcsync:token:{op}:sealed", spoiled, 0)
			want(t, open(t, client, token.Config{}), "", c, fmt.Sprintf("token-%d", i+2))
		}
	})
}

func TestATokenEndsWithItsLife(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c, brief := &counter{}, token.Config{Life: 100 * time.Millisecond}
		store := open(t, client, brief)
		want(t, store, "", c, "token-1")
		time.Sleep(brief.Life)
		want(t, open(t, client, brief), "", c, "token-2")
		time.Sleep(brief.Life)
		want(t, store, "", c, "token-3")
	})
}

func TestALoginThatFailedIsNotKept(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c, refusal := &counter{}, errors.New("refused")
		store := open(t, client, token.Config{})
		_, err := store.Token(t.Context(), "", func(context.Context) (string, error) { return "", refusal })
		if !errors.Is(err, refusal) {
			t.Errorf("%v", err)
		}
		want(t, open(t, client, token.Config{}), "", c, "token-1")
		want(t, store, "", c, "token-1")
	})
}

func TestTheLockOfOneWhoDiedExpires(t *testing.T) {
	t.Parallel()
	opt, err := redis.ParseURL(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client, c := testkit.RedisClient(t, opt), &counter{}
	client.Set(t.Context(), "whmcsync:token:{op}:lock", "somebody", 300*time.Millisecond)
	want(t, open(t, client, token.Config{}), "", c, "token-1")
	if n := client.Exists(t.Context(), "whmcsync:token:{op}:lock").Val(); n != 0 {
		t.Error("the lock was left behind")
	}
}

func TestNobodyWaitsForLong(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		c, store := &counter{}, open(t, client, token.Config{})
		client.Set(t.Context(), "whmcsync:token:{op}:lock", "somebody", time.Minute)
		_, err := store.Token(t.Context(), "", c.login)
		if !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != time.Second {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = store.Token(ctx, "", c.login); !fault.Is(err, fault.Held) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if c.logins.Load() != 0 {
			t.Error("it logged in all the same")
		}
	})
}

func TestWithoutRedisAProcessKeepsItsOwnToken(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := testkit.RedisClient(t, &redis.Options{Addr: server.Addr(), MaxRetries: -1, DialTimeout: time.Second})
	c, store := &counter{}, open(t, client, token.Config{})
	want(t, store, "", c, "token-1")
	server.SetError("LOADING")
	want(t, store, "", c, "token-1")
	want(t, store, "token-1", c, "token-2")
	want(t, store, "", c, "token-2")
	server.SetError("") // it still holds the first, which was refused
	want(t, store, "token-2", c, "token-3")
	want(t, open(t, client, token.Config{}), "", c, "token-3")
	if got := strings.Join(server.Keys(), " "); got != "whmcsync:token:{op}:sealed" {
		t.Errorf("keys: %s", got)
	}
}
