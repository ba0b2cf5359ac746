package rdap

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/wire"
)

func TestEveryStatusWord(t *testing.T) {
	t.Parallel()
	for want, lists := range map[registrar.Status][]string{
		registrar.Active: {
			"active", "ok", "inactive", "locked", "validated", "associated", "add period", "auto renew period", "renew period", "transfer period",
			"pending update", "pending renew", "client delete prohibited", "client renew prohibited", "client transfer prohibited",
			"client update prohibited", "delete prohibited", "renew prohibited", "transfer prohibited", "update prohibited",
			"server delete prohibited", "server renew prohibited", "server transfer prohibited", "server update prohibited",
			"clientTransferProhibited", "SERVER_UPDATE_PROHIBITED", "weird 9, active",
		},
		registrar.Suspended:           {"client hold", "server hold", "clientHold", "active, server hold"},
		registrar.PendingRegistration: {"pending create", "inactive, pending create"},
		registrar.Redemption:          {"redemption period", "pending delete, redemption period", "server hold, redemptionPeriod"},
		registrar.PendingRestore:      {"pending restore", "pending delete, pending restore", "redemption period, pending restore"},
		registrar.PendingDelete:       {"pending delete", "client hold, pending delete", "pendingDelete"},
		registrar.Unknown:             {"", "WEIRD_9", "pending transfer", "active, pending transfer", "removed", "reserved", "obscured", "proxy", "private"},
	} {
		for _, list := range lists {
			if got := status(strings.Split(list, ", ")); got != want {
				t.Errorf("%s: %s, want %s", list, got, want)
			}
		}
	}
	if got := status(nil); got != registrar.Unknown {
		t.Errorf("no word: %s", got)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, day := range map[string]string{
		"2027-08-13T04:00:00Z":        "2027-08-13",
		"2027-08-13T23:59:59.999Z":    "2027-08-13",
		"2027-08-13T23:30:00-02:00":   "2027-08-14",
		"2027-08-13T00:30:00+02:00":   "2027-08-12",
		"2027-08-13T00:30:00+0200":    "2027-08-12",
		"2027-08-13 23:30:00-02:00":   "2027-08-14",
		"2027-08-13T23:30:00":         "2027-08-13",
		"2027-08-13 23:30:00":         "2027-08-13",
		"2027-08-13":                  "2027-08-13",
		" 2028-02-29T00:00:00Z ":      "2028-02-29",
		"1990-01-01T00:00:00Z":        "1990-01-01",
		"9999-12-31T23:59:59Z":        "9999-12-31",
		"2027-08-13T04:00:00.123456Z": "2027-08-13",
	} {
		if diff := cmp.Diff(registrar.Date{Day: civil.Must(day)}, date(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{
		"", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1990-01-01T00:30:00+01:00", "2027-02-29", "soon", "0",
		"13/08/2027", "2027-08-13T04:00:00 CET",
	} {
		if diff := cmp.Diff(registrar.Date{Text: text}, date(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func answer(t testing.TB, file string) wire.Domain {
	t.Helper()
	raw, err := os.ReadFile("wire/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var d wire.Domain
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTestimony(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]registrar.Testimony{
		"domain.json": {
			Registered: true, Registrar: "Example Registrar, Inc.", IANA: "376", Raw: "client delete prohibited, client transfer prohibited",
			Registry: registrar.Date{Day: civil.Must("2027-08-13")},
		},
		"domain_odd.json": {Registered: true, IANA: "376", Raw: "active"},
	} {
		if diff := cmp.Diff(want, testimony(answer(t, file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestALookUpTellsTheRegistrysDateAlone(t *testing.T) {
	t.Parallel()
	want := registrar.Domain{
		Name: "example.com", Status: registrar.Active, Raw: "client delete prohibited, client transfer prohibited",
		Dates: registrar.Dates{Registry: registrar.Date{Day: civil.Must("2027-08-13")}},
	}
	if diff := cmp.Diff(want, domain("example.com", answer(t, "domain.json"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhetherAnAnswerIsAboutTheName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d    wire.Domain
		want bool
	}{
		{wire.Domain{LDHName: "XN--BCHER-KVA.TEST."}, true},
		{wire.Domain{UnicodeName: "Bücher.test"}, true},
		{wire.Domain{Class: "Domain", UnicodeName: "bücher.test"}, true},
		{wire.Domain{Class: "nameserver", LDHName: "xn--bcher-kva.test"}, false},
		{wire.Domain{LDHName: "bucher.test"}, false},
		{wire.Domain{}, false},
	} {
		if got := isNamed(tc.d, "xn--bcher-kva.test"); got != tc.want {
			t.Errorf("%+v: %v", tc.d, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"domain.json", "domain_odd.json"} {
		raw, err := os.ReadFile("wire/testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"status":["pending delete"],"events":[{"eventAction":"expiration","eventDate":"1989-12-31T23:59:59-01:00"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d wire.Domain
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		got := domain("a.test", d)
		if day := got.Dates.Registry.Day; !day.IsZero() && day.Year < 1990 {
			t.Errorf("%s", day)
		}
		if got.Dates.Renewal != (registrar.Date{}) || got.Dates.Expiration != (registrar.Date{}) {
			t.Errorf("%+v", got.Dates)
		}
		if bad := got.Status == registrar.PendingDelete || got.Status == registrar.Redemption; bad && !strings.Contains(squeezed(got.Raw), "delete") && !strings.Contains(squeezed(got.Raw), "redemption") {
			t.Errorf("%s of %q", got.Status, got.Raw)
		}
		if !testimony(d).Registered {
			t.Error("an answer is not taken for a registration")
		}
	})
}
