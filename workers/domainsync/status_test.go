package domainsync_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// short are the statuses of WHMCS as the tables below write them.
var short = map[string]whmcs.DomainStatus{
	"P": whmcs.DomainPending, "PR": whmcs.DomainPendingRegistration, "PT": whmcs.DomainPendingTransfer, "A": whmcs.DomainActive,
	"G": whmcs.DomainGrace, "R": whmcs.DomainRedemption, "E": whmcs.DomainExpired, "C": whmcs.DomainCancelled,
	"F": whmcs.DomainFraud, "T": whmcs.DomainTransferredAway,
}

// The map of statuses: a line for each status of the registrar, a column for each of WHMCS. "." stays, "!" is destructive.
const (
	rowsOfWHMCS = "                   P  PR PT A  G  R  E  C  F  T"
	statusTable = `
		active              A  A  A  .  A  A  A  .  .  .
		suspended           A  A  A  .  A  A  A  .  .  .
		pending_registration PR .  .  .  .  .  .  .  .  .
		pending_transfer    PT .  .  .  .  .  .  .  .  .
		pending_restore     .  .  .  .  .  .  .  .  .  .
		overdue             .  .  .  G! .  .  .  .  .  .
		grace               .  .  .  G! .  G  G  .  .  .
		redemption          .  .  .  R! R! .  R  .  .  .
		pending_delete      .  .  .  E! E! E! .  .  .  .
		lapsed              .  .  .  .  .  .  .  .  .  .
		deleted             .  .  .  C! C! C! .  .  .  .
		transferred_away    .  .  .  T! T! T! .  .  .  .
		failed              .  .  .  .  .  .  .  .  .  .
		unknown             .  .  .  .  .  .  .  .  .  .`
	// notRenewedTable is for a name that works, though its date has passed: WHMCS ages it.
	notRenewedTable = `
		active              A  A  A  .  .  .  .  .  .  .
		suspended           A  A  A  .  .  .  .  .  .  .`
	// transfersApartTable leaves pending transfers to the sync that follows them.
	transfersApartTable = `
		active              A  A  .  .  A  A  A  .  .  .`
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	marks := func(p *domainsync.Policy) { p.Gone.Mark = true }
	check := func(name, table string, day string, change ...func(*domainsync.Policy)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkStatuses(t, policy(append(change, marks)...), table, day)
		})
	}
	check("by the book", statusTable, "2031-09-01")
	check("paid until today still works", statusTable, today.String())
	check("past its date", notRenewedTable, "2031-03-14")
	check("with a date that cannot be", notRenewedTable, "2099-01-01")
	check("without a date", notRenewedTable, "")
	check("not revived", notRenewedTable, "2031-09-01", func(p *domainsync.Policy) { p.Revive = false })
	check("with a sync for transfers beside it", transfersApartTable, "2031-09-01", func(p *domainsync.Policy) { p.Transfers = true })
}

func checkStatuses(t *testing.T, p domainsync.Policy, table, day string) {
	t.Helper()
	columns := strings.Fields(rowsOfWHMCS)
	for line := range strings.Lines(strings.TrimSpace(table)) {
		cells := strings.Fields(line)
		for i, column := range columns {
			from, want := short[column], cells[i+1]
			seen := live(held(being(registrar.Status(cells[0])), dated(renewal(day))))
			d := p.Decide(input(row(standing(from), expiring(day)), seen, confirmed(short[strings.TrimSuffix(want, "!")])))
			var changes []string
			if to := short[strings.TrimSuffix(want, "!")]; want != "." {
				changes = []string{"status " + string(from) + " -> " + string(to) + strings.Repeat(" !", strings.Count(want, "!"))}
			}
			if diff := cmp.Diff(changes, told(d.Changes)); diff != "" {
				t.Errorf("%s at the registrar, %s in WHMCS (-want +got):\n%s", cells[0], from, diff)
			}
		}
	}
}

