package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/whmcsync/whmcsync/internal/state"
)

// longest is how long a pass may take before the benchmark gives up.
const longest = 30 * time.Minute

// lap is how long a pass took, and how long the listing that it began with.
type lap struct{ took, listing time.Duration }

// outcome is what one pass took.
type outcome struct {
	lap
	run   state.Run
	calls int64 // counted by the outside system
}

func (o outcome) perSecond(records int) float64 { return float64(records) / o.took.Seconds() }

// pass asks for a run and waits for its end. Its time goes from the making of the run to its end, by the clock of
// PostgreSQL; how long the scheduler took to notice the request is not in it.
func (c *crew) pass(ctx context.Context, full bool) (outcome, error) {
	before := c.world.outside.Counts().TotalCalls
	run, err := c.request(ctx, full)
	if err != nil {
		return outcome{}, err
	}
	err = await(ctx, longest, "a pass to end", func() (bool, error) {
		if run, err = c.world.store.Run(ctx, run.ID); err != nil {
			return false, err
		}
		return run.State.Ended(), c.alive()
	})
	if err == nil && run.State != state.RunDone {
		err = fmt.Errorf("run %d ended as %s: %s", run.ID, run.State, run.Error)
	}
	if err != nil {
		return outcome{run: run}, err
	}
	listing, err := c.listing(ctx, run.ID)
	l := lap{took: run.Finished.Sub(run.Started), listing: listing}
	return outcome{lap: l, run: run, calls: c.world.outside.Counts().TotalCalls - before}, err
}

// listing is how long the run's listing took, from the making of the run on; 0 when it had none.
func (c *crew) listing(ctx context.Context, run int64) (time.Duration, error) {
	text, err := c.query(ctx, `
		SELECT (1000 * extract(epoch FROM coalesce(max(b.settled_at) - r.started_at, '0')))::bigint::text
		FROM runs r LEFT JOIN batches b ON b.run_id = r.id AND b.kind = 'listing' WHERE r.id = $1 GROUP BY r.started_at`, run)
	if err != nil {
		return 0, err
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(ms) * time.Millisecond, err
}

// query runs a query of one row past the store.
func (c *crew) query(ctx context.Context, query string, args ...any) (text string, err error) {
	pool, err := pgxpool.New(ctx, c.world.stateURL)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	err = pool.QueryRow(ctx, query, args...).Scan(&text)
	return text, err
}

// request asks for a run and returns it once it is made.
func (c *crew) request(ctx context.Context, full bool) (state.Run, error) {
	store := c.world.store
	id, err := store.RequestRun(ctx, state.Request{Sync: c.world.duty.sync, Trigger: state.ByHand, Full: full})
	if err != nil {
		return state.Run{}, err
	}
	var request state.Request
	err = await(ctx, time.Minute, "the scheduler to take a request", func() (bool, error) {
		if request, err = store.Request(ctx, id); err != nil {
			return false, err
		}
		return request.RunID != 0 || request.Refused != "", c.alive()
	})
	if err != nil {
		return state.Run{}, err
	}
	if request.Refused != "" {
		return state.Run{}, fmt.Errorf("run refused: %s", request.Refused)
	}
	return store.Run(ctx, request.RunID)
}
