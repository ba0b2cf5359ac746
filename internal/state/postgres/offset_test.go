package postgres_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Whatever the sizes of the slices and the order in which they are settled, the offset is the highest id up to which
// all are settled, and never moves back.
func TestOffsetNeverPassesAnUnsettledBatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(r *rapid.T) {
		b.exec(`UPDATE syncs SET record_offset = 0`)
		sizes := rapid.SliceOfN(rapid.Int64Range(1, 100), 1, 12).Draw(r, "sizes")
		from := rapid.Int64Range(0, 50).Draw(r, "from")
		var slices []state.NewBatch
		cursor := from
		for _, size := range sizes {
			slices = append(slices, state.NewBatch{Kind: state.BatchSlice, FromID: cursor, ToID: cursor + size})
			cursor += size
		}
		run := b.pass(func(n *state.NewRun) { n.FromID = from })
		must(t, b.AppendBatches(b.ctx, run.ID, from, cursor, true, slices))
		batches, err := b.TakeReady(b.ctx, news, len(slices))
		must(t, err)

		settled := map[int]bool{}
		for _, i := range rapid.Permutation(indexes(len(batches))).Draw(r, "order") {
			b.finish(b.begin(batches[i]))
			settled[i] = true
			offset, err := b.AdvanceOffset(b.ctx, news, run.ID)
			must(t, err)
			if want := leading(slices, settled); offset != want {
				r.Fatalf("offset %d after %v, want %d", offset, settled, want)
			}
		}
		must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunFailed, "")))
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func leading(slices []state.NewBatch, settled map[int]bool) (offset int64) {
	for i, slice := range slices {
		if !settled[i] {
			break
		}
		offset = slice.ToID
	}
	return offset
}
