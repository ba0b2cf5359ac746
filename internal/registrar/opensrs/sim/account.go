package sim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

// Domain is a name in the account. Dates are as the API writes them: 2027-03-04 23:59:59.
type Domain struct {
	Name           string `json:"name"`
	Expiry         string `json:"expiry"`
	RegistryExpiry string `json:"registry_expiry"`
	AutoRenew      bool   `json:"auto_renew"`
	LetExpire      bool   `json:"let_expire"`
	Privacy        string `json:"privacy"`    // enabled, disabled, enabling, disabling; default disabled
	Changeable     string `json:"changeable"` // 1, 0 or "" for not told; with 0 a switch is refused
	AuthCode       string `json:"auth_code"`
	Holder         string `json:"holder"` // the owner's name, in the answer to a look-up
	Pushed         bool   `json:"pushed"` // another reseller has it now
	Writes         int    `json:"writes"` // settings that were accepted
}

// Transfer is a transfer in, or away when Away. Dates are as the API writes them here: 04-MAR-2027 23:59:59.
type Transfer struct {
	Domain    string `json:"domain"`
	ID        string `json:"id"` // default the next number
	Away      bool   `json:"away"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Ordered   string `json:"ordered"` // YYYY-MM-DD, for the filter; default: always in it
	Completed string `json:"completed"`
}

// Deletion is a row of the list of deleted names.
type Deletion struct {
	Name   string `json:"name"`
	Day    string `json:"day"` // 04-MAR-2027 23:59:59
	Reason string `json:"reason"`
}

// account is the data. Names are found by any spelling.
type account struct {
	mu        sync.Mutex
	domains   map[string]*Domain
	transfers []Transfer
	deletions []Deletion
	lastID    int
}

func key(name string) string {
	ascii, err := idna.ToASCII(strings.ToLower(name))
	if err != nil {
		return strings.ToLower(name)
	}
	return ascii
}

func (a *account) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.domains, a.transfers, a.deletions = map[string]*Domain{}, nil, nil
}

// sorted lists the names by expiry, then by name.
func (a *account) sorted() []Domain {
	all := make([]Domain, 0, len(a.domains))
	for _, d := range slices.Collect(maps.Values(a.domains)) {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(x, y Domain) int {
		return cmp.Or(cmp.Compare(x.Expiry, y.Expiry), cmp.Compare(key(x.Name), key(y.Name)))
	})
	return all
}

// Hold puts names into the account, each in place of what it held.
func (s *Server) Hold(domains ...Domain) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	for _, d := range domains {
		s.account.domains[key(d.Name)] = &d
	}
}

// Remove takes names out without a trace.
func (s *Server) Remove(names ...string) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	for _, name := range names {
		delete(s.account.domains, key(name))
	}
}

// Delete takes names out and keeps a row about it.
func (s *Server) Delete(deletions ...Deletion) {
	for _, d := range deletions {
		s.Remove(d.Name)
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	s.account.deletions = append(s.account.deletions, deletions...)
}

// Transfer adds transfers. One away that is completed takes the name out.
func (s *Server) Transfer(transfers ...Transfer) {
	for _, t := range transfers {
		if t.Away && t.Status == "completed" {
			s.Remove(t.Domain)
		}
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	for _, t := range transfers {
		s.account.lastID++
		t.ID = cmp.Or(t.ID, strconv.Itoa(37_000+s.account.lastID))
		s.account.transfers = append(s.account.transfers, t)
	}
}

// Domain returns one name of the account.
func (s *Server) Domain(name string) (Domain, bool) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	d := s.account.domains[key(name)]
	if d == nil {
		return Domain{}, false
	}
	return *d, true
}

// Domains returns all names of the account, by expiry.
func (s *Server) Domains() []Domain {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return s.account.sorted()
}
