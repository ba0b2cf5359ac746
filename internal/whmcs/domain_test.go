package whmcs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestDomainStatusesAreTheEnum(t *testing.T) {
	t.Parallel()
	if n := len(whmcs.DomainStatuses()); n != 10 {
		t.Errorf("%d statuses", n)
	}
	for status, want := range map[whmcs.DomainStatus]bool{
		"Active": true, "Transferred Away": true, "Pending Registration": true,
		"": false, "active": false, "Inactive": false, "Suspended": false, "Active ": false,
	} {
		if got := status.Valid(); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}

func TestDomainSieve(t *testing.T) {
	t.Parallel()
	domain := whmcs.Domain{ID: 1, ClientID: 7, RawName: "Bücher.co.uk", Registrar: "openprovider", Status: whmcs.DomainActive}
	for _, tc := range []struct {
		name   string
		filter whmcs.DomainFilter
		want   bool
	}{
		{"the zero filter admits all", whmcs.DomainFilter{}, true},
		{"its registrar, in any case", whmcs.DomainFilter{Registrar: " OpenProvider"}, true},
		{"another registrar", whmcs.DomainFilter{Registrar: "opensrs"}, false},
		{"a registrar that only a collation takes for the same", whmcs.DomainFilter{Registrar: "öpenprovider"}, false},
		{"its status among others", whmcs.DomainFilter{Statuses: []whmcs.DomainStatus{"Grace", "Active"}}, true},
		{"another status", whmcs.DomainFilter{Statuses: []whmcs.DomainStatus{"Grace"}}, false},
		{"its client left out", whmcs.DomainFilter{ExcludeClients: []int64{3, 7}}, false},
		{"another client left out", whmcs.DomainFilter{ExcludeClients: []int64{3}}, true},
		{"its name left out, in Unicode", whmcs.DomainFilter{ExcludeDomains: []string{" BÜCHER.co.uk."}}, false},
		{"its name left out, in punycode", whmcs.DomainFilter{ExcludeDomains: []string{"XN--bcher-kva.co.uk"}}, false},
		{"its name left out, decomposed", whmcs.DomainFilter{ExcludeDomains: []string{"bu\u0308cher.co.uk"}}, false},
		{"the name without its umlaut left out", whmcs.DomainFilter{ExcludeDomains: []string{"bucher.co.uk"}}, true},
		{"its extension left out", whmcs.DomainFilter{ExcludeTLDs: []string{"CO.UK"}}, false},
		{"its extension left out, with a dot", whmcs.DomainFilter{ExcludeTLDs: []string{".co.uk"}}, false},
		{"the end of its extension left out", whmcs.DomainFilter{ExcludeTLDs: []string{"uk"}}, true},
		{"product groups are not its business", whmcs.DomainFilter{ExcludeProductGroups: []int64{1}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.filter.Sieve().Admits(domain); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAnExtensionIsAllBehindTheFirstDotInEitherScript(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, tld string
		admitted  bool
	}{
		{"co.co.uk", "co.uk", false},
		{"co.uk", "co.uk", true},
		{"a.uk.com", "com", true},
		{"a.uk.com", "uk.com", false},
		{"пример.рф", "xn--p1ai", false},
		{"xn--e1afmkfd.XN--P1AI", "рф", false},
		{"例え。テスト", "テスト", false},
		{"nodot", "", false},
		{"broken.\xff", "com", true},
	} {
		sieve := whmcs.DomainFilter{ExcludeTLDs: []string{tc.tld}}.Sieve()
		if got := sieve.Admits(whmcs.Domain{RawName: tc.name}); got != tc.admitted {
			t.Errorf("%s with %q left out: admitted %v", tc.name, tc.tld, got)
		}
	}
}

func TestDomainWriteCheck(t *testing.T) {
	t.Parallel()
	today := civil.Must("2026-06-01")
	old := whmcs.DomainValues{Status: whmcs.DomainActive, Expiry: civil.Must("2026-07-01"), NextDue: civil.Must("2026-07-01")}
	with := func(change func(*whmcs.DomainValues)) whmcs.DomainValues {
		values := old
		change(&values)
		return values
	}
	expiry := func(day civil.Date) whmcs.DomainValues { return with(func(v *whmcs.DomainValues) { v.Expiry = day }) }
	for _, tc := range []struct {
		name    string
		id      int64
		to      whmcs.DomainValues
		problem string
	}{
		{"a later expiry is fine", 1, expiry(civil.Must("2027-07-01")), ""},
		{"a member of the enum is fine", 1, with(func(v *whmcs.DomainValues) { v.Status = whmcs.DomainExpired }), ""},
		{"the first day of 1990 is fine", 1, expiry(civil.Must("1990-01-01")), ""},
		{"30 years ahead to the day is fine", 1, expiry(civil.Must("2056-06-01")), ""},
		{"auto-renew alone is something to write", 1, with(func(v *whmcs.DomainValues) { v.DoNotRenew = true }), ""},
		{"and so is ID protection", 1, with(func(v *whmcs.DomainValues) { v.IDProtection = true }), ""},
		{"no id", 0, expiry(civil.Must("2027-07-01")), "it names no domain"},
		{"nothing to write", 1, old, "there is nothing to write"},
		{"a status outside the enum", 1, with(func(v *whmcs.DomainValues) { v.Status = "Inactive" }), `"Inactive" is not a status of a domain`},
		{"an empty status", 1, with(func(v *whmcs.DomainValues) { v.Status = "" }), `"" is not a status of a domain`},
		{"an unset expiry", 1, expiry(civil.Date{}), "the expiry would be unset"},
		{"an unset due date", 1, with(func(v *whmcs.DomainValues) { v.NextDue = civil.Date{} }), "the next due date would be unset"},
		{"a day before 1990", 1, expiry(civil.Must("1989-12-31")), "the expiry 1989-12-31 is before 1990"},
		{"a day more than 30 years ahead", 1, expiry(civil.Must("2056-06-02")), "the expiry 2056-06-02 is more than 30 years ahead"},
		{"a day that is none", 1, expiry(civil.Date{Year: 2027, Month: 2, Day: 30}), "the expiry 2027-02-30 is not in the calendar"},
		{
			"a bad next invoice date",
			1, with(func(v *whmcs.DomainValues) { v.NextInvoice = civil.Must("1970-01-01") }), "the next invoice date 1970-01-01 is before 1990",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := sentence(whmcs.DomainWrite{ID: tc.id, Old: old, New: tc.to}.Check(today))
			if diff := cmp.Diff(tc.problem, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatStaysAsItIsForbidsNothing(t *testing.T) {
	t.Parallel()
	odd := whmcs.DomainValues{Status: "", NextDue: civil.Must("1980-01-01")}
	repaired := odd
	repaired.Expiry = civil.Must("2027-01-01")
	if err := (whmcs.DomainWrite{ID: 1, Old: odd, New: repaired}).Check(civil.Must("2026-06-01")); err != nil {
		t.Error(err)
	}
}

func TestTheValuesOfADomainAreAllThatMayBeWritten(t *testing.T) {
	t.Parallel()
	domain := whmcs.Domain{
		ID: 1, ClientID: 2, RawName: "a.test", Status: whmcs.DomainActive, Expiry: civil.Must("2027-01-01"),
		NextDue: civil.Must("2027-01-02"), NextInvoice: civil.Must("2027-01-03"), DoNotRenew: true, IDProtection: true,
	}
	want := whmcs.DomainValues{
		Status: whmcs.DomainActive, Expiry: civil.Must("2027-01-01"), NextDue: civil.Must("2027-01-02"),
		NextInvoice: civil.Must("2027-01-03"), DoNotRenew: true, IDProtection: true,
	}
	if diff := cmp.Diff(want, domain.Values()); diff != "" {
		t.Error(diff)
	}
}
