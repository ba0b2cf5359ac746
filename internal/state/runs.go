package state

import (
	"errors"
	"time"
)

// Errors that callers act upon.
var (
	ErrNotFound      = errors.New("not found")
	ErrRunExists     = errors.New("the run of this slot exists already")
	ErrRunInProgress = errors.New("an earlier run of this sync is still going")
	ErrConflict      = errors.New("somebody else moved it first")
	ErrStale         = errors.New("the task is out of date")
	ErrLeaseLost     = errors.New("the lease on the batch was lost")
	ErrNothing       = errors.New("nothing to do")
)

// Sync is what is remembered of one configured sync.
type Sync struct {
	Name         string
	Type         string
	Source       string
	Account      string
	Offset       int64     // highest record id up to which every batch of the present pass is settled; 0 between passes
	LastSlot     time.Time // slot of the newest scheduled run
	LastFullAt   time.Time // end of the newest full listing that was accepted
	LastListing  int       // entries of that listing, and those created since
	LastPassAt   time.Time // end of the newest finished pass
	PollCursor   time.Time
	PolledAt     time.Time
	PausedAt     time.Time // zero = not paused
	PauseReason  string
	RecordsTotal int64 // records of the source at the newest survey
}

// Account is what is remembered of one account.
type Account struct {
	Name        string
	PausedAt    time.Time
	PauseReason string
}

// Leadership is the answer to asking for the scheduler's lease.
type Leadership struct {
	Leader  bool // true: it is ours until Expires
	Holder  string
	Term    int64
	Expires time.Time
}

// RunKind tells what a run goes over.
type RunKind string

// The kinds of run.
const (
	RunPass    RunKind = "pass"    // all records from the offset on
	RunTouch   RunKind = "touch"   // records that a hook, a poll or a person pointed at
	RunApprove RunKind = "approve" // held changes that a person approved
	RunRevert  RunKind = "revert"  // changes that a person wants undone
)

// RunState is where a run stands. Listing and Slicing are left out where there is nothing to list or slice.
type RunState string

// The states, in their order. Done, Failed and Held end a run; a Held one can be approved.
const (
	RunListing  RunState = "listing"  // the outside system is being listed
	RunSlicing  RunState = "slicing"  // ids are being cut into batches
	RunWorking  RunState = "working"  // batches are being executed
	RunJudging  RunState = "judging"  // the guard looks at the destructive changes
	RunApplying RunState = "applying" // destructive changes are being applied
	RunDone     RunState = "done"
	RunFailed   RunState = "failed"
	RunHeld     RunState = "held" // the listing was implausible: nothing was touched
)

// Ended says that nothing more happens in this state by itself.
func (s RunState) Ended() bool { return s == RunDone || s == RunFailed || s == RunHeld }

// Trigger is who wanted a run.
type Trigger string

// The triggers.
const (
	BySchedule Trigger = "schedule"
	ByHand     Trigger = "manual"
	ByCronKey  Trigger = "cron"
	ByHook     Trigger = "hook"
	ByPoll     Trigger = "poll"
	ByRetry    Trigger = "retry"
	ByApproval Trigger = "approve"
	ByRevert   Trigger = "revert"
)

// Counts are numbers of records by what became of them. Keys are the Count constants; a skip's key is
// SkipPrefix plus its reason.
type Counts map[string]int64

// Keys of Counts.
const (
	CountRecords   = "records"   // looked at
	CountUnchanged = "unchanged" // nothing to do
	CountCreated   = "created"
	CountUpdated   = "updated"
	CountDetached  = "detached"
	CountWroteBack = "wrote_back"
	CountMerged    = "merged" // settled by another record with the same key
	CountHeld      = "held"
	CountDeferred  = "deferred" // destructive, waits for the end of the run
	CountFailed    = "failed"
	CountStanding  = "noticed_before" // differences that an earlier run noticed, and that still stand
	CountCalls     = "api_calls"
	SkipPrefix     = "skipped_"
)

