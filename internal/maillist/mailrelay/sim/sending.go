package sim

import (
	"net/http"
	"strconv"
)

// sending is how an answer goes out.
type sending int

const (
	whole     sending = iota
	cut               // not at all: the connection is cut
	never             // not at all: the connection stays open
	slow              // in drops
	truncated         // less than announced
)

func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	switch a.sending {
	case cut:
		panic(http.ErrAbortHandler)
	case never:
		s.hang(r)
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	for name, value := range a.header {
		header.Set(name, value)
	}
	if a.sending == truncated {
		header.Set("Content-Length", strconv.Itoa(len(a.body)+100))
	}
	w.WriteHeader(a.status)
	if a.sending == slow {
		s.drip(w, r, a)
		return
	}
	_, _ = w.Write(a.body) // a client that left is its own business
}

func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closed:
	}
}

func (s *Server) drip(w http.ResponseWriter, r *http.Request, a answer) {
	const drops = 10
	flusher, _ := w.(http.Flusher)
	size := max(1, len(a.body)/drops)
	for rest := a.body; len(rest) > 0 && r.Context().Err() == nil; {
		drop := rest[:min(size, len(rest))]
		rest = rest[len(drop):]
		_, _ = w.Write(drop)
		if flusher != nil {
			flusher.Flush()
		}
		s.pause(r, a.delay/drops)
	}
}
