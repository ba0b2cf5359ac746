package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// longest is how long a pass may take before the benchmark gives up.
const longest = 30 * time.Minute

// outcome is what one pass took.
type outcome struct {
	run   state.Run
	took  time.Duration
	calls int64 // counted by the list
}

func (o outcome) perSecond(records int) float64 { return float64(records) / o.took.Seconds() }

// pass asks for a run and waits for its end. Its time goes from the making of the run to its end, by the clock of
// PostgreSQL; how long the scheduler took to notice the request is not in it.
func (c *crew) pass(ctx context.Context, full bool) (outcome, error) {
	before := c.world.list.Summary().TotalCalls
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
	return outcome{run: run, took: run.Finished.Sub(run.Started), calls: c.world.list.Summary().TotalCalls - before}, err
}

// request asks for a run and returns it once it is made.
func (c *crew) request(ctx context.Context, full bool) (state.Run, error) {
	store := c.world.store
	id, err := store.RequestRun(ctx, state.Request{Sync: syncName, Trigger: state.ByHand, Full: full})
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
