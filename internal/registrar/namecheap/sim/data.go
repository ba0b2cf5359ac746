package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Domain is one name of the account.
type Domain struct {
	ID        string `json:"id,omitempty"` // given by the server when empty
	Name      string `json:"name"`         // as the account spells it
	Status    string `json:"status"`       // Ok, Locked, Expired or anything else
	Expires   string `json:"expires"`      // MM/DD/YYYY or anything else
	AutoRenew bool   `json:"auto_renew"`
	Privacy   string `json:"privacy"`    // ENABLED, DISABLED or NOTPRESENT
	ForwardTo string `json:"forward_to"` // where letters to a hidden holder go
	Foreign   bool   `json:"foreign"`    // owned by somebody else, who shares it
	Writes    int    `json:"writes"`     // accepted settings
}

// Transfer is one transfer in.
type Transfer struct {
	ID          string `json:"id,omitempty"` // given by the server when empty
	Name        string `json:"name"`
	StatusID    string `json:"status_id"`
	Status      string `json:"status"`
	Description string `json:"description"`
}

// State is what the account holds and what was asked of it.
type State struct {
	Domains   []Domain   `json:"domains"` // by name
	Transfers []Transfer `json:"transfers"`
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	state := State{Counts: s.Counts(), Violations: s.Violations(), Domains: []Domain{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.byName("") {
		state.Domains = append(state.Domains, *d)
	}
	state.Transfers = append([]Transfer{}, s.transfers...)
	return state
}

// Hold puts domains in, each in place of whatever has its name.
func (s *Server) Hold(all ...Domain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range all {
		d.ID = cmp.Or(d.ID, s.nextID())
		s.domains[key(d.Name)] = &d
	}
}

// Remove takes names out without a trace.
func (s *Server) Remove(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.domains, key(name))
	}
}

// Order puts transfers in, each newer than all before.
func (s *Server) Order(all ...Transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range all {
		t.ID = cmp.Or(t.ID, s.nextID())
		s.transfers = append(s.transfers, t)
	}
}

// Domain returns one name, in any spelling.
func (s *Server) Domain(name string) (Domain, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.domains[key(name)]; d != nil {
		return *d, true
	}
	return Domain{}, false
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains, s.transfers = map[string]*Domain{}, nil
	s.windows = []window{
		{size: time.Minute, limit: s.opt.PerMinute}, {size: time.Hour, limit: s.opt.PerHour}, {size: 24 * time.Hour, limit: s.opt.PerDay},
	}
}

func (s *Server) nextID() string {
	s.lastID++
	return strconv.Itoa(s.lastID)
}

// byName returns the domains whose name holds the term, in order. The caller holds the lock.
func (s *Server) byName(term string) []*Domain {
	found := make([]*Domain, 0, len(s.domains))
	for _, d := range s.domains {
		if holds(d.Name, term) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b *Domain) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return found
}

// newestFirst returns the transfers of names that hold the term. The caller holds the lock.
func (s *Server) newestFirst(term string) []Transfer {
	var found []Transfer
	for _, t := range slices.Backward(s.transfers) {
		if holds(t.Name, term) {
			found = append(found, t)
		}
	}
	return found
}

// is says whether a transfer belongs into a list. What is neither completed nor cancelled is in progress.
func (t Transfer) is(kind string) bool {
	ended := t.Status == "COMPLETED" || t.Status == "CANCELLED"
	return kind == "" || kind == "ALL" || t.Status == kind || kind == "INPROGRESS" && !ended
}

func holds(name, term string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(term))
}

// key is the same for all spellings of a name.
func key(name string) string {
	name = strings.ToLower(name)
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return name
}
