package clientsync_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/tasks"
	"github.com/whmcsync/whmcsync/workers"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// billing is a WHMCS in memory.
type billing struct {
	mu          sync.Mutex
	clients     map[int64]whmcs.Client
	fail        error
	afterOptOut func()
}

func (b *billing) choose(is func(int64) bool) ([]whmcs.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var chosen []whmcs.Client
	for id, c := range b.clients {
		if is(id) {
			chosen = append(chosen, c)
		}
	}
	slices.SortFunc(chosen, func(x, y whmcs.Client) int { return cmp.Compare(x.ID, y.ID) })
	return chosen, b.fail
}

func (b *billing) Clients(_ context.Context, _ whmcs.Features, _ whmcs.Wish, from, to int64) ([]whmcs.Client, error) {
	return b.choose(func(id int64) bool { return id > from && id <= to })
}

func (b *billing) ClientsByIDs(_ context.Context, _ whmcs.Features, _ whmcs.Wish, ids []int64) ([]whmcs.Client, error) {
	return b.choose(func(id int64) bool { return slices.Contains(ids, id) })
}

func (b *billing) Spots(_ context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	all, err := b.choose(func(id int64) bool { return id > after })
	found := make([]whmcs.Spot, min(limit, len(all)))
	for i := range found {
		found[i] = whmcs.Spot{ID: all[i].ID, Raw: all[i].RawEmail}
	}
	return found, err
}

func (b *billing) OptOut(_ context.Context, _ whmcs.Features, id int64) (before, after whmcs.MailFlags, changed bool, err error) {
	c := b.clients[id]
	before = whmcs.MailFlags{OptOut: c.OptOut, OptIn: c.OptIn, HasOptIn: true}
	c.OptOut, c.OptIn = true, false
	b.put(c)
	if b.afterOptOut != nil {
		b.afterOptOut()
	}
	return before, whmcs.OptedOut(true), true, b.fail
}

func (b *billing) UndoOptOut(_ context.Context, id int64, before whmcs.MailFlags) (bool, error) {
	c := b.clients[id]
	if !c.OptOut || c.OptIn {
		return false, nil
	}
	c.OptOut, c.OptIn = before.OptOut, before.OptIn
	b.put(c)
	return true, nil
}

func (b *billing) put(clients ...whmcs.Client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range clients {
		b.clients[c.ID] = c
	}
}

// troubled is a list with a hook before and one after each call. It lists pages instead of what it holds, when there are any.
type troubled struct {
	*memory.List
	before, after func(call, email string) error
	pages         [][]maillist.Entry
}

func (l *troubled) around(call, email string, do func() error) error {
	if l.before != nil {
		if err := l.before(call, email); err != nil {
			return err
		}
	}
	if err := do(); err != nil || l.after == nil {
		return err
	}
	return l.after(call, email)
}

func (l *troubled) ListPage(ctx context.Context, at maillist.Cursor) (page maillist.Page, err error) {
	if n := len(at); len(l.pages) > 0 {
		return maillist.Page{Entries: l.pages[n], Next: at + "x", Done: n == len(l.pages)-1}, nil
	}
	err = l.around("list", string(at), func() (err error) { page, err = l.List.ListPage(ctx, at); return err })
	return page, err
}

func (l *troubled) Find(ctx context.Context, email string) (e maillist.Entry, err error) {
	err = l.around("find", email, func() (err error) { e, err = l.List.Find(ctx, email); return err })
	return e, err
}

func (l *troubled) Upsert(ctx context.Context, s maillist.Subscriber) (r maillist.Result, err error) {
	err = l.around("upsert", s.Email, func() (err error) { r, err = l.List.Upsert(ctx, s); return err })
	return r, err
}

func (l *troubled) Detach(ctx context.Context, e maillist.Entry, groups []maillist.GroupID) (after maillist.Entry, err error) {
	err = l.around("detach", e.Email, func() (err error) { after, err = l.List.Detach(ctx, e, groups); return err })
	return after, err
}

