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
	"github.com/whmcsync/whmcsync/internal/whmcs"
	whmcsdb "github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// bareWorkers is how many goroutines the yardstick has.
const bareWorkers = 8

// bare is the yardstick for whatever depends on the machine: the same pages, queries and commits as a pass with nothing
// to do, in a plain loop. Of the rows it looks only at the ids that the next query needs; it decides nothing, and has no
// queue.
type bare struct {
	world    *world
	mysql    *sql.DB
	postgres *pgxpool.Pool
	sql      postgres.BareSQL
	need     whmcs.Wish
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
	b := &bare{world: w, mysql: sql.OpenDB(connector), sql: postgres.Bare(), need: w.need()}
	b.mysql.SetMaxIdleConns(bareWorkers)
	b.postgres, err = pgxpool.NewWithConfig(ctx, pool)
	return b, err
}

func (b *bare) close() {
	_ = b.mysql.Close()
	b.postgres.Close()
}

// pass reads all records once in batches of size and returns how long that took.
func (b *bare) pass(ctx context.Context, size int) (time.Duration, error) {
	store := b.world.store
	run, err := store.CreateRun(ctx, state.NewRun{
		Sync: bareName, Kind: state.RunPass, State: state.RunWorking, Trigger: state.ByHand, Slot: rand.Text(),
	})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := b.survey(ctx, run.ID, size); err != nil {
		return 0, err
	}
	if err := b.batches(ctx, run.ID); err != nil {
		return 0, err
	}
	if _, err := store.FinishRun(ctx, run.ID, state.RunDone, ""); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// surveyPage is how many ids a survey reads at once.
const surveyPage = 10_000

// survey reads the pages of ids and of the roster, and stores the batches.
func (b *bare) survey(ctx context.Context, run int64, size int) error {
	after, from := int64(0), int64(0)
	for {
		ids, err := b.page(ctx, after)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return b.world.store.AppendBatches(ctx, run, from, math.MaxInt64, true, nil)
		}
		last := ids[len(ids)-1]
		rows, err := b.postgres.Query(ctx, `
			SELECT record_id, email FROM roster WHERE sync = $1 AND record_id > $2 AND record_id <= $3 ORDER BY record_id`, syncName, after, last)
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

func (b *bare) page(ctx context.Context, after int64) ([]int64, error) {
	rows, err := b.mysql.QueryContext(ctx, "SELECT id, email FROM tblclients WHERE id > ? ORDER BY id LIMIT ?", after, surveyPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := make([]int64, 0, surveyPage)
	var id int64
	var email sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&id, &email); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

type slice struct{ id, from, to int64 }

// batches works all batches of the run off.
func (b *bare) batches(ctx context.Context, run int64) error {
	rows, _ := b.postgres.Query(ctx, `SELECT id, from_id, to_id FROM batches WHERE run_id = $1 ORDER BY seq`, run)
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

// batch does the I/O of one batch: begin, read both databases, read who shares an address with somebody, finish.
func (b *bare) batch(ctx context.Context, s slice) error {
	token := rand.Text()
	rows, err := b.postgres.Query(ctx, b.sql.Begin, s.id, 1, token, "yardstick", 15*time.Second)
	if err := drain(rows, err); err != nil {
		return err
	}
	if err := b.readClients(ctx, 0, s.from, s.to); err != nil {
		return err
	}
	sharers, err := b.readState(ctx, s)
	if err != nil {
		return err
	}
	if len(sharers) > 0 {
		if err := b.readClients(ctx, len(sharers), sharers...); err != nil {
			return err
		}
	}
	settled, err := b.postgres.Exec(ctx, b.sql.Finish, s.id, 1, token, state.Counts{state.CountUnchanged: s.to - s.from})
	if err == nil && settled.RowsAffected() != 1 {
		err = fmt.Errorf("the yardstick lost batch %d", s.id)
	}
	return err
}

// readState reads all that is remembered of a slice and returns the ids outside of it that share an address.
func (b *bare) readState(ctx context.Context, s slice) (sharers []any, err error) {
	reads := &pgx.Batch{}
	for i, query := range b.sql.Read {
		each := func(pgx.Rows) error { return nil }
		if i == b.sql.Sharers {
			each = func(rows pgx.Rows) error {
				var id int64
				err := rows.Scan(&id, nil)
				sharers = append(sharers, id)
				return err
			}
		}
		reads.Queue(query, syncName, s.from, s.to).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := each(rows); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	return sharers, b.postgres.SendBatch(ctx, reads).Close()
}

// readClients reads the clients of a range, or those of n ids.
func (b *bare) readClients(ctx context.Context, n int, args ...any) error {
	rows, err := b.mysql.QueryContext(ctx, whmcsdb.BareClients(b.world.features, b.need, n), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, places := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
	}
	return rows.Err()
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
