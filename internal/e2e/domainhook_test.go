package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestSettingsReachTheRegistrarWithinTwoSecondsOfAHook(t *testing.T) {
	t.Parallel()
	e, at, _ := peaceful(t, plot{domains: 300, shape: shape{sync: writable}})
	server := address(t, e.start("server"))
	rows := slices.DeleteFunc(readHoldings(t, e.whmcs), func(h holding) bool { return !e.rules.ours(h) || nameOf(h.Domain) == "" })
	var took []time.Duration
	for i, h := range rows[20:70] {
		column, turned := "donotrenew", h.Stays
		if i%2 == 1 {
			column, turned = "idprotection", !h.Hidden
		}
		e.exec(`UPDATE tbldomains SET `+column+` = 1 - `+column+` WHERE id = ?`, h.ID)
		began := time.Now()
		hook(t, server, fmt.Sprintf(`{"v":1,"event":"DomainEdit","domains":[%d],"nonce":%q}`, h.ID, strconv.Itoa(i)))
		testkit.Eventually(t, patience, func() (bool, string) {
			c := at.claims()[nameOf(h.Domain)]
			return column == "donotrenew" && c.renews == onOff(turned) || column == "idprotection" && c.hides == onOff(turned), fmt.Sprintf("%s: %+v", h.Domain, c)
		})
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("median %s, slowest of 50 %s", took[25].Round(time.Millisecond), took[49].Round(time.Millisecond))
	if took[49] > 2*time.Second {
		t.Errorf("a setting took %s to reach the registrar", took[49])
	}
	if n := counted(at.Counts(), e.desk.changes); n != 50 {
		t.Errorf("%d settings were written for 50 hooks", n)
	}
}

// Where nothing may be written everything is noticed: because the sync says so, or because WHMCS's own sync writes too.
func TestNothingIsWrittenAndAllIsNoticed(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		sync, own string // lines of the sync, and whether WHMCS's own sync only notifies
		edit      string // of the settings of WHMCS
	}{
		"in mode notify":                                  {writable + "\nmode: notify", "on", ""},
		"while WHMCS writes by itself":                    {writable, "", ""},
		"while nobody knows whether WHMCS does by itself": {writable, "", "DELETE FROM tblconfiguration WHERE setting = 'DomainSyncEnabled'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, desk := openOpenprovider(sim.Options{})
			e := newEstate(t, desk, plot{domains: 300, due: 10, shape: shape{sync: p.sync}})
			e.rules.renewal = true
			at.seed(readHoldings(t, e.whmcs), e.rules)
			e.exec(`UPDATE tblconfiguration SET value = ? WHERE setting = 'DomainSyncNotifyOnly'`, p.own)
			if p.edit != "" {
				e.exec(p.edit)
			}
			e.staff()
			f := e.foresee()
			if run := e.pass(false); run.State != state.RunDone || run.Held != 0 {
				t.Errorf("run %d ended as %s (%s) with %d changes held", run.ID, run.State, run.Error, run.Held)
			}
			e.untouched()
			e.noticed(f)

			e.hookAll()
			e.untouched()
			e.noticed(f)
		})
	}
}

// hookAll points at every domain as the hook file does, and waits until all were looked at.
func (e *estate) hookAll() {
	e.t.Helper()
	var ids []int64
	for _, h := range readHoldings(e.t, e.whmcs) {
		ids = append(ids, h.ID)
	}
	list := strings.Trim(marks(ids), "()")
	hook(e.t, address(e.t, e.start("server")), fmt.Sprintf(`{"v":1,"event":"DomainEdit","domains":[%s],"nonce":"all"}`, list))
	testkit.Eventually(e.t, patience, func() (bool, string) {
		runs, err := e.store.Runs(e.t.Context(), state.RunFilter{Sync: e.sync, Kind: state.RunTouch})
		looked := int64(0)
		for _, run := range runs {
			if run.State.Ended() {
				looked += run.Total
			}
		}
		return err == nil && looked == int64(len(ids)), fmt.Sprintf("%d of %d domains were looked at (%v)", looked, len(ids), err)
	})
}

// noticed checks that all that would have been written was noticed, and nothing was applied.
func (e *estate) noticed(f forecast) {
	e.t.Helper()
	changes, err := e.store.Changes(e.t.Context(), state.ChangeFilter{Sync: e.sync})
	if err != nil {
		e.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range changes {
		seen[fmt.Sprintf("%d %s = %s", c.RecordID, c.Field, c.New)] = true
		if c.State != state.ChangeNoticed {
			e.t.Errorf("a change of %s of domain %d is %s", c.Field, c.RecordID, c.State)
		}
	}
	var missing []string
	wanted := 0
	for _, h := range readHoldings(e.t, e.whmcs) {
		for _, want := range f.verdicts[h.ID].changes(h) {
			if wanted++; !seen[want] {
				missing = append(missing, want)
			}
		}
	}
	if wanted < 200 || len(missing) > 0 {
		e.t.Errorf("%d of %d changes were not noticed: %v", len(missing), wanted, missing[:min(len(missing), 10)])
	}
}

// changes are what a verdict would write, as changes say it.
func (v verdict) changes(h holding) (all []string) {
	for _, c := range []struct{ field, from, to string }{
		{"status", h.Status, v.row.Status},
		{"expiry", h.Expiry, v.row.Expiry},
		{"next_due", h.Due, v.row.Due},
		{"next_invoice", h.Invoice, v.row.Invoice},
		{"auto_renew", "", v.renew},
		{"id_protection", "", v.hide},
	} {
		if v.row.ID != 0 && c.from != c.to {
			all = append(all, fmt.Sprintf("%d %s = %s", h.ID, c.field, c.to))
		}
	}
	return all
}
