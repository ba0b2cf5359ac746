package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestTwoThousandClientsAreKeptInStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	w.staff()
	want := w.expect()
	w.settled(w.pass(false), want)
}

// Before 7.5 there is no marketing_emails_opt_in, and other columns are missing too.
func TestOldVersionWithoutOptInIsKeptInStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{old: true, seed: 2, sync: "guard: {min: 5000}\npoll: 10s"})
	w.staff()
	want := w.expect()
	w.settled(w.pass(false), want)
}

func TestProcessesHaveNoDataRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{racy: true, seed: 3})
	c := w.staff()
	want := w.expect()
	w.settled(w.pass(false), want)
	for _, p := range append(c.schedulers, c.workers...) {
		p.terminate(patience)
		if strings.Contains(p.log.String(), "DATA RACE") {
			t.Errorf("%s has a data race:\n%s", p.name, p.tail())
		}
	}
}

func TestBackgroundJobsOfTheListAreUsedWhenSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{account: "api_batches: true"})
	w.staff()
	want := w.expect()
	w.settled(w.pass(false), want)
	if n := w.count(`SELECT count(*) FROM changes WHERE field = 'subscriber' AND state = 'applied'`); n < 800 {
		t.Errorf("%d people were created, want most", n)
	}
}

// The jobs are done, and nobody hears of it: the next attempt looks before it writes again.
func TestBackgroundJobsWhoseAnswerIsLostAreNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 600, account: "api_batches: true"})
	w.staff()
	want := w.expect()
	w.faults(sim.Fault{Method: "POST", Path: "/api_batches", Kind: sim.KindCutAfter, Times: 2})
	w.settled(w.pass(false), want)
}

func TestExactMultiplesOfTheBatchSize(t *testing.T) {
	t.Parallel()
	for clients, slices := range map[int]int{-1: 1, 250: 1, 500: 2} {
		t.Run(fmt.Sprintf("%d clients in one run", max(clients, 0)), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shape{clients: clients})
			w.staff()
			want := w.expect()
			run := w.pass(false)
			w.settled(run, want)
			if n := w.count(`SELECT count(*) FROM batches WHERE run_id = $1 AND kind = 'slice'`, run.ID); n != slices {
				t.Errorf("%d slices, want %d", n, slices)
			}
		})
	}
}

// The addon stayed at the end for ever when the number of clients was an exact multiple of its batch.
func TestOneBatchForEachRunGoesOnWhereItStoppedAndBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 500, sync: "guard: {min: 5000}\npoll: 0s\nbatches_per_run: 1"})
	w.staff()
	want := w.expect()
	border := w.rows()[249].id
	for pass := range 2 {
		if run := w.pass(false); run.State != state.RunDone {
			t.Fatalf("run %d ended as %s: %s", run.ID, run.State, run.Error)
		}
		w.offset(border)
		run := w.pass(false)
		w.holds(run, want)
		if pass == 0 {
			w.list.ResetCounts()
		}
	}
	if n := w.writes(); n != 0 {
		t.Errorf("the second pass wrote %d times", n)
	}
}

// Whoever asks while a run is under way gets no second one: two runs at once would both write.
func TestRunIsNotStartedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 600, rate: "100"})
	w.staff()
	want := w.expect()
	run := w.ask(false)
	var refused []int64
	for range 5 {
		id, err := w.store.RequestRun(t.Context(), state.Request{Sync: newsletter, Trigger: state.ByCronKey})
		if err != nil {
			t.Fatal(err)
		}
		refused = append(refused, id)
	}
	testkit.Eventually(t, patience, func() (bool, string) {
		n := w.count(`SELECT count(*) FROM requests WHERE id = ANY($1) AND refused <> ''`, refused)
		return n == len(refused), fmt.Sprintf("%d of %d requests refused", n, len(refused))
	})
	w.holds(w.await(run, patience), want)
	if n := w.count(`SELECT count(*) FROM runs`); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
}
