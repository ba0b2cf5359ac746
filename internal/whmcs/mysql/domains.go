package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"unicode"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Domains reads the domains with from < id <= to that the filter admits, by id.
func (d *DB) Domains(ctx context.Context, features whmcs.DomainFeatures, filter whmcs.DomainFilter, from, to int64) ([]whmcs.Domain, error) {
	return d.readDomains(ctx, features, filter, span{from: from, to: to})
}

// DomainsByIDs reads the domains named, by id. One that does not exist, or that the filter does not admit, is left out.
func (d *DB) DomainsByIDs(ctx context.Context, features whmcs.DomainFeatures, filter whmcs.DomainFilter, ids []int64) ([]whmcs.Domain, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	domains := make([]whmcs.Domain, 0, len(ids))
	for part := range slices.Chunk(ids, chunk) {
		some, err := d.readDomains(ctx, features, filter, span{ids: part})
		if err != nil {
			return nil, err
		}
		domains = append(domains, some...)
	}
	return domains, nil
}

// DomainsByNames reads the domains whose name is meant, as stored with entities decoded, and that the filter admits,
// by id. It looks at every name: to the database bücher is bucher, and Unicode is not its punycode.
func (d *DB) DomainsByNames(ctx context.Context, features whmcs.DomainFeatures, filter whmcs.DomainFilter, meant func(rawName string) bool) ([]whmcs.Domain, error) {
	const page = 10_000
	var ids []int64
	for after := int64(0); ; {
		spots, err := d.DomainSpots(ctx, filter, after, page)
		if err != nil {
			return nil, err
		}
		for _, spot := range spots {
			if meant(spot.RawName) {
				ids = append(ids, spot.ID)
			}
		}
		if len(spots) < page {
			return d.DomainsByIDs(ctx, features, filter, ids)
		}
		after = spots[page-1].ID
	}
}

// DomainsSpelled reads the domains of any status and registrar whose name is stored in one of these spellings, by id. It
// goes by the key on the name, so that it costs little in a table of any length. Case makes no difference, nor do blanks
// around a name or entities for letters beyond ASCII. It may find more than was asked for: to the database bücher is bucher.
func (d *DB) DomainsSpelled(ctx context.Context, spellings []string) ([]whmcs.Domain, error) {
	if len(spellings) == 0 {
		return nil, nil
	}
	where, args := spelled(spellings)
	var domains []whmcs.Domain
	var row domainRow
	err := d.query(ctx, func(rows *sql.Rows) error {
		domain, err := row.scan(rows)
		domains = append(domains, domain)
		return err
	}, "SELECT "+domainList(whmcs.DomainFeatures{})+" FROM tbldomains WHERE "+where+" ORDER BY id", args...)
	return domains, d.fail("read domains by name", selectDomains, err)
}

// spelled is the condition on a name that is stored in one of these spellings. A blank before it is spelled out too: names
// with one are found in any table that people paste into, and all of them would have to be read. Those with more are few.
func spelled(spellings []string) (where string, args []any) {
	var whole, begun []string
	for _, blank := range []string{"", " "} {
		for _, spelling := range spellings {
			whole = append(whole, blank+spelling)
			if i := strings.IndexFunc(spelling, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
				begun = append(begun, blank+spelling[:i]+"&%")
			}
		}
	}
	begun = append(begun, "  %")
	where = "domain IN (" + marks(len(whole)) + ")" + strings.Repeat(" OR domain LIKE ?", len(begun))
	return where, append(list(whole), list(begun)...)
}

func (d *DB) readDomains(ctx context.Context, features whmcs.DomainFeatures, filter whmcs.DomainFilter, s span) ([]whmcs.Domain, error) {
	domains, err := d.domainRows(ctx, features, filter, s)
	if err != nil {
		return nil, d.fail("read domains "+s.String(), selectDomains, err)
	}
	if domains, err = d.withoutGroups(ctx, filter, domains); err != nil {
		return nil, err
	}
	if features.Invoices {
		err = d.addOpenInvoices(ctx, domains)
	}
	return domains, d.fail("read open invoices of domains "+s.String(), selectItems, err, selectInvoices)
}

func (d *DB) domainRows(ctx context.Context, features whmcs.DomainFeatures, filter whmcs.DomainFilter, s span) ([]whmcs.Domain, error) {
	ids, args := s.where("id")
	more, moreArgs := domainsWhere(filter)
	domains := make([]whmcs.Domain, 0, s.size())
	sieve := filter.Sieve()
	var row domainRow
	err := d.query(ctx, func(rows *sql.Rows) error {
		domain, err := row.scan(rows)
		if err == nil && sieve.Admits(domain) {
			domains = append(domains, domain)
		}
		return err
	}, "SELECT "+domainList(features)+" FROM tbldomains WHERE "+ids+more+" ORDER BY id", append(args, moreArgs...)...)
	return domains, err
}

// domainsWhere spares the wire what the sieve would throw away. It may let through too much, as collations will, but
// never too little. The status is cast so that the server does not take a key on it for better than the range of ids.
func domainsWhere(filter whmcs.DomainFilter) (string, []any) {
	var where string
	var args []any
	if registrar := strings.TrimSpace(filter.Registrar); registrar != "" {
		where += " AND LOWER(TRIM(registrar)) = LOWER(?)"
		args = append(args, registrar)
	}
	if len(filter.Statuses) > 0 {
		where += " AND CAST(status AS CHAR) IN (" + marks(len(filter.Statuses)) + ")"
		for _, status := range filter.Statuses {
			args = append(args, string(status))
		}
	}
	return where, args
}

// withoutGroups takes out the domains of clients who have an active service in an excluded product group.
func (d *DB) withoutGroups(ctx context.Context, filter whmcs.DomainFilter, domains []whmcs.Domain) ([]whmcs.Domain, error) {
	if len(filter.ExcludeProductGroups) == 0 || len(domains) == 0 {
		return domains, nil
	}
	clients := make([]int64, 0, len(domains))
	for _, domain := range domains {
		clients = append(clients, domain.ClientID)
	}
	out := map[int64]bool{}
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(clients))), chunk) {
		if err := d.clientsInGroups(ctx, filter.ExcludeProductGroups, part, out); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(domains, func(domain whmcs.Domain) bool { return out[domain.ClientID] }), nil
}

func (d *DB) clientsInGroups(ctx context.Context, groups, clients []int64, found map[int64]bool) error {
	err := d.query(ctx, func(rows *sql.Rows) error {
		var client int64
		err := rows.Scan(&client)
		found[client] = true
		return err
	}, `SELECT DISTINCT h.userid FROM tblhosting h JOIN tblproducts p ON p.id = h.packageid
		WHERE h.domainstatus = 'Active' AND p.gid IN (`+marks(len(groups))+`) AND h.userid IN (`+marks(len(clients))+`)`,
		append(list(groups), list(clients)...)...)
	return d.fail("read product groups of clients", selectHosting, err, selectProducts)
}

func findDomain(domains []whmcs.Domain, id int64) *whmcs.Domain {
	i, found := slices.BinarySearchFunc(domains, id, func(d whmcs.Domain, id int64) int { return cmp.Compare(d.ID, id) })
	if !found {
		return nil
	}
	return &domains[i]
}