// confirmed is the memory of a name that was found gone often enough.
func confirmed(found whmcs.DomainStatus) domainsync.Memo {
	return domainsync.Memo{Absent: &domainsync.Absence{Since: now.AddDate(0, 0, -1), Last: now.AddDate(0, 0, -1), Count: 5, Found: string(found)}}
}

func TestTheTableHasEveryStatus(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(len(whmcs.DomainStatuses()), len(strings.Fields(rowsOfWHMCS))); diff != "" {
		t.Error(diff)
	}
	for _, s := range everyStatus {
		if !strings.Contains(statusTable, "\t"+string(s)+" ") {
			t.Errorf("%s is not in the table", s)
		}
	}
}

var everyStatus = []registrar.Status{
	registrar.Active, registrar.Suspended, registrar.PendingRegistration, registrar.PendingTransfer, registrar.PendingRestore,
	registrar.Overdue, registrar.Grace, registrar.Redemption, registrar.PendingDelete, registrar.Lapsed, registrar.Deleted, registrar.TransferredAway,
	registrar.Failed, registrar.Unknown,
}

func TestALapsedNameIsWhereItsQuarantineIs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ grace, redemption, change string }{
		{"2031-03-15", "2031-04-15", "Active -> Grace"},
		{"2031-03-14", "2031-04-15", "Active -> Redemption"},
		{"", "2031-03-15", "Active -> Redemption"},
		{"2031-03-14", "2031-03-14", "Active -> Expired"},
		{"", "2031-03-14", "Active -> Expired"},
	} {
		seen := live(held(being(registrar.Lapsed), func(d *registrar.Domain) {
			d.GraceUntil, d.RedemptionUntil = civil.Must(tc.grace), civil.Must(tc.redemption)
		}))
		d := policy().Decide(input(row(), seen, domainsync.Memo{}))
		wantChanges(t, d.Changes, "status "+tc.change+" !")
	}
}

func TestALapsedNameWithoutADayKeepsItsStatus(t *testing.T) {
	t.Parallel()
	const why = `the registrar says "DEL": it was deleted, and no day is told until which it may be restored; its status was kept`
	deleted := held(being(registrar.Lapsed), func(d *registrar.Domain) { d.Raw = "DEL" })
	d := policy().Decide(input(row(), live(deleted), domainsync.Memo{}))
	wantChanges(t, d.Changes)
	wantTrouble(t, d, fault.NotFound, why)
	for after, want := range map[time.Duration]domainsync.Act{fourHours - time.Second: domainsync.Nothing, fourHours: domainsync.Look} {
		if got := later(policy(), d, after, listed(deleted)); got.Act != want {
			t.Errorf("after %s: %s, want %s", after, got.Act, want)
		}
	}

	gone := left(registrar.Departure{Status: registrar.Lapsed, Raw: "DEL"})
	d = policy(marking).Decide(input(row(), gone, confirmed(whmcs.DomainExpired)))
	wantChanges(t, d.Changes)
	wantTrouble(t, d, fault.NotFound, why)
}

// What a registrar cannot tell apart, WHMCS knows better by its own calendar; a renewal it does not know.
func TestANamePastItsDateIsLeftWhereWHMCSHasAgedIt(t *testing.T) {
	t.Parallel()
	past := live(held(being(registrar.Overdue), dated(renewal("2031-03-01"))))
	for _, s := range []whmcs.DomainStatus{whmcs.DomainGrace, whmcs.DomainRedemption, whmcs.DomainExpired} {
		d := policy().Decide(input(row(standing(s), expiring("2031-03-01")), past, domainsync.Memo{}))
		if wantChanges(t, d.Changes); d.Act != domainsync.Nothing {
			t.Errorf("%s: %s", s, d.Act)
		}
		wantChanges(t, policy().Decide(input(row(standing(s)), live(held()), domainsync.Memo{})).Changes, "status "+string(s)+" -> Active")
	}
}

