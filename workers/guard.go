package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Held reads which wishes of these keys wait for a person already. Such a wish goes on waiting and takes nothing from the
// guard, or run after run would let through as many as the guard allows. What a person has approved is asked of nobody.
func Held(ctx context.Context, ledger Ledger, job Job, keys []string) (map[string][]byte, error) {
	if len(keys) == 0 || job.Batch.Kind == state.BatchDestructive {
		return nil, nil
	}
	changes, err := ledger.Changes(ctx, state.ChangeFilter{Sync: job.Batch.Sync, Keys: keys, State: state.ChangeHeld})
	held := map[string][]byte{}
	for _, c := range changes {
		held[c.Key] = append(held[c.Key], c.Wish...)
	}
	return held, err
}

// Allowed asks the guard of a run for the destructive changes of one key. What an earlier attempt of the batch planned to write
// (unsettled), it had allowed.
func Allowed(ctx context.Context, ledger Ledger, run state.Run, unsettled []state.Change) (bool, error) {
	for _, change := range unsettled {
		if change.Destructive {
			return true, nil
		}
	}
	granted, err := ledger.GuardTake(ctx, run.ID, 1)
	return granted > 0, err
}
