package mysql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// estate is a bundle with what was found out for domains.
type estate struct {
	*bundle
	domains whmcs.DomainFeatures
}

func setupDomains(t *testing.T, load loader) *estate {
	t.Helper()
	b := setup(t, load)
	features, err := b.ProbeDomains(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &estate{b, features}
}

// ids reads all domains that the filter admits.
func (e *estate) ids(t *testing.T, filter whmcs.DomainFilter) []int64 {
	t.Helper()
	domains, err := e.Domains(t.Context(), e.domains, filter, 0, 1<<31)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, d := range domains {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestDomains(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	must := civil.Must

	t.Run("rows read as they are meant", func(t *testing.T) {
		t.Parallel()
		got, err := e.DomainsByIDs(t.Context(), e.domains, whmcs.DomainFilter{}, []int64{10, 8, 3, 2, 1, 1, 404})
		if err != nil {
			t.Fatal(err)
		}
		want := []whmcs.Domain{
			{
				ID: 1, ClientID: 1, RawName: "example-one.test", Registrar: "openprovider", Status: "Active", Type: "Register", Period: 1,
				Registered: must("2023-05-20"), Expiry: must("2027-05-20"), NextDue: must("2027-05-10"), NextInvoice: must("2027-05-10"),
				IDProtection: true, OpenInvoice: true,
			},
			{
				ID: 2, ClientID: 1, RawName: "example-two.test", Registrar: "openprovider", Status: "Pending Transfer", Type: "Transfer", Period: 1,
				Registered: must("2025-01-02"), NextDue: must("2027-01-02"), NextInvoice: must("2027-01-02"),
			},
			{ID: 3, ClientID: 1, RawName: "Example-Three.TEST", Registrar: "openprovider", Status: "Active", Type: "Register", Period: 2, Premium: true},
			{
				ID: 8, ClientID: 2, RawName: "bücher.test", Registrar: "OpenProvider", Status: "Active", Type: "Register", Period: 1,
				Registered: must("2022-03-03"), Expiry: must("2027-03-03"), NextDue: must("2027-03-03"), NextInvoice: must("2027-03-03"),
			},
			{
				ID: 10, ClientID: 3, RawName: "bücher.co.uk", Registrar: "openprovider", Status: "Active", Type: "Register", Period: 1,
				Registered: must("2022-03-03"), NextDue: must("2027-03-03"), NextInvoice: must("2027-03-03"), RawExpiry: "2026-00-00",
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})

	for _, tc := range []struct {
		name   string
		filter whmcs.DomainFilter
		want   []int64
	}{
		{"by registrar, in any case", whmcs.DomainFilter{Registrar: "openPROVIDER"}, []int64{1, 2, 3, 6, 7, 8, 9, 10}},
		{"by statuses", whmcs.DomainFilter{Statuses: []whmcs.DomainStatus{"Grace", "Pending Transfer"}}, []int64{2, 4}},
		{"a domain left out, its punycode twin too, the one without an umlaut not", whmcs.DomainFilter{ExcludeDomains: []string{"Bücher.test"}}, []int64{1, 2, 3, 5, 6, 7, 9, 10}},
		{"an extension left out", whmcs.DomainFilter{ExcludeTLDs: []string{".test"}}, []int64{10}},
		{"clients left out", whmcs.DomainFilter{ExcludeClients: []int64{1, 3}}, []int64{4, 5, 8}},
		{"a product group left out: client 1 has an active service there", whmcs.DomainFilter{ExcludeProductGroups: []int64{1}}, []int64{4, 5, 6, 8, 9, 10}},
		{"a service that has ended leaves nobody out", whmcs.DomainFilter{ExcludeProductGroups: []int64{3, 99}}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, e.ids(t, tc.filter)); diff != "" {
				t.Error(diff)
			}
			spots, err := e.DomainSpots(t.Context(), tc.filter, 0, 100)
			if err != nil || len(spots) != len(tc.want) {
				t.Errorf("the survey finds %v (%v)", spots, err)
			}
		})
	}

	t.Run("by name, as the caller understands names", func(t *testing.T) {
		t.Parallel()
		for name, want := range map[string][]int64{"dup.test": {6, 7}, "bücher.test": {8}, "bucher.test": {9}, "absent.test": nil} {
			domains, err := e.DomainsByNames(t.Context(), e.domains, whmcs.DomainFilter{}, func(raw string) bool { return strings.EqualFold(raw, name) })
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, d := range domains {
				got = append(got, d.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(name, diff)
			}
		}
	})
}

func TestDomainsAreFoundByNameHoweverTheyAreStored(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	stored := []string{
		"Way.TEST", "way.test ", "  way.test", "way.test.", "way.example", "subway.test", "bÜcher.example", "b&uuml;cher.example", "xn--bcher-kva.example",
		"&uuml;ber.example", "b&auml;cher.example", "m_x.пример.test", "m_x.XN--e1afmkfd.test", " way.test", " b&uuml;cher.example ",
	}
	for i, name := range stored {
		e.exec(t, fmt.Sprintf(`INSERT INTO tbldomains (id, userid, domain, registrar, subscriptionid, additionalnotes, paymentmethod, reminders, status)
			VALUES (%d, 1, '%s', '%s', '', '', '', '', '%s')`, 101+i, name, []string{"openprovider", ""}[i%2], whmcs.DomainStatuses()[i%10]))
	}
	for name, want := range map[registrar.Name][]int64{
		"way.test": {101, 102, 103, 104, 114}, "xn--bcher-kva.example": {107, 108, 109, 115}, "xn--ber-goa.example": {110}, "m_x.xn--e1afmkfd.test": {112, 113},
		"absent.test": nil, "bcher.example": nil, "dup.test": {6, 7},
	} {
		found, err := e.DomainsSpelled(t.Context(), name.Spellings())
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, d := range found {
			if meant, err := registrar.ParseName(d.RawName); err == nil && meant == name {
				got = append(got, d.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(name, diff)
		}
	}
}

func TestDomainsOfAnOldVersion(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.LoadOld)
	domains, err := e.DomainsByIDs(t.Context(), e.domains, whmcs.DomainFilter{}, []int64{3, 4})
	if err != nil || len(domains) != 2 {
		t.Fatal(domains, err)
	}
	// Grace is none of its statuses: a lax server has stored nothing instead.
	if domains[0].Premium || domains[1].Status != "" {
		t.Errorf("%+v", domains)
	}
}

func TestFlagsInTextColumns(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	e.exec(t, "ALTER TABLE tbldomains MODIFY donotrenew TEXT, MODIFY idprotection TEXT",
		"UPDATE tbldomains SET donotrenew = 'on', idprotection = NULL WHERE id = 1", "UPDATE tbldomains SET donotrenew = '', idprotection = 'on' WHERE id = 2")
	domains, err := e.DomainsByIDs(t.Context(), e.domains, whmcs.DomainFilter{}, []int64{1, 2})
	if err != nil || !domains[0].DoNotRenew || domains[0].IDProtection || domains[1].DoNotRenew || !domains[1].IDProtection {
		t.Errorf("%+v, %v", domains, err)
	}
}

func TestAnInvoiceIsOpenForItsDomainAndDueDateOnly(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	open := func() (ids []int64) {
		domains, err := e.Domains(t.Context(), e.domains, whmcs.DomainFilter{}, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range domains {
			if d.OpenInvoice {
				ids = append(ids, d.ID)
			}
		}
		return ids
	}
	if diff := cmp.Diff([]int64{1}, open()); diff != "" {
		t.Error(diff)
	}
	e.exec(t, "UPDATE tblinvoiceitems SET duedate = '2027-03-03' WHERE id = 4", "UPDATE tblinvoices SET status = 'Cancelled' WHERE id = 1",
		"INSERT INTO tblinvoiceitems (invoiceid, userid, type, relid, duedate, description, paymentmethod, notes) VALUES (3, 1, 'Domain', 3, NULL, '', '', '')")
	if diff := cmp.Diff([]int64{9}, open()); diff != "" {
		t.Error(diff)
	}
}

func TestDomainsMadeReadAsTheyAreDescribed(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	options := fixture.DomainOptions{N: 5000, Seed: 9}
	if err := fixture.LoadDomains(t.Context(), e.dsn, options); err != nil {
		t.Fatal(err)
	}
	want := slices.Collect(fixture.Domains(options))
	got, err := e.Domains(t.Context(), e.domains, whmcs.DomainFilter{}, 1000, 1<<31)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}

	filter := whmcs.DomainFilter{Registrar: "openprovider", ExcludeTLDs: []string{"com", "рф"}}
	sieve := filter.Sieve()
	want = slices.DeleteFunc(want, func(d whmcs.Domain) bool { return !sieve.Admits(d) })
	for _, size := range []int{700, 1001, 10_000} {
		if diff := cmp.Diff(spotsOf(want), survey(t, e.DB, filter, size)); diff != "" {
			t.Errorf("the survey in pages of %d: %s", size, diff)
		}
	}
}

func spotsOf(domains []whmcs.Domain) (spots []whmcs.DomainSpot) {
	for _, d := range domains {
		spots = append(spots, whmcs.DomainSpot{ID: d.ID, RawName: d.RawName, Status: d.Status})
	}
	return spots
}

// survey reads all spots behind the seed's.
func survey(t *testing.T, db *mysql.DB, filter whmcs.DomainFilter, size int) (all []whmcs.DomainSpot) {
	t.Helper()
	for after := int64(1000); ; {
		page, err := db.DomainSpots(t.Context(), filter, after, size)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) < size {
			return all
		}
		after = page[size-1].ID
	}
}

func TestCollationsDoNotHideDomains(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	e.exec(t, "ALTER TABLE tbldomains MODIFY domain TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, MODIFY registrar TEXT CHARACTER SET latin1 COLLATE latin1_bin NOT NULL",
		"UPDATE tbldomains SET domain = '😀.test', registrar = 'OPENPROVIDER ' WHERE id = 5", "UPDATE tbldomains SET domain = '🚀.test' WHERE id = 7")
	if diff := cmp.Diff([]int64{1, 2, 3, 5, 6, 7, 8, 9, 10}, e.ids(t, whmcs.DomainFilter{Registrar: "openprovider"})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 6, 7, 8, 9, 10}, e.ids(t, whmcs.DomainFilter{ExcludeDomains: []string{"😀.test"}})); diff != "" {
		t.Error(diff)
	}
}

func TestDomainsWithoutTheRightTo(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	db := e.as(t, readDomains)
	_, err := db.Domains(t.Context(), e.domains, whmcs.DomainFilter{}, 0, 10)
	wantFault(t, err, fault.Auth, "read domains (ids 1 to 10)", "is_premium", "GRANT SELECT (id, userid, domain")
	features := whmcs.DomainFeatures{}
	_, err = db.Domains(t.Context(), features, whmcs.DomainFilter{ExcludeProductGroups: []int64{1}}, 0, 10)
	wantFault(t, err, fault.Auth, "product groups", "GRANT SELECT (userid, packageid, domainstatus) ON `", "GRANT SELECT (id, gid) ON `")
	domains, err := db.Domains(t.Context(), features, whmcs.DomainFilter{}, 0, 10)
	if len(domains) != 10 || err != nil {
		t.Error(len(domains), err)
	}
}
