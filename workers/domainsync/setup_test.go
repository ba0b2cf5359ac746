package domainsync_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/tasks"
	"github.com/whmcsync/whmcsync/workers"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is one sync between a WHMCS and an account in memory, with the real store.
type bundle struct {
	t       testing.TB
	ctx     context.Context
	url     string
	store   *postgres.Store
	whmcs   *billing
	account *memory.Account
	duty    *domainsync.Worker
	exec    *workers.Executor
	stop    chan struct{}
	clock   time.Time
	slots   int
	guard   int
	seen    map[string]int // calls up to the last look at them
}

const (
	syncName = "op-domains"
	account  = "op"
)

func setup(t testing.TB, rows ...whmcs.Domain) *bundle { return setupWith(t, memory.Config{}, rows...) }

func setupWith(t testing.TB, cfg memory.Config, rows ...whmcs.Domain) *bundle {
	t.Helper()
	cfg.Account, cfg.PageSize = account, 4
	b := &bundle{
		t: t, ctx: t.Context(), url: statekit.Clone(t), whmcs: &billing{rows: map[int64]whmcs.Domain{}}, account: memory.New(cfg),
		stop: make(chan struct{}), clock: now, guard: 5, seen: map[string]int{},
	}
	var err error
	b.store, err = postgres.Open(t.Context(), b.url, 4)
	must(t, err)
	t.Cleanup(b.store.Close)
	must(t, b.store.EnsureSyncs(b.ctx, []state.Sync{{Name: syncName, Type: "domains", Source: "main", Account: account}}))
	b.whmcs.put(rows...)
	b.duty = &domainsync.Worker{
		Policy: policy(), Domains: b.whmcs, Registrar: b.account, Store: b.store,
		Clock: func() time.Time { return b.clock }, MaxAge: 100 * 365 * 24 * time.Hour,
	}
	b.exec = &workers.Executor{
		Store: b.store, Duties: map[string]workers.Duty{syncName: b.duty}, Attempts: map[string]int{syncName: 3}, Name: "worker-1", TTL: time.Minute,
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
	n := state.NewRun{Sync: syncName, Kind: state.RunPass, State: state.RunSlicing, Trigger: state.BySchedule, Slot: fmt.Sprint("slot/", b.slots), GuardLimit: b.guard}
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
		b.mustWork()
		_, err = b.store.MoveRun(b.ctx, run.ID, state.RunListing, state.RunSlicing, state.RunSet{})
		must(b.t, err)
	}
	key := func(raw string) (string, error) {
		name, err := registrar.ParseName(raw)
		return string(name), err
	}
	_, err = workers.Surveyor{Spots: b.whmcs, Roster: b.store, Key: key, BatchSize: batchSize}.Survey(b.ctx, run, 0,
		func(from, to int64, batches []state.NewBatch, last bool) error {
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
func (b *bundle) work() (failed []error) {
	b.t.Helper()
	batches, err := b.store.TakeReady(b.ctx, syncName, 100)
	must(b.t, err)
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

func (b *bundle) mustWork() {
	b.t.Helper()
	if failed := b.work(); len(failed) > 0 {
		b.t.Fatalf("batches were handed back: %v", failed)
	}
}

// again makes the batches that were handed back ready at once, as the scheduler and the queue do in time.
func (b *bundle) again() (failed []error) {
	b.t.Helper()
	queued, err := b.store.StaleQueued(b.ctx, syncName, -time.Hour)
	must(b.t, err)
	for _, batch := range queued {
		if err := b.execute(batch); err != nil {
			failed = append(failed, err)
		}
	}
	return append(failed, b.work()...)
}

// overtake gives the running batch to the next generation.
func (b *bundle) overtake() {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	must(b.t, err)
	defer conn.Close(b.ctx)
	_, err = conn.Exec(b.ctx, `UPDATE batches SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
	must(b.t, err)
	lapsed, err := b.store.Lapsed(b.ctx, syncName)
	must(b.t, err)
	if len(lapsed) != 1 {
		b.t.Fatalf("%d batches were running", len(lapsed))
	}
}

// finish carries out what was deferred and ends the run.
func (b *bundle) finish(run state.Run) state.Run {
	b.t.Helper()
	deferred, err := b.store.Deferred(b.ctx, run.ID)
	must(b.t, err)
	if len(deferred) > 0 {
		b.judge(run)
		_, err = b.store.ApplyDeferred(b.ctx, run.ID, 100)
		must(b.t, err)
		b.mustWork()
	}
	return b.end(run)
}

// hold has the guard hold what was deferred and ends the run.
func (b *bundle) hold(run state.Run) state.Run {
	b.t.Helper()
	b.judge(run)
	_, err := b.store.HoldDeferred(b.ctx, run.ID)
	must(b.t, err)
	return b.end(run)
}

func (b *bundle) judge(run state.Run) {
	b.t.Helper()
	_, err := b.store.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})
	must(b.t, err)
}

func (b *bundle) end(run state.Run) state.Run {
	b.t.Helper()
	run, err := b.store.FinishRun(b.ctx, run.ID, state.RunDone, "")
	must(b.t, err)
	return run
}

// pass is a whole pass without trouble.
func (b *bundle) pass(change ...func(*state.NewRun)) state.Run {
	b.t.Helper()
	run := b.start(100, change...)
	b.mustWork()
	return b.finish(run)
}

// touched looks at what was touched.
func (b *bundle) touched() state.Run {
	b.t.Helper()
	if _, err := b.exec.Touched(b.ctx, syncName, 100, b.guard, b.stop); err != nil {
		b.t.Fatal(err)
	}
	runs, err := b.store.OpenRuns(b.ctx, syncName)
	must(b.t, err)
	return b.finish(runs[len(runs)-1])
}

func (b *bundle) retry(ids ...int64) state.Run {
	b.t.Helper()
	_, err := b.store.Touch(b.ctx, syncName, ids, state.ByRetry)
	must(b.t, err)
	return b.touched()
}

func (b *bundle) wantCounts(run state.Run, want state.Counts) {
	b.t.Helper()
	delete(run.Counts, state.CountCalls)
	if diff := gocmp.Diff(want, run.Counts); diff != "" {
		b.t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// wantCalls checks what the registrar was asked since this was last checked.
func (b *bundle) wantCalls(want map[string]int) {
	b.t.Helper()
	got := map[string]int{}
	for _, name := range []string{"ListPage", "ListTransfersPage", "Get", "Departed", "Testify", "Transfer", "SetAutoRenew", "SetPrivacy", "Renew"} {
		if n := b.account.Calls(name); n > b.seen[name] {
			got[name], b.seen[name] = n-b.seen[name], n
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		b.t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// wantFailures checks the open failures as "record class".
func (b *bundle) wantFailures(want ...string) []state.Failure {
	b.t.Helper()
	failures, err := b.store.Failures(b.ctx, state.FailureFilter{Sync: syncName})
	must(b.t, err)
	slices.SortFunc(failures, func(x, y state.Failure) int { return cmp.Compare(x.RecordID, y.RecordID) })
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprint(f.RecordID, " ", f.Class))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		b.t.Errorf("open failures (-want +got):\n%s", diff)
	}
	return failures
}

// wantChanges checks the changes of a name as "field state", newest first.
func (b *bundle) wantChanges(name string, want ...string) []state.Change {
	b.t.Helper()
	changes, err := b.store.Changes(b.ctx, state.ChangeFilter{Sync: syncName, Key: name})
	must(b.t, err)
	var got []string
	for _, c := range changes {
		got = append(got, c.Field+" "+string(c.State))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		b.t.Errorf("changes of %s (-want +got):\n%s", name, diff)
	}
	return changes
}

// wantRow checks the status and the expiry of a domain in WHMCS.
func (b *bundle) wantRow(id int64, status whmcs.DomainStatus, expiry string) {
	b.t.Helper()
	if got := b.whmcs.rows[id]; got.Status != status || got.Expiry != civil.Must(expiry) {
		b.t.Errorf("domain %d is %s until %s, want %s until %s", id, got.Status, got.Expiry, status, expiry)
	}
}

// portfolio are n domains, d1.example and so on, and the same names at the registrar.
func portfolio(n int) (rows []whmcs.Domain, names []registrar.Domain) {
	for i := range n {
		name := fmt.Sprintf("d%d.example", i+1)
		rows = append(rows, row(called(int64(i+1), name)))
		names = append(names, *held(func(d *registrar.Domain) { d.Name, d.ID = registrar.Name(name), "" }))
	}
	return rows, names
}

func called(id int64, name string) func(*whmcs.Domain) {
	return func(d *whmcs.Domain) { d.ID, d.RawName = id, name }
}

// inStep is a sync of n domains that are the same on both sides.
func inStep(t testing.TB, n int) *bundle {
	t.Helper()
	rows, names := portfolio(n)
	b := setup(t, rows...)
	b.account.Hold(names...)
	return b
}

// turn changes a name at the registrar.
func (b *bundle) turn(name registrar.Name, change ...func(*registrar.Domain)) {
	d, _ := b.account.Holds(name)
	for _, f := range change {
		f(&d)
	}
	b.account.Hold(d)
}

// edit changes a row as an administrator does.
func (b *bundle) edit(id int64, change ...func(*whmcs.Domain)) {
	d := b.whmcs.rows[id]
	for _, f := range change {
		f(&d)
	}
	b.whmcs.put(d)
}

func trouble(class fault.Class) error {
	return fault.New(class, account, "call", "as the test wants it")
}

var remarking = memory.Config{Notes: []string{"it expires soon"}}

// forgetful is an account whose listing does not tell the settings.
type forgetful struct{ *memory.Account }

func (f forgetful) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	page, err := f.Account.ListPage(ctx, after)
	for i := range page.Domains {
		page.Domains[i].AutoRenew, page.Domains[i].Privacy = registrar.NotTold, registrar.NotTold
	}
	return page, err
}
