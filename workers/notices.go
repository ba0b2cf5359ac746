package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Notices gathers what a batch of a run that only notes has found. It is recorded at the end of the batch, all at once: a
// batch that stops on the way has noticed nothing, and finds it again. In a run that writes nothing is gathered.
type Notices struct {
	keys  []string
	found []state.Change
}

// Decided takes what a record would need: the differences of its key, none when both sides agree. A key that could not be
// looked at is left out, and whatever stands of it goes on standing.
func (n *Notices) Decided(job Job, key string, differences ...state.Change) {
	if !job.Run.Notify {
		return
	}
	n.keys = append(n.keys, key)
	for _, c := range differences {
		c.State, c.Deferred = state.ChangeNoticed, false
		n.found = append(n.found, c)
	}
}

// Record notes what is new, and counts what stood before.
func (n *Notices) Record(ctx context.Context, ledger Ledger, job Job, counts state.Counts) error {
	if len(n.keys) == 0 {
		return nil
	}
	before, err := ledger.Notice(ctx, job.Lease, job.Batch.Sync, n.keys, n.found)
	if before > 0 {
		counts[state.CountStanding] += int64(before)
	}
	return err
}
