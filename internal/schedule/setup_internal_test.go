package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a queue that notes what it is given.
type line struct {
	mu      sync.Mutex
	batches []tasks.Batch
	touches []string
	reports []string // run, kind and generation
	lost    bool     // it knows nothing any more
	away    bool     // it takes no report
}

func (l *line) note(f func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	return nil
}

func (l *line) Batch(_ context.Context, _ string, t tasks.Batch) error {
	return l.note(func() { l.batches = append(l.batches, t) })
}

func (l *line) Touch(_ context.Context, t tasks.Touch, _ string) error {
	return l.note(func() { l.touches = append(l.touches, t.ID()) })
}

func (l *line) Report(_ context.Context, r state.Report) error {
	if l.away {
		return errors.New("away")
	}
	return l.note(func() { l.reports = append(l.reports, nameOf(r)) })
}

func nameOf(r state.Report) string { return fmt.Sprintf("%d %s %d", r.RunID, r.Kind, r.Generation) }

func (l *line) Reporting(_ context.Context, r state.Report) (known bool, err error) {
	err = l.note(func() { known = !l.lost && slices.Contains(l.reports, nameOf(r)) })
	return known, err
}

func (l *line) Known(_ context.Context, _, id string) (known bool, err error) {
	err = l.note(func() {
		known = !l.lost && slices.ContainsFunc(l.batches, func(t tasks.Batch) bool { return t.ID() == id })
	})
	return known, err
}

func (l *line) Restore(context.Context) error { return nil }

// take hands out all tasks that wait.
func (l *line) take() []tasks.Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.batches
	l.batches = nil
	return taken
}

// ids is a source of n records, 1 to n, that may have changed.
type ids struct {
	n       int64
	size    int64
	changed whmcs.Changed
	err     error
	polls   int
}

// Survey cuts like the real one, without gaps.
func (s *ids) Survey(_ context.Context, run state.Run, cut int, add func(from, to int64, batches []state.NewBatch, last bool) error) (int64, error) {
	from := run.SliceCursor
	for at := from; ; {
		to := at + s.size
		if run.BatchLimit > 0 && cut >= run.BatchLimit {
			return s.n - from, add(at, at, nil, true)
		}
		if to >= s.n {
			return s.n - from, add(at, 1<<63-1, []state.NewBatch{{Kind: state.BatchSlice, FromID: at, ToID: 1<<63 - 1}}, true)
		}
		if err := add(at, to, []state.NewBatch{{Kind: state.BatchSlice, FromID: at, ToID: to}}, false); err != nil {
			return 0, err
		}
		at, cut = to, cut+1
	}
}

func (s *ids) ChangedSince(context.Context, time.Time, int) (whmcs.Changed, error) {
	s.polls++
	return s.changed, s.err
}

// bundle is a scheduler of one sync, whose ticks the test makes itself.
type bundle struct {
	*pass
	t      testing.TB
	ctx    context.Context
	store  *postgres.Store
	line   *line
	source *ids
	url    string
	clock  time.Time
}

func setup(t testing.TB, change ...func(*Sync)) *bundle {
	t.Helper()
	b := &bundle{t: t, ctx: t.Context(), url: statekit.Clone(t), line: &line{}, source: &ids{n: 10, size: 2}, clock: time.Now()}
	store, err := postgres.Open(b.ctx, b.url, 6)
	must(t, err)
	t.Cleanup(store.Close)
	b.store = store
	must(t, store.EnsureSyncs(b.ctx, []state.Sync{{Name: "newsletter", Type: "clients", Source: "main", Account: "news"}}))
	sync := Sync{
		Name: "newsletter", Account: "news", BatchSize: 2, Window: 100, FullEvery: 24 * time.Hour,
		Guard: Guard{Min: 2, Percent: 1, Shrink: 20}, Surveyor: b.source, Poller: b.source,
	}
	for _, f := range change {
		f(&sync)
	}
	b.pass = b.scheduler(sync).newPass(sync, b.clock)
	return b
}

