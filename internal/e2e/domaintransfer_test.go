package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
	whmcs "github.com/whmcsync/whmcsync/internal/whmcs/api/sim"
)

// arrival is where one transfer in stands, and what a pass must make of its row.
type arrival struct {
	status, kind string // at the registrar; "" = it knows nothing of the name
	before       string // the status of an earlier attempt that is on its lists still; "" = there was none
	becomes      string // with the expiry date of the registrar when it is Active
	trouble      bool
}

func arrivals(failed string) []arrival {
	return []arrival{
		{"ACT", "TRANSFER", "", "Active", false},
		{"ACT", "NEW", "", "Active", false},
		{"ACT", "TRANSFER", "FAI", "Active", false},
		{"PEN", "TRANSFER", "", "Pending Transfer", false},
		{"PEN", "TRANSFER", "FAI", "Pending Transfer", false},
		{"SCH", "NEW", "", "Pending Transfer", false},
		{"FAI", "TRANSFER", "", failed, failed == "Pending Transfer"},
		{"FAI", "NEW", "", "Pending Transfer", true}, // no transfer failed, as far as is known
		{"XYZ", "TRANSFER", "", "Pending Transfer", true},
		{"", "", "", "Pending Transfer", true},
	}
}

func TestTransfersAreFollowed(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct{ sync, failed string }{
		"and those that failed are reported":               {usualGuard, "Pending Transfer"},
		"and those that failed are cancelled where wanted": {"guard: {min: 100}\npoll: 0s\nfailed: cancelled", "Cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, desk := openOpenprovider(sim.Options{})
			e := newEstate(t, desk, plot{domains: 300, transfers: p.sync})
			e.transferAll()
			want, trouble := e.depart(at, arrivals(p.failed))
			e.staff()
			e.pass(false) // of the domains: it leaves the statuses of transfers to the other sync
			if rows := readHoldings(t, e.whmcs); slices.ContainsFunc(rows, func(h holding) bool { return h.Status != "Pending Transfer" }) {
				t.Error("the sync of the domains has ended a transfer")
			}
			e.sync = transfers
			for pass := range 2 {
				run := e.pass(false)
				if run.State != state.RunDone || run.Held != 0 {
					t.Errorf("run %d ended as %s (%s) with %d changes held", run.ID, run.State, run.Error, run.Held)
				}
				e.arrived(want, trouble)
				if pass == 0 {
					e.writtenOnce()
					e.closeBooks()
				}
			}
			e.untouched()
		})
	}
}

// transferAll leaves nothing but transfers in.
func (e *estate) transferAll() {
	e.t.Helper()
	e.exec(`DELETE FROM tbldomains WHERE registrar <> 'openprovider' OR id < 1001 OR status <> 'Active'`)
	e.exec(`UPDATE tbldomains SET status = 'Pending Transfer', expirydate = NULL, nextduedate = '0000-00-00', nextinvoicedate = '0000-00-00',
		domain = CONCAT('arrival-', id, '.com')`)
	e.closeBooks()
}

// depart seeds the registrar with a transfer for each row, and says what the rows must become.
func (e *estate) depart(at openprovider, all []arrival) (want []holding, trouble []int64) {
	e.t.Helper()
	for i, h := range readHoldings(e.t, e.whmcs) {
		a := all[i%len(all)]
		until := dayAfter(e.rules.today, 30+i)
		if a.before != "" {
			at.Seed(sim.Domain{Name: h.Domain, Status: a.before, Type: "TRANSFER"})
		}
		if a.status != "" {
			at.Seed(sim.Domain{Name: h.Domain, Status: a.status, Type: a.kind, Renewal: clock(until), AutoRenew: onOff(!h.Stays), Privacy: new(h.Hidden)})
		}
		if h.Status = a.becomes; a.becomes == "Active" {
			h.Expiry, h.Due, h.Invoice = until, until, until
		}
		if a.trouble {
			trouble = append(trouble, h.ID)
		}
		want = append(want, h)
	}
	return want, trouble
}

func (e *estate) arrived(want []holding, trouble []int64) {
	e.t.Helper()
	if diff := differing(want, readHoldings(e.t, e.whmcs)); diff != "" {
		e.t.Errorf("the rows are not as they should be (-want +got):\n%s", diff)
	}
	if failed := e.failed(); !slices.Equal(failed, trouble) {
		e.t.Errorf("open failures of %v, want %v\n%s", failed, trouble, e.complaints())
	}
}

// What stands between a transfer that ended and the mail to its client is in the worker and in Postgres, not in Redis.
func TestClientsAreToldOnceThroughTheLossOfRedis(t *testing.T) {
	t.Parallel()
	api := whmcs.New(whmcs.Options{Identifier: "e2e", Secret: "e2e-secret", Options: simkit.Options{Latency: 40 * time.Millisecond}})
	if err := api.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { api.Close() })
	url := testkit.Redis(t)
	at, desk := openOpenprovider(sim.Options{})
	e := newEstate(t, desk, plot{domains: 300, transfers: usualGuard + "\nclient_mails: true\nbatch_size: 8", shape: shape{
		redis: url, source: fmt.Sprintf(", api: {url: %q, identifier: e2e, secret: e2e-secret}", api.URL()),
	}})
	e.transferAll()
	want, trouble := e.depart(at, []arrival{{status: "ACT", kind: "TRANSFER", becomes: "Active"}})
	e.staff()
	e.sync = transfers
	id := e.ask(false)
	testkit.Eventually(t, patience, func() (bool, string) {
		n := len(api.Mails())
		return n > 0, "no mail yet"
	})
	flush(t, url)
	e.await(id, patience)
	if n := e.count(`SELECT count(*) FROM batches WHERE run_id = $1 AND generation > 1`, id); n == 0 {
		t.Error("no batch had to be queued again, so nothing is shown")
	}
	e.pass(false)
	e.arrived(want, trouble)
	var told, arrived []int64
	for _, mail := range api.Mails() {
		told = append(told, mail.DomainID)
	}
	for _, h := range want {
		arrived = append(arrived, h.ID)
	}
	slices.Sort(told)
	slices.Sort(arrived)
	if diff := cmp.Diff(arrived, told); diff != "" {
		t.Errorf("clients told (-want +got):\n%s", diff)
	}
}
