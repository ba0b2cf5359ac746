package clientsync_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// change returns the newest change of Ana's field.
func (b *bundle) change(field string) state.Change {
	b.T.Helper()
	changes, err := b.Store.Changes(b.Ctx, state.ChangeFilter{Sync: b.Name, Key: "ana@example.com"})
	must(b.T, err)
	for _, c := range changes {
		if c.Field == field {
			return c
		}
	}
	b.T.Fatalf("no change of %s in %+v", field, changes)
	return state.Change{}
}

// fieldRules map two custom fields of the list.
var fieldRules = []clientsync.FieldRule{{Field: "7", Column: "country"}, {Field: "8", Column: "country"}}

func renamed(name string) func(*whmcs.Client) {
	return func(c *whmcs.Client) { c.Columns["full_name"] = name }
}

// reseed puts Ana on the list as given, beside what she has there.
func (b *bundle) reseed(change func(*maillist.Entry)) {
	e, _ := b.list.Holds("ana@example.com")
	change(&e)
	b.list.Seed(e)
}

func TestRevertUndoesWhatIsSafe(t *testing.T) {
	t.Parallel()
	t.Run("a person who was created leaves the groups that we gave", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.Pass()
		b.reseed(inGroups(1, 50))
		b.WantCounts(b.Revert(b.change("subscriber").ID), state.Counts{"records": 1, "reverted": 1})
		b.wantGroups("ana@example.com", 50)
		b.WantChanges("ana@example.com", "subscriber reverted")
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_refused": 1})
		b.whmcs.put(client(1, renamed("Ana Two")))
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1})
	})
	t.Run("and stays out of them though the client was settled anew since", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.Pass()
		created := b.change("subscriber").ID
		b.whmcs.put(client(1, renamed("Ana Two")))
		b.Pass()
		b.WantCounts(b.Revert(created), state.Counts{"records": 1, "reverted": 1})
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_refused": 1})
		b.wantGroups("ana@example.com")
		b.whmcs.put(client(1, renamed("Ana Three")))
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1})
		b.wantGroups("ana@example.com", 1)
	})
	t.Run("but who is not wanted is still taken out", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.list.Seed(*entry(inGroups(50), called("Anna")))
		b.Pass()
		b.whmcs.put(client(1, withoutConsent))
		b.Pass()
		b.WantCounts(b.Revert(b.change("name").ID), state.Counts{"records": 1, "reverted": 1})
		b.reseed(inGroups(1, 50)) // by a form
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "detached": 1})
		b.wantGroups("ana@example.com", 50)
	})
	t.Run("all changes of a person at once", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.duty.Policy.Fields = append(b.duty.Policy.Fields, fieldRules...)
		b.list.Seed(*entry(inGroups(50), called("Anna"), func(e *maillist.Entry) { e.Fields = map[string]string{"7": "PT", "8": "PT", "9": "theirs"} }))
		b.Pass()
		b.WantCounts(b.Revert(b.change("groups").ID, b.change("name").ID, b.change("custom:7").ID, b.change("custom:8").ID), state.Counts{"records": 1, "reverted": 4})
		e, _ := b.list.Holds("ana@example.com")
		want := entry(inGroups(50), called("Anna"), func(e *maillist.Entry) { e.Fields = map[string]string{"7": "PT", "8": "PT", "9": "theirs"} })
		if diff := cmp.Diff(*want, e); diff != "" {
			t.Errorf("entry (-want +got):\n%s", diff)
		}
	})
	t.Run("groups given one after the other, and the newest wish is the one refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, client(1))
		b.list.Seed(*entry(inGroups(50)))
		b.Pass()
		first := b.change("groups").ID
		b.whmcs.put(client(1, func(c *whmcs.Client) { c.Products = []int64{12} }))
		b.Pass()
		b.wantGroups("ana@example.com", 1, 3, 50)
		b.WantCounts(b.Revert(first, b.change("groups").ID), state.Counts{"records": 1, "reverted": 2})
		b.wantGroups("ana@example.com", 50)
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_refused": 1})
	})
}

