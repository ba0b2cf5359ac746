package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"math"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/workers"
)

// bareWorkers is how many goroutines the yardstick has.
const bareWorkers = 8

// bare is the yardstick for whatever depends on the machine: the same pages, queries and commits as a pass with nothing
// to do, in a plain loop. Of the rows it looks only at what the next query needs; it decides nothing, and has no queue.
type bare struct {
	world    *world
	mysql    *sql.DB
	postgres *pgxpool.Pool
	sql      postgres.BareSQL
	reads    bareReads
}

// bareReads is what one duty reads.
type bareReads interface {
	list(ctx context.Context, run int64) error              // before the records are surveyed
	page(ctx context.Context, after int64) ([]int64, error) // ids for the survey
	batch(ctx context.Context, s slice) error               // all that a batch reads
}

func (w *world) newBare(ctx context.Context) (*bare, error) {
	settings, err := driver.ParseDSN(w.dsn)
	if err != nil {
		return nil, err
	}
	settings.InterpolateParams = true
	connector, err := driver.NewConnector(settings)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.ParseConfig(w.stateURL)
	if err != nil {
		return nil, err
	}
	pool.MaxConns = bareWorkers
	pool.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	pool.ConnConfig.RuntimeParams["jit"] = "off"
	b := &bare{world: w, mysql: sql.OpenDB(connector), sql: postgres.Bare()}
	b.mysql.SetMaxIdleConns(bareWorkers)
	b.postgres, err = pgxpool.NewWithConfig(ctx, pool)
	return b, err
}

func (b *bare) close() {
	_ = b.mysql.Close()
	b.postgres.Close()
}

// pass reads all records once in batches of size and returns how long that took.
func (b *bare) pass(ctx context.Context, size int) (lap, error) {
	store := b.world.store
	run, err := store.CreateRun(ctx, state.NewRun{
		Sync: bareName, Kind: state.RunPass, State: state.RunWorking, Trigger: state.ByHand, Slot: rand.Text(),
	})
	if err != nil {
		return lap{}, err
	}
	began := time.Now()
	if err := b.reads.list(ctx, run.ID); err != nil {
		return lap{}, err
	}
	listed := time.Since(began)
	if err := b.survey(ctx, run.ID, size); err != nil {
		return lap{}, err
	}
	if err := b.batches(ctx, run.ID); err != nil {
		return lap{}, err
	}
	ended, err := store.FinishRun(ctx, run.ID, state.RunDone, "")
	if err != nil {
		return lap{}, err
	}
	l := lap{took: time.Since(began), listing: listed}
	return l, store.DropListing(ctx, ended.ListingID)
}

// survey reads the pages of ids and of the roster, and stores the batches.
func (b *bare) survey(ctx context.Context, run int64, size int) error {
	after, from := int64(0), int64(0)
	for {
		ids, err := b.reads.page(ctx, after)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return b.world.store.AppendBatches(ctx, run, from, math.MaxInt64, true, nil)
		}
		last := ids[len(ids)-1]
		rows, err := b.postgres.Query(ctx, `
			SELECT record_id, key FROM roster WHERE sync = $1 AND record_id > $2 AND record_id <= $3 ORDER BY record_id`, b.world.duty.sync, after, last)
		if err := drain(rows, err); err != nil {
			return err
		}
		var batches []state.NewBatch
		begin := from
		for i := size; i <= len(ids); i += size {
			batches = append(batches, state.NewBatch{Kind: state.BatchSlice, FromID: from, ToID: ids[i-1]})
			from = ids[i-1]
		}
		if from != last {
			batches = append(batches, state.NewBatch{Kind: state.BatchSlice, FromID: from, ToID: last})
			from = last
		}
		if err := b.world.store.AppendBatches(ctx, run, begin, last, false, batches); err != nil {
			return err
		}
		after = last
	}
}

// pageOf reads the ids of one page; text is what else the survey reads.
func (b *bare) pageOf(ctx context.Context, text int, query string, args ...any) ([]int64, error) {
	ids := make([]int64, 0, workers.SurveyPage)
	var id int64
	places := []any{&id}
	for range text {
		places = append(places, new(sql.RawBytes))
	}
	err := b.each(ctx, places, func() { ids = append(ids, id) }, query, args...)
	return ids, err
}

// each scans all rows of a query of MySQL into the places given.
func (b *bare) each(ctx context.Context, places []any, see func(), query string, args ...any) error {
	rows, err := b.mysql.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		see()
	}
	return rows.Err()
}

type slice struct{ id, from, to int64 }

// batches works all batches of the run off.
func (b *bare) batches(ctx context.Context, run int64) error {
	rows, _ := b.postgres.Query(ctx, `SELECT id, from_id, to_id FROM batches WHERE run_id = $1 AND kind = 'slice' ORDER BY seq`, run)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s slice, err error) {
		return s, row.Scan(&s.id, &s.from, &s.to)
	})
	if err != nil {
		return err
	}
	todo := make(chan slice, len(all))
	for _, s := range all {
		todo <- s
	}
	close(todo)
	work, ctx := errgroup.WithContext(ctx)
	for range bareWorkers {
		work.Go(func() error {
			for s := range todo {
				if err := b.batch(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return work.Wait()
}

// batch does the I/O of one batch: begin, read, finish.
func (b *bare) batch(ctx context.Context, s slice) error {
	token := rand.Text()
	rows, err := b.postgres.Query(ctx, b.sql.Begin, s.id, 1, token, "yardstick", 15*time.Second)
	if err := drain(rows, err); err != nil {
		return err
	}
	if err := b.reads.batch(ctx, s); err != nil {
		return err
	}
	settled, err := b.postgres.Exec(ctx, b.sql.Finish, s.id, 1, token, state.Counts{state.CountUnchanged: s.to - s.from})
	if err == nil && settled.RowsAffected() != 1 {
		err = fmt.Errorf("the yardstick lost batch %d", s.id)
	}
	return err
}

// readState reads all that is remembered of a slice and lets see look at the rows of one of the queries.
func (b *bare) readState(ctx context.Context, s slice, which int, see func(pgx.Rows) error) error {
	reads := &pgx.Batch{}
	for i, query := range b.sql.Read {
		each := func(pgx.Rows) error { return nil }
		if i == which {
			each = see
		}
		reads.Queue(query, b.world.duty.sync, s.from, s.to).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := each(rows); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	return b.postgres.SendBatch(ctx, reads).Close()
}

// drain reads all rows and looks at none.
func drain(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
		_ = rows.RawValues()
	}
	return rows.Err()
}
