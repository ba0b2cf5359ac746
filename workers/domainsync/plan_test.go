package domainsync_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

var (
	today = civil.Must("2031-03-15")
	now   = today.Time().Add(12 * time.Hour)
)

// policy is what an operator gets who sets nothing.
func policy(change ...func(*domainsync.Policy)) domainsync.Policy {
	p := domainsync.Policy{
		Leads: domainsync.Leads{
			Status: domainsync.LedByRegistrar, Expiry: domainsync.LedByRegistrar,
			AutoRenew: domainsync.LedByWHMCS, Privacy: domainsync.LedByWHMCS,
		},
		Expiry: domainsync.FromPaid, Revive: true,
		Due:    domainsync.DueRule{MaxDifference: 100},
		Gone:   domainsync.GoneRule{Confirmations: 2, Apart: 4 * time.Hour},
		Failed: domainsync.ReportFailed, PendFor: 7,
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

// row is a domain of WHMCS that renews by itself, paid until the first of September.
func row(change ...func(*whmcs.Domain)) whmcs.Domain {
	day := civil.Must("2031-09-01")
	d := whmcs.Domain{ID: 7, RawName: "example.com", Status: whmcs.DomainActive, Expiry: day, NextDue: day, NextInvoice: day}
	for _, f := range change {
		f(&d)
	}
	return d
}

// held is the same domain at the registrar.
func held(change ...func(*registrar.Domain)) *registrar.Domain {
	d := registrar.Domain{
		Name: "example.com", ID: "1", Status: registrar.Active, Raw: "ACT", Dates: renewal("2031-09-01"),
		AutoRenew: registrar.On, Privacy: registrar.Off,
	}
	for _, f := range change {
		f(&d)
	}
	return &d
}

func renewal(day string) registrar.Dates { return registrar.Dates{Renewal: on(day)} }

func on(day string) registrar.Date { return registrar.Date{Day: civil.Must(day)} }

func expiring(day string) func(*whmcs.Domain) {
	return func(d *whmcs.Domain) { d.Expiry = civil.Must(day) }
}

func standing(s whmcs.DomainStatus) func(*whmcs.Domain) {
	return func(d *whmcs.Domain) { d.Status = s }
}

func being(s registrar.Status) func(*registrar.Domain) {
	return func(d *registrar.Domain) { d.Status = s }
}

func dated(dates registrar.Dates) func(*registrar.Domain) {
	return func(d *registrar.Domain) { d.Dates = dates }
}

func listed(d *registrar.Domain) domainsync.Evidence {
	return domainsync.Evidence{Known: true, Domain: d}
}

func live(d *registrar.Domain) domainsync.Evidence {
	return domainsync.Evidence{Known: true, Live: true, Domain: d}
}

func input(r whmcs.Domain, seen domainsync.Evidence, memo domainsync.Memo) domainsync.Input {
	return domainsync.Input{Row: r, Name: "example.com", Seen: seen, Memo: memo, Today: today, Now: now}
}

// told writes changes as "field old -> new", with a mark where one is destructive.
func told(changes []state.Change) (lines []string) {
	for _, c := range changes {
		line := c.Field + " " + c.Old + " -> " + c.New
		if c.Destructive {
			line += " !"
		}
		lines = append(lines, line)
	}
	return lines
}

func wantChanges(t *testing.T, changes []state.Change, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, told(changes)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func wantTrouble(t *testing.T, d domainsync.Decision, class fault.Class, message string) {
	t.Helper()
	if diff := cmp.Diff(&domainsync.Trouble{Class: class, Message: message}, d.Trouble); diff != "" {
		t.Errorf("trouble (-want +got):\n%s", diff)
	}
}

func TestWhatIsAsItShouldBeNeedsNothing(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]domainsync.Evidence{"listed": listed(held()), "in an old listing": {Known: true, Old: true, Domain: held()}} {
		if d := policy().Decide(input(row(), seen, domainsync.Memo{})); d.Act != domainsync.Nothing {
			t.Errorf("%s: %s, %v", name, d.Act, told(d.Changes))
		}
	}
}

func TestWhatNobodyHasSeenIsLookedAt(t *testing.T) {
	t.Parallel()
	if d := policy().Decide(input(row(), domainsync.Evidence{}, domainsync.Memo{})); d.Act != domainsync.Look {
		t.Errorf("%s", d.Act)
	}
}

func TestExpiryDates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, from, to, change string }{
		{"a renewal of a year", "2031-04-01", "2032-04-01", "expiry 2031-04-01 -> 2032-04-01"},
		{"a leap day is a day", "2031-04-01", "2032-02-29", "expiry 2031-04-01 -> 2032-02-29"},
		{"on by a day", "2031-04-15", "2031-04-16", "expiry 2031-04-15 -> 2031-04-16"},
		{"back by a day is not to be believed at once", "2031-04-15", "2031-04-14", "expiry 2031-04-15 -> 2031-04-14 !"},
		{"back by 46 days is not to be believed at once", "2031-04-16", "2031-03-01", "expiry 2031-04-16 -> 2031-03-01 !"},
		{"on by 400 days", "2031-04-01", "2032-05-05", "expiry 2031-04-01 -> 2032-05-05"},
		{"on by 401 days is not to be believed at once", "2031-04-01", "2032-05-06", "expiry 2031-04-01 -> 2032-05-06 !"},
		{"where nothing stood", "", "2031-04-01", "expiry  -> 2031-04-01"},
		{"where nothing stood, far ahead", "", "2040-04-01", "expiry  -> 2040-04-01"},
		{"the first day that can be one", "", "1990-01-01", "expiry  -> 1990-01-01"},
		{"the last day that can be one", "", "2061-03-01", "expiry  -> 2061-03-01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := policy().Decide(input(row(expiring(tc.from)), live(held(dated(renewal(tc.to)))), domainsync.Memo{}))
			wantChanges(t, d.Changes, tc.change)
			if d := policy().Decide(input(row(expiring(tc.from)), listed(held(dated(renewal(tc.to)))), domainsync.Memo{})); (d.Act == domainsync.Look) != (tc.change[len(tc.change)-1] == '!') {
				t.Errorf("upon a listing: %s", d.Act)
			}
		})
	}
}

