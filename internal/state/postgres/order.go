package postgres

import (
	"fmt"

	"github.com/whmcsync/whmcsync/internal/state"
)

// inOrder refuses slices that overlap or go back: the offset follows their order, and must never pass an unsettled id.
func inOrder(slices []state.NewBatch, from int64) error {
	for _, b := range slices {
		if b.Kind != state.BatchSlice {
			return fmt.Errorf("a batch of kind %q is no slice", b.Kind)
		}
		if b.FromID < from || b.ToID < b.FromID {
			return fmt.Errorf("the slice of ids %d to %d does not follow id %d", b.FromID, b.ToID, from)
		}
		from = b.ToID
	}
	return nil
}
