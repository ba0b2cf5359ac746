package server

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// pagePolicy is the Content-Security-Policy of everything but the queue UI: our own style sheet, no script at all.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// wrap puts the layers around every route, outermost first: log, recover, headers.
func (s *Server) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() { s.logAccess(r, rec, time.Since(start)) }()
		defer s.recovered(rec, r)
		secureHeaders(rec.Header())
		next.ServeHTTP(rec, r)
	})
}

func secureHeaders(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// recovered turns a panic into one log entry and, when nothing was answered yet, a 500.
func (s *Server) recovered(w *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, which nobody wraps
		panic(cause) // net/http's own way to cut a connection
	}
	s.cfg.Log.Error().Interface("panic", cause).Str("path", r.URL.Path).Bytes("stack", debug.Stack()).
		Msg("request handler panicked")
	if w.status == 0 {
		writeError(w, http.StatusInternalServerError, "internal error")
	}
}

// logAccess never writes the query: it may hold a cron key.
func (s *Server) logAccess(r *http.Request, w *recorder, took time.Duration) {
	s.cfg.Log.WithLevel(accessLevel(r, w.status)).Str("method", r.Method).Str("path", r.URL.Path).
		Int("status", w.status).Dur("took_ms", took).Str("peer", peerIP(r)).Msg("http request")
}

// accessLevel keeps what machines and open pages ask every few seconds out of the normal log.
func accessLevel(r *http.Request, status int) zerolog.Level {
	acts := strings.HasPrefix(r.URL.Path, "/cron/") || strings.HasPrefix(r.URL.Path, "/hooks/")
	switch {
	case status >= http.StatusInternalServerError && r.URL.Path != "/readyz":
		return zerolog.WarnLevel
	case acts || (r.Method != http.MethodGet && r.Method != http.MethodHead):
		return zerolog.InfoLevel
	default:
		return zerolog.DebugLevel
	}
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what the real writer can do.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func writeJSON(w http.ResponseWriter, status int, body any) {
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(body); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

// peerIP is the address of who is connected to us. Forwarding headers are not believed: anybody can write them.
func peerIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// isLocal says that a person or program on this machine asked us by a name of this machine. The name matters because a
// page in a browser can point a name of its own at 127.0.0.1 (DNS rebinding); the forwarding headers because a proxy on
// this machine is a loopback peer for everybody it serves.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return isLoopback(peerIP(r)) && isLoopback(hostOnly(r.Host))
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
