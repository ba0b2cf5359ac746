package sim

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Domain is one row of the account. What is "" or nil is not told, as with the real API.
type Domain struct {
	ID             int64  `json:"id,omitempty"` // 0 = the next free one
	Name           string `json:"name"`         // in full; cut behind its first dot
	Status         string `json:"status,omitempty"`
	Type           string `json:"type,omitempty"`      // NEW, TRANSFER, TRADE
	AutoRenew      string `json:"autorenew,omitempty"` // on, off, default
	Privacy        *bool  `json:"privacy,omitempty"`
	PrivacyAllowed *bool  `json:"privacy_allowed,omitempty"`
	Renewal        string `json:"renewal,omitempty"`
	Expiration     string `json:"expiration,omitempty"`
	Registry       string `json:"registry,omitempty"`
	DeletedAt      string `json:"deleted_at,omitempty"`
	SoftUntil      string `json:"soft_until,omitempty"`
	HardUntil      string `json:"hard_until,omitempty"`
	Queue          string `json:"queue,omitempty"`   // the queue_status that finds it
	Deleted        bool   `json:"deleted,omitempty"` // found with is_deleted=true only
	AuthCode       string `json:"auth_code,omitempty"`
	Writes         int    `json:"writes,omitempty"`   // accepted changes
	Renewals       int    `json:"renewals,omitempty"` // that were paid for
}

// shelf holds the domains by id.
type shelf struct {
	mu   sync.RWMutex
	live []*Domain
	gone []*Domain
	last int64
}

func byID(d *Domain, id int64) int { return cmp.Compare(d.ID, id) }

// put adds a domain; one without an id gets the next.
func (s *shelf) put(d Domain) {
	if d.ID == 0 {
		d.ID = s.last + 1
	}
	s.last = max(s.last, d.ID)
	list := s.list(d.Deleted)
	at, found := slices.BinarySearchFunc(*list, d.ID, byID)
	if found {
		(*list)[at] = &d
		return
	}
	*list = slices.Insert(*list, at, &d)
}

func (s *shelf) list(gone bool) *[]*Domain {
	if gone {
		return &s.gone
	}
	return &s.live
}

func (s *shelf) byID(id int64) *Domain {
	for _, list := range [][]*Domain{s.live, s.gone} {
		if at, found := slices.BinarySearchFunc(list, id, byID); found {
			return list[at]
		}
	}
	return nil
}

// Seed puts domains in. A name may have several rows.
func (s *Server) Seed(all ...Domain) {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	for _, d := range all {
		s.shelf.put(d)
	}
}

// Remove takes all rows of names out, without a trace.
func (s *Server) Remove(names ...string) {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	for _, list := range []*[]*Domain{&s.shelf.live, &s.shelf.gone} {
		*list = slices.DeleteFunc(*list, func(d *Domain) bool {
			return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, d.Name) })
		})
	}
}

// Domains returns all rows, live ones first, each kind by id.
func (s *Server) Domains() []Domain {
	s.shelf.mu.RLock()
	defer s.shelf.mu.RUnlock()
	all := make([]Domain, 0, len(s.shelf.live)+len(s.shelf.gone))
	for _, d := range slices.Concat(s.shelf.live, s.shelf.gone) {
		all = append(all, *d)
	}
	return all
}

func (s *Server) forget() {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	s.shelf.live, s.shelf.gone, s.shelf.last = nil, nil, 0
	s.door.reset()
	s.mood.reset()
}

// row is how the API shows a domain, its secrets included.
func row(d *Domain) map[string]any {
	label, extension, _ := strings.Cut(d.Name, ".")
	row := map[string]any{
		"id": d.ID, "domain": map[string]string{"name": label, "extension": extension}, "status": d.Status,
		"is_deleted": d.Deleted, "auth_code": d.AuthCode, "internal_auth_code": d.AuthCode, "comments": "",
		"unit": "y", "is_locked": true, "reseller_id": 123456, "name_servers": []any{},
	}
	for name, text := range map[string]string{
		"type": d.Type, "autorenew": d.AutoRenew, "renewal_date": d.Renewal, "expiration_date": d.Expiration,
		"registry_expiration_date": d.Registry, "deleted_at": d.DeletedAt,
		"soft_quarantine_expiry_date": d.SoftUntil, "hard_quarantine_expiry_date": d.HardUntil,
	} {
		if text != "" {
			row[name] = text
		}
	}
	for name, flag := range map[string]*bool{"is_private_whois_enabled": d.Privacy, "is_private_whois_allowed": d.PrivacyAllowed} {
		if flag != nil {
			row[name] = *flag
		}
	}
	return row
}
