package mysql_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// The grants of somebody who gives us as little as possible.
const (
	readDomains = "SELECT (id, userid, domain, registrar, status, type, registrationperiod, registrationdate, expirydate, " +
		"nextduedate, nextinvoicedate, donotrenew, idprotection) ON tbldomains"
	writeDomains  = "UPDATE (status, expirydate, nextduedate, nextinvoicedate) ON tbldomains"
	switchDomains = "UPDATE (donotrenew, idprotection) ON tbldomains"
	markDomains   = "UPDATE (synced, updated_at) ON tbldomains"
	readInvoices  = "SELECT (id, status) ON tblinvoices"
	readItems     = "SELECT (id, invoiceid, type, relid, duedate) ON tblinvoiceitems"
	moveItems     = "UPDATE (duedate) ON tblinvoiceitems"
)

func TestProbeDomains(t *testing.T) {
	t.Parallel()
	wordless := func(f whmcs.DomainFeatures) whmcs.DomainFeatures { f.Missing = nil; return f }

	t.Run("a recent version with all rights has everything", func(t *testing.T) {
		t.Parallel()
		want := whmcs.DomainFeatures{
			Write: true, WriteSettings: true, UpdatedAt: true, WriteUpdatedAt: true, Synced: true, Premium: true, Services: true, Invoices: true,
			InvoiceItems: true, Settings: true, ActivityLog: true, Admins: true,
		}
		if diff := cmp.Diff(want, setupDomains(t, fixture.Load).domains); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("an old version lacks updated_at and is_premium, and says so", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.LoadOld)
		want := whmcs.DomainFeatures{
			Write: true, WriteSettings: true, Synced: true, Services: true, Invoices: true, InvoiceItems: true, Settings: true, ActivityLog: true, Admins: true,
		}
		if diff := cmp.Diff(want, wordless(e.domains)); diff != "" {
			t.Error(diff)
		}
		if words := strings.Join(e.domains.Missing, "\n"); len(e.domains.Missing) != 3 || !strings.Contains(words, "is_premium") {
			t.Error(words)
		}
	})

	t.Run("every right that is missing is named with its grant", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		features, err := e.as(t, readDomains).ProbeDomains(t.Context())
		if diff := cmp.Diff(whmcs.DomainFeatures{}, wordless(features)); diff != "" || err != nil {
			t.Error(diff, err)
		}
		words := strings.Join(features.Missing, "\n")
		for _, grant := range []string{
			"GRANT UPDATE (status, expirydate, nextduedate, nextinvoicedate) ON `", "GRANT UPDATE (donotrenew, idprotection) ON `", "GRANT UPDATE (synced) ON `", "GRANT UPDATE (updated_at) ON `",
			"GRANT UPDATE (duedate) ON `", "GRANT SELECT (id, gid) ON `", "GRANT SELECT (id, systememails) ON `", "GRANT INSERT ON `",
		} {
			if !strings.Contains(words, grant) {
				t.Errorf("%s\ndoes not name %s", words, grant)
			}
		}
		if len(features.Missing) != 12 {
			t.Errorf("%d lines", len(features.Missing))
		}
	})

	t.Run("grants of single columns switch the writes on", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		features, err := e.as(t, readDomains, writeDomains, markDomains, readInvoices, readItems).ProbeDomains(t.Context())
		want := whmcs.DomainFeatures{Write: true, WriteUpdatedAt: true, Synced: true, Invoices: true}
		if diff := cmp.Diff(want, wordless(features)); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})

	t.Run("auto-renew and ID protection that are kept as text are not written", func(t *testing.T) {
		t.Parallel()
		e := setup(t, fixture.Load)
		e.exec(t, "ALTER TABLE tbldomains MODIFY donotrenew TEXT")
		features, err := e.ProbeDomains(t.Context())
		want := []string{"auto-renew and ID protection cannot be taken over from the registrar: this version keeps them as text"}
		if diff := cmp.Diff(want, features.Missing); diff != "" || features.WriteSettings || err != nil {
			t.Error(diff, features.WriteSettings, err)
		}
	})

	t.Run("a column that no sync can do without", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, fixture.Load).as(t, "SELECT (id, domain) ON tbldomains").ProbeDomains(t.Context())
		wantFault(t, err, fault.Auth, "of tbldomains that are needed", "GRANT SELECT (id, userid, domain, registrar")
	})

	t.Run("a database that is not WHMCS", func(t *testing.T) {
		t.Parallel()
		_, err := connect(t, testkit.MySQL(t)).ProbeDomains(t.Context())
		wantFault(t, err, fault.Refused, "no table of WHMCS")
	})
}
