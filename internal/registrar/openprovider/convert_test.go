package openprovider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

func TestEveryStatusHasItsMeaning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		word, kind wire.Text
		status     registrar.Status
		transfer   registrar.TransferState
	}{
		{"ACT", "NEW", registrar.Active, registrar.TransferCompleted},
		{"ACT", "TRANSFER", registrar.Active, registrar.TransferCompleted},
		{"act", "", registrar.Active, registrar.TransferCompleted},
		{"REQ", "NEW", registrar.PendingRegistration, registrar.TransferPending},
		{"REQ", "TRANSFER", registrar.PendingTransfer, registrar.TransferPending},
		{"REQ", "TRADE", registrar.Unknown, registrar.TransferPending},
		{"REQ", "", registrar.PendingRegistration, registrar.TransferPending},
		{"PEN", "NEW", registrar.PendingRegistration, registrar.TransferPending},
		{"PEN", "transfer", registrar.PendingTransfer, registrar.TransferPending},
		{"SCH", "TRANSFER", registrar.PendingTransfer, registrar.TransferPending},
		{"SCH", "", registrar.PendingTransfer, registrar.TransferPending},
		{"RRQ", "NEW", registrar.PendingRestore, registrar.TransferPending},
		{"DEL", "TRANSFER", registrar.Lapsed, registrar.TransferUnknown},
		{"FAI", "TRANSFER", registrar.Failed, registrar.TransferFailed},
		{"FAI", "NEW", registrar.Failed, registrar.TransferUnknown},
		{"FAI", "", registrar.Failed, registrar.TransferUnknown},
		{"REJ", "TRANSFER", registrar.Failed, registrar.TransferFailed},
		{"NSR", "NEW", registrar.Unknown, registrar.TransferUnknown},
		{"TRAN", "NEW", registrar.Unknown, registrar.TransferUnknown},
		{"WEIRD_9", "TRANSFER", registrar.Unknown, registrar.TransferUnknown},
		{"", "", registrar.Unknown, registrar.TransferUnknown},
	} {
		row := wire.Domain{ID: 7, Status: tc.word, Type: tc.kind}
		d, tr := domain(row, "example.com", registrar.NotTold), transfer(row, "example.com")
		if d.Status != tc.status || tr.State != tc.transfer || d.Raw != string(tc.word) || tr.Raw != string(tc.word) {
			t.Errorf("%s %s: %s (%q), %s (%q)", tc.word, tc.kind, d.Status, d.Raw, tr.State, tr.Raw)
		}
	}
}

