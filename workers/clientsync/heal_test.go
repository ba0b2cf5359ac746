package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// A failure ends by itself when its person is as they should be, also when nothing had to be written for that.
func TestAFailureIsOverOnceNothingIsLeftToDo(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*bundle){
		"the client was set back to what the list takes": func(b *bundle) {
			b.whmcs.put(client(1, renamed("not for this list")))
			calm := b.failing("upsert", "ana@example.com", trouble(fault.Rejected))
			b.pass()
			calm()
			b.wantCounts(b.pass(), state.Counts{"records": 1, "skipped_refused": 1})
			b.wantFailures("1 rejected")
			b.whmcs.put(client(1))
		},
		"a look failed that found nothing to do": func(b *bundle) {
			b.exec.Attempts[b.sync] = 1
			calm := b.failing("find", "ana@example.com", trouble(fault.Transient))
			b.touch(state.ByRetry, 1)
			calm()
			b.wantFailures("1 transient")
		},
		"a change could not be taken back": func(b *bundle) {
			b.hold(inGroups(50, 1))
			b.hold(called("Anna"))
			b.pass(full)
			b.hold(called("Annie"))
			b.revert(b.change("name").ID)
			b.hold(called("Ana Ruiz"))
			b.wantFailures("1 refused")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, again := range map[string]func(*bundle) state.Run{
				"a pass":      func(b *bundle) state.Run { return b.pass() },
				"a full pass": func(b *bundle) state.Run { return b.pass(full) },
				"a retry":     func(b *bundle) state.Run { return b.touch(state.ByRetry, 1) },
			} {
				t.Run(how, func(t *testing.T) {
					t.Parallel()
					b := setup(t, client(1))
					b.pass()
					fail(b)
					b.wantCounts(again(b), state.Counts{"records": 1, "unchanged": 1})
					b.wantFailures()
					if calls := b.pass().Counts[state.CountCalls]; calls != 0 {
						t.Errorf("%d calls although nothing is open", calls)
					}
				})
			}
		})
	}
}

// Memory alone does not say that a failure is over: the list may still hold what could not be changed.
func TestAFailureStaysOpenWhileItsCauseDoes(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.pass()
	b.exec.Attempts[b.sync] = 1
	b.hold(called("Anna"))
	calm := b.failing("upsert", "ana@example.com", trouble(fault.Transient))
	b.pass(full)
	b.wantCounts(b.pass(), state.Counts{"records": 1, "failed": 1})
	b.wantFailures("1 transient")
	calm()
	b.wantCounts(b.pass(), state.Counts{"records": 1, "updated": 1})
	b.wantFailures()
}

func TestAFailureOfSomebodyForgottenIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1), client(2, addressed("bo@example.com")))
	b.pass()
	delete(b.whmcs.clients, 1)
	b.pass()
	b.revert(b.change("subscriber").ID)
	b.wantFailures("1 refused")
	b.pass()
	b.wantFailures()
}
