package simkit_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// newXML is an API with one path; the call's name is in the body.
func newXML() *simkit.Server {
	type call struct {
		Action string `xml:"action,attr"`
	}
	return simkit.New(simkit.API{
		ContentType: "text/xml",
		Failure: func(status int, text string) simkit.Answer {
			return simkit.Answer{Status: http.StatusOK, Body: fmt.Appendf(nil, `<failed code="%d">%s</failed>`, status, text)}
		},
		Route: func(r *http.Request) (string, func() simkit.Answer) {
			var c call
			raw, err := simkit.Body(r)
			if err != nil || xml.Unmarshal(raw, &c) != nil {
				return "", nil
			}
			return c.Action, func() simkit.Answer {
				again, err := simkit.Body(r)
				return simkit.Answer{Status: http.StatusOK, Body: fmt.Appendf(nil, "<ok again=%q/>", fmt.Sprint(string(again) == string(raw), err))}
			}
		},
	}, simkit.Options{})
}

func TestAnAPIWithOnePathSpeaksItsOwnWords(t *testing.T) {
	t.Parallel()
	s := newXML()
	start(t, s)
	setFaults(t, s, simkit.Fault{Call: "SW_REGISTER", Kind: simkit.KindBroken}, simkit.Fault{Call: "GET", Kind: simkit.KindTooMany})
	var got []seen
	for _, body := range []string{`<c action="LOOKUP"/>`, `<c action="SW_REGISTER"/>`, `<c action="GET"/>`, `no XML`} {
		got = append(got, send(t, "POST", s.URL()+"/", body))
	}
	want := []seen{
		{Status: 200, ContentType: "text/xml", Body: `<ok again="true <nil>"/>`},
		{Status: 200, ContentType: "text/xml", Body: `<failed code="500">Internal server error</failed>`},
		{Status: 200, ContentType: "text/xml", Body: `<failed code="429">Too many requests</failed>`, RetryAfter: "1"},
		{Status: 200, ContentType: "text/xml", Body: `<failed code="404">Not found</failed>`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"LOOKUP": 1, "SW_REGISTER": 1, "GET": 1, "unknown": 1}, s.Counts().Calls); diff != "" {
		t.Error(diff)
	}
}

func TestABodyThatIsTooLongIsAnError(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 16<<20+1)))
	var tooLong *http.MaxBytesError
	if _, err := simkit.Body(r); !errors.As(err, &tooLong) {
		t.Errorf("%v", err)
	}
}

func TestOutsideTheBaseNothingIsFound(t *testing.T) {
	t.Parallel()
	s := newRenewals(simkit.Options{})
	if got := status(s, "GET", "/renew"); got != 404 || s.made.Load() != 0 {
		t.Errorf("HTTP %d, done %d times", got, s.made.Load())
	}
}

