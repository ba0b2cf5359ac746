package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	logicboxes "github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	rdap "github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// usualGuard is the one of a sync that says nothing of it.
const usualGuard = "poll: 0s"

// peaceful is an estate of active domains only, on which both sides agree and a first pass was made.
func peaceful(t *testing.T, p plot) (*estate, openprovider, crew) {
	t.Helper()
	at, desk := openOpenprovider(sim.Options{})
	e := newEstate(t, desk, p)
	e.rules.renewal = true
	e.exec(`DELETE FROM tbldomains WHERE status <> 'Active'`)
	seen := map[string]bool{}
	for n, h := range readHoldings(t, e.whmcs) {
		if name := nameOf(h.Domain); e.rules.ours(h) && !seen[name] {
			seen[name] = true
			at.Seed(alike(h, spelled(name, n), e.rules.today))
		}
	}
	c := e.staff()
	f := e.foresee()
	e.fulfilled(e.pass(false), f)
	e.closeBooks()
	return e, at, c
}

// untouched checks that nothing was written on either side since the books were closed, and that no failure is new.
func (e *estate) untouched() {
	e.t.Helper()
	if n := e.entries(); n != 0 {
		e.t.Errorf("%d values were written into WHMCS", n)
	}
	if n := counted(e.desk.Counts(), e.desk.changes); n != 0 {
		e.t.Errorf("%d settings were written at the registrar", n)
	}
}

// bell takes alerts.
type bell struct {
	url   string
	rings chan string // the state of the run in each
}

