package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

const syncPath = "/subscribers/sync"

// Every fault happens while listing and several times while writing. What was applied although the answer was lost must
// not be written again: everybody changed has exactly one accepted write in the end.
func TestAccountMisbehaves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault sim.Fault
	}{
		{"by 429 with Retry-After in seconds", sim.Fault{Kind: sim.KindTooMany, Delay: sim.Duration(time.Second)}},
		{"by 429 with Retry-After as a date", sim.Fault{Kind: sim.KindTooManyDate, Delay: sim.Duration(time.Second)}},
		{"by 500", sim.Fault{Kind: sim.KindBroken}},
		{"by 503 with Retry-After", sim.Fault{Kind: sim.KindUnavailable, Delay: sim.Duration(time.Second)}},
		{"by a web page instead of JSON", sim.Fault{Kind: sim.KindHTML}},
		{"by no answer at all", sim.Fault{Kind: sim.KindNothing}},
		{"by cutting the connection before the write", sim.Fault{Kind: sim.KindCut}},
		{"by cutting the connection after the write", sim.Fault{Kind: sim.KindCutAfter}},
		{"by JSON that ends in its middle", sim.Fault{Kind: sim.KindBadJSON}},
		{"by an answer shorter than announced", sim.Fault{Kind: sim.KindTruncated}},
		{"by an answer in drops", sim.Fault{Kind: sim.KindSlow, Delay: sim.Duration(500 * time.Millisecond)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shape{clients: 600, rate: "1000"}) // 429 halves it
			w.staff()
			want := w.expect()
			listing, early, late := tc.fault, tc.fault, tc.fault
			listing.Path, listing.Times = "/subscribers", 1
			early.Path, early.Times, early.Skip = syncPath, 2, 10
			late.Path, late.Times, late.Skip = syncPath, 2, 100
			w.faults(listing, early, late)
			w.settled(w.pass(false), want)
		})
	}
}

func (w *world) faults(list ...sim.Fault) {
	w.t.Helper()
	if err := w.list.SetFaults(list...); err != nil {
		w.t.Fatal(err)
	}
}

func TestAccountIsDownForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 600})
	w.staff()
	want := w.expect()
	run := w.ask(false)
	w.written(50)
	w.faults(sim.Fault{Kind: sim.KindBroken})
	testkit.Eventually(t, patience, func() (bool, string) {
		n := w.count(`SELECT count(*) FROM batches WHERE attempts > 0`)
		return n > 0, "no batch has noticed"
	})
	w.faults()
	w.settled(w.await(run, patience), want)
}

func TestAccountGivesSmallerPagesThanAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 600, sim: sim.Options{PageCap: 100}})
	w.staff()
	want := w.expect()
	w.holds(w.pass(false), want)
	w.list.ResetCounts()
	w.holds(w.pass(true), want)
	if n := w.writes(); n != 0 {
		t.Errorf("the second pass wrote %d times", n)
	}
}

func TestRevokedTokenPausesTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	w.staff()
	want := w.expect()
	run := w.ask(false)
	w.written(midway)
	w.faults(sim.Fault{Kind: sim.KindRevoked})
	testkit.Eventually(t, patience, func() (bool, string) {
		return w.count(`SELECT count(*) FROM accounts WHERE name = 'news' AND paused_at IS NOT NULL`) == 1, "the account is not paused"
	})
	w.quiet()
	w.faults()
	if err := w.store.ResumeAccount(t.Context(), "news"); err != nil {
		t.Fatal(err)
	}
	w.settled(w.await(run, patience), want)
}

// quiet waits until nobody works any more, and checks that the refused key was not tried again and again.
func (w *world) quiet() {
	w.t.Helper()
	testkit.Eventually(w.t, patience, func() (bool, string) {
		n := w.count(`SELECT count(*) FROM batches WHERE state = 'running'`)
		return n == 0, fmt.Sprintf("%d batches are running still", n)
	})
	if n := w.list.Summary().Statuses[401]; n > 16 { // two workers with eight batches each
		w.t.Errorf("the refused key was tried %d times", n)
	}
}

func TestFourWorkersStayBelowTheLimitOfTheAccount(t *testing.T) {
	t.Parallel()
	// A bucket of eight calls, at a rate at which a call that the machine holds up for a moment still fits into it.
	w := newWorld(t, shape{rate: "50", sim: sim.Options{RatePerSecond: 50, Burst: 8}})
	w.staff()
	w.start("worker")
	w.start("worker")
	want := w.expect()
	began := time.Now()
	run := w.pass(false)
	took := time.Since(began)
	w.holds(run, want)
	summary := w.list.Summary()
	if n := summary.Statuses[429]; n != 0 {
		t.Errorf("429 was provoked %d times", n)
	}
	if summary.PeakInFlight > 8 {
		t.Errorf("%d calls were in flight at once, want at most 8", summary.PeakInFlight)
	}
	t.Logf("%d calls in %s: %.0f a second of 50 allowed", summary.TotalCalls, took.Round(time.Millisecond), float64(summary.TotalCalls)/took.Seconds())
}
