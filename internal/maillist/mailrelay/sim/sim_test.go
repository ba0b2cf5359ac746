package sim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "k"

func newSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.APIKey = key
	return sim.New(opt)
}

// call sends one request without a network between.
func call(s *sim.Server, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const (
	sync = "/api/v1/subscribers/sync"
	good = `{"email":"ana@example.test","status":"active","group_ids":[1],"replace_groups":false,"restore_if_deleted":false}`
)

func TestWrongRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{})
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		want                     int
	}{
		{"good", "POST", sync, good, nil, 201},
		{"no key", "POST", sync, good, []string{"X-Auth-Token", ""}, 401},
		{"a wrong key", "GET", "/api/v1/ping", "", []string{"X-Auth-Token", "other"}, 401},
		{"a wrong content type", "POST", sync, good, []string{"Content-Type", "text/plain"}, 400},
		{"no JSON", "POST", sync, `email=x`, nil, 400},
		{"two bodies", "POST", sync, good + good, nil, 400},
		{"group ids as strings", "POST", sync, `{"email":"a@example.test","status":"active","group_ids":["1"]}`, nil, 400},
		{"group ids as an object", "POST", sync, `{"email":"a@example.test","status":"active","group_ids":{"0":1}}`, nil, 400},
		{"an unknown member", "POST", sync, `{"email":"a@example.test","status":"active","grups":[1]}`, nil, 400},
		{"custom fields as a list", "POST", sync, `{"email":"a@example.test","status":"active","custom_fields":[]}`, nil, 400},
		{"no status", "POST", sync, `{"email":"a@example.test"}`, nil, 422},
		{"a status of our own", "POST", sync, `{"email":"a@example.test","status":"unsubscribed"}`, nil, 422},
		{"no address", "POST", sync, `{"status":"active"}`, nil, 422},
		{"a bad address", "POST", sync, `{"email":"a b@example.test","status":"active"}`, nil, 422},
		{"an unknown group", "POST", sync, `{"email":"a@example.test","status":"active","group_ids":[77]}`, nil, 422},
		{"an unknown field", "POST", sync, `{"email":"a@example.test","status":"active","custom_fields":{"77":"x"}}`, nil, 422},
		{"a language by name", "POST", sync, `{"email":"a@example.test","status":"active","locale":"english"}`, nil, 422},
		{"a country by name", "POST", sync, `{"email":"a@example.test","status":"active","country":"Spain"}`, nil, 422},
		{"an unknown filter", "GET", "/api/v1/subscribers?q%5Bmail_eq%5D=x", "", nil, 400},
		{"page 0", "GET", "/api/v1/subscribers?page=0", "", nil, 400},
		{"an unknown person", "GET", "/api/v1/subscribers/99", "", nil, 404},
		{"an unknown path", "GET", "/api/v1/people", "", nil, 404},
		{"a path without the version", "GET", "/ping", "", nil, 404},
		{"a wrong method", "PUT", sync, good, nil, 404},
		{"a batch of nothing", "POST", "/api/v1/api_batches", `{"operations_attributes":[]}`, nil, 422},
		{"a key that is right", "GET", "/api/v1/ping", "", nil, 204},
	} {
		if w := call(s, tc.method, tc.path, tc.body, tc.header...); w.Code != tc.want {
			t.Errorf("%s: HTTP %d, want %d: %s", tc.name, w.Code, tc.want, w.Body)
		}
	}
	if n := s.Summary().Count; n != 1 {
		t.Errorf("%d people, want 1", n)
	}
}

func TestListingPages(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{PageCap: 40})
	for i := range 45 {
		s.Seed(sim.Person{Email: fmt.Sprintf("p%02d@example.test", i)})
	}
	for _, tc := range []struct {
		query        string
		count        int
		perPage, all string
	}{
		{"", 30, "30", "45"},
		{"?page=2", 15, "30", "45"},
		{"?page=3", 0, "30", "45"},
		{"?per_page=1000", 40, "40", "45"},
		{"?per_page=10&q%5Bid_gt%5D=40&q%5Bs%5D=id+asc", 5, "10", "5"},
		{"?q%5Bemail_eq%5D=P07%40example.test", 1, "30", "1"},
		{"?q%5Bemail_cont%5D=p1", 10, "30", "10"},
		{"?q%5Bby_status%5D=inactive", 0, "30", "0"},
	} {
		w := call(s, "GET", "/api/v1/subscribers"+tc.query, "")
		var people []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &people); err != nil {
			t.Fatal(err)
		}
		if len(people) != tc.count || w.Header().Get("Per-Page") != tc.perPage || w.Header().Get("Total") != tc.all {
			t.Errorf("%q: %d people, %v", tc.query, len(people), w.Header())
		}
	}
}

func TestGroupsAreToldOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{})
	s.Seed(sim.Person{Email: "ana@example.test", Groups: []int64{2}, Attributes: map[string]string{"name": "“Ana” <\u2028🎉>"}})
	for path, want := range map[string]bool{
		"/api/v1/subscribers": false, "/api/v1/subscribers?include_groups=true": true, "/api/v1/subscribers/1": true,
	} {
		body := call(s, "GET", path, "").Body.String()
		if got := strings.Contains(body, `"groups":[{"group_id":2,`); got != want || !json.Valid([]byte(body)) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestWhatSyncDoesToPeople(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		opt    sim.Options
		before sim.Person
		body   string
		status int
		want   []string
	}{
		{"a new person is created", sim.Options{}, sim.Person{Email: "other@example.test"}, good, 201, nil},
		{"a known person is updated, in any spelling", sim.Options{}, sim.Person{Email: "ANA@example.test"}, good, 200, nil},
		{"a deleted person is refused", sim.Options{}, sim.Person{Email: "ana@example.test", Deleted: true}, good, 422, nil},
		{
			"a deleted person is restored on request, and that is noted",
			sim.Options{},
			sim.Person{Email: "ana@example.test", Deleted: true},
			strings.Replace(good, `"restore_if_deleted":false`, `"restore_if_deleted":true`, 1), 200,
			[]string{sim.Restored},
		},
		{
			"an unsubscribed person comes back, and that is noted",
			sim.Options{},
			sim.Person{Email: "ana@example.test", Unsubscribed: true},
			good, 200,
			[]string{sim.WroteSuppressed, sim.Reactivated},
		},
		{
			"an unsubscribed person may stay so",
			sim.Options{Unsubscribed: sim.Keep},
			sim.Person{Email: "ana@example.test", Unsubscribed: true},
			good, 200,
			[]string{sim.WroteSuppressed},
		},
		{
			"an unsubscribed person may be refused",
			sim.Options{Unsubscribed: sim.Refuse},
			sim.Person{Email: "ana@example.test", Unsubscribed: true},
			good, 422,
			[]string{sim.WroteSuppressed},
		},
		{"a write to a banned person is noted", sim.Options{}, sim.Person{Email: "ana@example.test", GlobalBan: true}, good, 200, []string{sim.WroteSuppressed}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, tc.opt)
			s.Seed(tc.before)
			if w := call(s, "POST", sync, tc.body); w.Code != tc.status {
				t.Errorf("HTTP %d: %s", w.Code, w.Body)
			}
			var got []string
			for _, v := range s.State().Violations {
				got = append(got, v.Kind)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLifeOfAPerson(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{})
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", sync, good, 201},
		{"PATCH", "/api/v1/subscribers/1/ban", "", 200},
		{"PATCH", "/api/v1/subscribers/1/unban", "", 200},
		{"DELETE", "/api/v1/subscribers/1", "", 204},
		{"GET", "/api/v1/subscribers/1", "", 404},
		{"DELETE", "/api/v1/subscribers/1", "", 404},
		{"POST", sync, good, 422},
		{"PATCH", "/api/v1/subscribers/1/restore", "", 200},
		{"POST", sync, good, 200},
	} {
		if w := call(s, step.method, step.path, step.body); w.Code != step.want {
			t.Fatalf("%s %s: HTTP %d, want %d", step.method, step.path, w.Code, step.want)
		}
	}
	p, _ := s.Person("ana@example.test")
	if p.Writes != 2 || p.Deleted || len(s.State().Violations) != 0 {
		t.Errorf("%+v, %v", p, s.State().Violations)
	}
	if calls := s.Summary().Calls; calls["sync_subscriber"] != 3 || calls["delete_subscriber"] != 2 {
		t.Errorf("calls %v", calls)
	}
}

func TestRateIsABucket(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s := newSim(t, sim.Options{RatePerSecond: 2, Clock: func() time.Time { return now }})
	var got []int
	for range 3 {
		got = append(got, call(s, "GET", "/api/v1/ping", "").Code)
	}
	now = now.Add(500 * time.Millisecond)
	got = append(got, call(s, "GET", "/api/v1/ping", "").Code)
	if diff := cmp.Diff([]int{204, 204, 429, 204}, got); diff != "" {
		t.Error(diff)
	}
}

func TestControlsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	post(t, s, "/subscribers", `[{"email":"ana@example.test","groups":[2,1],"attributes":{"name":"Ana"}}]`, 204)
	post(t, s, "/faults", `[{"method":"GET","path":"/subscribers*","kind":"500","skip":1,"times":1,"delay":"250ms"}]`, 204)
	post(t, s, "/faults", `[{"kind":"nonsense"}]`, 400)
	post(t, s, "/subscribers", `{}`, 400)
	var codes []int
	for range 3 {
		codes = append(codes, call(s, "GET", "/api/v1/subscribers", "").Code)
	}
	if diff := cmp.Diff([]int{200, 500, 200}, codes); diff != "" {
		t.Error(diff)
	}
	state := getState(t, s, "")
	if len(state.Subscribers) != 1 || state.Subscribers[0].Attributes["name"] != "Ana" || state.Statuses[500] != 1 || state.TotalCalls != 3 {
		t.Errorf("state %+v", state)
	}
	if diff := cmp.Diff([]int64{1, 2}, state.Subscribers[0].Groups); diff != "" {
		t.Error(diff)
	}
	post(t, s, "/reset?counts=only", "", 204)
	if state := getState(t, s, "?people=0"); state.TotalCalls != 0 || state.Count != 1 || state.Subscribers != nil {
		t.Errorf("state %+v", state)
	}
	post(t, s, "/reset", "", 204)
	if state := getState(t, s, ""); state.Count != 0 {
		t.Errorf("state %+v", state)
	}
}

