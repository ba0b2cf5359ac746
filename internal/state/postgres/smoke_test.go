package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestLifeOfAPass(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass()
	for _, batch := range b.slice(run, 3, 250) {
		lease := b.begin(batch)
		_, err := b.SubscribersByRange(b.ctx, news, batch.FromID, batch.ToID)
		must(t, err)
		_, err = b.SubscribersForIDs(b.ctx, news, []int64{1, 2})
		must(t, err)
		must(t, b.PutRoster(b.ctx, news, []state.RosterRow{{RecordID: batch.ToID, Email: "a@example.com"}}, []int64{7}))
		claimed, err := b.ClaimSubscribers(b.ctx, lease, news, []state.Claim{{Email: "a@example.com", RecordID: batch.ToID, Changes: []state.Change{{Field: "f", Key: "a@example.com", State: state.ChangePlanned}}}})
		must(t, err)
		t.Log(claimed)
		must(t, b.SettleSubscribers(b.ctx, lease, news, []state.Settlement{{Subscriber: state.Subscriber{Email: "a@example.com", RecordID: batch.ToID, Version: claimed[0].Version, Groups: []int64{1, 3}}, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied, Resolved: []int64{1}, Failures: []state.Failure{{RecordID: 4, Class: "rejected", Key: "x"}}}}))
		must(t, b.FinishBatch(b.ctx, lease, state.Counts{state.CountRecords: 250}, []state.Failure{{RecordID: 3, Class: "rejected"}}))
	}
	offset, err := b.AdvanceOffset(b.ctx, news, run.ID)
	must(t, err)
	if diff := cmp.Diff(int64(750), offset); diff != "" {
		t.Error(diff)
	}
	_, err = b.MoveRun(b.ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{PassEnds: new(true)})
	must(t, err)
	run, err = b.FinishRun(b.ctx, run.ID, state.RunDone, "")
	must(t, err)
	t.Logf("%+v", run)
	ch, err := b.Changes(b.ctx, state.ChangeFilter{})
	must(t, err)
	t.Logf("%+v", ch)
	_, _, err = b.Prune(b.ctx, 0, 0)
	must(t, err)
}
