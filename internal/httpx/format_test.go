package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

func TestBodiesAndHeadersOfOneCall(t *testing.T) {
	t.Parallel()
	type seen struct{ Kind, Accept, Token, Key, Body string }
	var got seen
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("X-Token"), r.Header.Get("X-Key"), string(body)}
		_, _ = io.WriteString(w, "<ok/>")
	})
	for want, request := range map[seen]httpx.Request{
		{"application/x-www-form-urlencoded", "application/json", "t0", secret, "a=1+%26+2"}: {
			Method: http.MethodPost, Body: url.Values{"a": {"1 & 2"}}, Header: http.Header{"x-token": {"t0"}},
		},
		{"text/xml", "application/xml", "", secret, "<q/>"}: {
			Method: http.MethodPost, Body: httpx.Raw{Type: "text/xml", Data: []byte("<q/>")}, Format: httpx.XML,
		},
	} {
		_, _ = client.Do(t.Context(), request)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestXMLAnswers(t *testing.T) {
	t.Parallel()
	type answer struct {
		Name string `xml:"name,attr"`
	}
	for what, tc := range map[string]struct {
		body, kind string
		want       string
		class      fault.Class
	}{
		"UTF-8":                            {`<a name="Añil"/>`, "text/xml", "Añil", ""},
		"another declared encoding":        {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a name=\"A\xf1il\"/>", "text/xml", "Añil", ""},
		"XML that calls itself a web page": {`<a name="x"/>`, "text/html", "x", ""},
		"a web page":                       {"<!DOCTYPE html><p>Down</p>", "text/html", "", fault.Protocol},
		"half an answer":                   {`<a name="x">`, "text/xml", "", fault.Protocol},
		"no XML":                           {`{"name":"x"}`, "application/json", "", fault.Protocol},
	} {
		client := setup(t, answers(http.StatusOK, tc.body, "Content-Type", tc.kind))
		var got answer
		_, err := client.Do(t.Context(), httpx.Request{Out: &got, Format: httpx.XML})
		if fault.ClassOf(err) != tc.class || err == nil && got.Name != tc.want {
			t.Errorf("%s: %q, %v", what, got.Name, err)
		}
	}
}

func TestAJudgeComesBeforeTheStatus(t *testing.T) {
	t.Parallel()
	verdicts := map[string]*httpx.Verdict{
		"fine":    {},
		"absent":  {Class: fault.NotFound, Err: errors.New("no such name for " + secret + " and t0ken")},
		"blocked": {Class: fault.RateLimited, RetryAfter: 5 * time.Minute},
	}
	judge := func(_ int, body []byte) *httpx.Verdict { return verdicts[strings.Trim(string(body), `"`)] }
	limiter := &blocks{}
	for body, want := range map[string]fault.Class{"fine": "", "absent": fault.NotFound, "blocked": fault.RateLimited, "other": fault.Transient} {
		client := setup(t, answers(http.StatusInternalServerError, `"`+body+`"`), func(c *httpx.Config) { c.Limiter = limiter })
		_, err := client.Do(t.Context(), httpx.Request{Op: "ask", Judge: judge, Secrets: []string{"t0ken"}})
		if fault.ClassOf(err) != want {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "t0ken")) {
			t.Errorf("a secret is in %v", err)
		}
	}
	if diff := cmp.Diff([]time.Duration{5 * time.Minute}, limiter.told); diff != "" {
		t.Error(diff)
	}
}
