package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// reached are the people who are wanted and whom the list may be told about: the lead's id by address.
func (w *world) reached() map[string]int64 {
	w.t.Helper()
	by, _ := people(w.rows())
	ids := map[string]int64{}
	for _, p := range w.list.State().Subscribers {
		clients := by[addressOf(p.Email)]
		if len(clients) == 1 && !left(p) && w.oracle.wishOf(clients).wanted {
			ids[addressOf(p.Email)] = clients[0].id
		}
	}
	return ids
}

// some are n of the clients who are reached, always the same ones.
func (w *world) some(n int) []int64 {
	w.t.Helper()
	ids := slices.Sorted(maps.Values(w.reached()))
	if len(ids) < n {
		w.t.Fatalf("only %d clients are reached", len(ids))
	}
	return ids[:n]
}

func marks(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = fmt.Sprint(id)
	}
	return "(" + strings.Join(texts, ",") + ")"
}

// inStep is a world that has had its first pass.
func inStep(t *testing.T, s shape) *world {
	t.Helper()
	w := newWorld(t, s)
	w.staff()
	want := w.expect()
	w.holds(w.pass(false), want)
	w.list.ResetCounts()
	return w
}

func TestChangedAddressMovesTheSubscriber(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 600})
	ids := w.some(8)
	for _, id := range ids[:3] {
		w.exec(`UPDATE tblclients SET email = ? WHERE id = ?`, fmt.Sprintf("Moved.%d@bücher.example.test ", id), id)
	}
	w.exec(`UPDATE tblclients SET email = UPPER(email) WHERE id = ? AND email NOT LIKE '%&%'`, ids[3]) // nothing but another spelling
	w.exec(`UPDATE tblclients SET email = 'nobody@' WHERE id = ?`, ids[4])
	w.exec(`UPDATE tblclients a, tblclients b SET a.email = b.email WHERE a.id = ? AND b.id = ?`, ids[5], ids[6]) // both are one person now
	want := w.expect()
	w.settled(w.pass(false), want)
}

// A rule gave a group; when it holds no longer the group is taken away, and other groups stay.
func TestGroupsFollowTheirRules(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 600})
	w.exec(`UPDATE tblhosting SET domainstatus = 'Terminated' WHERE packageid = 11`)
	w.exec(`UPDATE tblhosting SET domainstatus = 'Active' WHERE packageid = 12`)
	w.exec(`UPDATE tblclients SET country = 'DE' WHERE country = 'ES' AND id % 2 = 0`)
	w.exec(`UPDATE tblclients SET country = 'PT' WHERE country = 'US'`)
	want := w.expect()
	w.settled(w.pass(false), want)
	if n := w.count(`SELECT count(*) FROM changes WHERE field = 'groups' AND run_id > 1 AND length(new) < length(old)`); n == 0 {
		t.Error("nobody lost a group, so nothing is shown")
	}
}

func TestClosedAndDeletedClientsAreDetachedOnceTheGuardHasSeenAll(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 600, sync: "guard: {min: 100}\npoll: 0s"})
	ids := w.some(20)
	w.exec(`UPDATE tblclients SET status = 'Closed' WHERE id IN ` + marks(ids[:10]))
	w.exec(`DELETE FROM tblclients WHERE id IN ` + marks(ids[10:]))
	want := w.expect()
	run := w.pass(false)
	w.settled(run, want)
	n := w.count(`SELECT count(*) FROM changes c JOIN batches b ON b.id = c.batch_id WHERE c.run_id = $1 AND c.state = 'applied' AND b.kind = 'destructive'`, run.ID)
	if n != len(ids) {
		t.Errorf("%d people were detached at the end of the run, want %d", n, len(ids))
	}
}

// Clients come and go while the run reads them. Whatever it saw, the next pass brings both sides together.
func TestClientTableGrowsAndShrinksDuringTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{rate: "200", sync: "guard: {min: 5000}\npoll: 0s\nbatch_size: 50\nwindow: 4"})
	w.staff()
	before := w.list.State().Subscribers
	ids, _ := people(w.rows())
	run := w.ask(false)
	w.written(20)
	gone := w.churn(slices.Sorted(maps.Keys(ids)))
	if first := w.await(run, patience); first.State != state.RunDone {
		t.Fatalf("run %d ended as %s: %s", first.ID, first.State, first.Error)
	}
	w.offset(0)
	second := w.pass(false)
	want := w.oracle.next(before, w.rows())
	w.matches(before, want, gone)
	w.accounted()
	if second.State != state.RunDone {
		t.Errorf("run %d ended as %s: %s", second.ID, second.State, second.Error)
	}
	w.list.ResetCounts()
	w.pass(true)
	if n := w.writes(); n != 0 {
		t.Errorf("a third pass wrote %d times", n)
	}
}

