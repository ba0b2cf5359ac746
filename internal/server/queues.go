package server

import (
	"bytes"
	"net/http"
	"net/url"
)

// queuesPolicy is what the queue UI needs: its own scripts (two of them inline) and styles made as it runs. The web
// fonts it asks for are left out on purpose: they would tell a stranger who looks at our queues.
const queuesPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// queues shows the queue UI, to a viewer one that cannot change anything.
func (s *Server) queues(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", queuesPolicy)
	w = wayBack{w}
	p := personOf(r)
	switch {
	case p.Operator():
		s.noteQueueWrite(r, p)
		s.deps.Queues.Operator.ServeHTTP(w, r)
	case isSafe(r.Method):
		s.deps.Queues.Viewer.ServeHTTP(w, r)
	default:
		writeError(w, http.StatusForbidden, "a viewer cannot change queues")
	}
}

// The queue UI knows of no page but its own, so its frame gets a link to ours, in the one corner that it leaves free.
var (
	queuesRoot = []byte(`<div id="root">`)
	backHome   = []byte(`<a id="whmcsync" href="/" style="position:fixed;right:12px;bottom:12px;z-index:2000;padding:8px 14px;border-radius:18px;` +
		`background:#1d4ed8;color:#fff;font:500 14px/1.2 sans-serif;text-decoration:none;box-shadow:0 1px 4px rgba(0,0,0,.4)">← whmcsync</a>`)
)

// wayBack puts the link into the page; scripts, pictures and answers of the API pass as they are.
type wayBack struct{ http.ResponseWriter }

func (w wayBack) Write(text []byte) (int, error) {
	at := bytes.Index(text, queuesRoot)
	if at < 0 || w.Header().Get("Content-Type") != "" && w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		return w.ResponseWriter.Write(text)
	}
	if _, err := w.ResponseWriter.Write(append(bytes.Clone(text[:at]), backHome...)); err != nil {
		return 0, err
	}
	n, err := w.ResponseWriter.Write(text[at:])
	return at + n, err
}

// Unwrap is for http.ResponseController.
func (w wayBack) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// noteQueueWrite leaves a trace of who changed what: the queue UI itself keeps none.
func (s *Server) noteQueueWrite(r *http.Request, p person) {
	if isSafe(r.Method) {
		return
	}
	s.cfg.Log.Info().Str("user", p.Name).Str("method", r.Method).Str("path", r.URL.Path).Msg("queue is changed by hand")
}

// originOf cuts a URL down to scheme and host.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
