package domainsync_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// renewing are the extensions of which renewals are bought.
func renewing(extensions ...string) func(*domainsync.Policy) {
	return func(p *domainsync.Policy) {
		p.Renew = map[string]bool{}
		for _, extension := range extensions {
			p.Renew[extension] = true
		}
	}
}

// arrived is a transfer that is completed, as it is seen live.
func arrived(expiry string) domainsync.Evidence {
	d := held(dated(renewal(expiry)))
	return domainsync.Evidence{Known: true, Live: true, Domain: d, Transfer: &registrar.Transfer{
		Name: d.Name, State: registrar.TransferCompleted, Dates: d.Dates,
	}}
}

func TestARenewalAfterATransfer(t *testing.T) {
	t.Parallel()
	pending := standing(whmcs.DomainPendingTransfer)
	noticed := func(d domainsync.Decision) (lines []string) {
		for _, c := range d.Notices {
			lines = append(lines, c.Old+" "+c.New+": "+c.Reason)
		}
		return lines
	}
	decide := func(p domainsync.Policy, seen domainsync.Evidence, change ...func(*domainsync.Input)) domainsync.Decision {
		in := input(row(pending, expiring("")), seen, domainsync.Memo{})
		for _, f := range change {
			f(&in)
		}
		return p.DecideTransfer(in)
	}
	const becomesActive = "status Pending Transfer -> Active"

	t.Run("is bought when little time is left and the extension is listed", func(t *testing.T) {
		t.Parallel()
		d := decide(policy(renewing("com")), arrived("2031-05-13"))
		wantChanges(t, d.Changes, becomesActive, "expiry  -> 2031-05-13", "renewal 2031-05-13 -> 1 year !")
		if c := d.Changes[2]; c.Side != state.SideAccount {
			t.Errorf("it is bought at the %s", c.Side)
		}
	})
	for period, want := range map[int]string{-1: "1 year", 0: "1 year", 2: "2 years", 10: "10 years", 11: "10 years"} {
		t.Run("is for "+want+" as WHMCS has it", func(t *testing.T) {
			t.Parallel()
			d := decide(policy(renewing("com")), arrived("2031-05-13"), func(in *domainsync.Input) { in.Row.Period = period })
			if c := d.Changes[2]; c.New != want {
				t.Errorf("with a period of %d it is for %s", period, c.New)
			}
		})
	}
	t.Run("is only proposed for other extensions, and once", func(t *testing.T) {
		t.Parallel()
		d := decide(policy(renewing("co.uk", "m")), arrived("2031-03-25"))
		wantChanges(t, d.Changes, becomesActive, "expiry  -> 2031-03-25")
		want := []string{"2031-03-25 1 year: the transfer added no year and the domain expires in 10 days; it was not renewed: " +
			"the extension is not in renew_after_transfer, or the registrar cannot be told to"}
		if diff := cmp.Diff(want, noticed(d)); diff != "" {
			t.Error(diff)
		}
		again := decide(policy(), arrived("2031-03-25"), func(in *domainsync.Input) { in.Memo = d.After })
		if len(again.Notices) > 0 {
			t.Errorf("and again: %v", noticed(again))
		}
	})
	t.Run("goes by all behind the first dot", func(t *testing.T) {
		t.Parallel()
		named := func(in *domainsync.Input) { in.Name = "example.co.uk" }
		if d := decide(policy(renewing("co.uk")), arrived("2031-03-25"), named); len(d.Changes) != 3 {
			t.Errorf("%v", told(d.Changes))
		}
		if d := decide(policy(renewing("uk")), arrived("2031-03-25"), named); len(d.Changes) != 2 {
			t.Errorf("%v", told(d.Changes))
		}
	})
	for name, expiry := range map[string]string{
		"is not needed with two months left": "2031-05-14", "is not thought of without a date": "", "is too late for a date that has passed": "2031-03-14",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decide(policy(renewing("com")), arrived(expiry))
			if len(d.Notices) > 0 || len(d.Changes) > 2 {
				t.Errorf("%v %v", told(d.Changes), noticed(d))
			}
		})
	}
	t.Run("is never bought upon a listing", func(t *testing.T) {
		t.Parallel()
		seen := arrived("2031-03-25")
		seen.Live, seen.Domain = false, nil
		if d := decide(policy(renewing("com")), seen); d.Act != domainsync.Look {
			t.Errorf("%s %v", d.Act, told(d.Changes))
		}
	})
	t.Run("is only proposed while the registrar does not show the domain as active", func(t *testing.T) {
		t.Parallel()
		seen := arrived("2031-03-25")
		seen.Domain.Status = registrar.Suspended
		if d := decide(policy(renewing("com")), seen); len(d.Changes) != 2 || len(d.Notices) != 1 {
			t.Errorf("%v %v", told(d.Changes), noticed(d))
		}
	})
}

func TestARenewalThatWasAskedForIsNeverPlannedAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		was     domainsync.Outcome
		expiry  string
		want    domainsync.Outcome
		trouble fault.Class
	}{
		{"when its answer was lost and the date has not moved", domainsync.Asked, "2031-04-01", domainsync.Uncertain, fault.Held},
		{"when its answer was lost and there is no date", domainsync.Asked, "", domainsync.Uncertain, fault.Held},
		{"when its answer was lost and the date has moved too little", domainsync.Asked, "2032-01-15", domainsync.Uncertain, fault.Held},
		{"when its answer was lost and the date has moved", domainsync.Asked, "2032-03-28", domainsync.Bought, ""},
		{"as long as it is uncertain", domainsync.Uncertain, "2031-04-01", domainsync.Uncertain, fault.Held},
		{"when the date has moved after all", domainsync.Uncertain, "2032-04-01", domainsync.Bought, ""},
		{"when it is bought and the date lags behind", domainsync.Bought, "2031-04-01", domainsync.Bought, ""},
		{"when it was refused", domainsync.Refused, "2031-04-01", domainsync.Refused, fault.Rejected},
		{"when it was refused and somebody has renewed", domainsync.Refused, "2032-04-01", domainsync.Bought, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := domainsync.Renewal{From: civil.Must("2031-04-01"), Years: 1, Change: 4, Outcome: tc.was, Why: "no balance"}
			in := input(row(standing(whmcs.DomainPendingTransfer)), arrived(tc.expiry), domainsync.Memo{Renewal: &r})
			d := policy(renewing("com")).DecideTransfer(in)
			if d.After.Renewal.Outcome != tc.want || strings.Contains(strings.Join(told(d.Changes), " "), "renewal") {
				t.Errorf("%q %v", d.After.Renewal.Outcome, told(d.Changes))
			}
			if got := d.Trouble; (got == nil) != (tc.trouble == "") || got != nil && got.Class != tc.trouble {
				t.Errorf("trouble %+v", got)
			}
		})
	}
	t.Run("but a transfer of later years has its own", func(t *testing.T) {
		t.Parallel()
		r := domainsync.Renewal{From: civil.Must("2030-04-01"), Years: 1, Change: 4, Outcome: domainsync.Bought}
		in := input(row(standing(whmcs.DomainPendingTransfer)), arrived("2031-04-01"), domainsync.Memo{Renewal: &r})
		d := policy(renewing("com")).DecideTransfer(in)
		if d.After.Renewal != nil || len(d.Changes) != 3 {
			t.Errorf("%+v %v", d.After.Renewal, told(d.Changes))
		}
	})
}
