package schedule

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// lease is a store that knows leadership only; every sync of it is paused.
type lease struct {
	Store
	acquire atomic.Pointer[func(ctx context.Context) (state.Leadership, error)]
}

func (l *lease) AcquireLeadership(ctx context.Context, _ string, _ time.Duration) (state.Leadership, error) {
	return (*l.acquire.Load())(ctx)
}

func (l *lease) ReleaseLeadership(context.Context, string) error { return nil }

func (l *lease) Prune(context.Context, time.Duration, time.Duration) (int64, int64, error) {
	return 0, 0, nil
}

func TestALeaderThatCannotRenewStopsBeforeItsLeaseEnds(t *testing.T) {
	t.Parallel()
	const ttl = 10 * time.Second
	for name, trouble := range map[string]func(ctx context.Context) (state.Leadership, error){
		"the store refuses": func(context.Context) (state.Leadership, error) {
			return state.Leadership{}, errors.New("no connection")
		},
		"the store does not answer": func(ctx context.Context) (state.Leadership, error) {
			<-ctx.Done()
			return state.Leadership{}, ctx.Err()
		},
		"somebody else leads": func(context.Context) (state.Leadership, error) { return state.Leadership{Holder: "two"}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var leading atomic.Bool
				var renewed, stopped time.Time
				calm := func(context.Context) (state.Leadership, error) {
					renewed = time.Now()
					return state.Leadership{Leader: true, Holder: "one", Term: 1}, nil
				}
				l := &lease{}
				l.acquire.Store(&calm)
				s := &Scheduler{Holder: "one", Store: l, Queue: &line{}, TTL: ttl, Observe: Observer{Leading: func(yes bool) {
					if leading.Swap(yes) && !yes {
						stopped = time.Now()
					}
				}}}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- s.Run(ctx) }()
				time.Sleep(time.Minute)
				synctest.Wait()
				if !leading.Load() {
					t.Error("does not lead")
				}
				l.acquire.Store(&trouble)
				time.Sleep(time.Minute)
				synctest.Wait()
				if stopped.IsZero() || stopped.Sub(renewed) > ttl {
					t.Errorf("stopped leading %s after the newest renewal, the lease is of %s", stopped.Sub(renewed), ttl)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// run starts a scheduler of its own store connections and returns whether it leads.
func (b *bundle) run(holder string) (leads *atomic.Bool, stop func()) {
	ctx, cancel := context.WithCancel(b.ctx)
	leads = &atomic.Bool{}
	s := b.scheduler(b.Sync)
	s.Holder, s.Now, s.Observe.Leading = holder, nil, leads.Store
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = func() {
		cancel()
		must(b.t, <-ended)
	}
	return leads, stop
}

func (b *bundle) eventually(what string, is func() bool) {
	b.t.Helper()
	testkit.Eventually(b.t, 20*time.Second, func() (bool, string) { return is(), what })
}

func TestTheStandbyTakesOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, stopOne := b.run("one")
	b.eventually("one leads", one.Load)
	two, stopTwo := b.run("two")
	defer stopTwo()
	b.request()
	b.eventually("batches are handed out", func() bool { return len(b.line.take()) > 0 })
	if two.Load() {
		t.Error("both lead")
	}
	stopOne()
	if one.Load() {
		t.Error("leads after its end")
	}
	b.eventually("two leads", two.Load)
	// What the first took from the line and lost, the second hands out again.
	b.exec(`UPDATE batches SET queued_at = now() - interval '1 minute'`)
	b.eventually("lost batches are handed out again", func() bool { return len(b.line.take()) > 0 })
}

func TestTwoSchedulersAtOnceDoubleNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.CanList = true })
	b.request()
	passes := make([]*pass, 4) // each believes that it leads
	for i := range passes {
		passes[i] = b.scheduler(b.Sync).newPass(b.Sync, b.clock)
	}
	together := func() {
		var all errgroup.Group
		for _, p := range passes {
			all.Go(func() error {
				for range 5 {
					_, err := p.tick(b.ctx)
					if err != nil && !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrNotFound) {
						return err
					}
				}
				return nil
			})
		}
		must(t, all.Wait())
	}
	handed := map[state.BatchKind]int{}
	count := func(batch state.Batch, _ state.Lease) { handed[batch.Kind]++ }
	for range 4 {
		together()
		b.settle(b.listing(10), count)
	}
	if diff := cmp.Diff(map[state.BatchKind]int{state.BatchListing: 1, state.BatchSlice: 5}, handed); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	runs, err := b.store.Runs(b.ctx, state.RunFilter{})
	if err != nil || len(runs) != 1 || runs[0].State != state.RunDone || len(b.line.reports) != 1 {
		t.Errorf("runs %+v, reports %v, %v", runs, b.line.reports, err)
	}
}

func TestARunHasOneListingWhoeverAddsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, err := b.store.CreateRun(b.ctx, state.NewRun{Sync: b.Name, Kind: state.RunPass, State: state.RunListing, Slot: "s", Full: true})
	must(t, err)
	_, err = b.store.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	must(t, err)
	if _, err = b.store.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing}); !errors.Is(err, state.ErrConflict) {
		t.Errorf("a second listing: %v, want a conflict", err)
	}
}

func TestABrokenSyncDoesNotStopAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.store.EnsureSyncs(b.ctx, []state.Sync{{Name: "broken", Type: "clients", Source: "down", Account: "news"}}))
	broken := b.Sync
	broken.Name, broken.Surveyor = "broken", stuck{}
	s := b.scheduler(b.Sync)
	s.Syncs, s.Now = append(s.Syncs, broken), nil
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	_, err := b.store.RequestRun(b.ctx, state.Request{Sync: "broken", Trigger: state.ByHand})
	must(t, err)
	b.request()
	b.eventually("the other sync's run is done", func() bool {
		b.settle()
		runs, err := b.store.Runs(b.ctx, state.RunFilter{Sync: b.Name})
		return err == nil && len(runs) == 1 && runs[0].State == state.RunDone
	})
	cancel()
	must(t, <-ended)
}

// stuck is a source that does not answer until it is given up.
type stuck struct{}

func (stuck) Survey(ctx context.Context, _ state.Run, _ int, _ func(from, to int64, batches []state.NewBatch, last bool) error) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}
