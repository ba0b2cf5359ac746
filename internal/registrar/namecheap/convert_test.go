package namecheap

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/wire"
)

func TestStatusesOfALookUp(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]registrar.Status{
		"Ok": registrar.Active, "OK": registrar.Active, "Locked": registrar.Active, "Expired": registrar.Overdue,
		"": registrar.Unknown, "Deleted": registrar.Unknown, "TransferredAway": registrar.Unknown, "WEIRD_9": registrar.Unknown,
	} {
		got := looked("a.test", wire.Info{Status: word, IsOwner: "true"})
		if got.Status != want || got.Raw != word {
			t.Errorf("%q: %s, %q", word, got.Status, got.Raw)
		}
	}
}

func TestADomainOfSomebodyElseIsNotJudged(t *testing.T) {
	t.Parallel()
	got := looked("a.test", wire.Info{Status: "Expired", IsOwner: "false"})
	if got.Status != registrar.Unknown || got.Raw != "Expired, owned by another account" {
		t.Errorf("%s, %q", got.Status, got.Raw)
	}
}

func TestARowOfAList(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		row  wire.Domain
		want registrar.Domain
	}{
		{"in use", wire.Domain{ID: "7", Expires: "02/05/2027", IsExpired: "false", IsLocked: "false", AutoRenew: "true", WhoisGuard: "ENABLED"}, registrar.Domain{
			ID: "7", Status: registrar.Active, Raw: "Ok", AutoRenew: registrar.On, Privacy: registrar.On,
			Dates: registrar.Dates{Expiration: registrar.Date{Day: civil.Must("2027-02-05")}},
		}},
		{"locked", wire.Domain{IsExpired: "False", IsLocked: "True", AutoRenew: "False", WhoisGuard: "NOTPRESENT"}, registrar.Domain{
			Status: registrar.Active, Raw: "Locked", AutoRenew: registrar.Off, Privacy: registrar.Off,
		}},
		{"expired", wire.Domain{IsExpired: "true", IsLocked: "true", AutoRenew: "?", WhoisGuard: "SUSPENDED"}, registrar.Domain{
			Status: registrar.Overdue, Raw: "Expired",
		}},
		{"a word nobody knows", wire.Domain{IsExpired: "WEIRD_9", IsLocked: "true"}, registrar.Domain{Status: registrar.Unknown, Raw: "WEIRD_9"}},
		{"nothing told", wire.Domain{}, registrar.Domain{Status: registrar.Unknown}},
	} {
		tc.want.Name = "a.test"
		if diff := cmp.Diff(tc.want, listed("a.test", tc.row)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestPrivacyWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]registrar.Tri{
		"ENABLED": registrar.On, "True": registrar.On, "DISABLED": registrar.Off, "False": registrar.Off, "NOTPRESENT": registrar.Off,
		"NotAlloted": registrar.Off, "NOTALLOTTED": registrar.Off, "": registrar.NotTold, "PENDING": registrar.NotTold,
	} {
		if got := privacy(word); got != want {
			t.Errorf("%q: %d, want %d", word, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]registrar.Date{
		"02/05/2027":             {Day: civil.Must("2027-02-05")},
		"2/5/2027":               {Day: civil.Must("2027-02-05")},
		" 12/31/2027 ":           {Day: civil.Must("2027-12-31")},
		"12/31/2027 11:59:59 PM": {Day: civil.Must("2027-12-31")},
		"02/29/2028":             {Day: civil.Must("2028-02-29")},
		"":                       {},
	} {
		if diff := cmp.Diff(want, date(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{
		"00/00/0000", "01/01/0001", "12/31/1969", "01/01/1970", "31/12/2027", "02/29/2027", "2027-12-31", "n/a", "0", "12/31/27", "12/31/2027x",
	} {
		if diff := cmp.Diff(registrar.Date{Text: text}, date(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestEveryTransferNumber(t *testing.T) {
	t.Parallel()
	for want, numbers := range map[registrar.TransferState]string{
		registrar.TransferCompleted: "5",
		registrar.TransferPending:   "-1 0 1 3 9 10 11 12 13 14 28 29 31 35",
		registrar.TransferFailed:    "2 4 6 7 8 15 16 17 18 19 20 21 22 23 24 25 26 27 30",
		registrar.TransferUnknown:   "32 33 34 36 99 05 x",
	} {
		for number := range strings.FieldsSeq(numbers) {
			if got := transferState(number, "WEIRD_9"); got != want {
				t.Errorf("%s: %s, want %s", number, got, want)
			}
		}
	}
}

func TestANumberAndAWordOfATransfer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		number, word string
		want         registrar.TransferState
	}{
		{"5", "COMPLETED", registrar.TransferCompleted},
		{"20", "CANCELLED", registrar.TransferFailed},
		{"20", "Canceled", registrar.TransferFailed},
		{"4", "INPROGRESS", registrar.TransferPending},
		{"5", "CANCELLED", registrar.TransferPending},
		{"14", "COMPLETED", registrar.TransferPending},
		{"32", "WAITINGFOREPP", registrar.TransferPending},
		{"32", "CANCELED", registrar.TransferFailed},
		{"99", "COMPLETED", registrar.TransferCompleted},
		{"", "", registrar.TransferUnknown},
	} {
		if got := transferState(tc.number, tc.word); got != tc.want {
			t.Errorf("%s %s: %s, want %s", tc.number, tc.word, got, tc.want)
		}
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for name, want := range map[registrar.Name][]string{
		"a.test":             {"a.test"},
		"xn--bcher-kva.test": {"xn--bcher-kva.test", "bücher.test"},
	} {
		if diff := cmp.Diff(want, spellings(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// answers are the parts that come from outside and end up in the port's words.
type answers struct {
	Domains   []wire.Domain   `xml:"CommandResponse>DomainGetListResult>Domain"`
	Info      wire.Info       `xml:"CommandResponse>DomainGetInfoResult"`
	Transfers []wire.Transfer `xml:"CommandResponse>TransferGetListResult>Transfer"`
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"list.xml", "info.xml", "transfers.xml", "latin1.xml"} {
		raw, err := os.ReadFile("wire/testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var all answers
		if httpx.DecodeXML(raw, &all) != nil {
			return
		}
		domains := append(unique(all.Domains), looked("a.test", all.Info))
		for _, d := range domains {
			plausible(t, d)
		}
		for _, row := range all.Transfers {
			got := transfer("a.test", row)
			if got.State == registrar.TransferFailed && !strings.Contains(strings.ToUpper(row.Status), "CANCEL") && states[strings.TrimSpace(row.StatusID)] != registrar.TransferFailed {
				t.Errorf("%+v failed", row)
			}
		}
	})
}

// plausible: nothing but the API's own words may be concluded, and a day is one of the years of domain names.
func plausible(t *testing.T, d registrar.Domain) {
	t.Helper()
	if d.Status != registrar.Active && d.Status != registrar.Overdue && d.Status != registrar.Unknown {
		t.Errorf("%+v", d)
	}
	if day := d.Dates.Expiration.Day; !day.IsZero() && day.Year < 1990 {
		t.Errorf("%+v", d)
	}
	if d.Dates.Renewal != (registrar.Date{}) || d.Dates.Registry != (registrar.Date{}) {
		t.Errorf("%+v", d)
	}
}
