package realtimeregister

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

func TestEveryStatus(t *testing.T) {
	t.Parallel()
	type told struct {
		Status registrar.Status
		Word   string
	}
	for words, want := range map[string]told{
		"OK":                                {registrar.Active, "OK"},
		"PENDING_RENEW":                     {registrar.Active, "PENDING_RENEW"},
		"PENDING_UPDATE":                    {registrar.Active, "PENDING_UPDATE"},
		"ADD_PERIOD":                        {registrar.Active, "ADD_PERIOD"},
		"RENEW_PERIOD":                      {registrar.Active, "RENEW_PERIOD"},
		"AUTO_RENEW_PERIOD":                 {registrar.Active, "AUTO_RENEW_PERIOD"},
		"TRANSFER_PERIOD":                   {registrar.Active, "TRANSFER_PERIOD"},
		"CLIENT_TRANSFER_PROHIBITED":        {registrar.Active, "CLIENT_TRANSFER_PROHIBITED"},
		"SERVER_DELETE_PROHIBITED":          {registrar.Active, "SERVER_DELETE_PROHIBITED"},
		"IRTPC_TRANSFER_PROHIBITED":         {registrar.Active, "IRTPC_TRANSFER_PROHIBITED"},
		"OK PRIVACY_PROTECT_PROHIBITED":     {registrar.Active, "OK"},
		"CLIENT_HOLD":                       {registrar.Suspended, "CLIENT_HOLD"},
		"OK REGISTRAR_HOLD":                 {registrar.Suspended, "REGISTRAR_HOLD"},
		"SERVER_HOLD EXPIRED":               {registrar.Overdue, "EXPIRED"},
		"PENDING_DELETE REDEMPTION_PERIOD":  {registrar.Redemption, "REDEMPTION_PERIOD"},
		"REDEMPTION_PERIOD PENDING_RESTORE": {registrar.PendingRestore, "PENDING_RESTORE"},
		"EXPIRED PENDING_DELETE":            {registrar.PendingDelete, "PENDING_DELETE"},
		"DELETE_REQUESTED":                  {registrar.Unknown, "DELETE_REQUESTED"},
		"OK PENDING_TRANSFER":               {registrar.Unknown, "PENDING_TRANSFER"},
		"PENDING_VALIDATION":                {registrar.Unknown, "PENDING_VALIDATION"},
		"INACTIVE":                          {registrar.Unknown, "INACTIVE"},
		"PENDING_DELETE WEIRD_9":            {registrar.Unknown, "WEIRD_9"},
		"ok":                                {registrar.Unknown, "ok"},
		"":                                  {registrar.Unknown, ""},
	} {
		var list wire.Texts
		for word := range strings.FieldsSeq(words) {
			list = append(list, wire.Text(word))
		}
		found, word := status(list)
		if diff := cmp.Diff(want, told{found, word}); diff != "" {
			t.Errorf("%q: %s", words, diff)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	none, days := rules{known: true}, rules{known: true, offset: 2 * 24 * time.Hour}
	day := func(text string) registrar.Date { return registrar.Date{Day: civil.Must(text)} }
	for _, tc := range []struct {
		expiry string
		rules  rules
		want   registrar.Dates
	}{
		{"2031-03-30T23:59:59Z", none, registrar.Dates{Renewal: day("2031-03-30"), Expiration: day("2031-03-30")}},
		{"2031-03-30T23:59:59Z", days, registrar.Dates{Renewal: day("2031-03-28"), Expiration: day("2031-03-30")}},
		{"2031-03-30T00:30:00+02:00", none, registrar.Dates{Renewal: day("2031-03-29"), Expiration: day("2031-03-29")}},
		{"2031-03-30T00:00:10Z", rules{known: true, offset: time.Minute}, registrar.Dates{Renewal: day("2031-03-29"), Expiration: day("2031-03-30")}},
		{"2031-03-30T12:00:00Z", rules{}, registrar.Dates{Renewal: registrar.Date{Text: "2031-03-30T12:00:00Z"}, Expiration: day("2031-03-30")}},
		{"1990-01-01T12:00:00Z", days, registrar.Dates{Renewal: registrar.Date{Text: "1990-01-01T12:00:00Z"}, Expiration: day("1990-01-01")}},
		{"2031-03-30", none, registrar.Dates{Expiration: registrar.Date{Text: "2031-03-30"}}},
		{"1989-12-31T23:59:59Z", none, registrar.Dates{Expiration: registrar.Date{Text: "1989-12-31T23:59:59Z"}}},
		{"", days, registrar.Dates{}},
	} {
		if diff := cmp.Diff(tc.want, dates(tc.expiry, tc.rules)); diff != "" {
			t.Errorf("%q with %v: %s", tc.expiry, tc.rules, diff)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for offset, want := range map[wire.Text]rules{
		"": {known: true}, "0": {known: true}, "86400": {known: true, offset: 24 * time.Hour},
		"-1": {}, "1.5": {}, "soon": {}, "99999999999": {}, "99999999999999999999": {},
	} {
		if got := rulesOf(wire.Metadata{ExpiryOffset: offset}); got != want {
			t.Errorf("%q: %+v, want %+v", offset, got, want)
		}
	}
	for _, tc := range []struct {
		features, status wire.Texts
		want             registrar.Tri
	}{
		{wire.Texts{"CREATE", "PRIVACY_PROTECT"}, wire.Texts{"OK"}, registrar.On},
		{wire.Texts{"CREATE"}, wire.Texts{"OK"}, registrar.Off},
		{nil, wire.Texts{"OK"}, registrar.NotTold},
		{wire.Texts{"PRIVACY_PROTECT"}, wire.Texts{"OK", noPrivacy}, registrar.Off},
	} {
		if got := allowed(tc.status, rulesOf(wire.Metadata{Features: tc.features})); got != tc.want {
			t.Errorf("%v of %v: %v, want %v", tc.status, tc.features, got, tc.want)
		}
	}
}

func TestEveryTransferState(t *testing.T) {
	t.Parallel()
	log := []wire.Log{{Date: "2026-03-02T10:00:00Z", Message: "The end"}, {Date: "2026-03-01T10:00:00Z", Message: "Begun"}, {Date: "2026-03-03T10:00:00Z"}}
	for word, want := range map[wire.Text]registrar.Transfer{
		"pendingwhois":      {State: registrar.TransferPending, Reason: "The end"},
		"pendingfoa":        {State: registrar.TransferPending, Reason: "The end"},
		"pendingvalidation": {State: registrar.TransferPending, Reason: "The end"},
		"pending":           {State: registrar.TransferPending, Reason: "The end"},
		"approved":          {State: registrar.TransferPending, Reason: "The end"},
		"cancelled":         {State: registrar.TransferFailed, Reason: "The end"},
		"rejected":          {State: registrar.TransferFailed, Reason: "The end"},
		"failed":            {State: registrar.TransferFailed, Reason: "The end"},
		"completed":         {State: registrar.TransferCompleted},
		"WEIRD_9":           {State: registrar.TransferUnknown},
		"":                  {State: registrar.TransferUnknown},
	} {
		want.Name, want.ID, want.Raw = "example.com", "7", string(word)
		got := transfer("example.com", wire.Transfer{Status: word, Direction: "IN", ProcessID: "7", Log: log})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", word, diff)
		}
	}
	out := transfer("example.com", wire.Transfer{Status: "completed", Direction: "OUT"})
	if diff := cmp.Diff(registrar.Transfer{Name: "example.com", State: registrar.TransferUnknown, Raw: "OUT completed"}, out); diff != "" {
		t.Error(diff)
	}
}

func process(action, at string) wire.Process {
	return wire.Process{Subject: "example.com", Kind: "domain", Action: wire.Text(action), Status: "COMPLETED", Created: wire.Text(at)}
}

func TestOnlyTheLastThingDoneIsEvidence(t *testing.T) {
	t.Parallel()
	const first, second, third = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"
	with := func(p wire.Process, change func(*wire.Process)) wire.Process { change(&p); return p }
	out := process("outgoingTransfer", second)
	for name, tc := range map[string]struct {
		rows []wire.Process
		want bool
	}{
		"it left":                               {[]wire.Process{process("incomingTransfer", first), out}, true},
		"it was pushed to another customer":     {[]wire.Process{process("outgoingInternalTransfer", second)}, true},
		"it left twice":                         {[]wire.Process{process("outgoingTransfer", first), process("incomingTransfer", first), out}, true},
		"it came back":                          {[]wire.Process{out, process("incomingTransfer", third)}, false},
		"something unknown was done since":      {[]wire.Process{out, process("registered", third)}, false},
		"something was done at the same time":   {[]wire.Process{out, process("update", second)}, false},
		"something was done, nobody knows when": {[]wire.Process{out, process("update", "")}, false},
		"an update ended before it left": {[]wire.Process{
			with(process("outgoingTransfer", first), func(p *wire.Process) { p.Updated = third }), process("update", second),
		}, true},
		"its zone was removed since":     {[]wire.Process{out, with(process("delete", third), func(p *wire.Process) { p.Kind = "zone" })}, true},
		"another name left":              {[]wire.Process{with(out, func(p *wire.Process) { p.Subject = "example.com.co" })}, false},
		"it was about to leave":          {[]wire.Process{with(out, func(p *wire.Process) { p.Status = "CANCELLED" })}, false},
		"it left, and nobody knows when": {[]wire.Process{process("outgoingTransfer", "")}, false},
		"it was deleted":                 {[]wire.Process{process("delete", second)}, false},
		"nothing was ever done with it":  {nil, false},
	} {
		d, ok := departure("example.com", tc.rows)
		if ok != tc.want || ok != (d.Status == registrar.TransferredAway) || ok && d.Day.Year != 2026 {
			t.Errorf("%s: %+v, %v", name, d, ok)
		}
	}
}

func seed(f *testing.F, name string) []byte {
	f.Helper()
	raw, err := os.ReadFile(filepath.Join("wire", "testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	return raw
}

// mayBe holds a domain to: no day that cannot be, and no status that only evidence could give.
func mayBe(t *testing.T, d registrar.Domain) {
	t.Helper()
	for _, date := range []registrar.Date{d.Dates.Renewal, d.Dates.Expiration, d.Dates.Registry} {
		if !date.Day.IsZero() && (date.Day.Year < 1990 || date.Day.Year > 9999) {
			t.Errorf("a day of %s", date.Day)
		}
	}
	switch d.Status {
	case registrar.Deleted, registrar.TransferredAway, registrar.Lapsed, registrar.Failed, "":
		t.Errorf("status %q", d.Status)
	}
}

func FuzzDomains(f *testing.F) {
	f.Add(seed(f, "export.json"), int64(172800))
	f.Add([]byte(`{"entities":[{"domainName":"a.b","expiryDate":7,"status":"EXPIRED"},{}],"pagination":{"total":-1}}`), int64(-5))
	f.Fuzz(func(t *testing.T, raw []byte, offset int64) {
		var page wire.Domains
		if json.Unmarshal(raw, &page) != nil {
			return
		}
		if page.Total.N < 0 {
			t.Errorf("%d domains", page.Total.N)
		}
		for _, row := range page.Rows {
			mayBe(t, domain("example.com", row, rules{known: true, offset: time.Duration(offset)}))
		}
	})
}

func FuzzExtension(f *testing.F) {
	f.Add(seed(f, "extension.json"))
	f.Add([]byte(`{"applicableFor":"com","metadata":{"expiryDateOffset":"9e9","featuresAvailable":{}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e wire.Extension
		if json.Unmarshal(raw, &e) != nil {
			return
		}
		if r := rulesOf(e.Metadata); r.offset < 0 || r.offset > longest {
			t.Errorf("an offset of %s", r.offset)
		}
	})
}

func FuzzTransfer(f *testing.F) {
	f.Add(seed(f, "transfer.json"))
	f.Add([]byte(`{"type":"OUT","status":"completed","log":[{"date":7}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var answer wire.Transfer
		if json.Unmarshal(raw, &answer) != nil {
			return
		}
		if got := transfer("example.com", answer); got.State != registrar.TransferUnknown && answer.Direction != "IN" {
			t.Errorf("%+v was taken for a transfer in", got)
		}
	})
}

func FuzzProcesses(f *testing.F) {
	f.Add(seed(f, "processes.json"))
	f.Add([]byte(`{"entities":[{"identifier":"EXAMPLE.com","action":"outgoingTransfer","status":"COMPLETED","createdDate":"0001-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var page wire.Processes
		if json.Unmarshal(raw, &page) != nil {
			return
		}
		if d, ok := departure("example.com", page.Rows); ok && (d.Day.Year < 1990 || !strings.Contains(string(raw), "COMPLETED")) {
			t.Errorf("%+v", d)
		}
	})
}