func TestARowIsToldInFull(t *testing.T) {
	t.Parallel()
	rows := fixture(t, "list.json")
	got := []registrar.Domain{domain(rows[0], "example.co.uk", registrar.On), domain(rows[1], "xn--bcher-kva.de", registrar.On)}
	want := []registrar.Domain{
		{
			Name: "example.co.uk", ID: "1042", Status: registrar.Active, Raw: "ACT",
			Dates:     registrar.Dates{Renewal: day("2031-03-28"), Expiration: day("2031-03-30"), Registry: day("2032-03-30")},
			AutoRenew: registrar.On, Privacy: registrar.On, PrivacyAllowed: registrar.Off,
		},
		{
			Name: "xn--bcher-kva.de", ID: "1043", Status: registrar.Lapsed, Raw: "DEL",
			Dates: registrar.Dates{Renewal: registrar.Date{Text: "0000-00-00 00:00:00"}},
			Left:  civil.Must("2030-12-24"), GraceUntil: civil.Must("2031-01-24"), RedemptionUntil: civil.Must("2031-02-23"),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNamesArePutTogether(t *testing.T) {
	t.Parallel()
	for want, parts := range map[registrar.Name]wire.Parts{
		"co.co.uk": {Name: "co", Extension: "co.uk"}, "net.net": {Name: "NET", Extension: "net"},
		"xn--bcher-kva.de": {Name: "Bücher", Extension: "de"}, "a.xn--p1ai": {Name: "a", Extension: "рф"},
		"": {Name: "", Extension: ""},
	} {
		if got, _ := nameOf(wire.Domain{Name: parts}); got != want {
			t.Errorf("%v: %q, want %q", parts, got, want)
		}
	}
	if diff := cmp.Diff([]string{"xn--bcher-kva.de", "bücher.de"}, spellings("xn--bcher-kva.de")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.com"}, spellings("a.com")); diff != "" {
		t.Error(diff)
	}
}

func TestDatesAreTakenAsPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[wire.Text]registrar.Date{
		"2031-03-30 23:59:59": day("2031-03-30"), "2031-03-30 00:00:00": day("2031-03-30"), "2031-03-30": day("2031-03-30"),
		"2031-03-30T23:30:00-05:00": day("2031-03-31"), "2031-03-30T23:30:00Z": day("2031-03-30"), "": {},
		"0000-00-00 00:00:00": {Text: "0000-00-00 00:00:00"}, "-0001-11-30 00:00:00": {Text: "-0001-11-30 00:00:00"},
		"1970-01-01 00:00:00": {Text: "1970-01-01 00:00:00"}, "1989-12-31": {Text: "1989-12-31"}, "2031-02-30": {Text: "2031-02-30"},
		"2031-03-30 soon": {Text: "2031-03-30 soon"}, "30/03/2031": {Text: "30/03/2031"}, "0": {Text: "0"},
	} {
		if got := date(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestAutoRenewIsWhatIsInEffect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text            wire.Text
		byDefault, want registrar.Tri
	}{
		{"on", registrar.Off, registrar.On},
		{"off", registrar.On, registrar.Off},
		{"OFF", registrar.On, registrar.Off},
		{"default", registrar.On, registrar.On},
		{"default", registrar.Off, registrar.Off},
		{"default", registrar.NotTold, registrar.NotTold},
		{"", registrar.On, registrar.NotTold},
		{"maybe", registrar.On, registrar.NotTold},
	} {
		if got := domain(wire.Domain{AutoRenew: tc.text}, "a.com", tc.byDefault).AutoRenew; got != tc.want {
			t.Errorf("%q with %v: %v, want %v", tc.text, tc.byDefault, got, tc.want)
		}
	}
}

func TestOfSeveralRowsTheLiveOneCounts(t *testing.T) {
	t.Parallel()
	rows := []wire.Domain{
		{ID: 1, Status: "FAI"}, {ID: 5, Status: "ACT"}, {ID: 6, Status: "DEL"}, {ID: 7, Status: "REQ"}, {ID: 8, Status: "DEL"}, {ID: 9, Status: "FAI"},
	}
	for _, want := range []wire.Int{5, 7, 8, 6, 9, 1} {
		got, ok := foremost(rows, weight)
		if !ok || got.ID != want {
			t.Errorf("%d, %v; want %d", got.ID, ok, want)
		}
		var rest []wire.Domain
		for _, row := range rows {
			if row.ID != got.ID {
				rest = append(rest, row)
			}
		}
		rows = rest
	}
	if _, ok := foremost(nil, weight); ok {
		t.Error("no row counts as one")
	}
}

func day(text string) registrar.Date { return registrar.Date{Day: civil.Must(text)} }

func fixture(t testing.TB, name string) []wire.Domain {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("wire", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := decoded(raw)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func decoded(raw []byte) ([]wire.Domain, error) {
	var answer struct {
		Data wire.Listing `json:"data"`
	}
	err := json.Unmarshal(raw, &answer)
	return answer.Data.Domains, err
}

func FuzzDomain(f *testing.F) {
	for _, name := range []string{"list.json", "list_odd.json"} {
		raw, err := os.ReadFile(filepath.Join("wire", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	known := map[string]bool{"ACT": true, "REQ": true, "PEN": true, "SCH": true, "RRQ": true, "DEL": true, "FAI": true, "REJ": true}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows, _ := decoded(raw)
		for _, row := range rows {
			d, tr := domain(row, "example.com", registrar.On), transfer(row, "example.com")
			if !known[strings.ToUpper(strings.TrimSpace(d.Raw))] && (d.Status != registrar.Unknown || tr.State != registrar.TransferUnknown) {
				t.Fatalf("%q became %s and %s", d.Raw, d.Status, tr.State)
			}
			for _, got := range []registrar.Date{d.Dates.Renewal, d.Dates.Expiration, d.Dates.Registry, {Day: d.GraceUntil}, {Day: d.RedemptionUntil}} {
				if !got.Day.IsZero() && (got.Day.Year < 1990 || got.Text != "") {
					t.Fatalf("%+v is a date", got)
				}
			}
		}
	})
}

func FuzzPlace(f *testing.F) {
	account := &Account{name: "op", pageSize: 1000}
	f.Add("offset=980 size=1000 last=7 seen=1000")
	f.Add("offset=-1 size=0 last=x")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := account.parsePlace(text, "list")
		if err == nil && text != "" && (at.String() != text || at.size < 2 || at.size > largestPage || at.offset < 0) {
			t.Fatalf("%q became %v", text, at)
		}
	})
}

func TestTheEndOfAQuarantineIsTakenFromWhereItIsTold(t *testing.T) {
	t.Parallel()
	const hard, restorable, end = "2031-06-03 10:00:00", "2031-06-02 10:00:00", "2031-06-01 10:00:00"
	for want, row := range map[string]wire.Domain{
		"2031-06-03": {HardQuarantine: hard, RestorableUntil: restorable, QuarantineEnd: end},
		"2031-06-02": {HardQuarantine: "0000-00-00 00:00:00", RestorableUntil: restorable, QuarantineEnd: end},
		"2031-06-01": {QuarantineEnd: end},
		"":           {},
	} {
		row.Status = "DEL"
		if got := domain(row, "example.com", registrar.NotTold).RedemptionUntil; got != civil.Must(want) {
			t.Errorf("%s, want %q", got, want)
		}
	}
}
