package domainsync_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// changed returns the ids of the applied changes of the first domain, by field.
func (b *bundle) changed() map[string]int64 {
	b.T.Helper()
	changes, err := b.Store.Changes(b.Ctx, state.ChangeFilter{Sync: syncName, Key: "d1.example", State: state.ChangeApplied})
	must(b.T, err)
	ids := map[string]int64{}
	for _, c := range changes {
		ids[c.Field] = c.ID
	}
	return ids
}

// overhauled is a sync that has changed every field of its one domain.
func overhauled(t *testing.T) *bundle {
	t.Helper()
	b := inStep(t, 1)
	following(10)(&b.duty.Policy)
	b.edit(1, standing(whmcs.DomainGrace), neverRenewed, protected)
	b.turn("d1.example", dated(renewal("2031-10-01")))
	b.Pass(synckit.Full)
	b.Pass(synckit.Full) // revived first, and its settings with it
	if n := len(b.changed()); n != 6 {
		t.Fatalf("only %d fields were changed: %v", n, b.changed())
	}
	return b
}

func TestRevertUndoesEveryField(t *testing.T) {
	t.Parallel()
	b := overhauled(t)
	var ids []int64
	for _, id := range b.changed() {
		ids = append(ids, id)
	}
	b.WantCounts(b.Revert(ids...), state.Counts{"records": 1, "reverted": 6})
	want := row(called(1, "d1.example"), standing(whmcs.DomainGrace), neverRenewed, protected)
	if diff := cmp.Diff(want, b.whmcs.rows[1]); diff != "" {
		t.Errorf("WHMCS (-want +got):\n%s", diff)
	}
	if d, _ := b.account.Holds("d1.example"); d.AutoRenew != registrar.On || d.Privacy != registrar.Off {
		t.Errorf("the registrar has %+v", d)
	}
	t.Run("and it is not done again until something else is wanted", func(t *testing.T) {
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_refused": 1})
		b.turn("d1.example", dated(renewal("2031-10-02")))
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainGrace, "2031-10-02")
	})
}

func TestRevertUndoesOneFieldAlone(t *testing.T) {
	t.Parallel()
	for field, undone := range map[string]func(*whmcs.Domain){
		"status":       standing(whmcs.DomainGrace),
		"expiry":       expiring("2031-09-01"),
		"next_due":     func(d *whmcs.Domain) { d.NextDue = civil.Must("2031-09-01") },
		"next_invoice": func(d *whmcs.Domain) { d.NextInvoice = civil.Must("2031-09-01") },
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			b := overhauled(t)
			want := b.whmcs.rows[1]
			undone(&want)
			b.WantCounts(b.Revert(b.changed()[field]), state.Counts{"records": 1, "reverted": 1})
			if diff := cmp.Diff(want, b.whmcs.rows[1]); diff != "" {
				t.Errorf("WHMCS (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevertRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		field string
		meet  func(b *bundle) // what has happened since
		why   string
	}{
		"a status that somebody has changed":             {"status", func(b *bundle) { b.edit(1, standing(whmcs.DomainFraud)) }, "something else by now"},
		"an expiry that somebody has changed":            {"expiry", func(b *bundle) { b.edit(1, expiring("2031-12-24")) }, "something else by now"},
		"a due date that somebody has changed":           {"next_due", func(b *bundle) { b.edit(1, dueOn("2031-12-24", "2031-12-24")) }, "something else by now"},
		"a setting that somebody has switched":           {"auto_renew", func(b *bundle) { b.turn("d1.example", set(registrar.On, registrar.On)) }, "something else by now"},
		"a setting of a name that is gone":               {"id_protection", func(b *bundle) { b.account.Remove("d1.example") }, "no longer has the domain"},
		"a setting that the registrar keeps":             {"auto_renew", func(b *bundle) { b.account.Fail("SetAutoRenew", trouble(fault.Rejected)) }, "as the test wants it"},
		"a setting that the registrar refuses":           {"auto_renew", func(b *bundle) { b.account.Fail("SetAutoRenew", trouble(fault.Refused)) }, "as the test wants it"},
		"a setting of a name that it refuses to look up": {"auto_renew", func(b *bundle) { b.account.Fail("Get", trouble(fault.Refused)) }, "as the test wants it"},
		"what WHMCS rejects":                             {"status", func(b *bundle) { b.whmcs.before = func(int64) error { return trouble(fault.Rejected) } }, "as the test wants it"},
		"a field that there is not any more":             {"colour", func(b *bundle) { b.SQL(`UPDATE changes SET field = 'colour' WHERE field = 'status'`) }, `no field "colour"`},
		"a domain that is gone":                          {"status", func(b *bundle) { delete(b.whmcs.rows, 1) }, "no longer there"},
		"what is changed in the same moment": {"status", func(b *bundle) {
			b.whmcs.before = func(int64) error {
				b.whmcs.before = nil
				b.edit(1, dueOn("2031-12-24", "2031-12-24"))
				return nil
			}
		}, "at the same moment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := overhauled(t)
			tc.meet(b)
			writes := len(b.whmcs.written)
			b.WantCounts(b.Revert(b.changed()[tc.field]), state.Counts{"records": 1})
			if f := b.WantFailures("1 refused"); len(f) == 1 && !strings.Contains(f[0].Message, tc.why) {
				t.Errorf("%q does not say %q", f[0].Message, tc.why)
			}
			if len(b.whmcs.written) > writes {
				t.Errorf("it was written all the same: %+v", b.whmcs.written[writes:])
			}
		})
	}
}

func TestRevertLeavesAnEmptyDateUnwritten(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.edit(1, expiring(""))
	b.Pass(synckit.Full)
	b.WantCounts(b.Revert(b.changed()["expiry"]), state.Counts{"records": 1})
	b.wantRow(1, whmcs.DomainActive, "2031-09-01")
	b.WantFailures("1 refused")
}

func TestARevertThatCrashedIsFinishedByTheNextAttempt(t *testing.T) {
	t.Parallel()
	b := overhauled(t)
	b.whmcs.after = func(int64) error {
		b.whmcs.after = nil
		b.Overtake()
		return nil
	}
	run, err := b.Store.RequestRevert(b.Ctx, syncName, "revert", []int64{b.changed()["expiry"]})
	must(t, err)
	b.MustWork()
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 1, "reverted": 1})
	b.wantRow(1, whmcs.DomainActive, "2031-09-01")
}
