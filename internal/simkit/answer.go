package simkit

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Answer is what a call says. It is kept apart from the writing, so that a fault can come between.
type Answer struct {
	Status int // required
	Body   []byte
	Header map[string]string

	sending sending
	over    time.Duration // with slow
}

// sending is how an answer goes out.
type sending int

const (
	whole     sending = iota
	cut               // not at all: the connection is cut
	never             // not at all: the connection stays open
	slow              // in drops
	truncated         // less than announced
)

// JSON is an answer with a value that can be marshalled; it panics for others.
func JSON(status int, v any) Answer {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return Answer{Status: status, Body: raw}
}

// Failed is a failure as most JSON APIs say it: {"error": text}.
func Failed(status int, text string) Answer { return JSON(status, map[string]string{"error": text}) }

func (a Answer) with(name, value string) Answer {
	header := map[string]string{name: value}
	maps.Copy(header, a.Header)
	a.Header = header
	return a
}

// Body is a request's body, of at most 16 MB. It stays there to be read again.
func Body(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 16<<20))
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return raw, nil
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a Answer) {
	switch a.sending {
	case cut:
		panic(http.ErrAbortHandler)
	case never:
		s.hang(r)
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	header.Set("Content-Type", s.api.ContentType)
	for name, value := range a.Header {
		header.Set(name, value)
	}
	if a.sending == truncated {
		header.Set("Content-Length", strconv.Itoa(len(a.Body)+100))
	}
	w.WriteHeader(a.Status)
	if a.sending == slow {
		s.drip(w, r, a)
		return
	}
	_, _ = w.Write(a.Body) // a client that left is its own business
}

func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closed:
	}
}

// drip sends at most ten drops, with the same pause after each.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, a Answer) {
	flusher, _ := w.(http.Flusher)
	drops := slices.Collect(slices.Chunk(a.Body, max(1, (len(a.Body)+9)/10)))
	for _, drop := range drops {
		_, _ = w.Write(drop)
		if flusher != nil {
			flusher.Flush()
		}
		s.pause(r, a.over/time.Duration(len(drops)))
		if r.Context().Err() != nil {
			return
		}
	}
}

// pause waits like a slow network, but not for a client that has left.
func (s *Server) pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.closed:
	}
}