func (b *bundle) scheduler(sync Sync) *Scheduler {
	return &Scheduler{Holder: "one", Syncs: []Sync{sync}, Store: b.store, Queue: b.line, Now: func() time.Time { return b.clock }, TTL: time.Second}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// request asks for a run now.
func (b *bundle) request(change ...func(*state.Request)) int64 {
	b.t.Helper()
	r := state.Request{Sync: b.Name, Trigger: state.ByHand}
	for _, f := range change {
		f(&r)
	}
	id, err := b.store.RequestRun(b.ctx, r)
	must(b.t, err)
	return id
}

// ticks ticks until nothing more moves by itself.
func (b *bundle) ticks() {
	b.t.Helper()
	for range 20 {
		when, err := b.tick(b.ctx)
		must(b.t, err)
		b.clock = b.clock.Add(10 * time.Millisecond)
		if when != atOnce {
			return
		}
	}
	b.t.Fatal("the pass goes on and on")
}

// settle executes what is in the line, as workers would; work may do something under the lease.
func (b *bundle) settle(work ...func(state.Batch, state.Lease)) (n int) {
	b.t.Helper()
	for _, task := range b.line.take() {
		batch, _, lease, err := b.store.BeginBatch(b.ctx, task.Batch, task.Generation, "worker", time.Minute)
		must(b.t, err)
		for _, f := range work {
			f(batch, lease)
		}
		must(b.t, b.store.FinishBatch(b.ctx, lease, state.Counts{"records": 1}, nil))
		n++
	}
	return n
}

// complete ticks and executes until the newest pass has ended.
func (b *bundle) complete(work ...func(state.Batch, state.Lease)) state.Run {
	b.t.Helper()
	for range 30 {
		b.ticks()
		if run := b.newest(); run.State.Ended() {
			return run
		}
		b.settle(work...)
	}
	b.t.Fatalf("run %+v does not end", b.newest())
	return state.Run{}
}

func (b *bundle) newest() state.Run {
	b.t.Helper()
	runs, err := b.store.Runs(b.ctx, state.RunFilter{Sync: b.Name, Kind: state.RunPass, Limit: 1})
	must(b.t, err)
	if len(runs) == 0 {
		b.t.Fatal("there is no run")
	}
	return runs[0]
}

func (b *bundle) offset() int64 {
	b.t.Helper()
	sync, err := b.store.Sync(b.ctx, b.Name)
	must(b.t, err)
	return sync.Offset
}

// exec changes the state past the store.
func (b *bundle) exec(sql string) {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	must(b.t, err)
	defer conn.Close(b.ctx)
	_, err = conn.Exec(b.ctx, sql)
	must(b.t, err)
}

// listing reads a listing of n entries, as a worker does.
func (b *bundle) listing(n int) func(state.Batch, state.Lease) {
	return func(batch state.Batch, lease state.Lease) {
		if batch.Kind != state.BatchListing {
			return
		}
		listing, err := b.store.NewListing(b.ctx, lease, batch.RunID)
		must(b.t, err)
		rows := make([]state.ListingRow, n)
		for i := range rows {
			rows[i] = state.ListingRow{Key: fmt.Sprint(i), Body: []byte("{}")}
		}
		must(b.t, b.store.AppendListing(b.ctx, lease, listing.ID, "", "", rows, true))
	}
}

// detaches defers so many destructive changes in the first slice.
func (b *bundle) detaches(n int) func(state.Batch, state.Lease) {
	return func(batch state.Batch, lease state.Lease) {
		if batch.Kind != state.BatchSlice || batch.FromID != 0 {
			return
		}
		changes := make([]state.Change, n)
		for i := range changes {
			changes[i] = state.Change{RecordID: int64(i + 1), Key: fmt.Sprint(i), Field: "groups", Side: state.SideAccount, State: state.ChangePlanned, Destructive: true, Deferred: true}
		}
		must(b.t, b.store.NoteChanges(b.ctx, lease, changes))
	}
}
