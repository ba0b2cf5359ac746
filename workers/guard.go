package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Allowed asks the guard of a run for the destructive changes of one key. A person who was asked about one of them, and has
// not answered, is not passed over; what an earlier attempt of the batch planned to write (unsettled), it had allowed.
func Allowed(ctx context.Context, ledger Ledger, run state.Run, changes, unsettled []state.Change) (bool, error) {
	for _, change := range unsettled {
		if change.Destructive {
			return true, nil
		}
	}
	held, err := ledger.AlreadyHeld(ctx, run.Sync, changes)
	if err != nil || held {
		return false, err
	}
	granted, err := ledger.GuardTake(ctx, run.ID, 1)
	return granted > 0, err
}
