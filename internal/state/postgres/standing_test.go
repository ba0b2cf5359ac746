package postgres_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestStandingTellsWhetherThereIsWorkLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass()
	look := func(wantBegun, wantUnsettled bool) {
		t.Helper()
		begun, unsettled, err := b.Standing(b.ctx, run.ID)
		must(t, err)
		if begun != wantBegun || unsettled != wantUnsettled {
			t.Errorf("begun %v, unsettled %v", begun, unsettled)
		}
	}
	look(false, false)
	_, err := b.AddBatch(b.ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	must(t, err)
	look(true, true)
	b.exec(`UPDATE batches SET state = 'settled' WHERE run_id = $1`, run.ID)
	look(true, false)
}