func post(t *testing.T, s *sim.Server, path, body string, want int) {
	t.Helper()
	res, err := http.Post(s.AdminURL()+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != want {
		t.Errorf("POST %s: HTTP %d, want %d", path, res.StatusCode, want)
	}
}

func getState(t *testing.T, s *sim.Server, query string) (state sim.State) {
	t.Helper()
	res, err := http.Get(s.AdminURL() + "/state" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	raw, _ := io.ReadAll(res.Body)
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestCloseEndsCallsThatHang(t *testing.T) {
	t.Parallel()
	s := newSim(t, sim.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetFaults(sim.Fault{Kind: sim.KindNothing}); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ended := make(chan error, 1)
	go func() {
		_, err := client.Get(s.URL() + "/ping")
		ended <- err
	}()
	for deadline := time.Now().Add(5 * time.Second); s.Summary().TotalCalls == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the call did not arrive within 5 s")
		}
		time.Sleep(time.Millisecond)
	}
	_ = s.Close()
	if err := <-ended; err == nil {
		t.Error("an answer came")
	}
}

func BenchmarkSync(b *testing.B) {
	s := newSim(b, sim.Options{})
	b.ReportAllocs()
	for i := range b.N {
		body := fmt.Sprintf(`{"email":"p%d@example.test","name":"Some Body","status":"active","group_ids":[1,3],"replace_groups":false,"restore_if_deleted":false,"custom_fields":{"11":"Acme"}}`, i%200000)
		if w := call(s, "POST", sync, body); w.Code >= 300 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkPageOf1000(b *testing.B) {
	s := newSim(b, sim.Options{})
	for i := range 2000 {
		s.Seed(sim.Person{Email: fmt.Sprintf("p%d@example.test", i), Groups: []int64{1, 3}, Attributes: map[string]string{"name": "Some Body"}})
	}
	b.ReportAllocs()
	for range b.N {
		call(s, "GET", "/api/v1/subscribers?per_page=1000&page=2&include_groups=true", "")
	}
}

func BenchmarkMillionPeople(b *testing.B) {
	for range b.N {
		s := newSim(b, sim.Options{})
		for i := range 1_000_000 {
			s.Seed(sim.Person{Email: fmt.Sprintf("person%07d@example.test", i), Groups: []int64{1, 3}, Attributes: map[string]string{"name": fmt.Sprintf("Some Body %d", i), "locale": "es"}})
		}
		b.ReportMetric(heapMB(), "MB")
		b.ReportMetric(float64(s.Summary().Count), "people")
	}
}
