package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
)

const (
	news   = "newsletter" // the sync of most tests
	worker = "worker-1"
	minute = time.Minute
)

// bundle is a store with one sync, and a connection past it for making time pass.
type bundle struct {
	*postgres.Store
	t   testing.TB
	ctx context.Context
	url string
	raw *pgx.Conn
	n   int // slots used so far
}

func setup(t testing.TB) *bundle {
	t.Helper()
	b := &bundle{t: t, ctx: t.Context(), url: statekit.Clone(t)}
	b.Store = b.open(8)
	raw, err := pgx.Connect(b.ctx, b.url)
	must(t, err)
	t.Cleanup(func() { _ = raw.Close(context.Background()) })
	b.raw = raw
	must(t, b.EnsureSyncs(b.ctx, []state.Sync{{Name: news, Type: "clients", Source: "main", Account: "mailrelay"}}))
	return b
}

func (b *bundle) open(conns int) *postgres.Store {
	b.t.Helper()
	store, err := postgres.Open(b.ctx, b.url, conns)
	must(b.t, err)
	b.t.Cleanup(store.Close)
	return store
}

// exec runs a statement past the store.
func (b *bundle) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.raw.Exec(b.ctx, sql, args...)
	must(b.t, err)
}

// number reads one number past the store.
func (b *bundle) number(sql string, args ...any) (n int64) {
	b.t.Helper()
	must(b.t, b.raw.QueryRow(b.ctx, sql, args...).Scan(&n))
	return n
}

// pass starts a pass that is being worked on.
func (b *bundle) pass(change ...func(*state.NewRun)) state.Run {
	b.t.Helper()
	b.n++
	n := state.NewRun{Sync: news, Kind: state.RunPass, State: state.RunWorking, Trigger: state.BySchedule, Slot: fmt.Sprintf("slot/%d", b.n)}
	for _, f := range change {
		f(&n)
	}
	run, err := b.CreateRun(b.ctx, n)
	must(b.t, err)
	return run
}

// slice cuts a run into n slices of size ids each and returns them, queued.
func (b *bundle) slice(run state.Run, n int, size int64) []state.Batch {
	b.t.Helper()
	must(b.t, b.AppendBatches(b.ctx, run.ID, 0, int64(n)*size, true, slicesOf(n, size)))
	batches, err := b.TakeReady(b.ctx, run.Sync, n)
	must(b.t, err)
	if len(batches) != n {
		b.t.Fatalf("took %d batches, want %d", len(batches), n)
	}
	return batches
}

func slicesOf(n int, size int64) []state.NewBatch {
	slices := make([]state.NewBatch, n)
	for i := range slices {
		slices[i] = state.NewBatch{Kind: state.BatchSlice, FromID: int64(i) * size, ToID: int64(i+1) * size}
	}
	return slices
}

// begin takes the lease on a batch.
func (b *bundle) begin(batch state.Batch) state.Lease {
	b.t.Helper()
	_, _, lease, err := b.BeginBatch(b.ctx, batch.ID, batch.Generation, worker, minute)
	must(b.t, err)
	return lease
}

// lease starts a pass of one batch and takes its lease.
func (b *bundle) lease() (state.Run, state.Lease) {
	b.t.Helper()
	run := b.pass()
	return run, b.begin(b.slice(run, 1, 250)[0])
}

// finish settles a batch without failures.
func (b *bundle) finish(lease state.Lease) {
	b.t.Helper()
	must(b.t, b.FinishBatch(b.ctx, lease, nil, nil))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr fails unless err is (or wraps) want.
func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// unforeseen are the fields that only the database's clock knows.
var unforeseen = cmp.Options{
	cmpopts.EquateEmpty(), cmpopts.IgnoreFields(state.Memory{}, "SettledAt"), cmpopts.IgnoreFields(state.Listing{}, "BegunAt"),
}

// wantSame fails on a difference.
func wantSame(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, unforeseen); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// race runs f n times at the same moment and counts the calls without an error; the others must fail with want.
func race(t testing.TB, n int, want error, f func() error) (won int) {
	t.Helper()
	errs := make(chan error, n)
	start := make(chan struct{})
	for range n {
		go func() {
			<-start
			errs <- f()
		}()
	}
	close(start)
	for range n {
		switch err := <-errs; {
		case err == nil:
			won++
		default:
			wantErr(t, err, want)
		}
	}
	return won
}

// lapse lets every lease lapse.
func (b *bundle) lapse() {
	b.t.Helper()
	b.exec(`UPDATE batches SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
}