// churn adds and deletes clients while the list is being written to. It returns the addresses of those it deleted.
func (w *world) churn(addresses []string) (gone map[string]bool) {
	w.t.Helper()
	gone = map[string]bool{}
	by, _ := people(w.rows())
	var work sync.WaitGroup
	work.Go(func() {
		for i := range 150 {
			_, err := w.whmcs.Exec(`INSERT INTO tblclients (firstname, lastname, email, country, language, status, emailoptout, marketing_emails_opt_in)
				VALUES ('New', 'Client', ?, 'ES', 'spanish', 'Active', 0, 1)`, fmt.Sprintf("new.%d@example.com", i))
			if err != nil {
				w.t.Error(err)
			}
		}
	})
	for i := 0; i < len(addresses); i += 12 {
		address := addresses[i]
		gone[address] = true
		w.exec(`DELETE FROM tblclients WHERE id = ?`, by[address][0].id)
	}
	work.Wait()
	return gone
}

// matches compares the list with the expected one. Of somebody whose client was deleted on the way it is open whether the
// run had come by before; what must hold is that no group of ours is left which was not there before.
func (w *world) matches(before, want []sim.Person, gone map[string]bool) {
	w.t.Helper()
	old := map[string]sim.Person{}
	for _, p := range before {
		old[addressOf(p.Email)] = p
	}
	by, _ := people(w.rows())
	var certain, got []sim.Person
	for _, p := range want {
		if !gone[addressOf(p.Email)] {
			certain = append(certain, p)
		}
	}
	for _, p := range w.list.State().Subscribers {
		address := addressOf(p.Email)
		if !gone[address] {
			got = append(got, p)
			continue
		}
		wanted := len(by[address]) > 0 && w.oracle.wishOf(by[address]).wanted
		if !wanted && !slices.Equal(p.Groups, old[address].Groups) && len(without(p.Groups, []int64{2, 5}, nil)) > 0 {
			w.t.Errorf("%s is not wanted any more and is in groups %v", p.Email, p.Groups)
		}
	}
	if diff := difference(certain, got); diff != "" {
		w.t.Errorf("the list is not as it should be (-want +got):\n%s", diff)
	}
	if v := w.list.Summary().Violations; len(v) > 0 {
		w.t.Errorf("%d things happened that must not, the first: %+v", len(v), v[0])
	}
}

func TestUnsubscribedPeopleAreOptedOutInWHMCSWhenSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 600, sync: "guard: {min: 5000}\npoll: 0s\nwrite_back: true"})
	w.staff()
	rows := w.rows()
	expected := w.leavers(rows)
	if len(expected) == 0 {
		t.Fatal("nobody to be opted out")
	}
	want := w.expect()
	w.holds(w.pass(false), want)
	for i := range rows {
		if slices.Contains(expected, rows[i].id) {
			rows[i].optOut, rows[i].optIn = true, false
		}
	}
	if diff := cmp.Diff(rows, w.rows(), cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("the clients are not as they should be (-want +got):\n%s", diff)
	}
	w.idle(want)
	for _, id := range expected {
		if n := w.count(`SELECT count(*) FROM changes WHERE record_id = $1 AND side = 'source' AND state = 'applied' AND new = 'emailoptout=1 marketing_emails_opt_in=0'`, id); n != 1 {
			t.Errorf("client %d has %d such changes, want 1", id, n)
		}
	}
}

// leavers are the clients who are wanted and who left the list by their own will.
func (w *world) leavers(rows []row) (ids []int64) {
	by, _ := people(rows)
	for _, p := range w.list.State().Subscribers {
		clients := by[addressOf(p.Email)]
		if (p.Unsubscribed || p.ReportedSpam) && !p.Deleted && len(clients) > 0 && w.oracle.wishOf(clients).wanted {
			for _, c := range clients {
				ids = append(ids, c.id)
			}
		}
	}
	return ids
}

// The WHMCS-like database says when a client changed; without hooks that is looked at every so often.
func TestPollFindsChangedClients(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 300, sync: "guard: {min: 5000}\npoll: 10s"})
	ids := w.some(5)
	w.exec(`UPDATE tblclients SET lastname = 'Polled', updated_at = UTC_TIMESTAMP() WHERE id IN ` + marks(ids))
	want := w.expect()
	testkit.Eventually(t, patience, func() (bool, string) {
		diff := difference(want, w.list.State().Subscribers)
		return diff == "", diff
	})
	w.listed(want)
}
