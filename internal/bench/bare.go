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
	whmcsdb "github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// bareWorkers is how many goroutines the yardstick has.
const bareWorkers = 8

// bare is the yardstick for whatever depends on the machine: the same pages, queries and commits as a pass with nothing
// to do, in a plain loop. It looks at no row, decides nothing, and has no queue.
type bare struct {
	world    *world
	mysql    *sql.DB
	postgres *pgxpool.Pool
	sql      postgres.BareSQL
	clients  string
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
	b := &bare{world: w, mysql: sql.OpenDB(connector), sql: postgres.Bare(), clients: whmcsdb.BareClients(w.features, w.need())}
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

// batch does the I/O of one batch: begin, read both databases, finish.
func (b *bare) batch(ctx context.Context, s slice) error {
	token := rand.Text()
	rows, err := b.postgres.Query(ctx, b.sql.Begin, s.id, 1, token, "yardstick", 15*time.Second)
	if err := drain(rows, err); err != nil {
		return err
	}
	if err := b.readClients(ctx, s); err != nil {
		return err
	}
	reads := &pgx.Batch{}
	for _, query := range b.sql.Read {
		reads.Queue(query, syncName, s.from, s.to).Query(func(rows pgx.Rows) error { return drain(rows, nil) })
	}
	if err := b.postgres.SendBatch(ctx, reads).Close(); err != nil {
		return err
	}
	settled, err := b.postgres.Exec(ctx, b.sql.Finish, s.id, 1, token, state.Counts{state.CountUnchanged: s.to - s.from})
	if err == nil && settled.RowsAffected() != 1 {
		err = fmt.Errorf("the yardstick lost batch %d", s.id)
	}
	return err
}

func (b *bare) readClients(ctx context.Context, s slice) error {
	rows, err := b.mysql.QueryContext(ctx, b.clients, s.from, s.to)
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
	rows.Close()
	return rows.Err()
}
