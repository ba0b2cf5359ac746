package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Earlier is what earlier attempts of a batch did, newest change first. A first attempt has none.
type Earlier struct {
	Applied   map[string][]state.Change // by key
	Unsettled map[string][]state.Change // by key: planned and perhaps written
}

// ReadEarlier reads what earlier attempts of a batch did.
func ReadEarlier(ctx context.Context, ledger Ledger, batch state.Batch) (Earlier, error) {
	e := Earlier{Applied: map[string][]state.Change{}, Unsettled: map[string][]state.Change{}}
	if batch.FirstTry {
		return e, nil
	}
	changes, err := ledger.Changes(ctx, state.ChangeFilter{BatchID: batch.ID})
	for _, change := range changes {
		switch {
		case change.State == state.ChangeApplied:
			e.Applied[change.Key] = append(e.Applied[change.Key], change)
		case change.State == state.ChangePlanned && !change.Deferred:
			e.Unsettled[change.Key] = append(e.Unsettled[change.Key], change)
		}
	}
	return e, err
}
