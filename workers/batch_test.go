package workers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
	"github.com/whmcsync/whmcsync/workers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store notes what it is asked for and answers as it is told to.
type store struct {
	batch                state.Batch
	begin, renew, finish error
	renewals             int
	said                 []string
}

func (s *store) BeginBatch(context.Context, int64, int, string, time.Duration) (state.Batch, state.Run, state.Lease, error) {
	return s.batch, state.Run{ID: 3}, state.Lease{BatchID: s.batch.ID, Token: "t"}, s.begin
}

func (s *store) ClaimTouches(_ context.Context, _ string, limit int, _ string, _ time.Duration, guard int, notify bool) (state.Batch, state.Run, state.Lease, error) {
	s.said = append(s.said, fmt.Sprintf("claim %d touches, guard %d, notify %v", limit, guard, notify))
	return s.batch, state.Run{ID: 3}, state.Lease{BatchID: s.batch.ID}, s.begin
}

func (s *store) RenewLease(_ context.Context, l state.Lease, _ time.Duration) (state.Lease, error) {
	s.renewals++
	return l, s.renew
}

func (s *store) FinishBatch(_ context.Context, _ state.Lease, counts state.Counts, failures []state.Failure) error {
	s.said = append(s.said, fmt.Sprintf("finish %v with %d failures", counts, len(failures)))
	return s.finish
}

func (s *store) HandBack(ctx context.Context, _ state.Lease, h state.HandBack) error {
	s.said = append(s.said, fmt.Sprintf("hand back %s after %s, counted %v, %v", h.To, h.After, h.CountAttempt, ctx.Err()))
	return nil
}

func (s *store) PauseAccount(_ context.Context, account, _ string) error {
	s.said = append(s.said, "pause account "+account)
	return nil
}

func (s *store) PauseSync(_ context.Context, sync, _ string) error {
	s.said = append(s.said, "pause sync "+sync)
	return nil
}

// duty is a duty as a function.
type duty func(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error)

func (d duty) Do(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	return d(ctx, job)
}

func answer(err error) duty {
	return func(context.Context, workers.Job) (state.Counts, []state.Failure, error) {
		return state.Counts{"records": 2}, []state.Failure{{RecordID: 1}}, err
	}
}

func executor(s *store, d workers.Duty) *workers.Executor {
	s.batch.ID, s.batch.Sync, s.batch.Account = 7, "newsletter", "news"
	return &workers.Executor{Store: s, Duties: map[string]workers.Duty{"newsletter": d}, Attempts: map[string]int{"newsletter": 3}, Name: "w"}
}

func execute(t *testing.T, s *store, d workers.Duty) (workers.Result, error) {
	t.Helper()
	return executor(s, d).Batch(t.Context(), tasks.NewBatch(3, 7, 1), nil)
}

func TestWhatBecomesOfABatch(t *testing.T) {
	t.Parallel()
	const finished = "finish map[records:2] with 1 failures"
	refused := func(account string) error { return fault.New(fault.Auth, account, "list", "401") }
	for name, tc := range map[string]struct {
		store   store
		duty    error
		outcome string
		said    []string
		fails   bool
	}{
		"done": {outcome: "settled", said: []string{finished}},
		"a task that is out of date does nothing": {store: store{begin: state.ErrStale}, outcome: "stale"},
		"overtaken while it finishes":             {store: store{finish: state.ErrLeaseLost}, outcome: "overtaken", said: []string{finished}},
		"overtaken while it settles":              {duty: fmt.Errorf("settle: %w", state.ErrLeaseLost), outcome: "overtaken"},
		"the store fails while it finishes":       {store: store{finish: errors.New("gone")}, outcome: "retry", said: []string{finished, "hand back queued after 0s, counted true, <nil>"}, fails: true},
		"the worker drains":                       {duty: fmt.Errorf("stop: %w", workers.ErrDraining), outcome: "handed_back", said: []string{"hand back ready after 0s, counted false, <nil>"}},
		"rate limited":                            {duty: &fault.Error{Class: fault.RateLimited, RetryAfter: 30 * time.Second}, outcome: "later", said: []string{"hand back queued after 30s, counted false, <nil>"}, fails: true},
		"held without a time":                     {duty: &fault.Error{Class: fault.Held}, outcome: "later", said: []string{"hand back queued after 1s, counted false, <nil>"}, fails: true},
		"transient":                               {duty: &fault.Error{Class: fault.Transient}, outcome: "retry", said: []string{"hand back queued after 0s, counted true, <nil>"}, fails: true},
		"protocol":                                {duty: &fault.Error{Class: fault.Protocol}, outcome: "retry", said: []string{"hand back queued after 0s, counted true, <nil>"}, fails: true},
		"rejected as a whole":                     {duty: &fault.Error{Class: fault.Rejected}, outcome: "stuck", said: []string{"hand back queued after 15m0s, counted true, <nil>"}, fails: true},
		"the account refuses the credentials":     {duty: refused("news"), outcome: "paused", said: []string{"pause account news", "hand back ready after 0s, counted false, <nil>"}, fails: true},
		"nobody says who refuses them":            {duty: refused(""), outcome: "paused", said: []string{"pause account news", "hand back ready after 0s, counted false, <nil>"}, fails: true},
		"the source refuses the credentials":      {duty: refused("main"), outcome: "paused", said: []string{"pause sync newsletter", "hand back ready after 0s, counted false, <nil>"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := execute(t, &tc.store, answer(tc.duty))
			if result.Outcome != tc.outcome || (err != nil) != tc.fails {
				t.Errorf("outcome %q, want %q; error %v", result.Outcome, tc.outcome, err)
			}
			if diff := cmp.Diff(tc.said, tc.store.said); diff != "" {
				t.Errorf("asked of the store (-want +got):\n%s", diff)
			}
			if tc.fails && tc.duty != nil && !errors.Is(err, tc.duty) {
				t.Errorf("the queue is told %v, want %v", err, tc.duty)
			}
		})
	}
}

func TestALeaseThatIsLostEndsTheWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{renew: state.ErrLeaseLost}
		began := time.Now()
		result, err := execute(t, s, duty(func(ctx context.Context, _ workers.Job) (state.Counts, []state.Failure, error) {
			<-ctx.Done()
			return nil, nil, ctx.Err()
		}))
		if result.Outcome != "overtaken" || err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("%q after %s: %v", result.Outcome, time.Since(began), err)
		}
		if len(s.said) != 0 {
			t.Errorf("an overtaken batch wrote %v", s.said)
		}
	})
}

func TestALeaseIsKeptThroughTroubleOfTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{renew: errors.New("no connection")}
		result, err := execute(t, s, duty(func(ctx context.Context, _ workers.Job) (state.Counts, []state.Failure, error) {
			time.Sleep(time.Minute)
			return nil, nil, ctx.Err()
		}))
		if result.Outcome != "settled" || err != nil || s.renewals < 11 {
			t.Errorf("%q after %d renewals: %v", result.Outcome, s.renewals, err)
		}
	})
}

func TestAPanicIsAnAttempt(t *testing.T) {
	t.Parallel()
	s := &store{}
	result, err := execute(t, s, duty(func(context.Context, workers.Job) (state.Counts, []state.Failure, error) { panic("a bug") }))
	if result.Outcome != "retry" || !fault.Is(err, fault.Transient) {
		t.Errorf("%q: %v", result.Outcome, err)
	}
	if diff := cmp.Diff([]string{"hand back queued after 0s, counted true, <nil>"}, s.said); diff != "" {
		t.Errorf("asked of the store (-want +got):\n%s", diff)
	}
}

func TestAJobKnowsItsLastAttempt(t *testing.T) {
	t.Parallel()
	for failed, last := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		s := &store{batch: state.Batch{Attempts: failed}}
		_, err := execute(t, s, duty(func(_ context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
			if job.Last != last {
				t.Errorf("after %d failed attempts: last %v", failed, job.Last)
			}
			return nil, nil, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAJobKnowsThatTheWorkerDrains(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	job := workers.Job{Stop: stop}
	if job.Draining() || (workers.Job{}).Draining() {
		t.Error("drains before it is told to")
	}
	close(stop)
	if !job.Draining() {
		t.Error("does not drain")
	}
}

func TestASyncThatIsNotConfiguredHereIsHandedOn(t *testing.T) {
	t.Parallel()
	s := &store{}
	e := executor(s, answer(nil))
	e.Duties = nil
	if _, err := e.Batch(t.Context(), tasks.NewBatch(3, 7, 1), nil); !fault.Is(err, fault.Held) {
		t.Errorf("error %v, want held", err)
	}
}

// A run may be older than the mode, and small runs are begun by hooks, which know of none.
func TestWhateverRunsInNotifyModeOnlyNotifies(t *testing.T) {
	t.Parallel()
	s := &store{}
	var notified []bool
	e := executor(s, duty(func(_ context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
		notified = append(notified, job.Run.Notify)
		return nil, nil, nil
	}))
	e.Notify = map[string]bool{"newsletter": true, "another": false}
	if _, err := e.Batch(t.Context(), tasks.NewBatch(3, 7, 1), nil); err != nil {
		t.Error(err)
	}
	if _, err := e.Touched(t.Context(), "newsletter", 250, 5, nil); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]bool{true, true}, notified); diff != "" {
		t.Error(diff)
	}
	if want := "claim 250 touches, guard 5, notify true"; !slices.Contains(s.said, want) {
		t.Errorf("asked of the store: %q", s.said)
	}
}

func TestTouchedRecordsAreOneBatch(t *testing.T) {
	t.Parallel()
	s := &store{}
	var seen []string
	e := executor(s, answer(nil))
	e.Observe = func(b state.Batch, outcome string, counts state.Counts) {
		seen = append(seen, fmt.Sprint(b.ID, outcome, counts))
	}
	result, err := e.Touched(t.Context(), "newsletter", 250, 5, nil)
	if err != nil || result.Outcome != "settled" {
		t.Errorf("%+v %v", result, err)
	}
	if diff := cmp.Diff([]string{"claim 250 touches, guard 5, notify false", "finish map[records:2] with 1 failures"}, s.said); diff != "" {
		t.Errorf("asked of the store (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"7settledmap[records:2]"}, seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	s.begin = state.ErrNothing
	if result, err := e.Touched(t.Context(), "newsletter", 250, 5, nil); err != nil || result.Outcome != "stale" {
		t.Errorf("with nothing pending: %+v %v", result, err)
	}
}