func TestWhatIsNotKnownOrFailedIsReported(t *testing.T) {
	t.Parallel()
	odd := func(s registrar.Status, why string) *registrar.Domain {
		return held(being(s), dated(renewal("2033-01-01")), func(d *registrar.Domain) { d.Raw, d.Reason, d.AutoRenew = "ODD", why, registrar.Off })
	}
	follow := policy(func(p *domainsync.Policy) { p.Due.Follow = true })
	for _, leader := range []domainsync.Leader{domainsync.LedByRegistrar, domainsync.LedByNobody} {
		follow.Leads.Status = leader
		d := follow.Decide(input(row(expiring("2031-08-20")), live(odd(registrar.Unknown, "")), domainsync.Memo{}))
		wantChanges(t, d.Changes)
		wantTrouble(t, d, fault.Refused, `the registrar's status "ODD" is not known; nothing was changed`)
	}
	d := policy().Decide(input(row(standing(whmcs.DomainPending)), live(odd(registrar.Failed, "no funds")), domainsync.Memo{}))
	wantChanges(t, d.Changes)
	wantTrouble(t, d, fault.Rejected, "The domain name request has failed: no funds")
}

func TestANameListedWithoutAWordOnItsStatusIsLookedUp(t *testing.T) {
	t.Parallel()
	silent := held(being(registrar.Unknown), func(d *registrar.Domain) { d.Raw = "" })
	if d := policy().Decide(input(row(), listed(silent), domainsync.Memo{})); d.Act != domainsync.Look || d.Trouble != nil {
		t.Errorf("listed: %s, %v", d.Act, d.Trouble)
	}
	d := policy().Decide(input(row(), live(silent), domainsync.Memo{}))
	wantTrouble(t, d, fault.Refused, `the registrar's status "" is not known; nothing was changed`)
}

func TestTheOperatorsMapGoesBeforeOurs(t *testing.T) {
	t.Parallel()
	p := policy(func(p *domainsync.Policy) {
		p.Statuses = map[string]whmcs.DomainStatus{"ODD": whmcs.DomainGrace, "DEL": whmcs.DomainExpired}
		p.Gone.Mark = true
	})
	said := func(raw string) func(*registrar.Domain) { return func(d *registrar.Domain) { d.Raw = raw } }
	t.Run("for a word that we do not know", func(t *testing.T) {
		t.Parallel()
		wantChanges(t, p.Decide(input(row(), live(held(being(registrar.Unknown), said("ODD"))), domainsync.Memo{})).Changes, "status Active -> Grace !")
	})
	t.Run("for a word that we do", func(t *testing.T) {
		t.Parallel()
		wantChanges(t, p.Decide(input(row(), live(held(being(registrar.Active), said("ODD"))), domainsync.Memo{})).Changes, "status Active -> Grace !")
	})
	t.Run("and for one that ends a name, though that is still confirmed", func(t *testing.T) {
		t.Parallel()
		gone := live(held(being(registrar.Deleted), said("DEL")))
		wantChanges(t, p.Decide(input(row(), gone, domainsync.Memo{})).Changes)
		wantChanges(t, p.Decide(input(row(), gone, confirmed(whmcs.DomainExpired))).Changes, "status Active -> Expired !")
	})
}

func TestAStatusThatIsNoneStays(t *testing.T) {
	t.Parallel()
	for _, s := range everyStatus {
		d := policy().Decide(input(row(standing("")), live(held(being(s))), domainsync.Memo{}))
		if slices.ContainsFunc(told(d.Changes), func(line string) bool { return strings.HasPrefix(line, "status ") }) {
			t.Errorf("%s: %v", s, told(d.Changes))
		}
	}
}

func TestPendingTransfersAreLeftToTheirOwnSync(t *testing.T) {
	t.Parallel()
	p := policy(func(p *domainsync.Policy) { p.Transfers = true })
	coming := row(standing(whmcs.DomainPendingTransfer), expiring("2030-01-01"))
	for what, seen := range map[string]domainsync.Evidence{"not looked at": {}, "arrived": listed(held()), "absent": {Known: true}} {
		if d := p.Decide(input(coming, seen, domainsync.Memo{})); d.Act != domainsync.Nothing || len(d.Changes) > 0 {
			t.Errorf("%s: %s %v", what, d.Act, told(d.Changes))
		}
	}
}
