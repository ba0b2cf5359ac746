package domainsync_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func marking(p *domainsync.Policy) { p.Gone.Mark = true }

// left is what a live look finds of a name that has left with evidence.
func left(how registrar.Departure) domainsync.Evidence {
	return domainsync.Evidence{Known: true, Live: true, Departure: &how}
}

// away is a name that was transferred to somebody else.
func away() domainsync.Evidence {
	return left(registrar.Departure{Status: registrar.TransferredAway, Raw: "TRAN"})
}

// later asks again after a while.
func later(p domainsync.Policy, before domainsync.Decision, after time.Duration, seen domainsync.Evidence) domainsync.Decision {
	in := before.Input
	in.Memo, in.Seen, in.Now = before.After, seen, in.Now.Add(after)
	return p.Decide(in)
}

const fourHours = 4 * time.Hour

func TestANameThatIsNotListedIsLookedUp(t *testing.T) {
	t.Parallel()
	if d := policy().Decide(input(row(), listed(nil), domainsync.Memo{})); d.Act != domainsync.Look {
		t.Errorf("%s", d.Act)
	}
}

func TestAbsenceProvesNothing(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	d := p.Decide(input(row(), live(nil), domainsync.Memo{}))
	for range 5 {
		wantChanges(t, d.Changes)
		wantTrouble(t, d, fault.NotFound, "the registrar does not have this domain, and nothing says why; its status was kept")
		d = later(p, d, 24*time.Hour, live(nil))
	}
}

func TestADepartureIsConfirmedHoursApart(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	first := p.Decide(input(row(), away(), domainsync.Memo{}))
	wantChanges(t, first.Changes)
	wantTrouble(t, first, fault.NotFound, `the registrar says "TRAN": it was transferred away; another look is needed before it is marked Transferred Away`)

	t.Run("a look soon after does not count", func(t *testing.T) {
		t.Parallel()
		soon := later(p, first, fourHours-time.Second, away())
		wantChanges(t, soon.Changes)
		if diff := cmp.Diff(first.After, soon.After); diff != "" {
			t.Errorf("it counted: %s", diff)
		}
		if d := later(p, first, fourHours-time.Second, listed(nil)); d.Act != domainsync.Nothing || d.Skip != "not_at_registrar" {
			t.Errorf("and is not even made: %s %s", d.Act, d.Skip)
		}
	})
	t.Run("one that comes two months later begins anew", func(t *testing.T) {
		t.Parallel()
		const sixtyDays = 60 * 24 * time.Hour
		wantChanges(t, later(p, first, sixtyDays, away()).Changes, "status Active -> Transferred Away !")
		late := later(p, first, sixtyDays+time.Second, away())
		wantChanges(t, late.Changes)
		if a := late.After.Absent; a.Count != 1 || !a.Since.Equal(late.Now) {
			t.Errorf("it confirmed the first: %+v", a)
		}
		wantChanges(t, later(p, late, fourHours, away()).Changes, "status Active -> Transferred Away !")
	})
	t.Run("the second one that agrees marks it", func(t *testing.T) {
		t.Parallel()
		if d := later(p, first, fourHours, listed(nil)); d.Act != domainsync.Look {
			t.Errorf("%s", d.Act)
		}
		second := later(p, first, fourHours, away())
		wantChanges(t, second.Changes, "status Active -> Transferred Away !")
		if got, want := second.Changes[0].Reason, `the registrar says "TRAN": it was transferred away`; got != want {
			t.Errorf("because %s", got)
		}
	})
	t.Run("one that says something else begins anew", func(t *testing.T) {
		t.Parallel()
		other := later(p, first, fourHours, left(registrar.Departure{Status: registrar.Deleted, Raw: "DEL"}))
		wantChanges(t, other.Changes)
		wantChanges(t, later(p, other, fourHours, away()).Changes)
		wantChanges(t, later(p, other, fourHours, left(registrar.Departure{Status: registrar.Deleted, Raw: "DEL"})).Changes, "status Active -> Cancelled !")
	})
	t.Run("and one that finds it begins anew too", func(t *testing.T) {
		t.Parallel()
		back := later(p, first, fourHours, live(held()))
		if back.After.Absent != nil {
			t.Errorf("remembered %+v", back.After.Absent)
		}
		wantChanges(t, later(p, back, fourHours, away()).Changes)
	})
}

