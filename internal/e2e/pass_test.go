package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// ask asks for a pass and returns the number of the run once a scheduler has taken it.
func (w *world) ask(full bool) int64 {
	w.t.Helper()
	id, err := w.store.RequestRun(w.t.Context(), state.Request{Sync: w.sync, Trigger: state.ByHand, Full: full})
	if err != nil {
		w.t.Fatal(err)
	}
	var run int64
	testkit.Eventually(w.t, patience, func() (bool, string) {
		request, err := w.store.Request(w.t.Context(), id)
		if err != nil || request.Refused != "" {
			w.t.Fatalf("request %d: %v, refused %q", id, err, request.Refused)
		}
		run = request.RunID
		return run != 0, "no scheduler has taken the request"
	})
	return run
}

// await waits for the end of a run. State that does not answer for a while is no end.
func (w *world) await(id int64, limit time.Duration) state.Run {
	w.t.Helper()
	var run state.Run
	testkit.Eventually(w.t, limit, func() (bool, string) {
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		defer cancel()
		var err error
		run, err = w.store.Run(ctx, id)
		return err == nil && run.State.Ended(), fmt.Sprintf("run %d is %s (%v), %s", id, run.State, err, w.progress())
	})
	return run
}

// progress says for a message where the batches stand.
func (w *world) progress() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var text string
	_ = w.state.QueryRow(ctx, `SELECT coalesce(string_agg(format('%s %s gen %s: %s', kind, seq, generation, state || ' ' || error), '; ' ORDER BY id), 'no batches')
		FROM batches WHERE state <> 'settled'`).Scan(&text)
	return text
}

// pass asks for a pass and waits for its end.
func (w *world) pass(full bool) state.Run {
	w.t.Helper()
	return w.await(w.ask(full), patience)
}

// written waits until the list has taken that many writes since the counts were reset: the run is in its middle.
func (w *world) written(n int64) {
	w.t.Helper()
	testkit.Eventually(w.t, patience, func() (bool, string) {
		now := w.writes()
		return now >= n, fmt.Sprintf("%d of %d writes, %s", now, n, w.progress())
	})
}

// writes are the calls that could change somebody.
func (w *world) writes() int64 {
	calls := w.list.Summary().Calls
	return calls["sync_subscriber"] + calls["start_batch"] + calls["delete_subscriber"] + calls["restore_subscriber"]
}

// expect is the list as the next pass must leave it.
func (w *world) expect() []sim.Person {
	w.t.Helper()
	return w.oracle.next(w.list.State().Subscribers, w.rows())
}

// settled holds a finished first pass to all that must be true of it, and makes a second one, which must cost nothing.
func (w *world) settled(run state.Run, want []sim.Person) {
	w.t.Helper()
	w.holds(run, want)
	w.idle(want)
}

// holds checks what must be true after a pass: it is done, the list is as the oracle says, everybody changed was written
// to exactly once, and every client is settled or has an open failure.
func (w *world) holds(run state.Run, want []sim.Person) {
	w.t.Helper()
	if run.State != state.RunDone || run.Held != 0 {
		w.t.Errorf("run %d ended as %s (%s) with %d changes held", run.ID, run.State, run.Error, run.Held)
	}
	w.listed(want)
	w.offset(0)
	w.accounted()
}

// listed compares the list with what it should be.
func (w *world) listed(want []sim.Person) {
	w.t.Helper()
	got := w.list.State()
	if len(got.Violations) > 0 {
		w.t.Errorf("%d things happened that must not, the first: %+v", len(got.Violations), got.Violations[0])
	}
	if diff := difference(want, got.Subscribers); diff != "" {
		w.t.Errorf("the list is not as it should be (-want +got):\n%s", diff)
	}
}

// difference compares people whatever their order. An expected person without id or time is new or changed; then any will
// do.
func difference(want, got []sim.Person) string {
	byEmail := map[string]sim.Person{}
	for _, p := range got {
		byEmail[strings.ToLower(p.Email)] = p
	}
	var lines []string
	for _, p := range want {
		key := strings.ToLower(p.Email)
		other, there := byEmail[key]
		delete(byEmail, key)
		if p.Email == "" {
			continue
		}
		if !there {
			lines = append(lines, "missing: "+p.Email)
			continue
		}
		if p.ID == 0 {
			other.ID = 0
		}
		if p.UpdatedAt.IsZero() {
			other.UpdatedAt = time.Time{}
		}
		if diff := cmp.Diff(p, other, cmpopts.EquateEmpty()); diff != "" {
			lines = append(lines, p.Email+":\n"+diff)
		}
	}
	for _, p := range byEmail {
		lines = append(lines, fmt.Sprintf("not wanted: %+v", p))
	}
	slices.Sort(lines)
	if more := len(lines) - 10; more > 0 {
		lines = append(lines[:10], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// offset checks where the next pass would begin.
func (w *world) offset(want int64) {
	w.t.Helper()
	sync, err := w.store.Sync(w.t.Context(), w.sync)
	if err != nil {
		w.t.Fatal(err)
	}
	if sync.Offset != want {
		w.t.Errorf("offset %d, want %d", sync.Offset, want)
	}
}

// accounted checks that no batch is left, that the open failures are exactly the clients whose address is not valid, and
// that every change came to its end.
func (w *world) accounted() {
	w.t.Helper()
	_, invalid := people(w.rows())
	failures, err := w.store.Failures(w.t.Context(), state.FailureFilter{Sync: newsletter})
	if err != nil {
		w.t.Fatal(err)
	}
	var failed []int64
	for _, f := range failures {
		failed = append(failed, f.RecordID)
	}
	slices.Sort(failed)
	if diff := cmp.Diff(invalid, failed, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("open failures are not the clients without a valid address (-want +got):\n%s", diff)
	}
	if n := w.count(`SELECT count(*) FROM batches WHERE state <> 'settled'`); n != 0 {
		w.t.Errorf("%d batches are not settled: %s", n, w.progress())
	}
	if n := w.count(`SELECT count(*) FROM changes WHERE state IN ('planned', 'failed')`); n != 0 {
		w.t.Errorf("%d changes are planned or failed still", n)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.state.QueryRow(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// idle makes one more pass: nothing has changed, so it writes nothing and asks next to nothing.
func (w *world) idle(want []sim.Person) {
	w.t.Helper()
	w.list.ResetCounts()
	run := w.pass(true)
	again := slices.Clone(want)
	for i := range again {
		if again[i].Email != "" {
			w.oracle.seen[addressOf(again[i].Email)] = true
		}
	}
	w.holds(run, again)
	if n := w.writes(); n != 0 {
		w.t.Errorf("the second pass wrote %d times", n)
	}
	if n := w.list.Summary().TotalCalls; n > 20 {
		w.t.Errorf("the second pass made %d calls", n)
	}
}
