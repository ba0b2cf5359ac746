package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// signed adds the headers of a call made at a time with a secret.
func signed(secret string, at time.Time, body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("X-Whmcsync-Timestamp", strconv.FormatInt(at.Unix(), 10))
		r.Header.Set("X-Whmcsync-Signature", server.SignHook(secret, at.Unix(), []byte(body)))
	}
}

func TestSignatureIsThePublishedOne(t *testing.T) {
	t.Parallel()
	// printf '1700000000.{"v":1}' | openssl dgst -sha256 -hmac secret
	const want = "sha256=8a547bfd2adcd07f78c08448d60b727dd145789fe26971db4ead66af709bb87e"
	if diff := cmp.Diff(want, server.SignHook("secret", 1700000000, []byte(`{"v":1}`))); diff != "" {
		t.Error(diff)
	}
}

func TestHookTouchesEverySyncOfTheSource(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := `{"v":1,"event":"AfterClientMerge","clients":[12,7,12],"domains":[3],"id":"a1"}`
	got := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, signed(hookSecret, b.clock.Now(), body))
	if diff := cmp.Diff(`{"clients":2,"domains":0,"status":"accepted"}`+"\n", got.body); diff != "" || got.status != http.StatusAccepted {
		t.Errorf("%d\n%s", got.status, diff)
	}
	want := []touch{{"newsletter", []int64{7, 12}, state.ByHook}, {"reseller", []int64{7, 12}, state.ByHook}}
	if diff := cmp.Diff(want, b.fake.touches); diff != "" {
		t.Error(diff)
	}
}

// withDomains adds two syncs of domains to the source.
func withDomains(c *server.Config, _ *server.Deps) {
	c.Sources["main"] = server.Source{
		HookSecret: config.NewSecret(hookSecret), Syncs: []string{"newsletter"}, DomainSyncs: []string{"op-domains", "op-transfers"},
	}
	c.Syncs["op-domains"], c.Syncs["op-transfers"] = server.SyncInfo{}, server.SyncInfo{}
}

func TestHookTouchesClientsAndDomainsEachInTheirSyncs(t *testing.T) {
	t.Parallel()
	domains := []touch{{"op-domains", []int64{3, 4}, state.ByHook}, {"op-transfers", []int64{3, 4}, state.ByHook}}
	clients := touch{"newsletter", []int64{12}, state.ByHook}
	for body, want := range map[string]struct {
		answer  string
		touches []touch
	}{
		`{"v":1,"event":"DomainEdit","clients":[],"domains":[4,3,4]}`:         {`{"clients":0,"domains":2,"status":"accepted"}`, domains},
		`{"v":1,"event":"DomainsChanged","domains":[3,4]}`:                    {`{"clients":0,"domains":2,"status":"accepted"}`, domains},
		`{"v":1,"event":"ClientsChanged","clients":[12],"domains":[3,4]}`:     {`{"clients":1,"domains":2,"status":"accepted"}`, append([]touch{clients}, domains...)},
		`{"v":1,"event":"ClientEdit","clients":[12],"id":"of an older file"}`: {`{"clients":1,"domains":0,"status":"accepted"}`, []touch{clients}},
	} {
		b := setup(t, withDomains)
		got := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, signed(hookSecret, b.clock.Now(), body))
		if diff := cmp.Diff(want.answer+"\n", got.body); diff != "" || got.status != http.StatusAccepted {
			t.Errorf("%s: %d\n%s", body, got.status, diff)
		}
		if diff := cmp.Diff(want.touches, b.fake.touched()); diff != "" {
			t.Errorf("%s\n%s", body, diff)
		}
	}
}