func TestAReportIsAllThatIsMadeOfADepartureUnlessItIsToBeMarked(t *testing.T) {
	t.Parallel()
	d := policy().Decide(input(row(), away(), confirmed(whmcs.DomainTransferredAway)))
	wantChanges(t, d.Changes)
	wantTrouble(t, d, fault.NotFound, `the registrar says "TRAN": it was transferred away; reported only`)
}

func TestLooksBecomeRare(t *testing.T) {
	t.Parallel()
	p := policy()
	d := p.Decide(input(row(), live(nil), domainsync.Memo{}))
	d = later(p, d, fourHours, live(nil))
	for after, want := range map[time.Duration]domainsync.Act{
		fourHours: domainsync.Nothing, 24*time.Hour - time.Second: domainsync.Nothing, 24 * time.Hour: domainsync.Look,
	} {
		if got := later(p, d, after, listed(nil)); got.Act != want {
			t.Errorf("after %s: %s, want %s", after, got.Act, want)
		}
	}
}

func TestAListingThatSaysANameHasLeftIsNotEnough(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	seen := listed(held(being(registrar.TransferredAway)))
	if d := p.Decide(input(row(), seen, confirmed(whmcs.DomainTransferredAway))); d.Act != domainsync.Look {
		t.Errorf("%s %v", d.Act, told(d.Changes))
	}
	seen.Live = true
	wantChanges(t, p.Decide(input(row(), seen, confirmed(whmcs.DomainTransferredAway))).Changes, "status Active -> Transferred Away !")
}

func TestAWitness(t *testing.T) {
	t.Parallel()
	says := func(testimony registrar.Testimony) domainsync.Evidence {
		return domainsync.Evidence{Known: true, Live: true, Testimony: &testimony}
	}
	p := policy(marking)
	t.Run("who says that nobody has the name is evidence", func(t *testing.T) {
		t.Parallel()
		d := p.Decide(input(row(), says(registrar.Testimony{}), confirmed(whmcs.DomainCancelled)))
		wantChanges(t, d.Changes, "status Active -> Cancelled !")
	})
	t.Run("who says that somebody has it is none: it may be us", func(t *testing.T) {
		t.Parallel()
		d := p.Decide(input(row(), says(registrar.Testimony{Registered: true, Registrar: "Other"}), confirmed("")))
		wantChanges(t, d.Changes)
	})
	t.Run("does not overrule the registrar", func(t *testing.T) {
		t.Parallel()
		seen := away()
		seen.Testimony = &registrar.Testimony{}
		d := p.Decide(input(row(), seen, confirmed(whmcs.DomainTransferredAway)))
		wantChanges(t, d.Changes, "status Active -> Transferred Away !")
	})
}

func TestADeletedNameAges(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	seen := left(registrar.Departure{Status: registrar.Lapsed, Raw: "DEL", GraceUntil: civil.Must("2031-04-01")})
	wantChanges(t, p.Decide(input(row(), seen, confirmed(whmcs.DomainGrace))).Changes, "status Active -> Grace !")
	d := p.Decide(input(row(standing(whmcs.DomainGrace)), seen, confirmed(whmcs.DomainGrace)))
	if len(d.Changes) > 0 || d.Trouble != nil || d.After.Absent != nil {
		t.Errorf("it has aged in WHMCS too: %v %+v %+v", told(d.Changes), d.Trouble, d.After)
	}
}

