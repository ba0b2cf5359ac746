package mysql_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

func TestDomainSpotsGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	e := setupDomains(t, fixture.Load)
	filter := whmcs.DomainFilter{Registrar: "openprovider", ExcludeProductGroups: []int64{1}}
	page, err := e.DomainSpots(t.Context(), filter, 0, 2)
	want := []whmcs.DomainSpot{{ID: 6, RawName: "dup.test", Status: "Transferred Away"}, {ID: 8, RawName: "bücher.test", Status: "Active"}}
	if diff := cmp.Diff(want, page); diff != "" || err != nil {
		t.Error(diff, err)
	}
	page, err = e.DomainSpots(t.Context(), filter, 8, 3)
	want = []whmcs.DomainSpot{{ID: 9, RawName: "bucher.test", Status: "Active"}, {ID: 10, RawName: "bücher.co.uk", Status: "Active"}}
	if diff := cmp.Diff(want, page); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestDomainsChangedSince(t *testing.T) {
	t.Parallel()

	t.Run("the first look lists none and gives the place to go on from", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		changed, err := e.DomainsChangedSince(t.Context(), whmcs.DomainFilter{}, time.Time{}, 10)
		if err != nil || changed.IDs != nil || time.Since(changed.Cursor).Abs() > time.Minute {
			t.Errorf("%+v, %v", changed, err)
		}
	})

	t.Run("domains touched since are listed, those that the filter takes out not", func(t *testing.T) {
		t.Parallel()
		e := setupDomains(t, fixture.Load)
		e.exec(t, "UPDATE tbldomains SET updated_at = NOW() - INTERVAL 59 MINUTE WHERE id IN (1, 4, 6, 9)")
		cursor := time.Now().Add(-time.Hour)
		filter := whmcs.DomainFilter{Registrar: "openprovider", ExcludeDomains: []string{"dup.test"}}
		changed, err := e.DomainsChangedSince(t.Context(), filter, cursor, 10)
		if diff := cmp.Diff([]int64{1, 9}, changed.IDs); diff != "" || err != nil || !changed.Cursor.After(cursor) {
			t.Error(diff, changed, err)
		}
		_, err = e.DomainsChangedSince(t.Context(), filter, cursor, 2)
		wantFault(t, err, fault.Refused, "look for changed domains")
		if !errors.Is(err, mysql.ErrTooMany) {
			t.Error(err)
		}
	})

	t.Run("an old version has no such column", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, fixture.LoadOld).DomainsChangedSince(t.Context(), whmcs.DomainFilter{}, time.Now(), 10)
		wantFault(t, err, fault.Refused, "updated_at")
	})
}

func TestReadDomainSettings(t *testing.T) {
	t.Parallel()
	set := func(name, value string) string {
		return "UPDATE tblconfiguration SET value = '" + value + "' WHERE setting = 'DomainSync" + name + "'"
	}
	for name, tc := range map[string]struct {
		edits []string
		want  whmcs.DomainSettings
	}{
		"as words":            {nil, whmcs.DomainSettings{SyncEnabled: true, NextDueDate: true, NextDueDateDays: 10}},
		"as numbers":          {[]string{set("NotifyOnly", "1"), set("Enabled", "0")}, whmcs.DomainSettings{NotifyOnly: true, NextDueDate: true, NextDueDateDays: 10}},
		"0 days are no more":  {[]string{set("NextDueDateDays", "0")}, whmcs.DomainSettings{SyncEnabled: true, NextDueDate: true}},
		"the flag is no days": {[]string{set("NextDueDate", "1")}, whmcs.DomainSettings{SyncEnabled: true, NextDueDate: true, NextDueDateDays: 10}},
		"nothing is off, but the switch is not known": {[]string{"DELETE FROM tblconfiguration WHERE setting LIKE 'DomainSync%'"}, whmcs.DomainSettings{SyncUnknown: true}},
		"an empty switch is off":                      {[]string{set("Enabled", "")}, whmcs.DomainSettings{NextDueDate: true, NextDueDateDays: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, fixture.Load)
			b.exec(t, tc.edits...)
			got, err := b.ReadDomainSettings(t.Context())
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}

	t.Run("days that are none are told", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		for _, days := range []string{"on", "-3", "9999", "ten"} {
			b.exec(t, set("NextDueDateDays", days))
			got, err := b.ReadDomainSettings(t.Context())
			if want := (whmcs.DomainSettings{SyncEnabled: true, NextDueDate: true, NoDays: true}); err != nil || got != want {
				t.Errorf("%q: %+v, %v", days, got, err)
			}
		}
	})

	t.Run("without the right the error names the grant", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, fixture.Load).as(t, readDomains).ReadDomainSettings(t.Context())
		wantFault(t, err, fault.Auth, "GRANT SELECT (setting, value) ON `")
	})
}

func TestAdminMails(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	mails, err := b.AdminMails(t.Context())
	if diff := cmp.Diff([]string{"ada@example.test", "zoe@example.test"}, mails); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = b.as(t, readDomains).AdminMails(t.Context())
	wantFault(t, err, fault.Auth, "GRANT SELECT (id, roleid, email, disabled) ON `", "GRANT SELECT (id, systememails) ON `")
}