func TestHookIsRefused(t *testing.T) {
	t.Parallel()
	const body = `{"v":1,"event":"ClientEdit","clients":[12]}`
	long := `{"v":1,"event":"` + strings.Repeat("x", 64<<10) + `"}`
	b := setup(t)
	now := b.clock.Now()
	cases := map[string]struct {
		path, body string
		edit       func(*http.Request)
		status     int
		says       string
	}{
		"without headers":                     {"main", body, func(*http.Request) {}, 401, "timestamp"},
		"with a signature of another secret":  {"main", body, signed("wrong", now, body), 401, "signature is wrong"},
		"with a signature of another body":    {"main", body, signed(hookSecret, now, body+" "), 401, "signature is wrong"},
		"with a bare signature":               {"main", body, bare(now, body), 401, "signature is wrong"},
		"when it is 301 s old":                {"main", body, signed(hookSecret, now.Add(-301*time.Second), body), 401, "5 minutes"},
		"when it is 302 s ahead":              {"main", body, signed(hookSecret, now.Add(302*time.Second), body), 401, "5 minutes"},
		"when another timestamp was signed":   {"main", body, moved(now, body), 401, "signature is wrong"},
		"of an unknown source":                {"nowhere", body, signed(hookSecret, now, body), 404, "no hooks"},
		"of a source whose hooks are off":     {"quiet", body, signed("", now, body), 404, "no hooks"},
		"with more than 64 KiB":               {"main", long, signed(hookSecret, now, long), 413, "64 KiB"},
		"with a body that is not JSON":        {"main", "clients=12", signed(hookSecret, now, "clients=12"), 400, "must be JSON"},
		"with an id that is none":             {"main", `{"v":1,"event":"ClientEdit","clients":[0]}`, signed(hookSecret, now, `{"v":1,"event":"ClientEdit","clients":[0]}`), 400, "0 is no client id"},
		"with a domain that is none":          {"main", `{"v":1,"event":"DomainEdit","domains":[-1]}`, signed(hookSecret, now, `{"v":1,"event":"DomainEdit","domains":[-1]}`), 400, "-1 is no domain id"},
		"with a version that is not known":    {"main", `{"v":2,"event":"ClientEdit"}`, signed(hookSecret, now, `{"v":2,"event":"ClientEdit"}`), 400, "version 2"},
		"with a path that leaves its folder":  {"main%2f..%2fx", body, signed(hookSecret, now, body), 404, "no hooks"},
		"with no body, but rightly signed so": {"main", "", signed(hookSecret, now, ""), 400, "must be JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := b.ask(t, http.MethodPost, "/hooks/whmcs/"+c.path, c.body, c.edit)
			if got.status != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	if len(b.fake.touches) != 0 {
		t.Errorf("touched: %v", b.fake.touches)
	}
	if log := b.log.String(); strings.Contains(log, hookSecret) {
		t.Error("the secret is in the log")
	}
}

// bare signs rightly but leaves the name of the algorithm out.
func bare(at time.Time, body string) func(*http.Request) {
	return func(r *http.Request) {
		signed(hookSecret, at, body)(r)
		r.Header.Set("X-Whmcsync-Signature", strings.TrimPrefix(r.Header.Get("X-Whmcsync-Signature"), "sha256="))
	}
}

// moved sends an old call with a new timestamp.
func moved(at time.Time, body string) func(*http.Request) {
	return func(r *http.Request) {
		signed(hookSecret, at.Add(-time.Hour), body)(r)
		r.Header.Set("X-Whmcsync-Timestamp", strconv.FormatInt(at.Unix(), 10))
	}
}

func TestHookIsTakenOnce(t *testing.T) {
	t.Parallel()
	const body = `{"v":1,"event":"ClientEdit","clients":[12]}`
	b := setup(t)
	call := signed(hookSecret, b.clock.Now(), body)
	first := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, call)
	again := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, call)
	louder := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, call, func(r *http.Request) {
		r.Header.Set("X-Whmcsync-Signature", strings.ToUpper(r.Header.Get("X-Whmcsync-Signature")))
	})
	if diff := cmp.Diff([]int{202, 409, 409}, []int{first.status, again.status, louder.status}); diff != "" {
		t.Error(diff)
	}
	if len(b.fake.touches) != 2 {
		t.Errorf("touched: %v", b.fake.touches)
	}
}

