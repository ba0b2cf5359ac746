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
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
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
	run := b.Start(100, synckit.Full)
	b.whmcs.after = func(id int64) error {
		if id == 2 { // the worker is overtaken in the instant after its second write: it can settle nothing any more
			b.whmcs.after = nil
			b.Overtake()
		}
		return nil
	}
	b.MustWork() // an overtaken batch is no failure
	b.WantChanges("d2.example", "expiry planned")
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "updated": 3})
	if n := len(b.whmcs.written); n != 3 {
		t.Errorf("%d writes for 3 domains", n)
	}
	b.WantChanges("d1.example", "expiry applied")
	b.WantChanges("d2.example", "expiry applied")
	b.WantChanges("d3.example", "expiry applied")
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
	b.Guard = 1
	b.duty.Registrar = struck{b.account, b.Overtake}
	run := b.Start(100, synckit.Full)
	b.MustWork()
	b.WantChanges("d1.example", "auto_renew planned")
	b.duty.Registrar = b.account
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 1, "updated": 1})
	b.WantChanges("d1.example", "auto_renew applied")
	b.wantCalls(map[string]int{"ListPage": 1, "SetAutoRenew": 1, "Get": 1})
}

func TestACrashBehindASettingInWHMCSIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.duty.Policy.Leads.AutoRenew = domainsync.LedByRegistrar
	b.turn("d1.example", set(registrar.Off, registrar.Off))
	run := b.Start(100, synckit.Full)
	b.MustWork()
	b.whmcs.after = func(int64) error {
		b.whmcs.after = nil
		b.Overtake()
		return nil
	}
	b.Judge(run)
	_, err := b.Store.ApplyDeferred(b.Ctx, run.ID, 100)
	must(t, err)
	b.MustWork()
	b.WantChanges("d1.example", "auto_renew planned")
	b.MustWork()
	b.End(run)
	b.WantChanges("d1.example", "auto_renew applied")
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
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "updated": 1, "skipped_busy": 1})
	b.wantRow(1, whmcs.DomainFraud, "2031-09-01")
	b.WantChanges("d1.example", "expiry superseded")
	t.Run("and is looked at again", func(t *testing.T) {
		b.WantCounts(b.Touched(), state.Counts{"records": 1, "updated": 1})
		b.wantRow(1, whmcs.DomainFraud, "2032-09-01")
	})
}

func TestWhatAPersonRefusedStaysRefusedWhenAnEditIsMet(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.edit(1, neverRenewed)
	b.Guard = 0
	_, err := b.Store.Reject(b.Ctx, b.Pass(synckit.Full).ID)
	must(t, err)
	b.turn("d1.example", dated(renewal("2032-09-01")))
	b.whmcs.before = func(int64) error {
		b.whmcs.before = nil
		b.edit(1, dueOn("2031-08-01", "2031-08-01"))
		return nil
	}
	b.Guard = 5
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_busy": 1})
	b.WantCounts(b.Touched(), state.Counts{"records": 1, "updated": 1})
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
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "updated": 1, "skipped_busy": 1})
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
			run := b.Start(100, synckit.Full)
			failed := b.Work()
			for range more {
				if len(failed) != 1 || !fault.Is(failed[0], class) {
					t.Fatalf("handed back with %v", failed)
				}
				b.wantRow(4, whmcs.DomainActive, "2032-09-01")
				failed = b.Again()
			}
			if len(failed) != 0 {
				t.Fatalf("the last attempt failed: %v", failed)
			}
			b.WantCounts(b.Finish(run), state.Counts{"records": 4, "updated": 3, "failed": 1})
			b.WantFailures("2 " + string(class))
			b.whmcs.before = nil
			b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 4, "unchanged": 3, "updated": 1})
			b.WantFailures()
		})
	}
}

func TestALookThatFailsIsMadeAgainByTheNextAttempt(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	run := b.Start(100)
	b.account.Fail("Get", nil, trouble(fault.Transient))
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Transient) {
		t.Fatalf("handed back with %v", failed)
	}
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "unchanged": 3})
}

func TestAnAccountThatIsDownIsLeftAloneSoon(t *testing.T) {
	t.Parallel()
	b := inStep(t, 40)
	run := b.Start(100)
	var down []error
	for range 15 {
		down = append(down, trouble(fault.Transient))
	}
	b.account.Fail("Get", down...)
	for attempt, failed := 1, b.Work(); attempt < 3; attempt, failed = attempt+1, b.Again() {
		if len(failed) != 1 || !strings.Contains(failed[0].Error(), "as the test wants it") {
			t.Fatalf("attempt %d: %v", attempt, failed)
		}
		b.wantCalls(map[string]int{"Get": 5})
	}
	b.wantCalls(map[string]int{"Get": 5})
	b.WantCounts(b.Finish(run), state.Counts{"records": 40, "failed": 40})
	b.WantCounts(b.Pass(), state.Counts{"records": 40, "unchanged": 40})
	b.WantFailures()
}

func TestRefusedCredentialsPauseTheAccount(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.Start(100)
	b.account.Fail("Get", trouble(fault.Auth))
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	b.MustWork() // nothing is ready while the account is paused
	b.wantCalls(map[string]int{"Get": 1})
	must(t, b.Store.ResumeAccount(b.Ctx, account))
	b.MustWork()
	b.wantCalls(map[string]int{"Get": 3})
}

func TestARateLimitHandsTheRestBack(t *testing.T) {
	t.Parallel()
	b := inStep(t, 4)
	for id := range int64(4) {
		b.edit(id+1, neverRenewed)
	}
	run := b.Start(100, synckit.Full)
	b.account.Fail("SetAutoRenew", nil, nil, &fault.Error{Class: fault.RateLimited, Account: account, RetryAfter: 30 * time.Second})
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.RateLimited) {
		t.Fatalf("handed back with %v", failed)
	}
	queued, err := b.Store.StaleQueued(b.Ctx, syncName, -time.Hour)
	must(t, err)
	if wait := time.Until(queued[0].NotBefore); queued[0].Attempts != 0 || wait < 20*time.Second {
		t.Errorf("%d attempts counted, again in %s", queued[0].Attempts, wait)
	}
	b.wantCalls(map[string]int{"ListPage": 1, "SetAutoRenew": 3})
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 4, "updated": 4})
	b.wantCalls(map[string]int{"SetAutoRenew": 2, "Get": 4})
}

func TestADrainingWorkerStopsBetweenTwoDomains(t *testing.T) {
	t.Parallel()
	b := renewed(t, 5)
	run := b.Start(100, synckit.Full)
	b.whmcs.after = func(id int64) error {
		if id == 2 {
			close(b.Stop)
		}
		return nil
	}
	b.MustWork() // draining is no failure
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
	b.wantRow(3, whmcs.DomainActive, "2031-09-01")
	b.Stop = make(chan struct{})
	b.whmcs.after = nil
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 5, "updated": 5})
	if n := len(b.whmcs.written); n != 5 {
		t.Errorf("%d writes", n)
	}
}

func TestADrainingWorkerStopsBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	run := b.Start(100)
	close(b.Stop)
	b.MustWork()
	b.wantCalls(map[string]int{})
	b.Stop = make(chan struct{})
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "unchanged": 3})
}
