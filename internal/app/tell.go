package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/state"
)

const (
	tellFor    = 24 * time.Hour   // how long a report is tried
	tellTries  = 8                // and at least so often, however late the first try comes
	settleTime = 10 * time.Second // to write down what came of a try
	leaseMore  = settleTime + 5*time.Second
)

// telling is a try to tell one report.
type telling struct {
	*App
	state.Report
}

// untold is what is kept with the task of a report when there was nothing to do.
type untold struct {
	Why string `json:"why"`
}

// tell makes a try to tell a report, for at most limit and as the only one, and settles what came of it. do is called with
// a run that has ended, and for what other tries have not told.
func (a *App) tell(
	ctx context.Context, run int64, kind state.ReportKind, limit time.Duration, do func(context.Context, *telling, state.Run) (any, error),
) (any, error) {
	report, err := a.Store.BeginReport(ctx, run, kind, limit+leaseMore)
	switch {
	case errors.Is(err, state.ErrNothing):
		return untold{"it was told before"}, nil
	case errors.Is(err, state.ErrNotFound):
		return nil, fault.New(fault.Refused, "", "tell the report", "run %d is not kept any more", run)
	case errors.Is(err, state.ErrConflict):
		return nil, &fault.Error{Class: fault.Held, Op: "tell the report", RetryAfter: leaseMore, Err: errors.New("another worker is at it")}
	case err != nil:
		return nil, err
	}
	t := &telling{a, report}
	ended, err := a.Store.Run(ctx, run)
	switch {
	case err != nil:
		return nil, t.settle(ctx, err)
	case !ended.State.Ended(): // it was held, and somebody approved it
		return untold{"the run goes on, and will be told when it ends again"}, t.settle(ctx, nil)
	}
	result, err := do(ctx, t, ended)
	return result, t.settle(ctx, err)
}

// settle ends a try: whatever the queue does with its task, Postgres knows what came of the report.
func (t *telling) settle(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err == nil {
		return t.unlessOvertaken(t.Store.SettleReport(ctx, t.Report, state.ReportTold, ""))
	}
	as := state.ReportOwed
	switch age := time.Since(t.OwedAt); {
	case !queue.OutcomeOf(err, 0).Retry:
		as = state.ReportGivenUp
	case age > tellFor && t.Tries >= tellTries:
		as, err = state.ReportGivenUp, fault.New(fault.Refused, "", "tell the report", "given up after %d tries: %w", t.Tries, err)
	}
	if failed := t.unlessOvertaken(t.Store.SettleReport(ctx, t.Report, as, err.Error())); failed != nil {
		return failed
	}
	return &queue.Attempt{N: t.Tries, Err: err}
}

// unlessOvertaken lets a try end in peace that took too long, or whose run has ended once more meanwhile.
func (t *telling) unlessOvertaken(err error) error {
	if errors.Is(err, state.ErrConflict) {
		return nil
	}
	return err
}

// once does what no other try may repeat. done false: there was nothing to do.
func (t *telling) once(ctx context.Context, what string, do func() (done bool, err error)) error {
	if t.has(what) {
		return nil
	}
	done, err := do()
	if done && err == nil {
		t.note(ctx, what)
	}
	return err
}

func (t *telling) has(what string) bool { return slices.Contains(t.Told, what) }

// note keeps that something was told. It is told before it is noted, so that a crash in between repeats it and loses nothing.
func (t *telling) note(ctx context.Context, what string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := t.Store.NoteTold(ctx, t.Report, what); err != nil {
		t.Log.Warn().Err(err).Int64("run", t.RunID).Str("report", string(t.Kind)).Msg("it could not be noted that this was told; it may be told again")
	}
}
