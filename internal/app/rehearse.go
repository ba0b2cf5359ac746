package app

import (
	"context"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/state"
)

// confine leaves a scheduler nothing to do but what was asked for of one sync. Without this a person who tries one sync
// would start every run that is due on the way.
func confine(s *schedule.Scheduler, sync string) {
	s.Syncs = slices.DeleteFunc(s.Syncs, func(other schedule.Sync) bool { return other.Name != sync })
	for i := range s.Syncs {
		s.Syncs[i].Schedule, s.Syncs[i].Poller = nil, nil
	}
}

// rehearsal is a store that shows the scheduler nothing but dry runs.
type rehearsal struct{ schedule.Store }

func (r rehearsal) OpenRequests(ctx context.Context, sync string) ([]state.Request, error) {
	requests, err := r.Store.OpenRequests(ctx, sync)
	return slices.DeleteFunc(requests, func(q state.Request) bool { return !q.Notify }), err
}

func (r rehearsal) OpenRuns(ctx context.Context, sync string) ([]state.Run, error) {
	runs, err := r.Store.OpenRuns(ctx, sync)
	return slices.DeleteFunc(runs, func(run state.Run) bool { return !run.Notify }), err
}

// TakeReady hands no batch out while a run that writes is open: its batches would be among them.
func (r rehearsal) TakeReady(ctx context.Context, sync string, window int) ([]state.Batch, error) {
	runs, err := r.Store.OpenRuns(ctx, sync)
	if err != nil || slices.ContainsFunc(runs, func(run state.Run) bool { return !run.Notify }) {
		return nil, err
	}
	return r.Store.TakeReady(ctx, sync, window)
}

func (r rehearsal) PendingTouches(context.Context, string, time.Duration) (int64, int, error) {
	return 0, 0, nil
}
