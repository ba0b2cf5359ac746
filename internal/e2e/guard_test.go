package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state"
)

// whmcsync runs one command to its end and returns its exit code.
func (w *world) whmcsync(args ...string) int {
	w.t.Helper()
	p := launch(w.t, program, nil, append(args, "--config", w.config)...)
	<-p.ended
	w.t.Logf("whmcsync %s: exit code %d", strings.Join(args, " "), p.cmd.ProcessState.ExitCode())
	return p.cmd.ProcessState.ExitCode()
}

// newest is the newest run.
func (w *world) newest() state.Run {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), state.RunFilter{Sync: w.sync, Limit: 1})
	if err != nil || len(runs) == 0 {
		w.t.Fatalf("no run: %v", err)
	}
	return runs[0]
}

const guarded = "guard: {min: 100}\npoll: 0s"

// withdrawn is a world in which 1,000 clients have withdrawn their consent at once and a pass has come upon it.
func withdrawn(t *testing.T) (w *world, want []sim.Person, held state.Run) {
	t.Helper()
	w = inStep(t, shape{clients: 2200, sync: guarded})
	before := w.list.State().Subscribers
	w.exec(`UPDATE tblclients SET emailoptout = 1, marketing_emails_opt_in = 0 WHERE id IN ` + marks(w.some(1000)))
	want = w.expect()
	if code := w.whmcsync("sync", newsletter, "--wait"); code != 3 {
		t.Errorf("exit code %d, want 3: something is held", code)
	}
	held = w.newest()
	if held.State != state.RunDone || held.Held == 0 || held.GuardUsed != 100 {
		t.Fatalf("run %d ended as %s, holds %d changes and used %d of 100", held.ID, held.State, held.Held, held.GuardUsed)
	}
	if n := w.writes(); n != 100 {
		t.Errorf("%d people were written to, want the guard's limit of 100", n)
	}
	if changed := countChanged(before, w.list.State().Subscribers); changed != 100 {
		t.Errorf("%d people were changed, want 100", changed)
	}
	return w, want, held
}

func countChanged(before, after []sim.Person) (n int) {
	writes := map[string]int{}
	for _, p := range before {
		writes[p.Email] = p.Writes
	}
	for _, p := range after {
		n += p.Writes - writes[p.Email]
	}
	return n
}

func TestManyWithdrawnConsentsAreHeld(t *testing.T) {
	t.Parallel()
	t.Run("and applied when a person approves", func(t *testing.T) {
		t.Parallel()
		w, want, held := withdrawn(t)
		if code := w.whmcsync("approve", strconv.FormatInt(held.ID, 10), "--wait"); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		w.settled(w.newest(), want)
	})
	t.Run("and kept away when a person rejects", func(t *testing.T) {
		t.Parallel()
		w, _, held := withdrawn(t)
		if code := w.whmcsync("reject", strconv.FormatInt(held.ID, 10)); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		kept := w.list.State().Subscribers
		w.list.ResetCounts()
		for _, full := range []bool{false, true} {
			w.holds(w.pass(full), kept)
		}
		if n := w.writes(); n != 0 {
			t.Errorf("%d writes after the refusal", n)
		}
	})
}

// lose makes the list forget everybody whom keep does not name, without a trace, as a broken listing would.
func (w *world) lose(keep func(i int) bool) (all, kept []sim.Person) {
	w.t.Helper()
	all = w.list.State().Subscribers
	for i, p := range all {
		if keep(i) {
			kept = append(kept, p)
		}
	}
	w.list.Reset()
	w.list.Seed(kept...)
	return all, w.list.State().Subscribers
}

func TestImplausibleListingIsHeld(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(i int) bool{
		"when it is empty":            func(int) bool { return false },
		"when it is 30 percent short": func(i int) bool { return i%10 > 2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inStep(t, shape{clients: 600})
			all, kept := w.lose(keep)
			if code := w.whmcsync("sync", newsletter, "--wait", "--full"); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
			held := w.newest()
			if held.State != state.RunHeld {
				t.Fatalf("run %d ended as %s: %s", held.ID, held.State, held.Error)
			}
			w.untouched(kept)
			w.approved(held, kept)
			w.back(all)
		})
	}
}

// untouched checks that nobody was written to.
func (w *world) untouched(list []sim.Person) {
	w.t.Helper()
	w.listed(list)
	if n := w.writes(); n != 0 {
		w.t.Errorf("%d writes", n)
	}
}

// approved believes the listing: whoever is gone from the list was deleted there by somebody, and stays so.
func (w *world) approved(held state.Run, kept []sim.Person) {
	w.t.Helper()
	if code := w.whmcsync("approve", strconv.FormatInt(held.ID, 10), "--wait"); code != 0 {
		w.t.Errorf("exit code %d, want 0", code)
	}
	run := w.newest()
	if run.ID != held.ID {
		w.t.Errorf("run %d was made, want run %d to go on", run.ID, held.ID)
	}
	w.holds(run, kept)
	w.untouched(kept)
}

// back gives the list everybody again: the next full listing sees them, and their changes reach the list again.
func (w *world) back(all []sim.Person) {
	w.t.Helper()
	w.list.Seed(all...)
	restored := w.list.State().Subscribers
	w.holds(w.pass(true), restored)
	w.untouched(restored)
	ids := w.some(5)
	for _, id := range ids {
		w.exec(`UPDATE tblclients SET lastname = ? WHERE id = ?`, fmt.Sprintf("Back %d", id), id)
	}
	want := w.expect()
	w.settled(w.pass(false), want)
	if !slices.ContainsFunc(want, func(p sim.Person) bool { return strings.Contains(p.Attributes["name"], "Back") }) {
		w.t.Error("nobody was changed, so nothing is shown")
	}
}

// The listing of the first run found nobody, so there is no earlier one to compare with; what must be compared with is
// what the run itself put there.
func TestEmptyListingAfterAFirstLoadIntoAnEmptyAccountIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 300})
	w.list.Reset()
	w.staff()
	want := w.expect()
	w.holds(w.pass(false), want)
	_, kept := w.lose(func(int) bool { return false })
	if code := w.whmcsync("sync", newsletter, "--wait", "--full"); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if held := w.newest(); held.State != state.RunHeld {
		t.Errorf("run %d ended as %s: %s", held.ID, held.State, held.Error)
	}
	w.untouched(kept)
}
