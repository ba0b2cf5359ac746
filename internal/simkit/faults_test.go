package simkit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const inJSON = "application/json; charset=utf-8"

func TestFaultsAsAClientSeesThem(t *testing.T) {
	t.Parallel()
	good := seen{Status: 200, ContentType: inJSON, Body: done}
	for _, tc := range []struct {
		name  string
		fault simkit.Fault
		want  seen
		made  int64
	}{
		{"latency is only slow", simkit.Fault{Kind: simkit.KindLatency, Delay: 1}, good, 1},
		{"slow is only slow", simkit.Fault{Kind: simkit.KindSlow, Delay: 1}, good, 1},
		{"a page cap leaves calls alone", simkit.Fault{Kind: simkit.KindPageCap, Value: 1}, good, 1},
		{
			"too many names the seconds",
			simkit.Fault{Kind: simkit.KindTooMany, Delay: simkit.Duration(3 * time.Second)},
			seen{Status: 429, RetryAfter: "3", ContentType: inJSON, Body: `{"error":"Too many requests"}`},
			0,
		},
		{
			"too many names one second when nothing is said",
			simkit.Fault{Kind: simkit.KindTooMany},
			seen{Status: 429, RetryAfter: "1", ContentType: inJSON, Body: `{"error":"Too many requests"}`},
			0,
		},
		{
			"too many may name nothing",
			simkit.Fault{Kind: simkit.KindTooManyBare},
			seen{Status: 429, ContentType: inJSON, Body: `{"error":"Too many requests"}`},
			0,
		},
		{
			"broken",
			simkit.Fault{Kind: simkit.KindBroken},
			seen{Status: 500, ContentType: inJSON, Body: `{"error":"Internal server error"}`},
			0,
		},
		{
			"unavailable",
			simkit.Fault{Kind: simkit.KindUnavailable},
			seen{Status: 503, ContentType: inJSON, Body: `{"error":"Service unavailable"}`},
			0,
		},
		{
			"unavailable for a while",
			simkit.Fault{Kind: simkit.KindUnavailable, Delay: simkit.Duration(2 * time.Second)},
			seen{Status: 503, RetryAfter: "2", ContentType: inJSON, Body: `{"error":"Service unavailable"}`},
			0,
		},
		{
			"any status",
			simkit.Fault{Kind: simkit.KindStatus, Value: 418},
			seen{Status: 418, ContentType: inJSON, Body: `{"error":"Status 418"}`},
			0,
		},
		{
			"a revoked key",
			simkit.Fault{Kind: simkit.KindRevoked},
			seen{Status: 401, ContentType: inJSON, Body: `{"error":"Unauthorized"}`},
			0,
		},
		{
			"a web page",
			simkit.Fault{Kind: simkit.KindHTML},
			seen{Status: 200, ContentType: "text/html; charset=utf-8", Body: "<!doctype html><title>Maintenance</title>"},
			0,
		},
		{
			"an echo of the request",
			simkit.Fault{Kind: simkit.KindEcho, Value: 422},
			seen{Status: 422, ContentType: inJSON, Body: `{"error":"You sent /v1/renew"}`},
			0,
		},
		{"cut does nothing", simkit.Fault{Kind: simkit.KindCut}, seen{NoAnswer: true}, 0},
		{"cut after it is done", simkit.Fault{Kind: simkit.KindCutAfter}, seen{NoAnswer: true}, 1},
		{
			"JSON that ends in the middle",
			simkit.Fault{Kind: simkit.KindBadJSON},
			seen{Status: 200, ContentType: inJSON, Body: done[:len(done)/2]},
			1,
		},
		{
			"less than announced",
			simkit.Fault{Kind: simkit.KindTruncated},
			seen{Status: 200, ContentType: inJSON, Body: done, HalfBody: true},
			1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newRenewals(simkit.Options{})
			start(t, s.Server)
			setFaults(t, s.Server, tc.fault)
			if diff := cmp.Diff(tc.want, send(t, "GET", s.URL()+"/renew", "")); diff != "" {
				t.Error(diff)
			}
			if made := s.made.Load(); made != tc.made {
				t.Errorf("done %d times, want %d", made, tc.made)
			}
		})
	}
}

func TestTimeThatFaultsTake(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		opt   simkit.Options
		fault simkit.Fault
		want  time.Duration
	}{
		{"every call has the network's latency", simkit.Options{Latency: time.Second}, simkit.Fault{Kind: simkit.KindBroken}, time.Second},
		{"a late answer", simkit.Options{}, simkit.Fault{Kind: simkit.KindLatency, Delay: simkit.Duration(time.Minute)}, time.Minute},
		{"a body in drops", simkit.Options{}, simkit.Fault{Kind: simkit.KindSlow, Delay: simkit.Duration(time.Minute)}, time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newRenewals(tc.opt)
				setFaults(t, s.Server, tc.fault)
				begun := time.Now()
				status(s, "GET", "/v1/renew")
				if took := time.Since(begun); took != tc.want {
					t.Errorf("took %v, want %v", took, tc.want)
				}
			})
		})
	}
}

