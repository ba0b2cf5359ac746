package logicboxes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

func TestEveryStatus(t *testing.T) {
	t.Parallel()
	type told struct {
		Listed, Looked registrar.Status
		IsListed       bool
	}
	for word, want := range map[string]told{
		"Active":                    {registrar.Active, registrar.Active, true},
		"ACTIVE":                    {registrar.Active, registrar.Active, true},
		"Suspended":                 {registrar.Suspended, registrar.Suspended, true},
		"Pending Delete Restorable": {registrar.Redemption, registrar.Redemption, true},
		"InActive":                  {registrar.Unknown, registrar.PendingTransfer, true},
		"Pending Verification":      {registrar.Unknown, registrar.Unknown, true},
		"Failed Verification":       {registrar.Unknown, registrar.Unknown, true},
		"":                          {registrar.Unknown, registrar.Unknown, true},
		"Deleted":                   {"", registrar.Unknown, false},
		"Archived":                  {"", registrar.Unknown, false},
	} {
		row, ok := listed(wire.Order{Name: "example.com", Status: wire.Text(word)})
		look := looked(wire.Details{Status: wire.Text(word), ActionType: "AddTransferDomain"}, "example.com")
		if diff := cmp.Diff(want, told{row.Status, look.Status, ok}); diff != "" {
			t.Errorf("%q: %s", word, diff)
		}
		if look.Raw != word {
			t.Errorf("%q is passed on as %q", word, look.Raw)
		}
	}
}

func TestWhatAnOrderWaitsFor(t *testing.T) {
	t.Parallel()
	for action, want := range map[wire.Text]registrar.Status{
		"AddTransferDomain": registrar.PendingTransfer, "AddNewDomain": registrar.PendingRegistration, "": registrar.Unknown, "ModNS": registrar.Unknown,
	} {
		if got := statusOf(wire.Details{Status: "InActive", ActionType: action}); got != want {
			t.Errorf("%q: %s, want %s", action, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[wire.Text]registrar.Date{
		"1804204799": {Day: civil.Must("2027-03-04")}, "1804204800": {Day: civil.Must("2027-03-05")},
		"631152000": {Day: civil.Must("1990-01-01")}, "631151999": {Text: "631151999"}, "0": {Text: "0"}, "-1": {Text: "-1"}, "": {},
		"1804204799000": {Text: "1804204799000"}, "n/a": {Text: "n/a"}, "2027-03-04": {Text: "2027-03-04"},
		"99999999999999999999": {Text: "99999999999999999999"},
	} {
		if diff := cmp.Diff(want, date(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestPrivacyInAListing(t *testing.T) {
	t.Parallel()
	for flag, want := range map[wire.Text][2]registrar.Tri{
		"true": {registrar.On, registrar.NotTold}, "false": {registrar.Off, registrar.NotTold}, "na": {registrar.NotTold, registrar.Off},
		"": {}, "perhaps": {},
	} {
		d, _ := listed(wire.Order{Name: "example.com", Privacy: flag})
		if got := [2]registrar.Tri{d.Privacy, d.PrivacyAllowed}; got != want {
			t.Errorf("%q: %v, want %v", flag, got, want)
		}
	}
}

func TestHowATransferEnds(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]registrar.TransferState{
		"Success": registrar.TransferCompleted, "FAILED": registrar.TransferFailed, "Cancelled": registrar.TransferFailed,
		"": registrar.TransferUnknown, "Processing": registrar.TransferUnknown, "WEIRD_9": registrar.TransferUnknown,
	} {
		if got := transferEnd(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

func TestOnlyClearWordsAreEvidence(t *testing.T) {
	t.Parallel()
	for action, want := range map[wire.Action]registrar.Status{
		{Type: "DelDomain", Status: "Success"}:           registrar.Deleted,
		{Type: "TransferAwayDomain", Status: "success"}:  registrar.TransferredAway,
		{Type: "DelDomain", Status: "Failed"}:            "",
		{Type: "TransferAwayDomain", Status: "Pending"}:  "",
		{Type: "AddTransferDomain", Status: "Success"}:   "",
		{Type: "DelCNSIP", Status: "Success"}:            "",
		{Type: "ModPrivacyProtection", Status: "Failed"}: "",
		{}: "",
	} {
		d, ok := departure(action)
		if d.Status != want || ok != (want != "") {
			t.Errorf("%+v: %q, %v", action, d.Status, ok)
		}
	}
}

func seeds(f *testing.F, name string) []byte {
	f.Helper()
	raw, err := os.ReadFile(filepath.Join("wire", "testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	return raw
}

// mayBe holds a domain to: no day that cannot be, and no destructive status.
func mayBe(t *testing.T, d registrar.Domain) {
	t.Helper()
	if day := d.Dates.Expiration.Day; !day.IsZero() && (day.Year < 1990 || day.Year > 9999) {
		t.Errorf("expires on %s", day)
	}
	switch d.Status {
	case registrar.Active, registrar.Suspended, registrar.Redemption, registrar.PendingTransfer, registrar.PendingRegistration, registrar.Unknown:
	default:
		t.Errorf("status %q", d.Status)
	}
}

func FuzzOrders(f *testing.F) {
	f.Add(seeds(f, "search.json"))
	f.Add([]byte(`{"recsindb":1,"1":{"entity.description":"a.b","orders.endtime":-5}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var orders wire.Orders
		if json.Unmarshal(raw, &orders) != nil {
			return
		}
		if orders.Total < 0 {
			t.Errorf("%d orders", orders.Total)
		}
		for _, d := range domains(orders.Rows) {
			if again, err := registrar.ParseName(string(d.Name)); err != nil || again != d.Name {
				t.Errorf("%q is no name", d.Name)
			}
			mayBe(t, d)
		}
	})
}

func FuzzDetails(f *testing.F) {
	f.Add(seeds(f, "details.json"))
	f.Add([]byte(`{"endtime":1e3,"currentstatus":["Deleted"],"recurring":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var details wire.Details
		if json.Unmarshal(raw, &details) == nil {
			mayBe(t, looked(details, "example.com"))
		}
	})
}

func FuzzActions(f *testing.F) {
	f.Add(seeds(f, "actions.json"))
	f.Add([]byte(`{"1":{"entityid":7,"eaqid":{}},"x":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var actions wire.Actions
		if json.Unmarshal(raw, &actions) != nil {
			return
		}
		for _, action := range actions.Rows {
			d, ok := departure(action)
			if ok != (d.Status != "") || !d.Day.IsZero() && d.Day.Year < 1990 {
				t.Errorf("%+v was taken for %+v", action, d)
			}
			if got, ok := endedTransfer("example.com", actions.Rows, string(action.OrderID)); ok && got.State == registrar.TransferCompleted {
				t.Errorf("%+v completed a transfer of an order that is not active", action)
			}
		}
	})
}