func TestHookOfNobodysConcernIsIgnored(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *server.Config, _ *server.Deps) {
		lonely := c.Sources["main"]
		lonely.Syncs = nil
		c.Sources["lonely"] = lonely
	})
	for body, source := range map[string]string{
		`{"v":1,"event":"InvoicePaid","clients":[1],"invoices":[1]}`: "main",
		`{"v":1,"event":"DomainEdit","domains":[1]}`:                 "main",
		`{"v":1,"event":"ClientEdit","clients":[1]}`:                 "lonely",
	} {
		got := b.ask(t, http.MethodPost, "/hooks/whmcs/"+source, body, signed(hookSecret, b.clock.Now(), body))
		if got.status != http.StatusAccepted || !strings.Contains(got.body, "ignored") {
			t.Errorf("%s: %d %s", source, got.status, got.body)
		}
	}
	if len(b.fake.touches) != 0 {
		t.Errorf("touched: %v", b.fake.touches)
	}
}

func TestHookWhenSomethingIsAway(t *testing.T) {
	t.Parallel()
	const body = `{"v":1,"event":"ClientAdd","clients":[5]}`
	t.Run("a sync that cannot be touched does not stop the other", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.fake.set(func(f *fakeDeps) { f.touchErr = errors.New("postgres is away") })
		got := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, signed(hookSecret, b.clock.Now(), body))
		if got.status != http.StatusServiceUnavailable || strings.Contains(got.body, "postgres") || got.header.Get("Retry-After") == "" {
			t.Errorf("%d %s", got.status, got.body)
		}
		if diff := cmp.Diff([]touch{{"reseller", []int64{5}, state.ByHook}}, b.fake.touches); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("nor does it stop those of domains", func(t *testing.T) {
		t.Parallel()
		b := setup(t, withDomains)
		b.fake.set(func(f *fakeDeps) { f.touchErr = errors.New("postgres is away") })
		const both = `{"v":1,"event":"ClientsChanged","clients":[5],"domains":[6]}`
		got := b.ask(t, http.MethodPost, "/hooks/whmcs/main", both, signed(hookSecret, b.clock.Now(), both))
		want := []touch{{"op-domains", []int64{6}, state.ByHook}, {"op-transfers", []int64{6}, state.ByHook}}
		if diff := cmp.Diff(want, b.fake.touched()); diff != "" || got.status != http.StatusServiceUnavailable {
			t.Error(got.status, diff)
		}
	})
	t.Run("nothing is taken while replay cannot be told", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.fake.set(func(f *fakeDeps) { f.nonceErr = errors.New("redis is away") })
		got := b.ask(t, http.MethodPost, "/hooks/whmcs/main", body, signed(hookSecret, b.clock.Now(), body))
		if got.status != http.StatusServiceUnavailable || len(b.fake.touches) != 0 {
			t.Errorf("%d %s, touched %v", got.status, got.body, b.fake.touches)
		}
	})
}

// slowNonces takes its time, unless it is told that nobody waits any more.
type slowNonces struct{}

func (slowNonces) Seen(ctx context.Context, _, _ string, _ time.Duration) (bool, error) {
	select {
	case <-ctx.Done():
	case <-time.After(300 * time.Millisecond):
	}
	return false, ctx.Err()
}

func TestHookCountsThoughTheCallerHasLeft(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *server.Config, d *server.Deps) { d.Nonces = slowNonces{} })
	const body = `{"v":1,"event":"ClientEdit","clients":[12]}`
	req, err := http.NewRequest(http.MethodPost, b.base+"/hooks/whmcs/main", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	signed(hookSecret, b.clock.Now(), body)(req)
	conn, err := net.Dial("tcp", b.srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(req.Write(conn), conn.Close()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 10*time.Second, func() (bool, string) {
		n := len(b.fake.touched())
		return n == 2, strconv.Itoa(n) + " syncs were touched"
	})
}
