package whmcs

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// DomainFilter picks the domains of a sync. The zero filter admits all.
type DomainFilter struct {
	Registrar            string         // name of the registrar module, in any case; "" = any, domains without one included
	Statuses             []DomainStatus // empty = any
	ExcludeDomains       []string       // in any spelling
	ExcludeTLDs          []string       // all that is behind a name's first dot: "co.uk" or ".co.uk"; "uk" is not "co.uk"; in any spelling
	ExcludeClients       []int64
	ExcludeProductGroups []int64 // domains of clients who have an active service of a product in one of these groups
}

// DomainSieve is a filter made ready for many domains.
type DomainSieve struct {
	registrar   string
	statuses    []DomainStatus
	names, tlds map[string]bool
	clients     map[int64]bool
}

// Sieve makes the filter ready. It knows nothing of product groups, which take a look into the database.
func (f DomainFilter) Sieve() DomainSieve {
	s := DomainSieve{registrar: strings.TrimSpace(f.Registrar), statuses: f.Statuses, names: map[string]bool{}, tlds: map[string]bool{}, clients: map[int64]bool{}}
	for _, name := range f.ExcludeDomains {
		s.names[spelling(name)] = true
	}
	for _, tld := range f.ExcludeTLDs {
		s.tlds[spelling(tld)] = true
	}
	for _, id := range f.ExcludeClients {
		s.clients[id] = true
	}
	return s
}

// Objection is why a filter leaves a domain out; "" = it does not.
type Objection string

// The objections.
const (
	OtherRegistrar Objection = "other registrar"
	OtherStatus    Objection = "other status"
	ExcludedClient Objection = "excluded client"
	ExcludedName   Objection = "excluded name" // or extension
)

// Admits goes by RawName, Registrar, Status and ClientID.
func (s DomainSieve) Admits(d Domain) bool { return s.Objection(d) == "" }

// Objection says why a domain is not admitted; of several reasons the first.
func (s DomainSieve) Objection(d Domain) Objection {
	switch {
	case s.registrar != "" && !strings.EqualFold(s.registrar, strings.TrimSpace(d.Registrar)):
		return OtherRegistrar
	case len(s.statuses) > 0 && !slices.Contains(s.statuses, d.Status):
		return OtherStatus
	case s.clients[d.ClientID]:
		return ExcludedClient
	case s.excludesName(d.RawName):
		return ExcludedName
	}
	return ""
}

func (s DomainSieve) excludesName(raw string) bool {
	if len(s.names) == 0 && len(s.tlds) == 0 {
		return false
	}
	name := spelling(raw)
	_, tld, _ := strings.Cut(name, ".")
	return s.names[name] || s.tlds[tld]
}

// tolerant takes what registries have let in, so that Unicode and punycode of one name meet.
var tolerant = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(false))

// spelling is the one form in which a filter compares names: lower case, punycode, no dots around it. What is no
// name stays as it is.
func spelling(raw string) string {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(raw), "."))
	if isASCII(name) || len(name) > maxSpelling {
		return name
	}
	if ascii, err := tolerant.ToASCII(name); err == nil {
		return strings.Trim(ascii, ".")
	}
	return name
}
