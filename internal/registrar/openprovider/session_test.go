package openprovider_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx/callcount"
	"github.com/whmcsync/whmcsync/internal/httpx/token"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

var (
	_ openprovider.TokenStore  = (*token.Store)(nil)
	_ openprovider.CallCounter = (*callcount.Counter)(nil)
)

func held(t testing.TB, opt sim.Options, names ...string) *sim.Server {
	t.Helper()
	server := startSim(t, opt)
	for _, name := range names {
		server.Seed(sim.Domain{Name: name, Status: "ACT", Type: "NEW", AuthCode: authCode, AutoRenew: "off"})
	}
	return server
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

func TestWhatIsMissingInTheConfigurationIsSaid(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]openprovider.Config{
		"username": {Password: "x"}, "password": {Username: "x"}, "page size": {Username: "x", Password: "x", PageSize: 1001},
		"identical": {Username: "x", Password: "x", Identical: 300}, "base_url": {Username: "x", Password: "x", BaseURL: "http://example.com"},
	} {
		if _, err := openprovider.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	account, err := openprovider.New(openprovider.Config{Account: "op", Username: "x", Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	account.Close()
}

func TestManyCallsLogInOnce(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Latency: 5 * time.Millisecond}, "example.com")
	account := open(t, server, openprovider.Config{InFlight: 8})
	get := func() {
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				_, err := account.Get(t.Context(), "example.com")
				wantClass(t, err, "")
			})
		}
		all.Wait()
	}
	get()
	same(t, "logins", int64(1), server.Counts().Calls["login"])
	server.ExpireTokens()
	get()
	same(t, "logins", int64(2), server.Counts().Calls["login"])
}

func TestWorkersWithOneStoreLogInOnce(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Latency: 5 * time.Millisecond}, "example.com")
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	for logins := range int64(2) {
		var all sync.WaitGroup
		for range 5 {
			store, err := token.New(token.Config{Redis: client, Account: "op", Secret: password})
			wantClass(t, err, "")
			account := open(t, server, openprovider.Config{Tokens: store})
			all.Go(func() {
				_, err := account.Get(t.Context(), "example.com")
				wantClass(t, err, "")
			})
		}
		all.Wait()
		same(t, "logins", logins+1, server.Counts().Calls["login"])
		server.ExpireTokens()
	}
}

func TestATokenThatEndsWhileListingIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusUnauthorized} {
		server := held(t, sim.Options{RefusedToken: status}, "a.com", "b.com", "c.com")
		account := open(t, server, openprovider.Config{PageSize: 2})
		page, err := account.ListPage(t.Context(), "")
		wantClass(t, err, "")
		server.ExpireTokens()
		_, err = account.ListPage(t.Context(), page.Next)
		wantClass(t, err, "")
		same(t, "calls", map[string]int64{"login": 2, "list_domains": 3}, server.Counts().Calls)
	}
}

func TestATokenIsNotRenewedInALoop(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	server.SetCodes(sim.Code{Call: "list_domains", Code: 196, Desc: "Authentication/Authorization Failed"})
	account := open(t, server, openprovider.Config{})
	for range 20 {
		_, err := account.Get(t.Context(), "example.com")
		if class := fault.ClassOf(err); class != fault.Auth && class != fault.RateLimited {
			t.Errorf("%v", err)
		}
	}
	if n := server.Counts().Calls["login"]; n > 5 {
		t.Errorf("%d logins", n)
	}
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	account := open(t, server, openprovider.Config{Password: "wr0ng"})
	for range 5 {
		_, err := account.Get(t.Context(), "example.com")
		wantClass(t, err, fault.Auth)
		if strings.Contains(err.Error(), "wr0ng") || !strings.Contains(err.Error(), "log in") {
			t.Errorf("%v", err)
		}
	}
	same(t, "calls", map[string]int64{"login": 1}, server.Counts().Calls)
}

func TestABlockedAddressIsNotATokenProblem(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	account := open(t, server, openprovider.Config{})
	server.SetCodes(sim.Code{Call: "list_domains", Code: 10005, Desc: "Access denied"})
	_, err := account.Get(t.Context(), "example.com")
	wantClass(t, err, fault.Auth)
	same(t, "calls", map[string]int64{"login": 1, "list_domains": 1}, server.Counts().Calls)
}

func TestTheSameCallIsNotMadeTooOften(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Identical: 101}, "example.com", "other.com")
	account := open(t, server, openprovider.Config{})
	var refused error
	for range 150 {
		if _, err := account.Get(t.Context(), "example.com"); err != nil {
			refused = err
		}
	}
	wantClass(t, refused, fault.RateLimited)
	if wait := fault.RetryAfter(refused); wait < 200*time.Second || wait > 300*time.Second {
		t.Errorf("to be repeated in %s", wait)
	}
	same(t, "calls", int64(100), server.Counts().Calls["list_domains"])
	_, err := account.Get(t.Context(), "other.com")
	wantClass(t, err, "")
	same(t, "violations", 0, len(server.Violations()))
}

func TestWorkersTogetherDoNotMakeTheSameCallTooOften(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		server := held(t, sim.Options{Identical: 10}, "example.com", "other.com")
		var all sync.WaitGroup
		var refused atomic.Int64
		for range 2 {
			account := open(t, server, openprovider.Config{Identical: 10, Calls: callcount.New(client, "op")})
			all.Go(func() {
				for range 10 {
					_, err := account.Get(t.Context(), "example.com")
					if err != nil {
						wantClass(t, err, fault.RateLimited)
						refused.Add(1)
					}
				}
				_, err := account.Get(t.Context(), "other.com")
				wantClass(t, err, "")
			})
		}
		all.Wait()
		same(t, "refused", int64(10), refused.Load())
		same(t, "calls", map[string]int64{"login": 2, "list_domains": 12}, server.Counts().Calls)
		same(t, "violations", 0, len(server.Violations()))
	})
}

