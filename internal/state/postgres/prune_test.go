package postgres_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

const day = 24 * time.Hour

// age makes everything so many days older.
func (b *bundle) age(days int) {
	b.t.Helper()
	b.exec(`UPDATE runs SET finished_at = finished_at - $1 * interval '1 day'`, days)
	b.exec(`UPDATE changes SET settled_at = settled_at - $1 * interval '1 day'`, days)
	b.exec(`UPDATE requests SET requested_at = requested_at - $1 * interval '1 day'`, days)
}

func (b *bundle) prune() (changes, runs int64) {
	b.t.Helper()
	changes, runs, err := b.Prune(b.ctx, 90*day, 14*day)
	must(b.t, err)
	return changes, runs
}

func TestPrune(t *testing.T) {
	t.Parallel()
	// listed makes a pass that has only its listing.
	listed := func(b *bundle) state.Run {
		run := b.pass(func(n *state.NewRun) { n.State = state.RunListing })
		lease := b.listingLease(run)
		listing, err := b.NewListing(b.ctx, lease, run.ID)
		must(b.t, err)
		must(b.t, b.AppendListing(b.ctx, lease, listing.ID, "", "", rowsOf(ana), true))
		b.finish(lease)
		return run
	}
	// finished makes a pass with a listing and a change in a state, and ends it.
	finished := func(b *bundle, as state.ChangeState) state.Run {
		request, err := b.RequestRun(b.ctx, state.Request{Sync: news})
		must(b.t, err)
		run := b.pass(func(n *state.NewRun) { n.State, n.RequestID = state.RunListing, request })
		lease := b.listingLease(run)
		listing, err := b.NewListing(b.ctx, lease, run.ID)
		must(b.t, err)
		must(b.t, b.AppendListing(b.ctx, lease, listing.ID, "", "", rowsOf(ana), true))
		b.note(lease, leaving(ana, 1, as))
		must(b.t, b.FinishBatch(b.ctx, lease, nil, []state.Failure{{RecordID: 1}}))
		b.end(run)
		return run
	}
	rows := func(b *bundle) map[string]int64 {
		counts := map[string]int64{}
		for _, table := range []string{"runs", "batches", "changes", "failures", "listings", "listing_rows", "requests"} {
			counts[table] = b.number(`SELECT count(*) FROM ` + table)
		}
		return counts
	}
	t.Run("keeps what is young", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		finished(b, state.ChangeNoticed)
		b.age(13)
		before := rows(b)
		before["listings"], before["listing_rows"] = 0, 0
		b.prune()
		wantSame(t, "rows", before, rows(b))
	})
	t.Run("forgets batches first, then changes and runs, never failures", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		finished(b, state.ChangeNoticed)
		b.age(15)
		b.prune()
		wantSame(t, "after 15 days", map[string]int64{"runs": 1, "batches": 0, "changes": 1, "failures": 1, "listings": 0, "listing_rows": 0, "requests": 0}, rows(b))
		b.age(76)
		changes, runs := b.prune()
		wantSame(t, "pruned", []int64{1, 1}, []int64{changes, runs})
		wantSame(t, "after 91 days", map[string]int64{"runs": 0, "batches": 0, "changes": 0, "failures": 1, "listings": 0, "listing_rows": 0, "requests": 0}, rows(b))
	})
	t.Run("never forgets what is held, nor runs that have not ended", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		finished(b, state.ChangeHeld)
		shrunk := listed(b)
		must(t, onlyError(b.FinishRun(b.ctx, shrunk.ID, state.RunHeld, "the listing shrank")))
		b.exec(`INSERT INTO runs (sync, kind, state, trigger, slot, started_at) VALUES ($1, 'pass', 'working', 'manual', 'open', now() - interval '1 year')`, news)
		b.age(365)
		before := rows(b)
		before["requests"], before["listings"], before["listing_rows"] = 0, 1, 1
		b.prune()
		wantSame(t, "rows", before, rows(b))
	})
	t.Run("forgets the listing of a held run as soon as another has taken its place", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		must(t, onlyError(b.FinishRun(b.ctx, listed(b).ID, state.RunHeld, "the listing shrank")))
		b.prune()
		wantSame(t, "rows listed while it is held", int64(1), b.number(`SELECT count(*) FROM listing_rows`))
		listed(b)
		b.prune()
		wantSame(t, "rows listed, those of the run under way", int64(1), b.number(`SELECT count(*) FROM listing_rows`))
		wantSame(t, "listings", int64(1), b.number(`SELECT count(*) FROM listings`))
	})
	t.Run("goes on with a listing that was not dropped to its end", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := listed(b)
		b.end(run)
		b.exec(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$`)
		b.exec(`CREATE TRIGGER cut BEFORE DELETE ON listing_rows EXECUTE FUNCTION cut()`)
		if err := b.DropListing(b.ctx, b.number(`SELECT max(id) FROM listings`)); err == nil {
			t.Error("the listing was dropped although its rows could not be")
		}
		b.exec(`DROP TRIGGER cut ON listing_rows`)
		b.prune()
		wantSame(t, "listings", int64(0), b.number(`SELECT count(*) FROM listings`))
		wantSame(t, "rows listed", int64(0), b.number(`SELECT count(*) FROM listing_rows`))
	})
	t.Run("forgets touch runs early", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		must(t, onlyError(b.Touch(b.ctx, news, []int64{1}, state.ByHook)))
		_, run, lease, err := b.ClaimTouches(b.ctx, news, 9, worker, minute, 5, false)
		must(t, err)
		b.finish(lease)
		b.end(run)
		b.age(15)
		_, runs := b.prune()
		wantSame(t, "runs pruned", int64(1), runs)
	})
	t.Run("goes on over many portions", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.exec(`INSERT INTO changes (sync, run_id, batch_id, record_id, key, field, old, new, side, state, destructive, reason, settled_at)
			SELECT $1, 1, 1, n, '', '', '', '', '', 'applied', false, '', now() - interval '1 year' FROM generate_series(1, 12001) n`, news)
		changes, _ := b.prune()
		wantSame(t, "changes pruned", int64(12001), changes)
	})
}
