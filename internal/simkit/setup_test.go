package simkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const done = `{"renewed":true}`

// renewals is a simulator with one kind of call, PUT or GET /v1/NAME, named after the path; it counts what it did.
type renewals struct {
	*simkit.Server
	made atomic.Int64
}

func newRenewals(opt simkit.Options) *renewals {
	s := &renewals{}
	s.Server = simkit.New(simkit.API{
		Base: "/v1",
		Route: func(r *http.Request) (string, func() simkit.Answer) {
			return strings.TrimPrefix(r.URL.Path, "/v1/"), s.renew
		},
		Authorize: func(r *http.Request) bool { return r.Header.Get("Key") != "wrong" },
		Forget:    func() { s.made.Store(0) },
	}, opt)
	return s
}

func (s *renewals) renew() simkit.Answer {
	s.made.Add(1)
	return simkit.Answer{Status: http.StatusOK, Body: []byte(done)}
}

func start(t *testing.T, s *simkit.Server) {
	t.Helper()
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
}

func setFaults(t *testing.T, s *simkit.Server, list ...simkit.Fault) {
	t.Helper()
	if err := s.SetFaults(list...); err != nil {
		t.Fatal(err)
	}
}

// seen is what a client makes of a call.
type seen struct {
	Status      int
	RetryAfter  string
	ContentType string
	Body        string
	NoAnswer    bool // the connection ended first
	HalfBody    bool // the body ended too early
}

// send calls over a connection of its own, so that nothing is tried again behind our back.
func send(t *testing.T, method, url, body string) seen {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return seen{NoAnswer: true}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return seen{
		Status: res.StatusCode, RetryAfter: res.Header.Get("Retry-After"), ContentType: res.Header.Get("Content-Type"),
		Body: strings.TrimSpace(string(raw)), HalfBody: err != nil,
	}
}

// status is what a call without a network between answers.
func status(h http.Handler, method, path string, header ...string) int {
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
