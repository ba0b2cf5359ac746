package clientsync_test

import (
	"context"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// jobs is a list that also takes many upserts as one job. Like a background job it may carry them out in another order than
// it was given them.
type jobs struct{ *troubled }

func (l jobs) UpsertAll(ctx context.Context, all []maillist.Subscriber) (results []maillist.Result, errs []error, err error) {
	results, errs = make([]maillist.Result, len(all)), make([]error, len(all))
	err = l.around("job", "", func() error {
		for i, s := range slices.Backward(all) {
			results[i], errs[i] = l.Upsert(ctx, s)
		}
		return nil
	})
	return results, errs, err
}

// setupJobs is a sync whose list takes jobs.
func setupJobs(t testing.TB, clients ...whmcs.Client) *bundle {
	t.Helper()
	b := setup(t, clients...)
	b.duty.List = jobs{b.list}
	return b
}

// asked counts the calls of a kind to the list from now on.
func (b *bundle) asked(call string) (n *int) {
	n = new(int)
	b.list.before = func(c, _ string) error {
		if c == call {
			*n++
		}
		return nil
	}
	return n
}

func TestUpsertsOfABatchGoAsOneJob(t *testing.T) {
	t.Parallel()
	b := setupJobs(t, crowdOf(6)...)
	b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email, e.Groups = 0, "c4@example.com", []maillist.GroupID{50} }))
	sent := b.asked("job")
	run := b.Pass()
	if calls := run.Counts[state.CountCalls]; *sent != 1 || calls != 7 { // six looks and the job
		t.Errorf("%d jobs, %d calls", *sent, calls)
	}
	b.WantCounts(run, state.Counts{"records": 6, "created": 5, "updated": 1})
	b.wantGroups("c4@example.com", 1, 50)

	t.Run("and everybody gets the answer that is theirs", func(t *testing.T) {
		want, got := map[string]int64{}, map[string]int64{}
		for _, c := range crowdOf(6) {
			e, _ := b.list.Holds(c.RawEmail)
			want[c.RawEmail] = e.ID
		}
		known, err := b.Store.MemoriesByKeys(b.Ctx, b.Name, []string{"c1@example.com", "c2@example.com", "c3@example.com", "c4@example.com", "c5@example.com", "c6@example.com"})
		must(t, err)
		for email, s := range known {
			got[email] = s.RemoteID
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("ids at the list (-want +got):\n%s", diff)
		}
	})
	t.Run("and a second pass sends none", func(t *testing.T) {
		b.WantCounts(b.Pass(), state.Counts{"records": 6, "unchanged": 6})
		if *sent != 1 {
			t.Errorf("%d jobs", *sent)
		}
	})
}

func TestOneBadRecordOfAJobStopsNobodyElse(t *testing.T) {
	t.Parallel()
	for class, more := range map[fault.Class]int{fault.Transient: 2, fault.Protocol: 2, fault.Rejected: 0, fault.Refused: 0} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			setupJobs(t, crowdOf(4)...).wantOneFailure(class, more)
		})
	}
	t.Run("one whom the list has deleted", func(t *testing.T) {
		t.Parallel()
		b := setupJobs(t, crowdOf(3)...)
		b.list.Seed(*entry(func(e *maillist.Entry) { e.ID, e.Email, e.Suppression = 0, "c2@example.com", maillist.Deleted }))
		b.WantCounts(b.Pass(), state.Counts{"records": 3, "created": 2, "skipped_deleted": 1})
		b.wantWrites("c2@example.com", 0)
		b.WantFailures()
	})
}

func (b *bundle) wantOneWriteEach(n int) {
	b.T.Helper()
	for _, c := range crowdOf(n) {
		b.wantWrites(c.RawEmail, 1)
	}
}

// An answer that stops the batch stands in mid-job: what the job did behind it is found by looking.
func TestAnAnswerOfAJobThatStopsTheBatch(t *testing.T) {
	t.Parallel()
	b := setupJobs(t, crowdOf(5)...)
	run := b.Start(100)
	calm := b.failing("upsert", "c3@example.com", &fault.Error{Class: fault.RateLimited, Account: account, RetryAfter: 30 * time.Second})
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.RateLimited) {
		t.Fatalf("handed back with %v", failed)
	}
	b.WantChanges("c2@example.com", "subscriber applied")
	b.WantChanges("c4@example.com", "subscriber planned")
	calm()
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 5, "created": 5})
	b.wantOneWriteEach(5)
}

func TestAJobThatFailsAsAWholeIsTriedAgain(t *testing.T) {
	t.Parallel()
	for class, attempts := range map[fault.Class]int{fault.Transient: 1, fault.Protocol: 1, fault.RateLimited: 0, fault.Held: 0} {
		for name, lost := range map[string]bool{"before it began": false, "its answer is lost": true} {
			t.Run(string(class)+", "+name, func(t *testing.T) {
				t.Parallel()
				b := setupJobs(t, crowdOf(4)...)
				run := b.Start(100)
				b.failJobs(trouble(class), lost)
				if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], class) {
					t.Fatalf("handed back with %v", failed)
				}
				if got := b.onlyBatch().Attempts; got != attempts {
					t.Errorf("%d attempts counted, want %d", got, attempts)
				}
				b.WantFailures()
				b.list.before, b.list.after = nil, nil
				if failed := b.Again(); len(failed) != 0 {
					t.Fatal(failed)
				}
				b.WantCounts(b.Finish(run), state.Counts{"records": 4, "created": 4})
				b.wantOneWriteEach(4)
			})
		}
	}
}

