package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Domain is one domain, in the words of the API.
type Domain struct {
	Name      string   `json:"name"` // in punycode
	Expiry    string   `json:"expiry,omitempty"`
	Status    []string `json:"status,omitempty"` // none = OK
	AutoRenew bool     `json:"auto_renew,omitempty"`
	Privacy   bool     `json:"privacy,omitempty"`
	Foreign   bool     `json:"foreign,omitempty"` // another customer's: it is not listed, and may not be looked at
	Writes    int      `json:"writes,omitempty"`
}

// Transfer is one transfer, in or out.
type Transfer struct {
	Name   string              `json:"name"`
	Status string              `json:"status"`
	Type   string              `json:"type"` // IN or OUT
	Log    []map[string]string `json:"log,omitempty"`
}

// Process is something that was done with a domain.
type Process struct {
	Identifier string `json:"identifier"`
	Type       string `json:"type"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Created    string `json:"created"`
	Updated    string `json:"updated,omitempty"`
}

// Extension is what the registry's rules are.
type Extension struct {
	Name     string   `json:"name"`
	Offset   any      `json:"offset,omitempty"` // seconds
	Features []string `json:"features,omitempty"`
	Also     []string `json:"also,omitempty"`
	Missing  bool     `json:"missing,omitempty"` // there are none
}

// State is what the server holds and what was asked of it.
type State struct {
	Domains   []Domain   `json:"domains"` // by name
	Transfers []Transfer `json:"transfers"`
	Processes []Process  `json:"processes"`
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{
		Transfers: slices.Clone(s.transfers), Processes: slices.Clone(s.processes), Counts: s.Counts(), Violations: s.Violations(),
	}
	for _, d := range s.sorted() {
		state.Domains = append(state.Domains, *d)
	}
	return state
}

// Hold puts domains in, each in the place of what there was of that name.
func (s *Server) Hold(all ...Domain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range all {
		d.Name = strings.ToLower(d.Name)
		if len(d.Status) == 0 {
			d.Status = []string{"OK"}
		}
		s.domains[d.Name] = &d
	}
}

// Remove takes domains out without a trace.
func (s *Server) Remove(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.domains, name)
	}
}

// Order puts transfers in; the last of a name is its latest.
func (s *Server) Order(all ...Transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transfers = append(s.transfers, all...)
}

// Note puts processes in.
func (s *Server) Note(all ...Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes = append(s.processes, all...)
}

// Describe puts extensions in.
func (s *Server) Describe(all ...Extension) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range all {
		s.extensions[e.Name] = e
	}
}

// Domain returns one domain.
func (s *Server) Domain(name string) (Domain, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.domains[name]
	if !ok {
		return Domain{}, false
	}
	return *d, true
}

// sorted are all domains by name. The caller holds the lock.
func (s *Server) sorted() []*Domain {
	return slices.SortedFunc(maps.Values(s.domains), func(a, b *Domain) int { return strings.Compare(a.Name, b.Name) })
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains, s.transfers, s.processes, s.extensions = map[string]*Domain{}, nil, nil, map[string]Extension{}
}