func TestWorkersTogetherLogInSeldom(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		server := held(t, sim.Options{}, "example.com")
		for i := range 7 { // each has a token of its own
			account := open(t, server, openprovider.Config{Calls: callcount.New(client, "op")})
			_, err := account.Get(t.Context(), "example.com")
			wantClass(t, err, map[bool]fault.Class{true: fault.RateLimited}[i >= 5])
		}
		same(t, "logins", int64(5), server.Counts().Calls["login"])
	})
}

// full holds back every call but the first so many.
type full struct{ left atomic.Int64 }

func (f *full) Wait(context.Context) (release func(), err error) {
	if f.left.Add(-1) >= 0 {
		return func() {}, nil
	}
	return nil, &fault.Error{Class: fault.RateLimited, Op: "wait", RetryAfter: time.Second}
}

func (*full) Block(context.Context, time.Duration) {}

func TestACallThatTheLimitHeldBackIsNotCounted(t *testing.T) {
	test := func(t *testing.T, calls openprovider.CallCounter) {
		server := held(t, sim.Options{}, "example.com")
		limit := &full{}
		account := open(t, server, openprovider.Config{Identical: 2, Calls: calls, Limiter: limit})
		for _, step := range []struct {
			left int64
			want fault.Class
		}{{2, ""}, {0, fault.RateLimited}, {0, fault.RateLimited}, {1, ""}, {1, fault.RateLimited}} {
			limit.left.Store(step.left)
			_, err := account.Get(t.Context(), "example.com")
			wantClass(t, err, step.want)
		}
		same(t, "calls", map[string]int64{"login": 1, "list_domains": 2}, server.Counts().Calls)
	}
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) { test(t, callcount.New(client, "op")) })
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
}

func TestTheCountTellsNothing(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		server := held(t, sim.Options{}, "example.com")
		account := open(t, server, openprovider.Config{Calls: callcount.New(client, "op")})
		d, err := account.Get(t.Context(), "example.com")
		wantClass(t, err, "")
		_, err = account.SetAutoRenew(t.Context(), d, true)
		wantClass(t, err, "")
		keys := client.Keys(t.Context(), "*").Val()
		if len(keys) < 3 || !slices.Contains(keys, "whmcsync:calls:{op}:login") { // a hash of the password can be guessed at
			t.Errorf("counted are %s", keys)
		}
		known := regexp.MustCompile(`^whmcsync:calls:\{op\}:(login|[0-9a-f]{64})$`)
		for _, key := range keys {
			times := strings.Join(client.LRange(t.Context(), key, 0, -1).Val(), "")
			if !known.MatchString(key) || strings.Trim(times, "0123456789") != "" {
				t.Errorf("%s holds %s", key, times)
			}
		}
	})
}

func TestWithoutTheCountNobodyCalls(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	redisServer := miniredis.RunT(t)
	client := testkit.RedisClient(t, &redis.Options{Addr: redisServer.Addr(), MaxRetries: -1})
	account := open(t, server, openprovider.Config{Calls: callcount.New(client, "op")})
	redisServer.SetError("LOADING")
	_, err := account.Get(t.Context(), "example.com")
	wantClass(t, err, fault.Transient)
	for _, part := range []string{"op: look up example.com: log in", "the queue's Redis does not answer"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q in it", err, part)
		}
	}
	same(t, "calls", map[string]int64{}, server.Counts().Calls)
	redisServer.SetError("")
	_, err = account.Get(t.Context(), "example.com")
	wantClass(t, err, "")
}

func TestMaintenanceIsNoEmptyAccount(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	account := open(t, server, openprovider.Config{})
	server.SetMaintenance(true)
	_, err := account.ListPage(t.Context(), "")
	wantClass(t, err, fault.RateLimited)
	_, err = account.Get(t.Context(), "example.com")
	wantClass(t, err, fault.RateLimited)
	same(t, "wait", 300*time.Second, fault.RetryAfter(err))
}

func TestNothingTellsASecret(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	account := open(t, server, openprovider.Config{})
	_, err := account.Check(t.Context())
	wantClass(t, err, "")
	d, err := account.Get(t.Context(), "example.com")
	texts := []string{fmt.Sprintf("%+v %v", d, err)}
	page, err := account.ListPage(t.Context(), "")
	texts = append(texts, fmt.Sprintf("%+v %v", page, err))
	server.SetCodes(sim.Code{Code: 999, Desc: "you sent sim-token-1 and " + password})
	_, err = account.Get(t.Context(), "example.com")
	texts = append(texts, fmt.Sprintf("%+v %v %#v", err, err, err))
	for _, text := range texts {
		for _, secret := range secrets[:2] {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", text, secret)
			}
		}
	}
	if strings.Contains(texts[2], "sim-token-1") || !strings.Contains(texts[2], "you sent ***") {
		t.Error(texts[2])
	}
}

func TestNobodyWaitsForALoginThatHangs(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Latency: 300 * time.Millisecond}, "example.com")
	account := open(t, server, openprovider.Config{})
	var first sync.WaitGroup
	defer first.Wait()
	first.Go(func() { _, _ = account.Get(context.WithoutCancel(t.Context()), "example.com") })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := account.Get(ctx, registrar.Name("other.com"))
	wantClass(t, err, fault.Held)
}