// failJobs fails every job before it begins, or, when its answer is lost, after it was carried out.
func (b *bundle) failJobs(err error, lost bool) {
	fails := func(call, _ string) error {
		if call == "job" {
			return err
		}
		return nil
	}
	if lost {
		b.list.after = fails
	} else {
		b.list.before = fails
	}
}

func TestAJobThatNeverSucceedsIsAFailureOfEverybodyInIt(t *testing.T) {
	t.Parallel()
	b := setupJobs(t, crowdOf(3)...)
	run := b.Start(100)
	b.failJobs(trouble(fault.Transient), false)
	for attempt, failed := 1, b.Work(); attempt < 3; attempt, failed = attempt+1, b.Again() {
		if len(failed) != 1 || !fault.Is(failed[0], fault.Transient) {
			t.Fatalf("attempt %d: handed back with %v", attempt, failed)
		}
	}
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "failed": 3})
	b.WantFailures("1 transient", "2 transient", "3 transient")
	b.list.before = nil
	b.WantCounts(b.Pass(), state.Counts{"records": 3, "created": 3})
	b.WantFailures()
	b.wantOneWriteEach(3)
}

func TestAJobWithRefusedCredentialsPausesTheAccount(t *testing.T) {
	t.Parallel()
	b := setupJobs(t, crowdOf(3)...)
	run := b.Start(100)
	b.failJobs(trouble(fault.Auth), false)
	if failed := b.Work(); len(failed) != 1 || !fault.Is(failed[0], fault.Auth) {
		t.Fatalf("handed back with %v", failed)
	}
	b.wantPaused()
	b.list.before = nil
	must(t, b.Store.ResumeAccount(b.Ctx, account))
	b.MustWork()
	b.WantCounts(b.Finish(run), state.Counts{"records": 3, "created": 3})
	b.wantOneWriteEach(3)
}

// setupMixed has a batch with one person to detach at once, one to update and two to create.
func setupMixed(t *testing.T) (*bundle, state.Run) {
	t.Helper()
	b := setupJobs(t, crowdOf(2)...)
	b.Pass()
	b.whmcs.put(crowdOf(4)...)
	b.whmcs.put(client(1, addressed("c1@example.com"), withoutConsent))
	b.whmcs.put(client(2, addressed("c2@example.com"), func(c *whmcs.Client) { c.Columns["full_name"] = "New Name" }))
	return b, b.Start(100)
}

func (b *bundle) wantMixed(run state.Run) {
	b.T.Helper()
	b.WantCounts(b.Finish(run), state.Counts{"records": 4, "created": 2, "updated": 1, "detached": 1})
	for email, writes := range map[string]int{"c1@example.com": 2, "c2@example.com": 2, "c3@example.com": 1, "c4@example.com": 1} {
		b.wantWrites(email, writes)
	}
	b.wantGroups("c1@example.com")
}

func TestWhatIsNoUpsertGoesBesideTheJob(t *testing.T) {
	t.Parallel()
	t.Run("in one go", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		jobs := b.asked("job")
		b.MustWork()
		if *jobs != 1 {
			t.Errorf("%d jobs", *jobs)
		}
		b.wantMixed(run)
	})
	t.Run("also when the job failed for a while", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		b.failJobs(trouble(fault.Transient), false)
		if failed := b.Work(); len(failed) != 1 {
			t.Fatalf("handed back with %v", failed)
		}
		b.wantGroups("c1@example.com")
		b.list.before = nil
		b.Again()
		b.wantMixed(run)
	})
	t.Run("but not while the account is to be left alone", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		b.Guard = 1
		b.failJobs(trouble(fault.RateLimited), false)
		b.Work()
		b.wantGroups("c1@example.com", 1)
		b.list.before = nil
		b.Again()
		b.wantMixed(run)
	})
	t.Run("and one that fails leaves the job's answers settled", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		calm := b.failing("detach", "c1@example.com", trouble(fault.RateLimited))
		b.Work()
		b.WantChanges("c3@example.com", "subscriber applied")
		calm()
		b.Again()
		b.wantMixed(run)
	})
}

func TestADrainingWorkerThatSendsJobs(t *testing.T) {
	t.Parallel()
	t.Run("begins none", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		b.list.before = b.drainAt("find", "c4@example.com") // the last look before the job
		b.MustWork()                                        // draining is no failure
		b.wantWrites("c3@example.com", 0)
		b.wantGroups("c1@example.com", 1)
		b.replaced()
		b.wantMixed(run)
	})
	t.Run("settles the one it waits for, and leaves the rest", func(t *testing.T) {
		t.Parallel()
		b, run := setupMixed(t)
		b.list.after = b.drainAt("job", "")
		b.MustWork()
		b.WantChanges("c3@example.com", "subscriber applied")
		b.wantGroups("c1@example.com", 1)
		b.replaced()
		b.wantMixed(run)
	})
}

// drainAt has the worker drain from a call on.
func (b *bundle) drainAt(call, email string) func(call, email string) error {
	return func(c, e string) error {
		if c == call && e == email {
			close(b.Stop)
		}
		return nil
	}
}

// replaced has another worker finish the work of one that has drained.
func (b *bundle) replaced() {
	b.T.Helper()
	b.list.before, b.list.after = nil, nil
	b.Stop = make(chan struct{})
	b.MustWork()
}
