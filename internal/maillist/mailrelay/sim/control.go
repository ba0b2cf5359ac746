package sim

import (
	"net/http"
	"slices"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// State is what the server holds and what was asked of it.
type State struct {
	Subscribers []Person `json:"subscribers"` // by id, deleted ones behind; none when left out on request
	Count       int      `json:"count"`       // people who are not deleted
	simkit.Counts
	Violations []Violation `json:"violations"`
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
	state := State{Counts: s.Counts(), Violations: []Violation{}}
	for _, v := range s.Violations() {
		state.Violations = append(state.Violations, Violation{Kind: v.Kind, Email: v.Subject})
	}
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	state.Count = len(s.people.live)
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

// forget drops everybody.
func (s *Server) forget() {
	s.people.reset()
	s.jobs.reset()
}

// shownState is State, without the people when they are not asked for.
func (s *Server) shownState(r *http.Request) any {
	if r.URL.Query().Get("people") == "0" {
		return s.Summary()
	}
	return s.State()
}
