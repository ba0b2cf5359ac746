package server

import (
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
