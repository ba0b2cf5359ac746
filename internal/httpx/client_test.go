package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret/with+odd=signs&\"quotes\""

// setup starts a server and a client of it.
func setup(t testing.TB, handler http.HandlerFunc, change ...func(*httpx.Config)) *httpx.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := httpx.Config{
		Account: "news", BaseURL: server.URL + "/v1/", Header: http.Header{"x-key": {secret}}, Secrets: []string{secret},
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := httpx.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestRequestGoesOutAsDescribed(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, URI, Key, Kind, Body string }
	got := make(chan seen, 1)
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{r.Method, r.RequestURI, r.Header.Get("X-Key"), r.Header.Get("Content-Type"), string(body)}
		w.Header().Set("Total", "7")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id": 3}`)
	})
	var out struct{ ID int }
	res, err := client.Do(t.Context(), httpx.Request{
		Op: "write", Call: "write", Method: "POST", Path: "/people",
		Query: url.Values{"q[email]": {"a+b@example.test"}}, Body: map[string]int{"n": 1}, Out: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := seen{"POST", "/v1/people?q%5Bemail%5D=a%2Bb%40example.test", secret, "application/json", `{"n":1}`}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
	if out.ID != 3 || res.Status != 201 || res.Header.Get("Total") != "7" {
		t.Errorf("got %+v, %+v", out, res)
	}
}

func TestEveryStatusHasItsClass(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	client := setup(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(status.Load()))
	})
	for n := 200; n <= 999; n++ {
		status.Store(int64(n))
		_, err := client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x"})
		if got, want := fault.ClassOf(err), classFor(n); got != want {
			t.Errorf("HTTP %d: %q, want %q (%v)", n, got, want, err)
		}
	}
}

// classFor is the table of the documentation, written down a second time.
func classFor(status int) fault.Class {
	named := map[int]fault.Class{
		401: fault.Auth, 403: fault.Auth, 404: fault.NotFound, 408: fault.Transient, 425: fault.Transient, 429: fault.RateLimited,
	}
	if class, ok := named[status]; ok {
		return class
	}
	return map[int]fault.Class{2: "", 3: fault.Protocol, 4: fault.Rejected, 5: fault.Transient}[status/100] + other(status)
}

