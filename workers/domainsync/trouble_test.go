package domainsync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// renewed is a sync of n domains that the registrar has all renewed by a year.
func renewed(t *testing.T, n int) *bundle {
	t.Helper()
	b := inStep(t, n)
	for i := range n {
		b.turn(registrar.Name(fmt.Sprintf("d%d.example", i+1)), dated(renewal("2032-09-01")))
	}
	return b
}

func TestACrashBetweenWriteAndSettlingIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := renewed(t, 3)
	run := b.start(100, full)
	b.whmcs.after = func(id int64) error {
		if id == 2 { // the worker is overtaken in the instant after its second write: it can settle nothing any more
			b.whmcs.after = nil
			b.overtake()
		}
		return nil
	}
	b.mustWork() // an overtaken batch is no failure
	b.wantChanges("d2.example", "expiry planned")
	b.mustWork()
	b.wantCounts(b.finish(run), state.Counts{"records": 3, "updated": 3})
	if n := len(b.whmcs.written); n != 3 {
		t.Errorf("%d writes for 3 domains", n)
	}
	b.wantChanges("d1.example", "expiry applied")
	b.wantChanges("d2.example", "expiry applied")
	b.wantChanges("d3.example", "expiry applied")
}

// struck is an account with a hook after each setting that was written.
type struck struct {
	*memory.Account
	after func()
}

func (s struck) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	notes, err := s.Account.SetAutoRenew(ctx, d, on)
	s.after()
	return notes, err
}

func TestACrashBehindASettingIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.edit(1, neverRenewed)
	b.guard = 1
	b.duty.Registrar = struck{b.account, b.overtake}
	run := b.start(100, full)
	b.mustWork()
	b.wantChanges("d1.example", "auto_renew planned")
	b.duty.Registrar = b.account
	b.mustWork()
	b.wantCounts(b.finish(run), state.Counts{"records": 1, "updated": 1})
	b.wantChanges("d1.example", "auto_renew applied")
	b.wantCalls(map[string]int{"ListPage": 1, "SetAutoRenew": 1, "Get": 1})
}

func TestACrashBehindASettingInWHMCSIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.duty.Policy.Leads.AutoRenew = domainsync.LedByRegistrar
	b.turn("d1.example", set(registrar.Off, registrar.Off))
	run := b.start(100, full)
	b.mustWork()
	b.whmcs.after = func(int64) error {
		b.whmcs.after = nil
		b.overtake()
		return nil
	}
	b.judge(run)
	_, err := b.store.ApplyDeferred(b.ctx, run.ID, 100)
	must(t, err)
	b.mustWork()
	b.wantChanges("d1.example", "auto_renew planned")
	b.mustWork()
	b.end(run)
	b.wantChanges("d1.example", "auto_renew applied")
	if n := len(b.whmcs.written); n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestAnAdministratorsEditIsNotLost(t *testing.T) {
	t.Parallel()
	b := renewed(t, 2)
	edited := func(d *whmcs.Domain) { d.Status, d.NextDue = whmcs.DomainFraud, d.NextDue.AddDays(3) }
	b.whmcs.before = func(id int64) error {
		if id == 1 {
			b.whmcs.before = nil
			b.edit(1, edited)
		}
		return nil
	}
	b.wantCounts(b.pass(full), state.Counts{"records": 2, "updated": 1, "skipped_busy": 1})
	b.wantRow(1, whmcs.DomainFraud, "2031-09-01")
	b.wantChanges("d1.example", "expiry superseded")
	t.Run("and is looked at again", func(t *testing.T) {
		b.wantCounts(b.touched(), state.Counts{"records": 1, "updated": 1})
		b.wantRow(1, whmcs.DomainFraud, "2032-09-01")
	})
}

func TestWhatAPersonRefusedStaysRefusedWhenAnEditIsMet(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.edit(1, neverRenewed)
	b.guard = 0
	_, err := b.store.Reject(b.ctx, b.pass(full).ID)
	must(t, err)
	b.turn("d1.example", dated(renewal("2032-09-01")))
	b.whmcs.before = func(int64) error {
		b.whmcs.before = nil
		b.edit(1, dueOn("2031-08-01", "2031-08-01"))
		return nil
	}
	b.guard = 5
	b.wantCounts(b.pass(full), state.Counts{"records": 1, "skipped_busy": 1})
	b.wantCounts(b.touched(), state.Counts{"records": 1, "updated": 1})
	if d, _ := b.account.Holds("d1.example"); d.AutoRenew != registrar.On {
		t.Error("what a person refused was written")
	}
}

func TestADomainThatVanishesBeforeItsWriteFailsAlone(t *testing.T) {
	t.Parallel()
	b := renewed(t, 2)
	b.whmcs.before = func(id int64) error {
		if id == 1 {
			return fault.New(fault.NotFound, "main", "write domain 1", "it is gone")
		}
		return nil
	}
	b.wantCounts(b.pass(full), state.Counts{"records": 2, "updated": 1, "skipped_busy": 1})
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
}