func TestRateIsABucket(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		opt  simkit.Options
		want []int // three calls at once, one half a second later, two an hour later
	}{
		{"without a rate it is never empty", simkit.Options{}, []int{200, 200, 200, 200, 200, 200}},
		{"it holds one second's worth", simkit.Options{RatePerSecond: 2}, []int{200, 200, 429, 200, 200, 200}},
		{"it may hold less", simkit.Options{RatePerSecond: 2, Burst: 1}, []int{200, 429, 429, 200, 200, 429}},
		{"it may be slow to fill", simkit.Options{RatePerSecond: 0.5}, []int{200, 429, 429, 429, 200, 429}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1e9, 0)
			tc.opt.Clock = func() time.Time { return now }
			s := newRenewals(tc.opt)
			var got []int
			for _, later := range []time.Duration{0, 0, 0, time.Second / 2, time.Hour, 0} {
				now = now.Add(later)
				got = append(got, status(s, "GET", "/v1/a"))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAWrongKeyCostsNoToken(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s := newRenewals(simkit.Options{RatePerSecond: 1, Clock: func() time.Time { return now }})
	got := []int{status(s, "GET", "/v1/a", "Key", "wrong"), status(s, "GET", "/v1/a"), status(s, "GET", "/v1/a")}
	if diff := cmp.Diff([]int{401, 200, 429}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyBucketSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s := newRenewals(simkit.Options{RatePerSecond: 0.1, Clock: func() time.Time { return now }})
	status(s, "GET", "/v1/a")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/a", http.NoBody))
	if got := w.Header().Get("Retry-After"); got != "11" { // 10 s, and one more so as not to be early
		t.Errorf("Retry-After %q", got)
	}
}

func TestPeakInFlight(t *testing.T) {
	t.Parallel()
	const together = 3
	var inside, calls sync.WaitGroup
	inside.Add(together)
	s := simkit.New(simkit.API{Route: func(*http.Request) (string, func() simkit.Answer) {
		return "meet", func() simkit.Answer {
			inside.Done()
			inside.Wait() // nobody leaves before all are in
			return simkit.JSON(http.StatusOK, nil)
		}
	}}, simkit.Options{})
	for range together {
		calls.Go(func() { status(s, "GET", "/") })
	}
	calls.Wait()
	want := simkit.Counts{
		Calls: map[string]int64{"meet": together}, TotalCalls: together, Statuses: map[int]int64{200: together}, PeakInFlight: together,
	}
	if diff := cmp.Diff(want, s.Counts()); diff != "" {
		t.Error(diff)
	}
}

const nothing = `{"calls":{},"total_calls":0,"statuses":{},"peak_in_flight":0,"violations":[]}`

func TestControls(t *testing.T) {
	t.Parallel()
	s := newRenewals(simkit.Options{})
	start(t, s.Server)
	admin := func(method, path, body string) seen { return send(t, method, s.AdminURL()+path, body) }
	admin("POST", "/faults", `[{"call":"a","kind":"500","times":1},{"kind":"503","delay":"2s"}]`)
	status(s, "GET", "/v1/a")
	status(s, "GET", "/v1/a")
	s.Violate("registered_twice", "example.com")

	if bad := admin("POST", "/faults", `[{"kind":"nonsense"}]`); bad.Status != 400 || bad.Body != `unknown fault "nonsense"` {
		t.Errorf("%+v", bad)
	}
	want := seen{Status: 200, ContentType: "application/json", Body: `{"calls":{"a":2},"total_calls":2,"statuses":{"500":1,"503":1},` +
		`"peak_in_flight":1,"violations":[{"kind":"registered_twice","subject":"example.com"}]}`}
	if diff := cmp.Diff(want, admin("GET", "/state", "")); diff != "" {
		t.Error(diff)
	}

	s.made.Store(7)
	admin("POST", "/reset?counts=only", "")
	if got := admin("GET", "/state", "").Body; got != nothing || s.made.Load() != 7 || status(s, "GET", "/v1/a") != 503 {
		t.Errorf("more or less than the counts was forgotten: %s, %d", got, s.made.Load())
	}
	if got := admin("POST", "/reset", "").Status; got != 204 {
		t.Errorf("HTTP %d", got)
	}
	if got := admin("GET", "/state", "").Body; got != nothing || s.made.Load() != 0 || status(s, "GET", "/v1/a") != 200 {
		t.Errorf("not all was forgotten: %s, %d", got, s.made.Load())
	}
}

func TestControlsOfASimulator(t *testing.T) {
	t.Parallel()
	var domains []string
	s := simkit.New(simkit.API{
		Route: func(*http.Request) (string, func() simkit.Answer) { return "", nil },
		State: func(r *http.Request) any { return r.URL.Query().Get("of") + strings.Join(domains, ",") },
		Controls: map[string]http.HandlerFunc{"POST /domains": simkit.List(func(list []string) error {
			domains = list
			return nil
		})},
	}, simkit.Options{})
	start(t, s)
	if got := send(t, "POST", s.AdminURL()+"/domains", `["b.example","a.example"]`).Status; got != 204 {
		t.Errorf("HTTP %d", got)
	}
	if got := send(t, "POST", s.AdminURL()+"/domains", `{}`).Status; got != 400 {
		t.Errorf("HTTP %d for what is no list", got)
	}
	if got := send(t, "GET", s.AdminURL()+"/state?of=all:", "").Body; got != `"all:b.example,a.example"` {
		t.Errorf("state %s", got)
	}
}

func TestDurationsReadLikeText(t *testing.T) {
	t.Parallel()
	fault := simkit.Fault{Kind: simkit.KindLatency, Delay: simkit.Duration(250 * time.Millisecond)}
	raw, err := json.Marshal(fault)
	if want := `{"kind":"latency","delay":"250ms"}`; err != nil || string(raw) != want {
		t.Errorf("%s, %v", raw, err)
	}
	if err := json.Unmarshal([]byte(`{"delay":"soon"}`), &fault); err == nil {
		t.Error("a delay of \"soon\" was taken")
	}
}

func TestThereIsNoAddressBeforeStart(t *testing.T) {
	t.Parallel()
	s := newRenewals(simkit.Options{})
	if s.URL() != "" || s.AdminURL() != "" {
		t.Errorf("%q, %q", s.URL(), s.AdminURL())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
