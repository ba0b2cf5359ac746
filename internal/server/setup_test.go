package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

const (
	hookSecret = "hook-secret-of-main"
	cronKey    = "cron-key-of-newsletter"
	token      = "token-of-prometheus"
)

// bundle is a running server with everything around it faked.
type bundle struct {
	srv   *server.Server
	base  string
	fake  *fakeDeps
	clock *clock
	log   *testkit.Printed
}

// setup starts a server with a viewer (ann), an operator (bob, bcrypt), a token and two syncs of one source.
func setup(t *testing.T, change ...func(*server.Config, *server.Deps)) *bundle {
	t.Helper()
	b := &bundle{fake: newFakeDeps(), clock: &clock{at: time.Now()}, log: &testkit.Printed{}}
	cfg := server.Config{
		Users: []server.User{
			{Name: "ann", Password: config.NewSecret("ann's password")},
			{Name: "bob", Password: config.NewSecret(bobHash()), Role: server.RoleOperator},
		},
		Tokens:  []server.Token{{Name: "prometheus", Value: config.NewSecret(token)}},
		Sources: map[string]server.Source{"main": {HookSecret: config.NewSecret(hookSecret), Syncs: []string{"newsletter", "reseller"}}, "quiet": {}},
		Syncs:   map[string]server.SyncInfo{"newsletter": {CronKey: config.NewSecret(cronKey)}, "reseller": {}},
		Version: "1.2.3",
		Log:     zerolog.New(b.log),
		Now:     b.clock.Now,
	}
	deps := b.fake.deps()
	for _, f := range change {
		f(&cfg, &deps)
	}
	srv, err := server.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	b.srv, b.base = srv, "http://"+srv.Addr()
	serve(t, srv)
	return b
}

func serve(t *testing.T, srv *server.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

var bobHash = sync.OnceValue(func() string {
	hash, err := bcrypt.GenerateFromPassword([]byte("bob's password"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(hash)
})

func nobody(cfg *server.Config, _ *server.Deps) { cfg.Users = nil }

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; edit may change it first. Redirects are not followed.
func (b *bundle) ask(t *testing.T, method, path, body string, edit ...func(*http.Request)) reply {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	return b.askWith(t, &client, method, path, body, edit...)
}

func (b *bundle) askWith(t *testing.T, client *http.Client, method, path, body string, edit ...func(*http.Request)) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range edit {
		f(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func basic(name, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

// fromOutside makes a request look as if a proxy passed it on: nothing on loopback can have another peer address.
func fromOutside(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }

// browser is a client with a cookie jar that does not follow redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// signIn goes through the form as a browser does and returns the answer to it.
func (b *bundle) signIn(t *testing.T, client *http.Client, name, password string) reply {
	t.Helper()
	form := b.askWith(t, client, http.MethodGet, "/login?next=%2Fruns", "")
	values := url.Values{"name": {name}, "password": {password}, "next": {"/runs"}, "token": {field(t, form.body, "token")}}
	return b.askWith(t, client, http.MethodPost, "/login", values.Encode(), with("Content-Type", "application/x-www-form-urlencoded"))
}

// field cuts the value of a hidden input out of a page.
func field(t *testing.T, html, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("no field %q in the page:\n%s", name, html)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// touch is one call of Touch.
type touch struct {
	Sync    string
	IDs     []int64
	Trigger state.Trigger
}

// fakeDeps is the rest of the program.
type fakeDeps struct {
	mu       sync.Mutex
	touches  []touch
	touchErr error
	requests []string
	runErr   error
	nonces   map[string]bool
	nonceErr error
	status   server.Status
	failures []server.Failure
	runs     []server.Run
	pageErr  error
	checkErr error
}

func newFakeDeps() *fakeDeps { return &fakeDeps{nonces: map[string]bool{}} }

func (f *fakeDeps) deps() server.Deps {
	said := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text+" "+r.Method) })
	}
	return server.Deps{
		Checks:  []server.Check{{Name: "postgres", Probe: f.check}},
		Runs:    f,
		Touches: f,
		Nonces:  f,
		Pages:   f,
		Metrics: said("metrics"),
		Queues:  server.Queues{Operator: said("operator queues"), Viewer: said("viewer queues")},
	}
}

// set changes the fake while the server runs.
func (f *fakeDeps) set(change func(*fakeDeps)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeDeps) check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.checkErr
}

func (f *fakeDeps) RequestRun(_ context.Context, sync string, trigger state.Trigger) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, sync+" by "+string(trigger))
	return 41, f.runErr
}

func (f *fakeDeps) Touch(_ context.Context, sync string, ids []int64, trigger state.Trigger) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if sync == "newsletter" && f.touchErr != nil {
		return f.touchErr
	}
	f.touches = append(f.touches, touch{sync, ids, trigger})
	return nil
}

func (f *fakeDeps) touched() []touch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.touches)
}

func (f *fakeDeps) Seen(_ context.Context, source, nonce string, ttl time.Duration) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ttl < 10*time.Minute {
		return false, errors.New("a nonce must outlive both sides of the skew")
	}
	was := f.nonces[source+nonce]
	f.nonces[source+nonce] = true
	return was, f.nonceErr
}

func (f *fakeDeps) Status(context.Context) (server.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status, f.pageErr
}

func (f *fakeDeps) Failures(_ context.Context, sync string, _ int) ([]server.Failure, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []server.Failure
	for _, failure := range f.failures {
		if sync == "" || failure.Sync == sync {
			out = append(out, failure)
		}
	}
	return out, f.pageErr
}

func (f *fakeDeps) Runs(context.Context, int) ([]server.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs, f.pageErr
}