func TestTooManyWithADate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newRenewals(simkit.Options{})
		setFaults(t, s.Server, simkit.Fault{Kind: simkit.KindTooManyDate, Delay: simkit.Duration(time.Hour)})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/renew", http.NoBody))
		if got, want := w.Header().Get("Retry-After"), time.Now().Add(time.Hour).UTC().Format(http.TimeFormat); got != want {
			t.Errorf("Retry-After %q, want %q", got, want)
		}
	})
}

func TestNoAnswerAtAll(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *renewals, leave func()){
		"until the client leaves":  func(_ *renewals, leave func()) { leave() },
		"until the server is gone": func(s *renewals, _ func()) { _ = s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newRenewals(simkit.Options{})
				setFaults(t, s.Server, simkit.Fault{Kind: simkit.KindNothing})
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				var ended error
				go func() {
					defer func() { ended, _ = recover().(error) }()
					s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/v1/renew", http.NoBody))
				}()
				time.Sleep(time.Hour)
				synctest.Wait()
				if ended != nil || s.made.Load() != 0 {
					t.Fatalf("ended with %v, done %d times", ended, s.made.Load())
				}
				end(s, leave)
				synctest.Wait()
				if !errors.Is(ended, http.ErrAbortHandler) {
					t.Errorf("ended with %v", ended)
				}
			})
		})
	}
}

func TestWhichCallsAFaultMatches(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault simkit.Fault
		want  []int // GET /a, GET /a/b, PUT /a, GET /c
	}{
		{"all", simkit.Fault{}, []int{500, 500, 500, 500}},
		{"a method", simkit.Fault{Method: "PUT"}, []int{200, 200, 500, 200}},
		{"a path", simkit.Fault{Path: "/a"}, []int{500, 200, 500, 200}},
		{"what begins so", simkit.Fault{Path: "/a*"}, []int{500, 500, 500, 200}},
		{"a method and a path", simkit.Fault{Method: "GET", Path: "/a"}, []int{500, 200, 200, 200}},
		{"a call", simkit.Fault{Call: "a/b"}, []int{200, 500, 200, 200}},
		{"a call at another path", simkit.Fault{Call: "c", Path: "/a"}, []int{200, 200, 200, 200}},
		{"the second of those that match", simkit.Fault{Path: "/a*", Skip: 1, Times: 1}, []int{200, 500, 200, 200}},
		{"a number of times", simkit.Fault{Times: 2}, []int{500, 500, 200, 200}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newRenewals(simkit.Options{})
			tc.fault.Kind = simkit.KindBroken
			setFaults(t, s.Server, tc.fault)
			got := []int{status(s, "GET", "/v1/a"), status(s, "GET", "/v1/a/b"), status(s, "PUT", "/v1/a"), status(s, "GET", "/v1/c")}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFaultsComeInOrder(t *testing.T) {
	t.Parallel()
	s := newRenewals(simkit.Options{})
	setFaults(t, s.Server, simkit.Fault{Kind: simkit.KindBroken, Times: 1}, simkit.Fault{Kind: simkit.KindUnavailable, Times: 1})
	got := []int{status(s, "GET", "/v1/a"), status(s, "GET", "/v1/a"), status(s, "GET", "/v1/a")}
	if diff := cmp.Diff([]int{500, 503, 200}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsThatMakeNoSenseAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	s := newRenewals(simkit.Options{})
	setFaults(t, s.Server, simkit.Fault{Kind: simkit.KindBroken})
	for _, bad := range []simkit.Fault{{}, {Kind: "nonsense"}, {Kind: simkit.KindStatus}, {Kind: simkit.KindStatus, Value: 99}} {
		if err := s.SetFaults(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if got := status(s, "GET", "/v1/a"); got != 500 {
		t.Errorf("HTTP %d, want the fault from before", got)
	}
}

func TestPageSizeIsTheSmallestOfAllCaps(t *testing.T) {
	t.Parallel()
	free, capped := newRenewals(simkit.Options{}), newRenewals(simkit.Options{PageCap: 100})
	got := []int{free.PageSize(5000), capped.PageSize(5000), capped.PageSize(20)}
	setFaults(t, capped.Server, simkit.Fault{Kind: simkit.KindPageCap, Value: 50})
	got = append(got, capped.PageSize(5000), capped.PageSize(20))
	if diff := cmp.Diff([]int{5000, 100, 20, 50, 20}, got); diff != "" {
		t.Error(diff)
	}
}
