package sim

import (
	"cmp"
	"slices"
	"sync"
)

// people are all subscribers: found by address, and in the order of ids for listings. Deleted ones stay, apart.
type people struct {
	mu     sync.RWMutex
	byMail map[string]*Person
	byID   map[int64]*Person
	live   []*Person // by id
	gone   []*Person // deleted, by id
	lastID int64

	violations []Violation
}

// Violation is something that must never be done to a person.
type Violation struct {
	Kind  string `json:"kind"`
	Email string `json:"email"`
}

// The kinds of violation.
const (
	Reactivated     = "reactivated"      // sync made an unsubscribed person active again
	WroteSuppressed = "wrote_suppressed" // a write to somebody who bounced, complained, is banned or unsubscribed
	Restored        = "restored"         // a deleted person was brought back by sync
)

func (s *people) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byMail, s.byID = map[string]*Person{}, map[int64]*Person{}
	s.live, s.gone, s.violations, s.lastID = nil, nil, nil, 0
}

// add puts a new person into its list. The caller holds the lock.
func (s *people) add(p *Person) {
	if p.ID == 0 {
		p.ID = s.lastID + 1
	}
	s.lastID = max(s.lastID, p.ID)
	s.byMail[key(p.Email)], s.byID[p.ID] = p, p
	s.insert(s.list(p.Deleted), p)
}

func (s *people) list(deleted bool) *[]*Person {
	if deleted {
		return &s.gone
	}
	return &s.live
}

func (s *people) insert(list *[]*Person, p *Person) {
	at, _ := search(*list, p.ID)
	*list = slices.Insert(*list, at, p)
}

func (s *people) remove(list *[]*Person, p *Person) {
	if at, found := search(*list, p.ID); found {
		*list = slices.Delete(*list, at, at+1)
	}
}

// setDeleted moves a person between the lists. The caller holds the lock.
func (s *people) setDeleted(p *Person, deleted bool) {
	if p.Deleted == deleted {
		return
	}
	s.remove(s.list(p.Deleted), p)
	p.Deleted = deleted
	s.insert(s.list(deleted), p)
}

// drop forgets a person altogether. The caller holds the lock.
func (s *people) drop(p *Person) {
	s.remove(s.list(p.Deleted), p)
	delete(s.byMail, key(p.Email))
	delete(s.byID, p.ID)
}

// search finds the first person whose id is not below id.
func search(list []*Person, id int64) (int, bool) {
	if n := len(list); n == 0 || list[n-1].ID < id {
		return n, false // most people come last
	}
	return slices.BinarySearchFunc(list, id, func(p *Person, id int64) int { return cmp.Compare(p.ID, id) })
}

func (s *people) violate(kind, email string) {
	s.violations = append(s.violations, Violation{Kind: kind, Email: email})
}