// Add adds other to c.
func (c Counts) Add(other Counts) {
	for k, n := range other {
		c[k] += n
	}
}

// Run is one pass of a sync, or a smaller errand in its name.
type Run struct {
	ID          int64
	Sync        string
	Kind        RunKind
	State       RunState
	Trigger     Trigger
	Slot        string // unique per sync: the scheduled moment, or request/ID, touch/..., approve/...
	Full        bool   // reads and compares a full listing
	Notify      bool   // changes nothing: every change is only noticed
	DryRun      bool   // a person asked what it would change, and sees it
	ListingID   int64  // 0 = none
	FromID      int64  // the pass goes on behind this id
	SliceCursor int64  // ids up to here are cut into batches
	Sliced      bool   // no more batches will be cut
	PassEnds    bool   // its last batch reaches the end of the table (false when batches_per_run ends it earlier)
	BatchLimit  int    // 0 = none
	Total       int64  // records it will look at, as far as known
	GuardLimit  int
	GuardUsed   int
	Held        int // changes of it that wait for a person
	Counts      Counts
	Error       string
	RequestID   int64
	Started     time.Time
	Finished    time.Time
}

// NewRun is what CreateRun needs.
type NewRun struct {
	Sync       string
	Kind       RunKind
	State      RunState
	Trigger    Trigger
	Slot       string
	SlotAt     time.Time // set for scheduled runs: becomes the sync's LastSlot
	Full       bool
	Notify     bool
	DryRun     bool
	FromID     int64
	BatchLimit int
	GuardLimit int
	RequestID  int64 // marked as taken together with the creation
	ListingID  int64
}

// Request is a person's (or a cron key's) wish for a run now.
type Request struct {
	ID          int64
	Sync        string
	Trigger     Trigger
	Full        bool
	Notify      bool
	RequestedAt time.Time
	RunID       int64  // 0 = not taken yet
	Refused     string // why it was not taken
}

// BatchKind tells what a batch does.
type BatchKind string

// The kinds of batch.
const (
	BatchListing     BatchKind = "listing"     // reads the outside system's pages
	BatchSlice       BatchKind = "slice"       // a range of records
	BatchTouch       BatchKind = "touch"       // named records
	BatchDestructive BatchKind = "destructive" // named records, destructive changes allowed
	BatchRevert      BatchKind = "revert"      // named changes, undone
)

// BatchState is where a batch stands.
type BatchState string

// The states of a batch.
const (
	BatchReady   BatchState = "ready"   // waits to be enqueued
	BatchQueued  BatchState = "queued"  // the queue has (or had) a task for it
	BatchRunning BatchState = "running" // a worker holds the lease
	BatchSettled BatchState = "settled" // every record settled or a failure
)

// Batch is one slice of a run's records.
type Batch struct {
	ID         int64
	RunID      int64
	Sync       string
	Account    string
	Kind       BatchKind
	Seq        int
	FromID     int64 // records with FromID < id <= ToID
	ToID       int64
	IDs        []int64 // the records (touch, destructive) or changes (revert) instead of a range
	State      BatchState
	Generation int
	Attempts   int  // failed ones
	FirstTry   bool // nobody has begun it before: there is nothing of an earlier attempt to look for
	NotBefore  time.Time
	Worker     string
	LeaseUntil time.Time
	Counts     Counts
	Error      string
	QueuedAt   time.Time
	StartedAt  time.Time
	SettledAt  time.Time
}

// NewBatch is what AppendBatches needs.
type NewBatch struct {
	Kind   BatchKind
	FromID int64
	ToID   int64
	IDs    []int64
}

// Lease is a worker's right to write for one generation of one batch. Every write names its token.
type Lease struct {
	BatchID    int64
	Generation int
	Token      string
	Until      time.Time
}

// Progress sums a run's batches up.
type Progress struct {
	Batches  int
	Settled  int
	Deferred int // destructive changes that wait for the end of the run
	Counts   Counts
}
