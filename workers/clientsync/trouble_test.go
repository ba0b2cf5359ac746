package clientsync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
)

// failing fails the calls of one kind for one address ("" = all) until it is told not to.
func (b *bundle) failing(call, email string, err error) (stop func()) {
	b.list.before = func(c, e string) error {
		if c == call && (email == "" || e == email) {
			return err
		}
		return nil
	}
	return func() { b.list.before = nil }
}

func TestACrashBetweenWriteAndSettlingIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(3)...)
	run := b.Start(100)
	// The worker is overtaken in the instant after its second write: it can settle nothing any more.
	b.list.after = func(call, email string) error {
		if call == "upsert" && email == "c2@example.com" {
			b.Overtake()
		}
		return nil
	}
	if failed := b.Work(); len(failed) != 0 {
		t.Fatalf("an overtaken batch is no failure: %v", failed)
	}
	b.list.after = nil
	b.WantChanges("c2@example.com", "subscriber planned")
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "created": 3})
	for _, email := range []string{"c1@example.com", "c2@example.com", "c3@example.com"} {
		b.wantWrites(email, 1)
		b.WantChanges(email, "subscriber applied")
	}
}

func TestACrashBetweenOptOutAndSettlingIsSettledByLooking(t *testing.T) {
	t.Parallel()
	b := setup(t, client(1))
	b.duty.Policy.WriteBack = true
	b.list.Seed(*entry(suppressed(maillist.Unsubscribed)))
	b.wantCrashedOptOut()
	run := b.Again()
	if len(run) != 0 {
		t.Fatal(run)
	}
	b.WantChanges("ana@example.com", "marketing_consent applied")
	runs, err := b.Store.Runs(b.Ctx, state.RunFilter{Sync: b.Name, Limit: 1})
	must(t, err)
	b.WantCounts(b.Finish(runs[0]), state.Counts{"records": 1, "wrote_back": 1})
}

// wantCrashedOptOut runs a pass that writes an opt-out to WHMCS and then loses its source.
func (b *bundle) wantCrashedOptOut() {
	b.T.Helper()
	b.Start(100, synckit.Full)
	b.whmcs.afterOptOut = b.Overtake
	b.MustWork()
	b.whmcs.afterOptOut = nil
	b.WantChanges("ana@example.com", "marketing_consent planned")
}

func TestARateLimitInMidBatchHandsTheRestBack(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(5)...)
	run := b.Start(100)
	calm := b.failing("upsert", "c3@example.com", &fault.Error{Class: fault.RateLimited, Account: account, RetryAfter: 30 * time.Second})
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.RateLimited) {
		t.Fatalf("handed back with %v", failed)
	}
	batch := b.onlyBatch()
	if wait := time.Until(batch.NotBefore); batch.Attempts != 0 || wait < 20*time.Second {
		t.Errorf("%d attempts counted, again in %s", batch.Attempts, wait)
	}
	b.wantWrites("c2@example.com", 1)
	b.wantWrites("c4@example.com", 0)
	calm()
	if failed := b.Execute(batch); failed != nil {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 5, "created": 5})
	b.wantWrites("c2@example.com", 1)
}

// onlyBatch is the one batch that waits in the queue.
func (b *bundle) onlyBatch() state.Batch {
	b.T.Helper()
	queued, err := b.Store.StaleQueued(b.Ctx, b.Name, -time.Hour)
	must(b.T, err)
	if len(queued) != 1 {
		b.T.Fatalf("%d batches are queued", len(queued))
	}
	return queued[0]
}

func TestRefusedCredentialsPauseTheAccount(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(3)...)
	b.Start(100)
	calm := b.failing("find", "", trouble(fault.Auth))
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	b.wantPaused()
	calm()
	b.MustWork()
	b.wantWrites("c1@example.com", 0)
	must(t, b.Store.ResumeAccount(b.Ctx, account))
	b.MustWork()
	b.wantWrites("c1@example.com", 1)
}

// wantPaused checks that the account is paused, and that it says why.
func (b *bundle) wantPaused() {
	b.T.Helper()
	accounts, err := b.Store.Accounts(b.Ctx)
	must(b.T, err)
	if accounts[0].PausedAt.IsZero() || !strings.Contains(accounts[0].PauseReason, "credentials refused") {
		b.T.Fatalf("account %+v", accounts[0])
	}
}

