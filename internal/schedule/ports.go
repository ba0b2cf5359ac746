package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/tasks"
)

// Store is the part of the state that the scheduler uses.
type Store interface {
	AcquireLeadership(ctx context.Context, holder string, ttl time.Duration) (state.Leadership, error)
	ReleaseLeadership(ctx context.Context, holder string) error

	Sync(ctx context.Context, name string) (state.Sync, error)
	SetPoll(ctx context.Context, sync string, cursor time.Time) error
	SetTotal(ctx context.Context, sync string, total int64) error
	OpenRequests(ctx context.Context, sync string) ([]state.Request, error)
	RefuseRequest(ctx context.Context, id int64, why string) error
	RequestRun(ctx context.Context, request state.Request) (int64, error)

	CreateRun(ctx context.Context, run state.NewRun) (state.Run, error)
	OpenRuns(ctx context.Context, sync string) ([]state.Run, error)
	Runs(ctx context.Context, filter state.RunFilter) ([]state.Run, error)
	MoveRun(ctx context.Context, id int64, from, to state.RunState, set state.RunSet) (state.Run, error)
	FinishRun(ctx context.Context, id int64, to state.RunState, why string, reports ...state.ReportKind) (state.Run, error)
	AppendBatches(ctx context.Context, runID, from, to int64, last bool, batches []state.NewBatch) error
	AddBatch(ctx context.Context, runID int64, batch state.NewBatch) (state.Batch, error)
	Progress(ctx context.Context, runID int64) (state.Progress, error)
	Standing(ctx context.Context, runID int64) (begun, unsettled bool, err error)
	AdvanceOffset(ctx context.Context, sync string, runID int64) (int64, error)
	Listing(ctx context.Context, id int64) (state.Listing, error)
	DropListing(ctx context.Context, id int64) error
	Deferred(ctx context.Context, runID int64) ([]state.Change, error)
	ApplyDeferred(ctx context.Context, runID int64, batchSize int) (records int, err error)
	HoldDeferred(ctx context.Context, runID int64) (int, error)

	TakeReady(ctx context.Context, sync string, window int) ([]state.Batch, error)
	Lapsed(ctx context.Context, sync string) ([]state.Batch, error)
	StaleQueued(ctx context.Context, sync string, older time.Duration) ([]state.Batch, error)
	Requeue(ctx context.Context, batchID int64, generation int) error
	Touch(ctx context.Context, sync string, ids []int64, trigger state.Trigger) ([]int64, error)
	PendingTouches(ctx context.Context, sync string, older time.Duration) (oldest int64, pending int, err error)
	TakeReports(ctx context.Context, sync string) ([]state.Report, error)
	StaleReports(ctx context.Context, sync string, older time.Duration) ([]state.Report, error)
	RequeueReport(ctx context.Context, report state.Report) error
	Prune(ctx context.Context, changes, batches time.Duration) (int64, int64, error)
}

// Queue is where tasks go.
type Queue interface {
	Batch(ctx context.Context, account string, task tasks.Batch) error
	Touch(ctx context.Context, task tasks.Touch, again string) error
	Report(ctx context.Context, report state.Report) error
	Known(ctx context.Context, queue, id string) (bool, error)
	Reporting(ctx context.Context, report state.Report) (bool, error) // whether it knows the report's task, as Known
	Restore(ctx context.Context) error                                // makes all queues known to Redis again, and wakes orphaned tasks
}

// Surveyor cuts a pass into batches; see workers.Surveyor.
type Surveyor interface {
	Survey(ctx context.Context, run state.Run, cut int, add func(from, to int64, batches []state.NewBatch, last bool) error) (int64, error)
}

// ErrTooMany is a Poller's answer when more records changed than a small run should take.
var ErrTooMany = errors.New("too many records changed")

// Poller looks for records that changed since a moment; ErrTooMany beyond the limit.
type Poller interface {
	ChangedSince(ctx context.Context, cursor time.Time, limit int) (whmcs.Changed, error)
}
