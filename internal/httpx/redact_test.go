package httpx_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// assertClean looks at every way of printing, along the whole chain of causes.
func assertClean(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(quoted(secret), `"`)} {
				if strings.Contains(text, form) {
					t.Errorf("holds the secret: %s", text)
				}
			}
			if strings.Contains(text, "?key=") {
				t.Errorf("holds the query: %s", text)
			}
		}
	}
}

func TestUnreachableServerLeaksNothing(t *testing.T) {
	t.Parallel()
	client, err := httpx.New(httpx.Config{Account: "news", BaseURL: "http://127.0.0.1:1", Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x", Query: url.Values{"key": {secret}}})
	if !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
	assertClean(t, err)
}

func TestSecretAtTheCutIsNotHalved(t *testing.T) {
	t.Parallel()
	for filler := 270; filler < 300; filler++ {
		body := `{"error":` + quoted(strings.Repeat("x", filler)+secret) + `}`
		_, err := setup(t, answers(400, body)).Do(t.Context(), httpx.Request{Op: "look", Path: "/x"})
		if strings.Contains(err.Error(), secret[:4]) {
			t.Fatalf("holds the beginning of the secret: %v", err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzNoSecretInErrors lets a server say anything at all, with the secret in the middle of it.
func FuzzNoSecretInErrors(f *testing.F) {
	f.Add(400, `{"error":"`, `"}`, "application/json", "")
	f.Add(200, `{"id":"`, `"`, "text/html", "x")
	f.Add(429, strings.Repeat("x", 290), "", "", "9")
	f.Add(422, `{"errors":{"a\u0000`, `":["b"]}}`, "application/json", "")
	f.Fuzz(func(t *testing.T, status int, before, after, kind, retryAfter string) {
		status = 100 + abs(status)%900
		for _, form := range []string{secret, strings.Trim(quoted(secret), `"`), url.QueryEscape(secret)} {
			recorder := respond(status, before+form+after, kind, retryAfter)
			client, err := httpx.New(httpx.Config{
				Account: "news", BaseURL: "https://example.test", Secrets: []string{secret}, Timeout: time.Second, Transport: recorder,
			})
			if err != nil {
				t.Fatal(err)
			}
			var out struct{ ID int }
			_, err = client.Do(t.Context(), httpx.Request{Op: "look", Path: "/x", Query: url.Values{"key": {secret}}, Out: &out})
			assertClean(t, err)
			if err != nil && len([]rune(err.Error())) > 600 {
				t.Errorf("%d characters: %v", len(err.Error()), err)
			}
		}
	})
}

func respond(status int, body, kind, retryAfter string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, Body: readCloser{strings.NewReader(body)},
			Header: http.Header{"Content-Type": {kind}, "Retry-After": {retryAfter}},
		}, nil
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