func TestDatesThatCannotBeAreNeverWritten(t *testing.T) {
	t.Parallel()
	day := func(year int, month time.Month, day int) registrar.Date {
		return registrar.Date{Day: civil.Date{Year: year, Month: month, Day: day}}
	}
	for name, tc := range map[string]struct {
		date    registrar.Date
		trouble string
	}{
		"the epoch in a zone before Greenwich": {day(1969, 12, 31), "1969-12-31 cannot be right"},
		"the epoch":                            {day(1970, 1, 1), "1970-01-01 cannot be right"},
		"the day before domains were sold":     {day(1989, 12, 31), "1989-12-31 cannot be right"},
		"the year 1":                           {day(1, 1, 1), "0001-01-01 cannot be right"},
		"a negative year":                      {day(-1, 11, 30), "-001-11-30 cannot be right"},
		"2099":                                 {day(2099, 1, 1), "2099-01-01 cannot be right"},
		"milliseconds taken for seconds":       {day(58000, 1, 1), "58000-01-01 cannot be right"},
		"more than 30 years ahead":             {day(2061, 3, 16), "2061-03-16 cannot be right"},
		"text that is no date":                 {registrar.Date{Text: "n/a"}, `"n/a" cannot be read`},
		"a zero date that was passed on":       {registrar.Date{Text: "0000-00-00"}, `"0000-00-00" cannot be read`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := live(held(being(registrar.Grace), dated(registrar.Dates{Renewal: tc.date})))
			d := policy().Decide(input(row(), seen, domainsync.Memo{}))
			wantChanges(t, d.Changes, "status Active -> Grace !") // the status is not the date's prisoner
			wantTrouble(t, d, fault.Refused, "the registrar's expiry date "+tc.trouble+"; it was not written")
		})
	}
	t.Run("no date at all is nothing to report", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(), listed(held(dated(registrar.Dates{}))), domainsync.Memo{}))
		if d.Act != domainsync.Nothing {
			t.Errorf("%s: %v %+v", d.Act, told(d.Changes), d.Trouble)
		}
	})
}

func TestTheDateThatCounts(t *testing.T) {
	t.Parallel()
	dates := registrar.Dates{Renewal: on("2031-10-01"), Expiration: on("2031-10-05"), Registry: on("2032-10-05")}
	for source, want := range map[domainsync.DateSource]string{
		domainsync.FromPaid: "2031-10-01", domainsync.FromRenewal: "2031-10-01",
		domainsync.FromExpiration: "2031-10-05", domainsync.FromRegistry: "2032-10-05",
	} {
		p := policy(func(p *domainsync.Policy) { p.Expiry = source })
		wantChanges(t, p.Decide(input(row(), listed(held(dated(dates))), domainsync.Memo{})).Changes, "expiry 2031-09-01 -> "+want)
	}
	dates.Renewal, dates.Expiration = registrar.Date{}, registrar.Date{}
	if d := policy().Decide(input(row(), listed(held(dated(dates))), domainsync.Memo{})); len(d.Changes) > 0 {
		t.Errorf("the registry's date alone says nothing of what is paid: %v", told(d.Changes))
	}
}

func TestADateThatIsNoneIsShownAsItStood(t *testing.T) {
	t.Parallel()
	broken := row(expiring(""), func(d *whmcs.Domain) { d.RawExpiry = "2026-00-00" })
	wantChanges(t, policy().Decide(input(broken, listed(held()), domainsync.Memo{})).Changes, "expiry 2026-00-00 -> 2031-09-01")
}

func TestWhatNobodyLeadsStays(t *testing.T) {
	t.Parallel()
	p := policy(func(p *domainsync.Policy) {
		p.Leads = domainsync.Leads{
			Status: domainsync.LedByNobody, Expiry: domainsync.LedByNobody, AutoRenew: domainsync.LedByNobody, Privacy: domainsync.LedByNobody,
		}
		p.Gone.Mark = true
	})
	for _, s := range []registrar.Status{registrar.Active, registrar.Grace, registrar.TransferredAway, registrar.Deleted, registrar.Unknown} {
		seen := live(held(being(s), dated(renewal("2032-01-01")), func(d *registrar.Domain) { d.AutoRenew, d.Privacy = registrar.Off, registrar.On }))
		if d := p.Decide(input(row(), seen, confirmed("Cancelled"))); len(d.Changes) > 0 {
			t.Errorf("%s: %v", s, told(d.Changes))
		}
	}
}

func TestAnOldListingIsNotWrittenUpon(t *testing.T) {
	t.Parallel()
	seen := listed(held(dated(renewal("2032-09-01"))))
	wantChanges(t, policy().Decide(input(row(), seen, domainsync.Memo{})).Changes, "expiry 2031-09-01 -> 2032-09-01")
	seen.Old = true
	if d := policy().Decide(input(row(), seen, domainsync.Memo{})); d.Act != domainsync.Look || len(d.Changes) > 0 {
		t.Errorf("%s: %v", d.Act, told(d.Changes))
	}
}
