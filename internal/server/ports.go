package server

import (
	"context"
	"net/http"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Deps is everything the server asks of the rest of the program. All of it may be called at once from many goroutines
// and must obey its context. Checks may be empty; Metrics and the queue pages may be nil: then they are not found.
type Deps struct {
	Checks  []Check
	Runs    RunRequester
	Touches Toucher
	Nonces  Nonces
	Pages   Pages
	Metrics http.Handler
	Queues  Queues
}

// Check is one thing that must work for this process to be of use. Probe returns nil when it does; its error must hold
// no secret.
type Check struct {
	Name  string
	Probe func(ctx context.Context) error
}

// RunRequester asks the scheduler for a run.
type RunRequester interface {
	// RequestRun returns the request's id. When a run of the sync is under way the error is state.ErrRunInProgress and
	// the id is that of the run. fault.Held: the sync or its account is paused.
	RequestRun(ctx context.Context, sync string, trigger state.Trigger) (id int64, err error)
}

// Toucher notes that records changed and wakes a worker up for them.
type Toucher interface {
	Touch(ctx context.Context, sync string, ids []int64, trigger state.Trigger) error
}

// Nonces remembers what was seen, for all servers together.
type Nonces interface {
	// Seen remembers the nonce for ttl and says whether it was there already.
	Seen(ctx context.Context, source, nonce string, ttl time.Duration) (bool, error)
}

// Pages answers what the pages and the API show.
type Pages interface {
	Status(ctx context.Context) (Status, error)
	// Failures returns open failures, newest first; an empty sync means all of them.
	Failures(ctx context.Context, sync string, limit int) ([]Failure, error)
	// Runs returns runs, newest first.
	Runs(ctx context.Context, limit int) ([]Run, error)
}

// Queues is the queue UI, mounted at /queues/ with the path left whole. Viewer must refuse every write by itself too.
type Queues struct {
	Operator http.Handler
	Viewer   http.Handler
}
