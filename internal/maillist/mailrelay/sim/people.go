package sim

import (
	"cmp"
	"slices"
	"sync"
)

// people are all subscribers: found by address, and in the order of ids for listings. Deleted ones stay, apart.
type people struct {
	mu     sync.RWMutex
	byMail map[string]*record
	live   []*record // by id
	gone   []*record // deleted, by id
	lastID int64
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
	s.byMail = map[string]*record{}
	s.live, s.gone, s.lastID = nil, nil, 0
}

// add puts a new person into its list. The caller holds the lock.
func (s *people) add(p *record) {
	if p.ID == 0 {
		p.ID = s.lastID + 1
	}
	s.lastID = max(s.lastID, p.ID)
	s.byMail[key(p.Email)] = p
	s.insert(s.list(p.Deleted), p)
}

func (s *people) list(deleted bool) *[]*record {
	if deleted {
		return &s.gone
	}
	return &s.live
}

func (s *people) insert(list *[]*record, p *record) {
	at, _ := search(*list, p.ID)
	*list = slices.Insert(*list, at, p)
}

func (s *people) remove(list *[]*record, p *record) {
	if at, found := search(*list, p.ID); found {
		*list = slices.Delete(*list, at, at+1)
	}
}

// setDeleted moves a person between the lists. The caller holds the lock.
func (s *people) setDeleted(p *record, deleted bool) {
	if p.Deleted == deleted {
		return
	}
	s.remove(s.list(p.Deleted), p)
	p.Deleted = deleted
	s.insert(s.list(deleted), p)
}

// drop forgets a person altogether. The caller holds the lock.
func (s *people) drop(p *record) {
	s.remove(s.list(p.Deleted), p)
	delete(s.byMail, key(p.Email))
}

// search finds the first person whose id is not below id.
func search(list []*record, id int64) (int, bool) {
	if n := len(list); n == 0 || list[n-1].ID < id {
		return n, false // most people come last
	}
	return slices.BinarySearchFunc(list, id, func(p *record, id int64) int { return cmp.Compare(p.ID, id) })
}