func newBell(t *testing.T) *bell {
	t.Helper()
	b := &bell{rings: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alert struct{ State string }
		if err := json.NewDecoder(r.Body).Decode(&alert); err != nil {
			t.Errorf("an alert that does not read: %v", err)
		}
		b.rings <- alert.State
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// rang waits for an alert about a run in that state.
func (b *bell) rang(t *testing.T, want string) {
	t.Helper()
	testkit.Eventually(t, patience, func() (bool, string) {
		select {
		case got := <-b.rings:
			return got == want, "an alert about a run that is " + got
		default:
			return false, "no alert"
		}
	})
}

func TestNothingIsConcludedFromAnAccountThatIsNotItself(t *testing.T) {
	t.Parallel()
	alerts := newBell(t)
	e, at, c := peaceful(t, plot{domains: 300, alerts: alerts.url, shape: shape{sync: usualGuard}})
	all := at.Domains()
	for _, tc := range []struct {
		name string
		keep func(i int) bool
	}{
		{"when its listing is empty", func(int) bool { return false }},
		{"when its listing is 30 percent short", func(i int) bool { return i%10 > 2 }},
	} {
		for i, d := range all {
			if !tc.keep(i) {
				at.Remove(d.Name)
			}
		}
		if code := e.whmcsync("sync", domains, "--wait"); code != 3 {
			t.Errorf("%s: exit code %d, want 3", tc.name, code)
		}
		if held := e.newest(); held.State != state.RunHeld {
			t.Errorf("%s: run %d ended as %s: %s", tc.name, held.ID, held.State, held.Error)
		}
		alerts.rang(t, string(state.RunHeld))
		e.untouched()
		at.Seed(all...)
	}
	e.lockedOut(at, c)
	if run := e.pass(false); run.State != state.RunDone {
		t.Errorf("run %d ended as %s: %s", run.ID, run.State, run.Error)
	}
	e.maintained(at)
	e.untouched()
}

// maintained begins a run while the account is down for maintenance: it says that all is well and that there is no
// domain. The run waits for minutes then.
func (e *estate) maintained(at openprovider) {
	e.t.Helper()
	at.SetMaintenance(true)
	run := e.ask(false)
	testkit.Eventually(e.t, patience, func() (bool, string) {
		n := e.count(`SELECT count(*) FROM batches WHERE run_id = $1 AND state <> 'settled' AND error LIKE '%maintenance%'`, run)
		return n == 1, "nobody has met the maintenance, " + e.progress()
	})
}

// lockedOut changes the account's password: it is paused, and not asked again until a person has given the workers
// another and says so.
func (e *estate) lockedOut(at openprovider, c crew) {
	e.t.Helper()
	at.ResetCounts()
	at.ExpireTokens()
	at.SetCodes(sim.Code{Call: "login", Code: 196, Desc: "Authentication/Authorization Failed"})
	run := e.ask(false)
	testkit.Eventually(e.t, patience, func() (bool, string) {
		n := e.count(`SELECT count(*) FROM accounts WHERE name = 'registrar' AND paused_at IS NOT NULL`)
		return n == 1, "the account is not paused"
	})
	e.untouched()
	if n := at.Counts().Calls["login"]; n > 2 {
		e.t.Errorf("the refused password was tried %d times", n)
	}
	at.SetCodes()
	for _, worker := range c.workers {
		worker.terminate(patience)
		e.start("worker")
	}
	if err := e.store.ResumeAccount(e.t.Context(), "registrar"); err != nil {
		e.t.Fatal(err)
	}
	testkit.Eventually(e.t, patience, func() (bool, string) {
		n := e.count(`SELECT count(*) FROM runs WHERE id = $1 AND ended`, run)
		return n == 1, e.progress()
	})
}

// Four of ten names are deleted at once, as after a hack or an unpaid account.
func TestManyDeletedNamesAreHeld(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func(e *estate, run string, f forecast){
		"and marked when a person approves": func(e *estate, run string, f forecast) {
			if code := e.whmcsync("approve", run, "--wait"); code != 0 {
				e.t.Errorf("exit code %d, want 0", code)
			}
			e.stands(f)
			e.restful(f, 1)
		},
		"and kept away when a person rejects": func(e *estate, run string, _ forecast) {
			if code := e.whmcsync("reject", run); code != 0 {
				e.t.Errorf("exit code %d, want 0", code)
			}
			for range 2 {
				if run := e.pass(false); run.State != state.RunDone || run.Held != 0 {
					e.t.Errorf("run %d ended as %s with %d changes held", run.ID, run.State, run.Held)
				}
				e.untouched()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, at, _ := peaceful(t, plot{domains: 300, shape: shape{sync: usualGuard}})
			for i, d := range at.Domains() {
				if i%10 < 4 {
					d.Status, d.SoftUntil, d.HardUntil = "DEL", clock(dayAfter(e.rules.today, 10)), clock(dayAfter(e.rules.today, 40))
					at.Seed(d)
				}
			}
			f := e.foresee()
			if code := e.whmcsync("sync", domains, "--wait"); code != 3 {
				t.Errorf("exit code %d, want 3: something is held", code)
			}
			run := e.newest()
			if run.State != state.RunDone || run.Held < 80 {
				t.Errorf("run %d ended as %s with %d changes held", run.ID, run.State, run.Held)
			}
			e.untouched()
			decide(e, strconv.FormatInt(run.ID, 10), f)
		})
	}
}

const marking = `guard: {min: 50}
poll: 0s
witness: registries
gone: {policy: mark, looks: 2, apart: 1h}`

// A name that is not there is marked only upon evidence that was found twice, well apart: the registrar's own, or that of
// the registry, which is asked where the registrar says nothing.
func TestLostNamesAreMarkedUponEvidenceFoundTwice(t *testing.T) {
	t.Parallel()
	registries := rdap.New(rdap.Options{Options: simkit.Options{}})
	if err := registries.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registries.Close() })
	at := logicboxes.New(logicboxes.Options{UserID: "100200", Key: "e2e-key"})
	e := newEstate(t, logicBoxesDesk(at), plot{
		domains: 300, shape: shape{sync: marking},
		accounts: fmt.Sprintf("registries: {type: rdap, bootstrap: %q, rate: {per_second: 500, in_flight: 4}}", registries.BootstrapURL()),
	})
	e.exec(`DELETE FROM tbldomains WHERE status <> 'Active' OR registrar <> 'resellerclub'`)
	lost := e.loses(at, registries)
	want := map[int64]string{lost[0]: "Cancelled", lost[2]: "Cancelled", lost[3]: "Transferred Away"} // all others stay Active
	for range 2 {                                                                                     // the second comes too soon to be another look
		e.pass(false)
		e.becomes(nil)
	}
	e.later()
	at.Seed(e.order(lost[4])) // it is back
	registries.Hold(rdap.Domain{Name: lostName(lost[5]), Status: []string{"active"}})
	registries.Remove(lostName(lost[6]))
	e.pass(false)
	e.becomes(want)
	if n := registries.Counts().Calls["get_domain"]; n < 10 {
		t.Errorf("the registries were asked %d times", n)
	}
}

