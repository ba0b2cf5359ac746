package whmcs

// DomainFilter picks the domains of a sync. The zero filter admits all.
type DomainFilter struct {
	Registrar            string         // name of the registrar module; "" = any, domains without one included
	Statuses             []DomainStatus // empty = any
	ExcludeDomains       []string       // in any spelling
	ExcludeTLDs          []string       // all that is behind the first dot: "co.uk" or ".co.uk", but not "uk" for it; any spelling
	ExcludeClients       []int64
	ExcludeProductGroups []int64 // domains of clients who have an active service of a product in one of these groups
}
