package sim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

// world is a simulator whose clock the test moves, and a client that says what it must.
type world struct {
	*sim.Server
	t     *testing.T
	http  *http.Client
	token string

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, opt sim.Options) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	opt.Username, opt.Password = "acme", "p4ss"
	opt.Clock = func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	w.Server = sim.New(opt)
	if err := w.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func (w *world) pass(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.now = w.now.Add(d) }

// answer is what every call comes back with.
type answer struct {
	Code        int
	Maintenance bool
	Data        struct {
		Token   string
		Total   int
		Results []map[string]any
	}
	status int
}

func (w *world) call(method, url, body string) (a answer) {
	w.t.Helper()
	req, _ := http.NewRequestWithContext(w.t.Context(), method, url, bytes.NewReader([]byte(body)))
	req.Header.Set("Authorization", "Bearer "+w.token)
	res, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	if len(raw) > 0 {
		var loose struct{ Data any }
		_ = json.Unmarshal(raw, &loose)
		if _, ok := loose.Data.(map[string]any); !ok {
			raw = bytes.Replace(raw, []byte(`"data":""`), []byte(`"data":null`), 1)
		}
		if err := json.Unmarshal(raw, &a); err != nil {
			w.t.Fatalf("%s: %v", raw, err)
		}
	}
	a.status = res.StatusCode
	return a
}

func (w *world) login(password string) answer {
	w.t.Helper()
	a := w.call("POST", w.URL()+"/auth/login", fmt.Sprintf(`{"username": "acme", "password": %q, "ip": "0.0.0.0"}`, password))
	w.token = a.Data.Token
	return a
}

func (w *world) list(query string) answer {
	w.t.Helper()
	return w.call("GET", w.URL()+"/domains?"+query, "")
}

func wantCode(t *testing.T, what string, want int, got answer) {
	t.Helper()
	if got.Code != want || (want == 0) != (got.status == 200) {
		t.Errorf("%s: HTTP %d, code %d, want %d", what, got.status, got.Code, want)
	}
}

func TestOnlyWhoHasATokenComesIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	wantCode(t, "without", 196, w.list(""))
	wantCode(t, "wrong password", 196, w.login("wrong"))
	wantCode(t, "right password", 0, w.login("p4ss"))
	wantCode(t, "with", 0, w.list(""))
	w.pass(48 * time.Hour)
	wantCode(t, "after its life", 196, w.list(""))
	w.login("p4ss")
	wantCode(t, "with a new one", 0, w.list(""))
	w.call("POST", w.AdminURL()+"/expire", "")
	wantCode(t, "expired on request", 196, w.list(""))
}

func TestLoginsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Logins: 3, FailedLogins: 2})
	for range 3 {
		wantCode(t, "within the limit", 0, w.login("p4ss"))
	}
	wantCode(t, "one too many", 4007, w.login("p4ss"))
	w.pass(2 * time.Minute)
	for range 3 {
		wantCode(t, "wrong", 196, w.login("wrong"))
	}
	w.pass(2 * time.Minute)
	wantCode(t, "after too many wrong ones", 4007, w.login("p4ss"))
	w.pass(20 * time.Minute)
	wantCode(t, "much later", 0, w.login("p4ss"))
	if n := len(w.Violations()); n < 2 {
		t.Errorf("%d violations", n)
	}
}

func TestIdenticalCallsBlockForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Identical: 3})
	w.login("p4ss")
	for i := range 10 {
		wantCode(t, "different", 0, w.list(fmt.Sprintf("offset=%d", i)))
	}
	for range 3 {
		wantCode(t, "equal", 0, w.list("limit=5"))
	}
	w.pass(300 * time.Second)
	for range 3 {
		wantCode(t, "equal, later", 0, w.list("limit=5"))
	}
	wantCode(t, "one too many", 10005, w.list("limit=5"))
	w.pass(24 * time.Hour)
	wantCode(t, "anything, a day later", 10005, w.list("limit=6"))
	wantCode(t, "a login", 10005, w.login("p4ss"))
}

func TestWrongParametersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.login("p4ss")
	for query, code := range map[string]int{
		"limit=1001": 4003, "limit=0": 4003, "limit=x": 4003, "offset=-1": 4003, "offset=x": 4003, "is_deleted=maybe": 4003,
		"queue_status=gone": 4003, "order_by.id=up": 871, "modified_since=1": 4003, "limit=5&limit=6": 4003,
		"limit=1000&offset=7&order_by.id=asc&is_deleted=true&queue_status=transferOut&status=act&full_name=a.com": 0,
	} {
		wantCode(t, query, code, w.list(query))
	}
	if n := len(w.Violations()); n != 10 {
		t.Errorf("%d violations", n)
	}
	if got := w.call("GET", w.URL()+"/contacts", ""); got.status != 404 {
		t.Errorf("%+v", got)
	}
}

func TestRowsAreSelectedAndSecretsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.login("p4ss")
	w.call("POST", w.AdminURL()+"/domains", `[
		{"id": 4, "name": "a.co.uk", "status": "ACT", "auth_code": "s3cret"}, {"id": 2, "name": "B.com", "status": "REQ"},
		{"name": "gone.com", "status": "DEL", "deleted": true, "queue": "transferOut"}]`)
	for query, want := range map[string][]float64{
		"order_by.id=asc": {2, 4}, "order_by.id=desc": {4, 2}, "status=act": {4}, "full_name=b.COM": {2}, "full_name=b": nil,
		"is_deleted=true": {5}, "is_deleted=true&queue_status=transferOut": {5}, "is_deleted=true&queue_status=renew": nil,
		"limit=1&order_by.id=asc&offset=1": {4}, "offset=9": nil,
	} {
		var got []float64
		for _, row := range w.list(query).Data.Results {
			got = append(got, row["id"].(float64))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	row := w.list("full_name=a.co.uk").Data.Results[0]
	if diff := cmp.Diff(map[string]any{"name": "a", "extension": "co.uk"}, row["domain"]); diff != "" || row["auth_code"] != "s3cret" {
		t.Errorf("%v", row)
	}
	w.call("POST", w.AdminURL()+"/removed", `["a.co.uk"]`)
	if total := w.list("").Data.Total; total != 1 {
		t.Errorf("%d are left", total)
	}
}

func TestChangesAreStrict(t *testing.T) {
	t.Parallel()
	no := false
	w := newWorld(t, sim.Options{Unchanged: 18})
	w.login("p4ss")
	w.Seed(sim.Domain{ID: 7, Name: "a.com", Status: "ACT", AutoRenew: "off", PrivacyAllowed: &no})
	for _, tc := range []struct {
		path, body string
		code       int
	}{
		{"7", `{"autorenew": "on"}`, 0},
		{"7", `{"autorenew": "on"}`, 18},
		{"7", `{"autorenew": "yes"}`, 347},
		{"7", `{"is_private_whois_enabled": true}`, 19006},
		{"7", `{"is_locked": true}`, 4003},
		{"8", `{"autorenew": "on"}`, 320},
	} {
		wantCode(t, tc.body, tc.code, w.call("PUT", w.URL()+"/domains/"+tc.path, tc.body))
	}
	if d := w.Domains()[0]; d.AutoRenew != "on" || d.Writes != 2 {
		t.Errorf("%+v", d)
	}
	wantCode(t, "a single one", 0, w.call("GET", w.URL()+"/domains/7", ""))
	wantCode(t, "none", 320, w.call("GET", w.URL()+"/domains/8", ""))
}

func TestFailuresComeOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.login("p4ss")
	w.call("POST", w.AdminURL()+"/codes", `[{"call": "list_domains", "code": 399, "times": 2}, {"code": 4005, "status": 503}]`)
	for _, want := range []int{399, 399, 4005, 4005} {
		if got := w.list(""); got.Code != want {
			t.Errorf("code %d, want %d", got.Code, want)
		}
	}
	w.SetCodes()
	w.call("POST", w.AdminURL()+"/maintenance", "")
	if got := w.list(""); !got.Maintenance || got.status != 200 {
		t.Errorf("%+v", got)
	}
	w.call("POST", w.AdminURL()+"/maintenance?on=0", "")
	wantCode(t, "afterwards", 0, w.list(""))
}

func TestTheStateIsShownAndForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{})
	w.Seed(sim.Domain{Name: "a.com", Status: "ACT"})
	res, err := w.http.Get(w.AdminURL() + "/state")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(raw), `"domains":[{"id":1,"name":"a.com","status":"ACT"}]`) {
		t.Errorf("%s", raw)
	}
	w.Reset()
	if n := len(w.Domains()); n != 0 {
		t.Errorf("%d domains are left", n)
	}
}
