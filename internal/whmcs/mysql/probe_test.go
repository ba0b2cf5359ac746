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
	readLittle  = "SELECT (id, email, status, groupid, emailoptout, marketing_emails_opt_in, firstname, lastname) ON tblclients"
	readOld     = "SELECT (id, email, status, groupid, emailoptout) ON tblclients"
	readVersion = "SELECT (setting, value) ON tblconfiguration"
	writeOptOut = "UPDATE (emailoptout, marketing_emails_opt_in) ON tblclients"
)

// switches is a Features without its words.
func switches(f whmcs.Features) whmcs.Features {
	f.Columns, f.Missing = nil, nil
	return f
}

func TestProbe(t *testing.T) {
	t.Parallel()

	t.Run("a recent version with all rights has everything", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		want := whmcs.Features{
			Version: "8.13.1-release.1", OptIn: true, CustomFields: true, Services: true, UpdatedAt: true, WriteOptOut: true, ActivityLog: true,
		}
		if diff := cmp.Diff(want, switches(b.features)); diff != "" {
			t.Error(diff)
		}
		if len(b.features.Missing) > 0 {
			t.Errorf("missing: %q", b.features.Missing)
		}
	})

	t.Run("secrets are no columns to be read", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		for name, want := range map[string]bool{"country": true, "companyname": true, "password": false, "pwresetkey": false, "notes": false} {
			if got := b.features.Columns[name]; got != want {
				t.Errorf("column %s: %v, want %v", name, got, want)
			}
		}
	})

	t.Run("an old version lacks consent and updated_at, and says so", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		want := whmcs.Features{Version: "7.4.2-release.1", CustomFields: true, Services: true, WriteOptOut: true, ActivityLog: true}
		if diff := cmp.Diff(want, switches(b.features)); diff != "" {
			t.Error(diff)
		}
		words := strings.Join(b.features.Missing, "\n")
		for _, name := range []string{"marketing_emails_opt_in", "updated_at"} {
			if !strings.Contains(words, name) {
				t.Errorf("%q does not name %s", words, name)
			}
		}
	})

	t.Run("grants of a few columns are enough to read", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		features, err := b.as(t, readLittle).Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whmcs.Features{OptIn: true}, switches(features)); diff != "" {
			t.Error(diff)
		}
		if words := strings.Join(features.Missing, "\n"); strings.Count(words, "GRANT ") != 7 || !strings.Contains(words, "GRANT UPDATE (emailoptout, marketing_emails_opt_in) ON `") {
			t.Errorf("the words do not name seven grants:\n%s", words)
		}
	})

	t.Run("grants of single columns switch the writes on", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		features, err := b.as(t, readLittle, readVersion, writeOptOut, "INSERT ON tblactivitylog").Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := whmcs.Features{Version: "8.13.1-release.1", OptIn: true, WriteOptOut: true, ActivityLog: true}
		if diff := cmp.Diff(want, switches(features)); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("the right to write one of two flags is not the right to opt out", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		features, err := b.as(t, readLittle, "UPDATE (emailoptout) ON tblclients").Probe(t.Context())
		if err != nil || features.WriteOptOut {
			t.Errorf("WriteOptOut %v, %v", features.WriteOptOut, err)
		}
	})
}

func TestProbeCountsEveryFormOfGrant(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]string{"of the whole database": "*", "of the tables": "tblclients"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fixture.Load)
			features, err := b.as(t, "SELECT, UPDATE ON "+on).Probe(t.Context())
			if err != nil || !features.OptIn || !features.WriteOptOut {
				t.Errorf("%+v, %v", features, err)
			}
		})
	}

	t.Run("of a role", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		role := strings.Replace(b.value(t, "SELECT DATABASE()"), "whmcsync_test", "role", 1)
		b.exec(t, "CREATE ROLE "+role, "GRANT SELECT, UPDATE ON tblclients TO "+role)
		t.Cleanup(func() { b.exec(t, "DROP ROLE "+role) })
		features, err := b.inRole(t, role).Probe(t.Context())
		if err != nil || !features.OptIn || !features.WriteOptOut {
			t.Errorf("%+v, %v", features, err)
		}
	})
}

func TestProbeRefusesToGuess(t *testing.T) {
	t.Parallel()

	t.Run("consent that exists but is not granted is not taken for an old version", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		_, err := b.as(t, readOld, readVersion).Probe(t.Context())
		wantFault(t, err, fault.Auth, "GRANT SELECT (marketing_emails_opt_in) ON `", "`.`tblclients` TO 'ws_")
	})

	t.Run("of an unknown version the same is true, unless the server says that there is no such column", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		features, err := b.as(t, readOld).Probe(t.Context())
		if err == nil && !features.OptIn { // some servers tell it even to a user without a right to the whole table
			return
		}
		wantFault(t, err, fault.Auth, "marketing_emails_opt_in")
	})

	t.Run("of an old version it is absent for certain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		features, err := b.as(t, readOld, readVersion).Probe(t.Context())
		if err != nil || features.OptIn {
			t.Errorf("%+v, %v", features, err)
		}
	})

	t.Run("a column that no sync can do without", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		_, err := b.as(t, "SELECT (id, email, marketing_emails_opt_in) ON tblclients").Probe(t.Context())
		wantFault(t, err, fault.Auth, "GRANT SELECT (id, email, status, groupid, emailoptout) ON `")
	})

	t.Run("a database that is not WHMCS", func(t *testing.T) {
		t.Parallel()
		db := connect(t, testkit.MySQL(t))
		_, err := db.Probe(t.Context())
		wantFault(t, err, fault.Refused, "no table of WHMCS")
	})
}