// bundle is one sync between a WHMCS and a list in memory, with the real store.
type bundle struct {
	t     testing.TB
	ctx   context.Context
	sync  string
	store *postgres.Store
	whmcs *billing
	list  *troubled
	duty  *clientsync.Worker
	exec  *workers.Executor
	stop  chan struct{}
	url   string
	slots int
	guard int
}

const account = "news"

func setup(t testing.TB, clients ...whmcs.Client) *bundle {
	t.Helper()
	url := statekit.Clone(t)
	store, err := postgres.Open(t.Context(), url, 4)
	must(t, err)
	t.Cleanup(store.Close)
	b := newBundle(t, store, "newsletter", clients...)
	b.url = url
	return b
}

// lapse lets every lease lapse.
func (b *bundle) lapse() {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	must(b.t, err)
	defer conn.Close(b.ctx)
	_, err = conn.Exec(b.ctx, `UPDATE batches SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
	must(b.t, err)
}

func newBundle(t testing.TB, store *postgres.Store, sync string, clients ...whmcs.Client) *bundle {
	b := &bundle{
		t: t, ctx: t.Context(), sync: sync, store: store, guard: 5, stop: make(chan struct{}),
		whmcs: &billing{clients: map[int64]whmcs.Client{}}, list: &troubled{List: memory.New(memory.Config{Account: account, PageSize: 4})},
	}
	must(t, store.EnsureSyncs(b.ctx, []state.Sync{{Name: sync, Type: "clients", Source: "main", Account: account}}))
	b.whmcs.put(clients...)
	b.duty = &clientsync.Worker{Policy: policy(), Clients: b.whmcs, List: b.list, Store: store}
	b.exec = &workers.Executor{
		Store: store, Duties: map[string]workers.Duty{sync: b.duty}, Attempts: map[string]int{sync: 3}, Name: "worker-1", TTL: time.Minute,
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start begins a pass and cuts it, its listing read when it is full.
func (b *bundle) start(batchSize int, change ...func(*state.NewRun)) state.Run {
	b.t.Helper()
	b.slots++
	n := state.NewRun{Sync: b.sync, Kind: state.RunPass, State: state.RunSlicing, Trigger: state.BySchedule, Slot: fmt.Sprint("slot/", b.slots), GuardLimit: b.guard}
	for _, f := range change {
		f(&n)
	}
	if n.Full {
		n.State = state.RunListing
	}
	run, err := b.store.CreateRun(b.ctx, n)
	must(b.t, err)
	if n.Full {
		_, err := b.store.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
		must(b.t, err)
		b.work()
		_, err = b.store.MoveRun(b.ctx, run.ID, state.RunListing, state.RunSlicing, state.RunSet{})
		must(b.t, err)
	}
	surveyor := workers.Surveyor{Spots: b.whmcs, Roster: b.store, Key: whmcs.NormalizeEmail, BatchSize: batchSize}
	_, err = surveyor.Survey(b.ctx, run, 0, func(from, to int64, batches []state.NewBatch, last bool) error {
		return b.store.AppendBatches(b.ctx, run.ID, from, to, last, batches)
	})
	must(b.t, err)
	run, err = b.store.MoveRun(b.ctx, run.ID, state.RunSlicing, state.RunWorking, state.RunSet{})
	must(b.t, err)
	return run
}

func full(n *state.NewRun)   { n.Full = true }
func notify(n *state.NewRun) { n.Notify = true }

// work executes what is ready once and returns the errors of the batches that were handed back.
func (b *bundle) work() []error {
	b.t.Helper()
	batches, err := b.store.TakeReady(b.ctx, b.sync, 100)
	must(b.t, err)
	var failed []error
	for _, batch := range batches {
		if err := b.execute(batch); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

func (b *bundle) execute(batch state.Batch) error {
	_, err := b.exec.Batch(b.ctx, tasks.NewBatch(batch.RunID, batch.ID, batch.Generation), b.stop)
	return err
}

// finish carries out or holds what was deferred and ends the run.
func (b *bundle) finish(run state.Run) state.Run {
	b.t.Helper()
	deferred, err := b.store.Deferred(b.ctx, run.ID)
	must(b.t, err)
	if len(deferred) > 0 {
		_, err = b.store.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})
		must(b.t, err)
		_, err = b.store.ApplyDeferred(b.ctx, run.ID, 100)
		must(b.t, err)
		b.mustWork()
	}
	run, err = b.store.FinishRun(b.ctx, run.ID, state.RunDone, "")
	must(b.t, err)
	return run
}

func (b *bundle) mustWork() {
	b.t.Helper()
	if failed := b.work(); len(failed) > 0 {
		b.t.Fatalf("batches were handed back: %v", failed)
	}
}

// pass is a whole pass without trouble.
func (b *bundle) pass(change ...func(*state.NewRun)) state.Run {
	b.t.Helper()
	run := b.start(100, change...)
	b.mustWork()
	return b.finish(run)
}

// touch looks at clients as a hook would have it.
func (b *bundle) touch(trigger state.Trigger, ids ...int64) state.Run {
	b.t.Helper()
	_, err := b.store.Touch(b.ctx, b.sync, ids, trigger)
	must(b.t, err)
	if _, err := b.exec.Touched(b.ctx, b.sync, 100, b.guard, b.stop); err != nil {
		b.t.Fatal(err)
	}
	runs, err := b.store.OpenRuns(b.ctx, b.sync)
	must(b.t, err)
	return b.finish(runs[len(runs)-1])
}

func (b *bundle) wantCounts(run state.Run, want state.Counts) {
	b.t.Helper()
	delete(run.Counts, state.CountCalls)
	if diff := gocmp.Diff(want, run.Counts); diff != "" {
		b.t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// wantGroups checks the groups that the list has a person in; none given = not on the list at all.
func (b *bundle) wantGroups(email string, want ...maillist.GroupID) {
	b.t.Helper()
	e, _ := b.list.Holds(email)
	if len(e.Groups)+len(want) > 0 && !slices.Equal(e.Groups, want) {
		b.t.Errorf("%s is in groups %v, want %v", email, e.Groups, want)
	}
}

func (b *bundle) wantWrites(email string, want int) {
	b.t.Helper()
	if got := b.list.Writes(email); got != want {
		b.t.Errorf("%s was written to %d times, want %d", email, got, want)
	}
}

// wantFailures checks the open failures as "client class".
func (b *bundle) wantFailures(want ...string) {
	b.t.Helper()
	failures, err := b.store.Failures(b.ctx, state.FailureFilter{Sync: b.sync})
	must(b.t, err)
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprint(f.RecordID, " ", f.Class))
	}
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		b.t.Errorf("open failures (-want +got):\n%s", diff)
	}
}

// wantChanges checks the changes as "field state", newest first.
func (b *bundle) wantChanges(email string, want ...string) []state.Change {
	b.t.Helper()
	changes, err := b.store.Changes(b.ctx, state.ChangeFilter{Sync: b.sync, Key: email})
	must(b.t, err)
	var got []string
	for _, c := range changes {
		got = append(got, c.Field+" "+string(c.State))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		b.t.Errorf("changes of %s (-want +got):\n%s", email, diff)
	}
	return changes
}

func addressed(email string) func(*whmcs.Client) {
	return func(c *whmcs.Client) { c.RawEmail = email }
}

// crowdOf are n clients with consent, c1@example.com and so on.
func crowdOf(n int) []whmcs.Client {
	clients := make([]whmcs.Client, n)
	for i := range clients {
		clients[i] = client(int64(i+1), addressed(fmt.Sprintf("c%d@example.com", i+1)))
	}
	return clients
}

func trouble(class fault.Class) error {
	return fault.New(class, account, "call", "as the test wants it")
}