func other(status int) fault.Class {
	if status >= 600 {
		return fault.Protocol
	}
	return ""
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	long := fmt.Sprintf(`{"error": "%0400d"}`, 0)
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{
			"fields with lists are told in order", answers(422, `{"errors":{"email":["is invalid","is taken"],"age":["is low"]}}`),
			"news: write person: rejected: HTTP 422: age is low; email is invalid, is taken",
		},
		{"a single text is told", answers(400, `{"error":"no\n such   page"}`), "news: write person: rejected: HTTP 400: no such page"},
		{"a list is told", answers(400, `{"errors":["one","two"]}`), "news: write person: rejected: HTTP 400: one, two"},
		{"a secret is masked", answers(400, `{"error":`+quoted("key "+secret+" is bad")+`}`), "news: write person: rejected: HTTP 400: key *** is bad"},
		{"a long text is cut", answers(400, long), "news: write person: rejected: HTTP 400: " + fmt.Sprintf("%0300d...", 0)},
		{
			"a page is only named", answers(500, "<html>secret things</html>", "Content-Type", "text/html"),
			"news: write person: transient: HTTP 500: a web page instead of JSON",
		},
		{"nothing readable is left out", answers(500, "oops"), "news: write person: transient: HTTP 500"},
		{
			"a page with status 200 is no answer", answers(200, "<!doctype html>", "Content-Type", "text/html"),
			"news: write person: protocol: HTTP 200 with a web page instead of JSON",
		},
		{
			"a page that calls itself JSON is no answer", answers(200, "  <html>"),
			"news: write person: protocol: HTTP 200 with a web page instead of JSON",
		},
		{
			"half an answer is no answer", answers(200, `{"id": `),
			"news: write person: protocol: HTTP 200 with an answer we cannot read: unexpected end of JSON input",
		},
		{
			"an answer after the answer is no answer", answers(200, `{} {}`),
			"news: write person: protocol: HTTP 200 with an answer we cannot read: invalid character '{' after top-level value",
		},
		{
			"an empty answer is no answer", answers(200, ``),
			"news: write person: protocol: HTTP 200 with an answer we cannot read: unexpected end of JSON input",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out struct{ ID int }
			_, err := setup(t, tc.handler).Do(t.Context(), httpx.Request{Op: "write person", Path: "/people", Out: &out})
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func quoted(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

func TestNoContentLeavesTheTargetAlone(t *testing.T) {
	t.Parallel()
	out := struct{ ID int }{ID: 9}
	_, err := setup(t, answers(204, "")).Do(t.Context(), httpx.Request{Op: "ping", Path: "/ping", Out: &out})
	if err != nil || out.ID != 9 {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestOnlyStatusesAskedForAreASuccess(t *testing.T) {
	t.Parallel()
	_, err := setup(t, answers(202, "{}")).Do(t.Context(), httpx.Request{Op: "write", Path: "/x", Accept: []int{200, 201}})
	if !fault.Is(err, fault.Protocol) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	for _, tc := range []struct {
		name, value, date string
		status            int
		class             fault.Class
		want              time.Duration
	}{
		{"seconds", "30", "", 429, fault.RateLimited, 30 * time.Second},
		{"a date is taken by the server's clock", "Thu, 01 Jan 2015 00:00:40 GMT", "Thu, 01 Jan 2015 00:00:00 GMT", 429, fault.RateLimited, 40 * time.Second},
		{"a date that has passed is a second", "Thu, 01 Jan 2015 00:00:00 GMT", "", 429, fault.RateLimited, time.Second},
		{"zero is a second", "0", "", 429, fault.RateLimited, time.Second},
		{"more than an hour is an hour", "86400", "", 429, fault.RateLimited, time.Hour},
		{"a far date is an hour", now.Add(1000 * time.Hour).Format(http.TimeFormat), "", 429, fault.RateLimited, time.Hour},
		{"nonsense is nothing", "soon", "", 429, fault.RateLimited, 0},
		{"not a number is nothing", "NaN", "", 429, fault.RateLimited, 0},
		{"absent is nothing", "", "", 429, fault.RateLimited, 0},
		{"unavailable with a time is a limit", "20", "", 503, fault.RateLimited, 20 * time.Second},
		{"unavailable without one is trouble", "", "", 503, fault.Transient, 0},
		{"other trouble stays what it is", "20", "", 500, fault.Transient, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			header := []string{"Retry-After", tc.value}
			if tc.date != "" {
				header = append(header, "Date", tc.date)
			}
			limiter := &blocks{}
			client := setup(t, answers(tc.status, "{}", header...), func(c *httpx.Config) { c.Limiter = limiter })
			_, err := client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x"})
			if got := fault.RetryAfter(err); !fault.Is(err, tc.class) || got != tc.want {
				t.Errorf("got %v, want %s in %s", err, tc.class, tc.want)
			}
			if told := len(limiter.told) == 1; told != (tc.class == fault.RateLimited) {
				t.Errorf("the limiter was told %v", limiter.told)
			}
		})
	}
}

type blocks struct{ told []time.Duration }

func (*blocks) Wait(context.Context) (func(), error)       { return func() {}, nil }
func (b *blocks) Block(_ context.Context, d time.Duration) { b.told = append(b.told, d) }

func TestOurOwnEndIsHeld(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 2)
	handler := func(_ http.ResponseWriter, r *http.Request) { started <- struct{}{}; <-r.Context().Done() }
	t.Run("a cancelled caller", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-started; cancel() }()
		_, err := setup(t, handler).Do(ctx, httpx.Request{Op: "look", Path: "/x"})
		if !fault.Is(err, fault.Held) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a caller whose time is up", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := setup(t, handler).Do(ctx, httpx.Request{Op: "look", Path: "/x"})
		if !fault.Is(err, fault.Held) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a caller who was cancelled before sends nothing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := setup(t, func(http.ResponseWriter, *http.Request) { t.Error("a call arrived") })
		_, err := client.Do(ctx, httpx.Request{Op: "look", Path: "/x"})
		if !fault.Is(err, fault.Held) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	remotes := map[string]bool{}
	var n atomic.Int64
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		remotes[r.RemoteAddr] = true
		mu.Unlock()
		answers([]int{200, 422, 500, 404, 429}[n.Add(1)%5], `{"error": "some text"}`)(w, r)
	}, func(c *httpx.Config) { c.InFlight = 2 })
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for range 50 {
				_, _ = client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x"})
			}
		})
	}
	all.Wait()
	if len(remotes) > 2 {
		t.Errorf("%d connections for 100 calls, two at once", len(remotes))
	}
}

type observations struct {
	mu      sync.Mutex
	classes []string
	waited  int
}

func (o *observations) Call(account, call, class string, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.classes = append(o.classes, account+"/"+call+"/"+class)
}

func (o *observations) Waited(string, time.Duration) { o.waited++ }

func TestObserverIsToldOfEachCall(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	o := &observations{}
	client := setup(t, func(w http.ResponseWriter, r *http.Request) { answers([]int{200, 401, 500}[n.Add(1)-1], "{}")(w, r) },
		func(c *httpx.Config) { c.Observer = o })
	for range 3 {
		_, _ = client.Do(t.Context(), httpx.Request{Op: "look", Call: "look", Path: "/x"})
	}
	if diff := cmp.Diff([]string{"news/look/ok", "news/look/auth", "news/look/transient"}, o.classes); diff != "" || o.waited != 3 {
		t.Error(diff, o.waited)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for raw, good := range map[string]bool{
		"https://api.example.test/v1": true, "http://localhost:8080": true, "http://127.0.0.9/x": true, "http://[::1]:80/": true,
		"http://api.example.test": false, "http://localhost.example.test": false, "ftp://localhost": false, "localhost:80": false,
		"": false, "https://": false, "https://user:word@example.test": false, "https://example.test/?key=1": false,
		"https://example.test/#x": false, "http://127.0.0.1.example.test": false, "://": false,
	} {
		_, err := httpx.New(httpx.Config{BaseURL: raw})
		if (err == nil) != good {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestKeyWithLineBreakIsRefusedUnseen(t *testing.T) {
	t.Parallel()
	_, err := httpx.New(httpx.Config{BaseURL: "https://example.test", Header: http.Header{"X-Key": {"abc\n"}}})
	if err == nil || err.Error() != "the value of header X-Key holds a line break or another control character" {
		t.Error(err)
	}
}
