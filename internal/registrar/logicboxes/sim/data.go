package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Order is one domain order. Its members are the words of the API.
type Order struct {
	ID         int64  `json:"id,omitempty"` // 0 = the next number
	Name       string `json:"name"`         // in the spelling in which the order has it
	Status     string `json:"status"`       // "" = Active
	EndTime    string `json:"end_time,omitempty"`
	AutoRenew  string `json:"auto_renew,omitempty"` // true or false
	Privacy    string `json:"privacy,omitempty"`    // true, false or na
	ActionType string `json:"action_type,omitempty"`
	Writes     int    `json:"writes,omitempty"`
}

// Action is one thing that is being done, or was done, to an order.
type Action struct {
	ID         int64  `json:"id,omitempty"` // 0 = the next number
	Order      int64  `json:"order"`
	Archived   bool   `json:"archived,omitempty"`
	Type       string `json:"type"`
	Status     string `json:"status"`
	StatusDesc string `json:"status_desc,omitempty"`
	Completed  string `json:"completed,omitempty"`
}

// State is what the server holds and what was asked of it.
type State struct {
	Orders  []Order  `json:"orders"` // by number
	Actions []Action `json:"actions"`
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		Orders: slices.Clone(s.orders), Actions: slices.Clone(s.actions), Counts: s.Counts(), Violations: s.Violations(),
	}
}

func (s *Server) shownState(*http.Request) any { return s.State() }

// Seed puts orders in. One without a number takes the place of the order that the name has, deleted ones left aside. It
// returns their numbers.
func (s *Server) Seed(all ...Order) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]int64, 0, len(all))
	for _, order := range all {
		order.Status = cmp.Or(order.Status, "Active")
		at := s.find(order)
		if at < 0 {
			order.ID = cmp.Or(order.ID, s.next())
			s.orders = append(s.orders, order)
		} else {
			order.ID, order.Writes = s.orders[at].ID, s.orders[at].Writes
			s.orders[at] = order
		}
		ids = append(ids, order.ID)
	}
	slices.SortFunc(s.orders, func(a, b Order) int { return cmp.Compare(a.ID, b.ID) })
	return ids
}

func (s *Server) find(order Order) int {
	if order.ID != 0 {
		return slices.IndexFunc(s.orders, func(o Order) bool { return o.ID == order.ID })
	}
	return slices.IndexFunc(s.orders, func(o Order) bool { return !o.gone() && key(o.Name) == key(order.Name) })
}

// next numbers orders and actions. The caller holds the lock.
func (s *Server) next() int64 {
	s.nextID++
	return s.nextID
}

// Act puts actions in.
func (s *Server) Act(all ...Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, action := range all {
		action.ID = cmp.Or(action.ID, s.next())
		s.actions = append(s.actions, action)
	}
}

// Remove takes orders out without a trace.
func (s *Server) Remove(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = slices.DeleteFunc(s.orders, func(o Order) bool {
		return slices.ContainsFunc(names, func(name string) bool { return key(name) == key(o.Name) })
	})
}

// Order returns the order that a name has, deleted ones left aside.
func (s *Server) Order(name string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.find(Order{Name: name})
	if at < 0 {
		return Order{}, false
	}
	return s.orders[at], true
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.actions, s.nextID = nil, nil, 7_000_000
}

func (o Order) gone() bool { return o.Status == "Deleted" || o.Status == "Archived" }

// key is one form for all spellings of a name.
func key(name string) string {
	if ascii, err := idna.Lookup.ToASCII(strings.ToLower(name)); err == nil {
		return ascii
	}
	return strings.ToLower(name)
}
