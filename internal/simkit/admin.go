package simkit

import (
	"encoding/json"
	"net/http"
	"strings"
)

// SetFaults replaces what is still to go wrong; an unknown kind is an error, and so is a status outside 200 to 599.
func (s *Server) SetFaults(list ...Fault) error { return s.faults.set(list) }

// Reset forgets the simulator's data, all counts, violations and faults.
func (s *Server) Reset() {
	s.ResetCounts()
	_ = s.faults.set(nil) // nothing cannot be unknown
	if s.api.Forget != nil {
		s.api.Forget()
	}
}

// ResetCounts forgets calls, statuses and violations only.
func (s *Server) ResetCounts() { s.tally.reset() }

func (s *Server) adminRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+adminPrefix+"/state", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.state(r)) // a client that left is its own business
	})
	mux.HandleFunc("POST "+adminPrefix+"/faults", List(s.faults.set))
	mux.HandleFunc("POST "+adminPrefix+"/reset", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("counts") == "only" {
			s.ResetCounts()
		} else {
			s.Reset()
		}
		w.WriteHeader(http.StatusNoContent)
	})
	for pattern, handler := range s.api.Controls {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+adminPrefix+path, handler)
	}
	return mux
}

func (s *Server) state(r *http.Request) any {
	if s.api.State != nil {
		return s.api.State(r)
	}
	return struct {
		Counts
		Violations []Violation `json:"violations"`
	}{s.Counts(), s.Violations()}
}

// List is a control that takes a JSON list and does something with it; its error is the caller's fault.
func List[T any](do func([]T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var list []T
		err := json.NewDecoder(r.Body).Decode(&list)
		if err == nil {
			err = do(list)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}