// fails has the list answer a call with an error.
func fails(call string, class fault.Class) func(*bundle) {
	return func(b *bundle) {
		b.list.before = func(name, _ string) error {
			if name == call {
				return trouble(class)
			}
			return nil
		}
	}
}

func TestRevertRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		field string
		meet  func(b *bundle) // what has happened since
		why   string
	}{
		"a person who is not there any more":       {"groups", func(b *bundle) { b.list.Remove("ana@example.com") }, "no longer on the list"},
		"a person who unsubscribed":                {"groups", func(b *bundle) { b.reseed(suppressed(maillist.Unsubscribed)) }, "unsubscribed"},
		"a field that holds something else by now": {"name", func(b *bundle) { b.reseed(called("Annie")) }, "something else"},
		"groups that are not there any more":       {"groups", func(b *bundle) { b.reseed(inGroups(50)) }, "other groups"},
		"a field that was empty before":            {"locale", func(*bundle) {}, "never emptied"},
		"what the list rejects":                    {"name", fails("upsert", fault.Rejected), "as the test wants it"},
		"what the list refuses":                    {"name", fails("upsert", fault.Refused), "as the test wants it"},
		"a person whom the list refuses to find":   {"name", fails("find", fault.Refused), "as the test wants it"},
		"a person who was taken out": {"groups", func(b *bundle) {
			b.whmcs.put(client(1, withoutConsent))
			b.Pass()
		}, "own consent"},
		"a group that was taken away": {"groups", func(b *bundle) {
			b.reseed(inGroups(1, 3))
			b.duty.Policy.ReplaceGroups = true
			b.Pass(synckit.Full)
		}, "put back by the rules"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, client(1))
			b.list.Seed(*entry(inGroups(50), func(e *maillist.Entry) { e.Attributes = maillist.Attributes{"name": "Anna"} }))
			b.Pass()
			tc.meet(b)
			before, _ := b.list.Holds("ana@example.com")
			b.WantCounts(b.Revert(b.change(tc.field).ID), state.Counts{"records": 1})
			after, _ := b.list.Holds("ana@example.com")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("it was written all the same (-before +after):\n%s", diff)
			}
			failures, err := b.Store.Failures(b.Ctx, state.FailureFilter{Sync: b.Name})
			must(t, err)
			if len(failures) != 1 || !strings.Contains(failures[0].Message, tc.why) {
				t.Errorf("failures %+v, want one that says %q", failures, tc.why)
			}
		})
	}
}

func TestARevertEndsWhenTheConsentCannotBeGivenBack(t *testing.T) {
	t.Parallel()
	for name, meet := range map[string]func(b *bundle){
		"because WHMCS refuses it":                  func(b *bundle) { b.whmcs.failUndo = trouble(fault.Refused) },
		"because what it was before cannot be read": func(b *bundle) { b.SQL(`UPDATE changes SET old = 'maybe'`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, client(1))
			b.duty.Policy.WriteBack = true
			b.list.Seed(*entry(suppressed(maillist.Unsubscribed)))
			b.Pass(synckit.Full)
			b.reseed(suppressed(maillist.NotSuppressed))
			meet(b)
			b.WantCounts(b.Revert(b.change("marketing_consent").ID), state.Counts{"records": 1})
			b.WantFailures("1 refused")
			b.WantChanges("ana@example.com", "marketing_consent applied")
		})
	}
}

func TestRevertLeavesConsentThatAPersonChangedSince(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.duty.Policy.WriteBack = true
	b.list.Seed(*entry(suppressed(maillist.Unsubscribed)))
	b.Pass(synckit.Full)
	b.reseed(suppressed(maillist.NotSuppressed))
	b.whmcs.put(client(1)) // consent was given again meanwhile
	b.WantCounts(b.Revert(b.change("marketing_consent").ID), state.Counts{"records": 1})
	b.WantFailures("1 refused")
}