func TestADrainingWorkerStopsBetweenTwoPeople(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(5)...)
	run := b.Start(100)
	b.list.after = func(call, email string) error {
		if call == "upsert" && email == "c2@example.com" {
			close(b.Stop)
		}
		return nil
	}
	b.MustWork() // draining is no failure
	b.list.after = nil
	b.wantWrites("c2@example.com", 1)
	b.wantWrites("c3@example.com", 0)
	b.Stop = make(chan struct{})
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 5, "created": 5})
	b.wantWrites("c2@example.com", 1)
}

func TestOneBadRecordStopsNobodyElse(t *testing.T) {
	t.Parallel()
	for class, more := range map[fault.Class]int{fault.Transient: 2, fault.Protocol: 2, fault.Rejected: 0, fault.Refused: 0} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			setup(t, crowdOf(4)...).wantOneFailure(class, more)
		})
	}
}

// wantOneFailure runs a pass for four people of whom the second cannot be written, at the first attempt and at so many more.
func (b *bundle) wantOneFailure(class fault.Class, more int) {
	b.T.Helper()
	run := b.Start(100)
	calm := b.failing("upsert", "c2@example.com", trouble(class))
	failed := b.Work()
	for range more {
		if len(failed) != 1 || !fault.Is(failed[0], class) {
			b.T.Fatalf("handed back with %v", failed)
		}
		b.wantWrites("c4@example.com", 1)
		failed = b.Again()
	}
	if len(failed) != 0 {
		b.T.Fatalf("the last attempt failed: %v", failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 4, "created": 3, "failed": 1})
	b.WantFailures("2 " + string(class))
	calm()
	b.wantAfterTrouble(class)
	b.wantOneWriteEach(4)
}

// wantAfterTrouble: what the list or we refused waits for another wish or for a person, the rest for the next pass.
func (b *bundle) wantAfterTrouble(class fault.Class) {
	b.T.Helper()
	if class == fault.Transient || class == fault.Protocol {
		b.WantCounts(b.Pass(), state.Counts{"records": 4, "unchanged": 3, "created": 1})
		b.WantFailures()
		return
	}
	b.WantCounts(b.Pass(), state.Counts{"records": 4, "unchanged": 3, "skipped_refused": 1})
	b.WantCounts(b.Touch(state.ByRetry, 2), state.Counts{"records": 1, "created": 1})
	b.WantFailures()
	b.wantGroups("c2@example.com", 1)
}

func TestAnAccountThatIsDownIsLeftAloneSoon(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(40)...)
	run := b.Start(100)
	calls := 0
	b.list.before = func(string, string) error {
		calls++
		return trouble(fault.Transient)
	}
	for attempt, failed := 1, b.Work(); attempt < 3; attempt, failed = attempt+1, b.Again() {
		if len(failed) != 1 || calls != 5*attempt || !strings.Contains(failed[0].Error(), "as the test wants it") {
			t.Fatalf("attempt %d: %d calls, %v", attempt, calls, failed)
		}
	}
	b.list.before = nil
	b.WantCounts(b.Finish(run), state.Counts{"records": 40, "failed": 40})
	b.WantCounts(b.Pass(), state.Counts{"records": 40, "created": 40})
	b.WantFailures()
}

func TestAPersonWhomAnotherBatchWritesToIsLookedAtSoon(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(2)...)
	run := b.Start(100)
	// A hook has client 1 settled after the batch has looked it up, and before it claims it.
	b.list.before = func(call, email string) error {
		if call == "find" && email == "c2@example.com" {
			b.list.before = nil
			b.Touch(state.ByHook, 1)
		}
		return nil
	}
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 2, "created": 1, "skipped_busy": 1})
	b.wantWrites("c1@example.com", 1)
	_, pending, err := b.Store.PendingTouches(b.Ctx, b.Name, 0)
	must(t, err)
	if pending != 1 {
		t.Errorf("%d touches wait, want the busy client's", pending)
	}
}

func TestTheSourceBeingDownFailsTheBatchOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, crowdOf(2)...)
	b.Start(100)
	b.whmcs.fail = fault.New(fault.Auth, "main", "read the clients", "access denied")
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	sync, err := b.Store.Sync(b.Ctx, b.Name)
	must(t, err)
	accounts, err := b.Store.Accounts(b.Ctx)
	must(t, err)
	if sync.PausedAt.IsZero() || !accounts[0].PausedAt.IsZero() {
		t.Errorf("the source's credentials were refused: sync paused at %v, account at %v", sync.PausedAt, accounts[0].PausedAt)
	}
}
