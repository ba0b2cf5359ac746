package sim

import (
	"encoding/json"
	"net/http"
	"slices"
)

// State is what the server holds and what was asked of it.
type State struct {
	Subscribers  []Person         `json:"subscribers"` // by id, deleted ones behind; none when left out on request
	Count        int              `json:"count"`       // people who are not deleted
	Calls        map[string]int64 `json:"calls"`       // by name
	TotalCalls   int64            `json:"total_calls"`
	Statuses     map[int]int64    `json:"statuses"` // answers by HTTP status; 0 = cut or never answered
	PeakInFlight int              `json:"peak_in_flight"`
	Violations   []Violation      `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	state := s.Summary()
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	state.Subscribers = make([]Person, 0, len(s.people.live)+len(s.people.gone))
	for _, p := range slices.Concat(s.people.live, s.people.gone) {
		state.Subscribers = append(state.Subscribers, p.person())
	}
	return state
}

// Summary is State without the people.
func (s *Server) Summary() State {
	calls, statuses, peak := s.tally.copied()
	state := State{Calls: calls, Statuses: statuses, PeakInFlight: peak}
	for _, n := range calls {
		state.TotalCalls += n
	}
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	state.Count, state.Violations = len(s.people.live), append([]Violation{}, s.people.violations...)
	return state
}

// Person returns one person by address, deleted or not.
func (s *Server) Person(email string) (Person, bool) {
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	p := s.people.byMail[key(email)]
	if p == nil {
		return Person{}, false
	}
	return p.person(), true
}

// Seed puts people in, each in place of whoever has the address. It counts neither as a call nor as a write.
func (s *Server) Seed(all ...Person) {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	for _, one := range all {
		p := recordOf(one)
		if old := s.people.byMail[key(p.Email)]; old != nil {
			p.ID = old.ID
			s.people.drop(old)
		}
		p.UpdatedAt = s.opt.Clock()
		s.people.add(p)
	}
}

// Remove deletes people as the account's owner would (soft).
func (s *Server) Remove(emails ...string) {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	for _, email := range emails {
		if p := s.people.byMail[key(email)]; p != nil {
			s.people.setDeleted(p, true)
		}
	}
}

// SetFaults replaces what is still to go wrong; an unknown kind is an error.
func (s *Server) SetFaults(list ...Fault) error { return s.faults.set(list) }

// Reset forgets everybody, all counts and all faults.
func (s *Server) Reset() {
	s.people.reset()
	s.jobs.reset()
	s.tally.reset()
	_ = s.faults.set(nil) // nothing cannot be unknown
}

// ResetCounts forgets calls, statuses and violations, but nobody.
func (s *Server) ResetCounts() {
	s.tally.reset()
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	s.people.violations = nil
}

func (s *Server) adminRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+adminPrefix+"/state", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("people") == "0" {
			writeJSON(w, s.Summary())
			return
		}
		writeJSON(w, s.State())
	})
	mux.HandleFunc("POST "+adminPrefix+"/subscribers", control(func(all []Person) error { s.Seed(all...); return nil }))
	mux.HandleFunc("POST "+adminPrefix+"/faults", control(s.faults.set))
	mux.HandleFunc("POST "+adminPrefix+"/reset", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("counts") == "only" {
			s.ResetCounts()
		} else {
			s.Reset()
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// control takes a JSON list and does something with it.
func control[T any](do func([]T) error) http.HandlerFunc {
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

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that left is its own business
}