// loses has a first pass find all names, and then takes eight of them away. It returns their ids: one that the registry does
// not know, one that it knows, one that was deleted, one that was transferred away, one that will be back, one that the
// registry will know later, one that it will no longer know, and one of which it says nothing.
func (e *estate) loses(at *logicboxes.Server, registries *rdap.Server) []int64 {
	e.t.Helper()
	e.exec(`UPDATE tbldomains SET domain = CONCAT('lost-', id, '.com')`)
	var ids []int64
	for _, h := range readHoldings(e.t, e.whmcs) {
		ids = append(ids, h.ID)
		at.Seed(e.order(h.ID))
	}
	e.staff()
	e.pass(false)
	lost := ids[10:18]
	gone := func(i int, action string) {
		o, _ := at.Order(lostName(lost[i]))
		o.Status = "Deleted"
		at.Seed(o)
		at.Act(logicboxes.Action{Order: o.ID, Archived: true, Type: action, Status: "Success", Completed: epoch(e.rules.today)})
	}
	for _, i := range []int{0, 1, 4, 5, 6, 7} {
		at.Remove(lostName(lost[i]))
	}
	for _, i := range []int{1, 6} {
		registries.Hold(rdap.Domain{Name: lostName(lost[i]), Status: []string{"active"}})
	}
	silent := simkit.Fault{Path: "/com/rdap/domain/" + lostName(lost[7]), Kind: simkit.KindStatus, Value: http.StatusForbidden}
	if err := registries.SetFaults(silent); err != nil {
		e.t.Fatal(err)
	}
	gone(2, "DelDomain")
	gone(3, "TransferAway")
	return lost
}

func lostName(id int64) string { return fmt.Sprintf("lost-%d.com", id) }

// order is the account's own idea of a domain, as WHMCS has it.
func (e *estate) order(id int64) logicboxes.Order {
	e.t.Helper()
	rows := readHoldings(e.t, e.whmcs)
	h := rows[slices.IndexFunc(rows, func(h holding) bool { return h.ID == id })]
	until := h.Expiry
	if !isDay(until) {
		until = dayAfter(e.rules.today, 100)
	}
	return logicboxes.Order{Name: strings.TrimSpace(h.Domain), EndTime: epoch(until), Privacy: strconv.FormatBool(h.Hidden)}
}

// becomes checks the statuses of all names. Those that want does not name are active still.
func (e *estate) becomes(want map[int64]string) {
	e.t.Helper()
	for _, h := range readHoldings(e.t, e.whmcs) {
		if expected := cmp.Or(want[h.ID], "Active"); h.Status != expected {
			e.t.Errorf("domain %d is %s, want %s", h.ID, h.Status, expected)
		}
	}
}

// later lets the last looks have been two hours earlier.
func (e *estate) later() {
	e.t.Helper()
	tag, err := e.state.Exec(e.t.Context(), `UPDATE memories SET memo = jsonb_set(memo::jsonb, '{absent,last}',
		to_jsonb(to_char(((memo->'absent'->>'last')::timestamptz - interval '2 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
		WHERE memo->'absent' IS NOT NULL`)
	if err != nil {
		e.t.Fatal(err)
	}
	if tag.RowsAffected() == 0 {
		e.t.Fatal("nobody remembers a look")
	}
}
