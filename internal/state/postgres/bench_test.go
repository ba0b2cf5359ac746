package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/state"
)

// BenchmarkSteadyState begins, reads and finishes batches of records that need nothing, eight at a time.
func BenchmarkSteadyState(b *testing.B) {
	for _, size := range []int{50, 250} {
		b.Run(fmt.Sprintf("batches of %d", size), func(b *testing.B) {
			s := setup(b)
			s.people(max(100_000, size))
			run := s.pass()
			must(b, s.AppendBatches(s.ctx, run.ID, 0, int64(b.N*size), true, slicesOf(b.N, int64(size))))
			batches, err := s.TakeReady(s.ctx, news, b.N)
			must(b, err)
			b.ResetTimer()
			s.work(batches, 8, 100_000/size)
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
		})
	}
}

// work executes the batches with so many goroutines; the records are those of the first slices again and again.
func (b *bundle) work(batches []state.Batch, goroutines, slices int) {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(b.ctx)
	for range goroutines {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(batches); i = int(next.Add(1)) - 1 {
				batch := batches[i]
				_, _, lease, err := b.BeginBatch(ctx, batch.ID, batch.Generation, worker, minute)
				if err != nil {
					return err
				}
				from := batches[i%min(slices, len(batches))].FromID
				set, err := b.RecordsByRange(ctx, news, from, from+batch.ToID-batch.FromID)
				if err != nil {
					return err
				}
				if err := b.FinishBatch(ctx, lease, state.Counts{state.CountRecords: int64(len(set.Roster))}, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(b.t, group.Wait())
}

// people makes so many records with a memory each, one in fifty sharing the key of another.
func (b *bundle) people(n int) {
	b.exec(`INSERT INTO roster SELECT $1, id, 'p' || CASE WHEN id % 50 = 0 THEN id / 2 + 1 ELSE id END || '@example.com'
		FROM generate_series(1, $2::bigint) id`, news, n)
	b.exec(`INSERT INTO memories (sync, key, record_id, remote_id, remote_key, groups, fingerprint, echo)
		SELECT sync, key, min(record_id), 1, key, '{1,3}', decode(md5(key), 'hex'), decode(md5(key), 'hex')
		FROM roster GROUP BY sync, key ORDER BY min(record_id)`)
	b.exec(`VACUUM ANALYZE`)
}

// BenchmarkFirstLoad begins batches of 250 people nobody has seen, keeps them, and finishes, eight at a time.
func BenchmarkFirstLoad(b *testing.B) {
	const size = 250
	s := setup(b)
	run := s.pass()
	must(b, s.AppendBatches(s.ctx, run.ID, 0, int64(b.N*size), true, slicesOf(b.N, size)))
	batches, err := s.TakeReady(s.ctx, news, b.N)
	must(b, err)
	b.ResetTimer()
	var next atomic.Int64
	group, ctx := errgroup.WithContext(s.ctx)
	for range 8 {
		group.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(batches); i = int(next.Add(1)) - 1 {
				if err := s.load(ctx, batches[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(b, group.Wait())
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
}

func (b *bundle) load(ctx context.Context, batch state.Batch) error {
	_, _, lease, err := b.BeginBatch(ctx, batch.ID, batch.Generation, worker, minute)
	if err != nil {
		return err
	}
	if _, err := b.RecordsByRange(ctx, news, batch.FromID, batch.ToID); err != nil {
		return err
	}
	var rows []state.RosterRow
	var settlements []state.Settlement
	for id := batch.FromID + 1; id <= batch.ToID; id++ {
		email := fmt.Sprintf("p%d@example.com", id)
		rows = append(rows, row(id, email))
		settlements = append(settlements, state.Settlement{Memory: state.Memory{
			Key: email, RecordID: id, RemoteID: id, Groups: []int64{1, 3}, Fingerprint: []byte(email), Echo: []byte(email),
		}})
	}
	if err := b.PutRoster(ctx, news, rows, nil); err != nil {
		return err
	}
	if err := b.Settle(ctx, lease, news, settlements); err != nil {
		return err
	}
	return b.FinishBatch(ctx, lease, state.Counts{state.CountRecords: int64(len(rows))}, nil)
}
