package schedule

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/state"
)

// A tick reads the runs, and only later whether their batches have ended: with a quick worker a whole listing fits in
// between.
func TestAListingThatBeginsAndEndsWithinATickIsSeen(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *Sync) { s.CanList = true })
	b.request(fully)
	b.ticks()
	before := b.newest()
	if before.ListingID != 0 || before.State != state.RunListing {
		t.Fatalf("the run is not of before its listing: %+v", before)
	}
	if n := b.settle(b.listing(10)); n != 1 {
		t.Fatalf("%d batches", n)
	}
	sync, err := b.store.Sync(b.ctx, b.Name)
	must(t, err)
	if _, err := b.advance(b.ctx, sync, before); err != nil {
		t.Fatal(err)
	}
	if after := b.newest(); after.State != state.RunSlicing {
		t.Errorf("the run is %s: %s", after.State, after.Error)
	}
}
