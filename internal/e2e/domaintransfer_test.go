package e2e

import (
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/state"
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
			e.exec(`DELETE FROM tbldomains WHERE registrar <> 'openprovider' OR id < 1001 OR status <> 'Active'`)
			e.exec(`UPDATE tbldomains SET status = 'Pending Transfer', expirydate = NULL, nextduedate = '0000-00-00', nextinvoicedate = '0000-00-00',
				domain = CONCAT('arrival-', id, '.com')`)
			e.closeBooks()
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