func TestOneBadRecordStopsNobodyElse(t *testing.T) {
	t.Parallel()
	for class, more := range map[fault.Class]int{fault.Transient: 2, fault.Protocol: 2, fault.Rejected: 0, fault.Refused: 0} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			b := renewed(t, 4)
			b.whmcs.before = func(id int64) error {
				if id == 2 {
					return trouble(class)
				}
				return nil
			}
			run := b.start(100, full)
			failed := b.work()
			for range more {
				if len(failed) != 1 || !fault.Is(failed[0], class) {
					t.Fatalf("handed back with %v", failed)
				}
				b.wantRow(4, whmcs.DomainActive, "2032-09-01")
				failed = b.again()
			}
			if len(failed) != 0 {
				t.Fatalf("the last attempt failed: %v", failed)
			}
			b.wantCounts(b.finish(run), state.Counts{"records": 4, "updated": 3, "failed": 1})
			b.wantFailures("2 " + string(class))
			b.whmcs.before = nil
			b.wantCounts(b.pass(full), state.Counts{"records": 4, "unchanged": 3, "updated": 1})
			b.wantFailures()
		})
	}
}

func TestALookThatFailsIsMadeAgainByTheNextAttempt(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	run := b.start(100)
	b.account.Fail("Get", nil, trouble(fault.Transient))
	if failed := b.work(); len(failed) != 1 || !fault.Is(failed[0], fault.Transient) {
		t.Fatalf("handed back with %v", failed)
	}
	if failed := b.again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.wantCounts(b.finish(run), state.Counts{"records": 3, "unchanged": 3})
}

func TestAnAccountThatIsDownIsLeftAloneSoon(t *testing.T) {
	t.Parallel()
	b := inStep(t, 40)
	run := b.start(100)
	var down []error
	for range 15 {
		down = append(down, trouble(fault.Transient))
	}
	b.account.Fail("Get", down...)
	for attempt, failed := 1, b.work(); attempt < 3; attempt, failed = attempt+1, b.again() {
		if len(failed) != 1 || !strings.Contains(failed[0].Error(), "as the test wants it") {
			t.Fatalf("attempt %d: %v", attempt, failed)
		}
		b.wantCalls(map[string]int{"Get": 5})
	}
	b.wantCalls(map[string]int{"Get": 5})
	b.wantCounts(b.finish(run), state.Counts{"records": 40, "failed": 40})
	b.wantCounts(b.pass(), state.Counts{"records": 40, "unchanged": 40})
	b.wantFailures()
}

func TestRefusedCredentialsPauseTheAccount(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.start(100)
	b.account.Fail("Get", trouble(fault.Auth))
	if failed := b.work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	b.mustWork() // nothing is ready while the account is paused
	b.wantCalls(map[string]int{"Get": 1})
	must(t, b.store.ResumeAccount(b.ctx, account))
	b.mustWork()
	b.wantCalls(map[string]int{"Get": 3})
}

func TestARateLimitHandsTheRestBack(t *testing.T) {
	t.Parallel()
	b := inStep(t, 4)
	for id := range int64(4) {
		b.edit(id+1, neverRenewed)
	}
	run := b.start(100, full)
	b.account.Fail("SetAutoRenew", nil, nil, &fault.Error{Class: fault.RateLimited, Account: account, RetryAfter: 30 * time.Second})
	if failed := b.work(); len(failed) != 1 || !fault.Is(failed[0], fault.RateLimited) {
		t.Fatalf("handed back with %v", failed)
	}
	queued, err := b.store.StaleQueued(b.ctx, syncName, -time.Hour)
	must(t, err)
	if wait := time.Until(queued[0].NotBefore); queued[0].Attempts != 0 || wait < 20*time.Second {
		t.Errorf("%d attempts counted, again in %s", queued[0].Attempts, wait)
	}
	b.wantCalls(map[string]int{"ListPage": 1, "SetAutoRenew": 3})
	if failed := b.again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.wantCounts(b.finish(run), state.Counts{"records": 4, "updated": 4})
	b.wantCalls(map[string]int{"SetAutoRenew": 2, "Get": 4})
}

func TestADrainingWorkerStopsBetweenTwoDomains(t *testing.T) {
	t.Parallel()
	b := renewed(t, 5)
	run := b.start(100, full)
	b.whmcs.after = func(id int64) error {
		if id == 2 {
			close(b.stop)
		}
		return nil
	}
	b.mustWork() // draining is no failure
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
	b.wantRow(3, whmcs.DomainActive, "2031-09-01")
	b.stop = make(chan struct{})
	b.whmcs.after = nil
	b.mustWork()
	b.wantCounts(b.finish(run), state.Counts{"records": 5, "updated": 5})
	if n := len(b.whmcs.written); n != 5 {
		t.Errorf("%d writes", n)
	}
}

func TestADrainingWorkerStopsBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	run := b.start(100)
	close(b.stop)
	b.mustWork()
	b.wantCalls(map[string]int{})
	b.stop = make(chan struct{})
	b.mustWork()
	b.wantCounts(b.finish(run), state.Counts{"records": 3, "unchanged": 3})
}
