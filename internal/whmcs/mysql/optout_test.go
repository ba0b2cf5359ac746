package mysql_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const (
	flagsOf1   = "SELECT CONCAT(emailoptout, marketing_emails_opt_in) FROM tblclients WHERE id = 1"
	historyOf1 = "SELECT GROUP_CONCAT(CONCAT(opt_in, '/', admin, '/', created_at > '2020-01-01') ORDER BY id) FROM tblmarketing_consent WHERE userid = 1"
)

var optedIn = whmcs.MailFlags{OptIn: true, HasOptIn: true}

func TestOptOut(t *testing.T) {
	t.Parallel()

	t.Run("it sets both flags, tells the old ones and notes it in the history", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		before, after, changed, err := b.OptOut(t.Context(), b.features, 1)
		if diff := cmp.Diff([]whmcs.MailFlags{optedIn, whmcs.OptedOut(true)}, []whmcs.MailFlags{before, after}); diff != "" || !changed || err != nil {
			t.Error(diff, changed, err)
		}
		if diff := cmp.Diff([]string{"10", "0/0/1"}, []string{b.value(t, flagsOf1), b.value(t, historyOf1)}); diff != "" {
			t.Error(diff)
		}
		if got := b.value(t, "SELECT GROUP_CONCAT(CONCAT(emailoptout, marketing_emails_opt_in) ORDER BY id) FROM tblclients WHERE id > 1"); got != "10,00" {
			t.Errorf("others now hold %s", got)
		}
	})

	t.Run("a second time changes nothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		before, after, changed, err := b.OptOut(t.Context(), b.features, 2)
		if before != after || changed || err != nil {
			t.Error(before, after, changed, err)
		}
	})

	t.Run("a client who had only one flag wrong gets no line in the history of the other", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		_, _, changed, err := b.OptOut(t.Context(), b.features, 3)
		if n := b.value(t, "SELECT COUNT(*) FROM tblmarketing_consent"); !changed || err != nil || n != "0" {
			t.Error(changed, err, n)
		}
	})

	t.Run("an old version has the one flag", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		before, after, changed, err := b.OptOut(t.Context(), b.features, 1)
		if (before != whmcs.MailFlags{}) || after != whmcs.OptedOut(false) || !changed || err != nil {
			t.Error(before, after, changed, err)
		}
	})

	t.Run("an absent client is not found", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		_, _, _, err := b.OptOut(t.Context(), b.features, 404)
		wantFault(t, err, fault.NotFound, "no client 404")
	})

	t.Run("a history that cannot be written does not keep the person on the list", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		b.exec(t, "ALTER TABLE tblmarketing_consent ADD CONSTRAINT never CHECK (userid < 0)")
		_, _, changed, err := b.OptOut(t.Context(), b.features, 1)
		if got := b.value(t, flagsOf1); !changed || err != nil || got != "10" {
			t.Error(changed, err, got)
		}
	})

	t.Run("tables without transactions are guarded too", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		b.exec(t, "ALTER TABLE tblclients ENGINE = MyISAM")
		_, _, changed, err := b.OptOut(t.Context(), b.features, 1)
		if got := b.value(t, flagsOf1); !changed || err != nil || got != "10" {
			t.Error(changed, err, got)
		}
	})

	t.Run("of many at once exactly one has changed it", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		var all sync.WaitGroup
		var changes atomic.Int64
		for range 12 {
			all.Go(func() {
				_, _, changed, err := b.OptOut(t.Context(), b.features, 1)
				if err != nil {
					t.Error(err)
				}
				if changed {
					changes.Add(1)
				}
			})
		}
		all.Wait()
		if changes.Load() != 1 || b.value(t, historyOf1) != "0/0/1" {
			t.Errorf("%d changes, history %s", changes.Load(), b.value(t, historyOf1))
		}
	})
}

func TestOptOutByColumnGrants(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)

	t.Run("the two columns are enough", func(t *testing.T) {
		t.Parallel()
		db := b.as(t, readLittle, writeOptOut)
		features, err := db.Probe(t.Context())
		if err != nil || !features.WriteOptOut {
			t.Fatal(features, err)
		}
		before, _, changed, err := db.OptOut(t.Context(), features, 1)
		if !changed || err != nil {
			t.Fatal(changed, err)
		}
		undone, err := db.UndoOptOut(t.Context(), 1, before)
		if got := b.value(t, flagsOf1); !undone || err != nil || got != "01" {
			t.Error(undone, err, got)
		}
	})

	t.Run("without them the error names the grant", func(t *testing.T) {
		t.Parallel()
		_, _, _, err := b.as(t, readLittle).OptOut(t.Context(), b.features, 1)
		wantFault(t, err, fault.Auth, "opt-out of client 1", "GRANT UPDATE (emailoptout, marketing_emails_opt_in) ON `")
	})
}

func TestUndoOptOut(t *testing.T) {
	t.Parallel()

	t.Run("it restores what OptOut replaced and notes that too", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		before, _, _, err := b.OptOut(t.Context(), b.features, 1)
		if err != nil {
			t.Fatal(err)
		}
		undone, err := b.UndoOptOut(t.Context(), 1, before)
		if !undone || err != nil {
			t.Error(undone, err)
		}
		if diff := cmp.Diff([]string{"01", "0/0/1,1/0/1"}, []string{b.value(t, flagsOf1), b.value(t, historyOf1)}); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("what somebody changed since is left alone", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		b.exec(t, "UPDATE tblclients SET emailoptout = 1, marketing_emails_opt_in = 1 WHERE id = 1")
		undone, err := b.UndoOptOut(t.Context(), 1, optedIn)
		if got := b.value(t, flagsOf1); undone || err != nil || got != "11" {
			t.Error(undone, err, got)
		}
	})

	t.Run("a client who is gone is left alone", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		if undone, err := b.UndoOptOut(t.Context(), 404, optedIn); undone || err != nil {
			t.Error(undone, err)
		}
	})

	t.Run("an old version has the one flag", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		b.exec(t, "UPDATE tblclients SET emailoptout = 1 WHERE id = 1")
		undone, err := b.UndoOptOut(t.Context(), 1, whmcs.MailFlags{})
		if got := b.value(t, "SELECT emailoptout FROM tblclients WHERE id = 1"); !undone || err != nil || got != "0" {
			t.Error(undone, err, got)
		}
	})
}
