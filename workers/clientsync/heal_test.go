package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// A failure ends by itself when its person is as they should be, also when nothing had to be written for that.
func TestAFailureIsOverOnceNothingIsLeftToDo(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*bundle){
		"the client was set back to what the list takes": func(b *bundle) {
			b.whmcs.put(client(1, renamed("not for this list")))
			calm := b.failing("upsert", "ana@example.com", trouble(fault.Rejected))
			b.Pass()
			calm()
			b.WantCounts(b.Pass(), state.Counts{"records": 1, "skipped_refused": 1})
			b.WantFailures("1 rejected")
			b.whmcs.put(client(1))
		},
		"a look failed that found nothing to do": func(b *bundle) {
			b.Exec.Attempts[b.Name] = 1
			calm := b.failing("find", "ana@example.com", trouble(fault.Transient))
			b.Touch(state.ByRetry, 1)
			calm()
			b.WantFailures("1 transient")
		},
		"a change could not be taken back": func(b *bundle) {
			b.reseed(inGroups(50, 1))
			b.reseed(called("Anna"))
			b.Pass(synckit.Full)
			b.reseed(called("Annie"))
			b.Revert(b.change("name").ID)
			b.reseed(called("Ana Ruiz"))
			b.WantFailures("1 refused")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, again := range map[string]func(*bundle) state.Run{
				"a pass":      func(b *bundle) state.Run { return b.Pass() },
				"a full pass": func(b *bundle) state.Run { return b.Pass(synckit.Full) },
				"a retry":     func(b *bundle) state.Run { return b.Touch(state.ByRetry, 1) },
			} {
				t.Run(how, func(t *testing.T) {
					t.Parallel()
					b := setup(t, client(1))
					b.Pass()
					fail(b)
					b.WantCounts(again(b), state.Counts{"records": 1, "unchanged": 1})
					b.WantFailures()
					if calls := b.Pass().Counts[state.CountCalls]; calls != 0 {
						t.Errorf("%d calls although nothing is open", calls)
					}
				})
			}
		})
	}
}

// The lead of a person, under whom a failure is filed, may be in another batch than the one that settles the person.
func TestAFailureUnderTheLeadInAnotherBatchIsOver(t *testing.T) {
	t.Parallel()
	closed := func(c *whmcs.Client) { c.Status = whmcs.ClientClosed }
	b := setup(t, client(1, closed), client(2, addressed("bo@example.com")), client(3, addressed("cy@example.com")), client(4))
	pass := func() state.Run {
		run := b.Start(2)
		b.MustWork()
		return b.Finish(run)
	}
	pass()
	b.whmcs.put(client(4, renamed("not for this list")))
	calm := b.failing("upsert", "ana@example.com", trouble(fault.Rejected))
	pass()
	calm()
	if failures := b.WantFailures("4 rejected"); t.Failed() {
		t.Fatalf("%+v", failures)
	}
	b.whmcs.put(client(4))
	pass()
	b.WantFailures()
}

// Memory alone does not say that a failure is over: the list may still hold what could not be changed.
func TestAFailureStaysOpenWhileItsCauseDoes(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.Pass()
	b.Exec.Attempts[b.Name] = 1
	b.reseed(called("Anna"))
	calm := b.failing("upsert", "ana@example.com", trouble(fault.Transient))
	b.Pass(synckit.Full)
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "failed": 1})
	b.WantFailures("1 transient")
	calm()
	b.WantCounts(b.Pass(), state.Counts{"records": 1, "updated": 1})
	b.WantFailures()
}

func TestAFailureOfSomebodyForgottenIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1), client(2, addressed("bo@example.com")))
	b.Pass()
	delete(b.whmcs.clients, 1)
	b.Pass()
	b.Revert(b.change("subscriber").ID)
	b.WantFailures("1 refused")
	b.Pass()
	b.WantFailures()
}
