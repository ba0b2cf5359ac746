package sim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Domain is one name at its registry.
type Domain struct {
	Name      string   `json:"name"` // in any spelling
	Status    []string `json:"status"`
	Expires   string   `json:"expires"`   // as the event's date stands there; "" = no such event
	Registrar string   `json:"registrar"` // default "Example Registrar, Inc."
	IANA      string   `json:"iana"`      // default 9999
}

// State is what the registries hold and what was asked of them.
type State struct {
	Domains []Domain `json:"domains"` // by name
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	state := State{Counts: s.Counts(), Violations: s.Violations(), Domains: []Domain{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.domains {
		state.Domains = append(state.Domains, d)
	}
	slices.SortFunc(state.Domains, func(a, b Domain) int { return cmp.Compare(key(a.Name), key(b.Name)) })
	return state
}

// Hold registers names, each in place of what it was.
func (s *Server) Hold(all ...Domain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range all {
		d.Registrar, d.IANA = cmp.Or(d.Registrar, "Example Registrar, Inc."), cmp.Or(d.IANA, "9999")
		s.domains[key(d.Name)] = d
	}
}

// Remove takes names out of their registries.
func (s *Server) Remove(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.domains, key(name))
	}
}

// Domain returns one name, in any spelling.
func (s *Server) Domain(name string) (Domain, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, found := s.domains[key(name)]
	return d, found
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains = map[string]Domain{}
}

// key is the same for all spellings of a name: lower case, punycode.
func key(name string) string {
	name = strings.ToLower(name)
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return name
}

type object = map[string]any

// answer tells much that nobody needs, as registries do: other dates, and a person.
func (d Domain) answer() simkit.Answer {
	events := []object{
		{"eventAction": "registration", "eventDate": "2001-02-03T04:05:06Z"},
		{"eventAction": "registrar expiration", "eventDate": "2001-01-01T00:00:00Z"},
		{"eventAction": "last changed", "eventDate": "2026-01-02T03:04:05Z"},
	}
	if d.Expires != "" {
		events = append(events, object{"eventAction": "expiration", "eventDate": d.Expires})
	}
	return simkit.JSON(http.StatusOK, object{
		"rdapConformance": []string{"rdap_level_0"}, "objectClassName": "domain", "handle": "D1-TEST",
		"ldhName": strings.ToUpper(key(d.Name)), "status": append([]string{}, d.Status...), "events": events,
		"entities": []object{
			{"objectClassName": "entity", "roles": []string{"registrant"}, "vcardArray": card("Ana Niña"), "remarks": []object{{"title": "authInfo"}}},
			{
				"objectClassName": "entity", "handle": d.IANA, "roles": []string{"registrar"}, "vcardArray": card(d.Registrar),
				"publicIds": []object{{"type": "IANA Registrar ID", "identifier": d.IANA}},
			},
		},
		"nameservers": []object{{"objectClassName": "nameserver", "ldhName": "NS1.EXAMPLE.TEST"}},
		"secureDNS":   object{"delegationSigned": false},
		"links":       []object{{"rel": "related", "href": "https://rdap.registrar.test/domain/" + key(d.Name)}},
	})
}

func card(name string) []any {
	return []any{"vcard", []any{[]any{"version", object{}, "text", "4.0"}, []any{"fn", object{}, "text", name}}}
}