func TestWhatNeedNotBeThereIsNotLookedFor(t *testing.T) {
	t.Parallel()
	for _, s := range whmcs.DomainStatuses() {
		expected := s == whmcs.DomainActive || s == whmcs.DomainGrace || s == whmcs.DomainRedemption
		d := policy(marking).Decide(input(row(standing(s)), listed(nil), domainsync.Memo{}))
		if (d.Act == domainsync.Look) != expected || (d.Skip == "not_expected") == expected {
			t.Errorf("%s: %s %s", s, d.Act, d.Skip)
		}
	}
}

func TestAPersonWhoBringsADomainBackBeginsTheCountAnew(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	marked := p.Decide(input(row(standing(whmcs.DomainCancelled)), listed(nil), confirmed(whmcs.DomainTransferredAway)))
	wantChanges(t, p.Decide(input(row(), away(), marked.After)).Changes)
}

// A list of names may go on showing those that have left as deleted; what a look finds counts, and is confirmed like any
// other departure.
func TestADeletedNameThatWasTransferredAwayIsNotLetAge(t *testing.T) {
	t.Parallel()
	p := policy(marking)
	for _, until := range []string{"", "2031-04-01"} {
		inList := listed(held(being(registrar.Lapsed), func(d *registrar.Domain) { d.Raw, d.GraceUntil = "DEL", civil.Must(until) }))
		found := live(held(being(registrar.TransferredAway), func(d *registrar.Domain) { d.Raw, d.GraceUntil = "DEL after transferOut", civil.Must(until) }))
		if d := p.Decide(input(row(), inList, domainsync.Memo{})); d.Act != domainsync.Look {
			t.Fatalf("until %q: %s %v", until, d.Act, told(d.Changes))
		}
		first := p.Decide(input(row(), found, domainsync.Memo{}))
		wantChanges(t, first.Changes)
		if d := later(p, first, fourHours-time.Second, inList); d.Act != domainsync.Nothing || d.Skip != "not_at_registrar" {
			t.Errorf("until %q: %s %s", until, d.Act, d.Skip)
		}
		if d := later(p, first, fourHours, inList); d.Act != domainsync.Look {
			t.Errorf("until %q: %s", until, d.Act)
		}
		wantChanges(t, later(p, first, fourHours, found).Changes, "status Active -> Transferred Away !")
	}
}

func TestWhatIsShownOfAnEarlierLifeIsNoEvidence(t *testing.T) {
	t.Parallel()
	again := row(func(d *whmcs.Domain) { d.Registered = civil.Must("2030-09-01") })
	for what, earlier := range map[string]func(*registrar.Domain){
		"it was deleted before": func(d *registrar.Domain) {
			d.Left, d.RedemptionUntil = civil.Must("2030-08-31"), civil.Must("2030-10-10")
		},
		"it could last be restored before": func(d *registrar.Domain) {
			d.GraceUntil, d.RedemptionUntil = civil.Must("2030-07-01"), civil.Must("2030-08-31")
		},
		"it was transferred away before": func(d *registrar.Domain) { d.Status, d.Left = registrar.TransferredAway, civil.Must("2030-08-31") },
	} {
		old := held(being(registrar.Lapsed), earlier)
		d := policy(marking).Decide(input(again, live(old), confirmed(whmcs.DomainTransferredAway)))
		if t.Log(what); len(d.Changes) > 0 {
			t.Errorf("%v", told(d.Changes))
		}
		wantTrouble(t, d, fault.NotFound, "the registrar does not have this domain, and nothing says why; its status was kept")
		if d := policy(marking).Decide(input(again, listed(old), domainsync.Memo{})); d.Act != domainsync.Look {
			t.Errorf("listed: %s", d.Act)
		}
	}
	recent := held(being(registrar.Lapsed), func(d *registrar.Domain) {
		d.Left, d.RedemptionUntil = civil.Must("2030-09-01"), civil.Must("2031-04-01")
	})
	wantChanges(t, policy().Decide(input(again, live(recent), domainsync.Memo{})).Changes, "status Active -> Redemption !")
}
