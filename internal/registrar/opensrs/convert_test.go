package opensrs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

func TestDatesAreTakenAsPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2027-04-07 20:45:46": "2027-04-07", "2027-04-07": "2027-04-07", "2027-04-07 23:59:59": "2027-04-07",
		"03-MAY-2027 12:06:12": "2027-05-03", "03-May-2027": "2027-05-03", "29-FEB-2028 23:59:59": "2028-02-29",
		"2027-04-07T23:30:00Z": "2027-04-07", "2027-04-07T23:30:00-05:00": "2027-04-08", "1990-01-01 00:00:00": "1990-01-01",
	} {
		if got := date(text); got != (registrar.Date{Day: civil.Must(want)}) {
			t.Errorf("%q: %+v, want %s", text, got, want)
		}
	}
	if got := date(""); got != (registrar.Date{}) {
		t.Errorf("nothing is %+v", got)
	}
	for _, text := range []string{
		"0000-00-00", "0000-00-00 00:00:00", "1989-12-31 23:59:59", "1970-01-01", "1969-12-31T23:59:59Z", "0", "1304438772", "n/a",
		"30-FEB-2027 00:00:00", "31-DEC-1969", "00-XXX-0000", "-0001-11-30", "04/07/2027",
	} {
		if got := date(text); got != (registrar.Date{Text: text}) {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestSettingsAreToldOrNot(t *testing.T) {
	t.Parallel()
	for flags, want := range map[[2]string]registrar.Tri{
		{"1", "0"}: registrar.On, {"Y", "N"}: registrar.On, {"1", ""}: registrar.On, {"y", "n"}: registrar.On,
		{"0", "0"}: registrar.Off, {"N", "Y"}: registrar.Off, {"0", "1"}: registrar.Off, {"0", ""}: registrar.Off,
		{"1", "1"}: registrar.NotTold, {"Y", "Y"}: registrar.NotTold, {"", ""}: registrar.NotTold, {"perhaps", "N"}: registrar.NotTold,
	} {
		if got := autoRenew(flags[0], flags[1]); got != want {
			t.Errorf("auto-renew %v: %v, want %v", flags, got, want)
		}
	}
	for state, want := range map[string]registrar.Tri{
		"enabled": registrar.On, "enabling": registrar.On, "Enabled": registrar.On, "disabled": registrar.Off, "disabling": registrar.Off,
		"": registrar.NotTold, "WEIRD_9": registrar.NotTold,
	} {
		if got := private(state); got != want {
			t.Errorf("privacy %q: %v, want %v", state, got, want)
		}
	}
}

func TestEveryStateOfATransfer(t *testing.T) {
	t.Parallel()
	ours := wire.Belonging{Ours: true, Expiry: "2028-04-07 20:45:46"}
	for status, want := range map[string]struct {
		told, ours, notOurs registrar.TransferState
	}{
		"pending_owner":    {told: registrar.TransferPending},
		"pending_admin":    {told: registrar.TransferPending},
		"pending_registry": {told: registrar.TransferPending},
		"PENDING_OWNER":    {told: registrar.TransferPending},
		"WEIRD_9":          {told: registrar.TransferUnknown},
		"completed":        {registrar.TransferCompleted, registrar.TransferCompleted, registrar.TransferUnknown},
		"cancelled":        {registrar.TransferFailed, registrar.TransferCompleted, registrar.TransferFailed},
		"undef":            {registrar.TransferUnknown, registrar.TransferCompleted, registrar.TransferUnknown},
		"":                 {registrar.TransferUnknown, registrar.TransferCompleted, registrar.TransferUnknown},
	} {
		transfer := tracked("example.com", wire.TransferCheck{Status: status, Reason: "because"})
		if transfer.State != want.told || transfer.Raw != status || transfer.Reason != "because" {
			t.Errorf("%q: %+v", status, transfer)
		}
		if settled(status) != (want.ours != "") {
			t.Errorf("%q: settled %v", status, settled(status))
		}
		if !settled(status) {
			continue
		}
		if got := arrived(transfer, wire.Belonging{}); got.State != want.notOurs || got.Dates != (registrar.Dates{}) {
			t.Errorf("%q and not ours: %+v", status, got)
		}
		got := arrived(transfer, ours)
		if got.State != want.ours || got.Dates.Expiration.Day != civil.Must("2028-04-07") || got.Reason != "" {
			t.Errorf("%q and ours: %+v", status, got)
		}
	}
}

func TestOfOneNameOnAPageTheNewestTransferCounts(t *testing.T) {
	t.Parallel()
	got := newest([]wire.Transfer{
		{ID: "7", Domain: "Example.COM", Status: "pending_owner"},
		{ID: "70", Domain: "other.com", Status: "completed"},
		{ID: "5", Domain: "example.com", Status: "cancelled"},
		{ID: "81", Domain: "other.com", Status: "cancelled"},
		{ID: "9", Domain: "not a name", Status: "completed"},
	})
	want := []registrar.Transfer{
		{Name: "example.com", ID: "7", State: registrar.TransferPending, Raw: "pending_owner"},
		{Name: "other.com", ID: "81", State: registrar.TransferFailed, Raw: "cancelled"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReasonOfADeletion(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]registrar.Status{
		"Expired": registrar.Deleted, "By-Request": registrar.Deleted, "delete-domain-api": registrar.Deleted,
		"transfered": registrar.TransferredAway, "Transferred": registrar.TransferredAway, "auction": registrar.TransferredAway, //nolint:misspell // OpenSRS spells it so
		"historical": registrar.Unknown, "": registrar.Unknown, "WEIRD_9": registrar.Unknown,
	} {
		got, found := departure("example.com", nil, []wire.Deleted{{Name: "example.com", Day: "07-JAN-2027 13:51:53", Reason: reason}}, civil.Must("2027-06-01"))
		if !found {
			got.Status = registrar.Unknown
		}
		if got.Status != want || found && (got.Day != civil.Must("2027-01-07") || got.Raw != "deleted, "+reason) {
			t.Errorf("%q: %+v, want %s", reason, got, want)
		}
	}
}

func TestADeletedNameCanComeBackForAWhile(t *testing.T) {
	t.Parallel()
	deleted := []wire.Deleted{{Name: "example.com", Day: "07-JAN-2027 13:51:53", Reason: "Expired"}}
	for today, want := range map[string]registrar.Status{
		"2027-01-07": registrar.Lapsed, "2027-02-11": registrar.Lapsed, "2027-02-12": registrar.Deleted, "2027-01-06": registrar.Lapsed,
	} {
		got, _ := departure("example.com", nil, deleted, civil.Must(today))
		if diff := cmp.Diff(registrar.Departure{Status: want, Day: civil.Must("2027-01-07"), Raw: "deleted, Expired"}, got); diff != "" {
			t.Errorf("%s: %s", today, diff)
		}
	}
}

func TestTheNewestEvidenceCounts(t *testing.T) {
	t.Parallel()
	away := []wire.Transfer{
		{Domain: "example.com", Status: "completed", Completed: "09-MAY-2026 14:52:55"},
		{Domain: "example.com", Status: "pending_owner", Completed: ""},
		{Domain: "anexample.com", Status: "completed", Completed: "01-JUN-2026 00:00:00"},
	}
	older := []wire.Deleted{{Name: "example.com", Day: "07-JAN-2016 13:51:53", Reason: "Expired"}}
	got, _ := departure("example.com", away, older, civil.Must("2027-01-01"))
	want := registrar.Departure{Status: registrar.TransferredAway, Day: civil.Must("2026-05-09"), Raw: "transfer away completed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, found := departure("example.com", away[1:], nil, civil.Must("2027-01-01")); found {
		t.Errorf("evidence out of nothing: %+v", got)
	}
}

// FuzzConvert holds the reading of words to: no panic, no day before 1990, and nothing but known words says that a name
// has left or come.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		"2027-04-07 20:45:46", "03-MAY-2027 12:06:12", "0000-00-00", "1969-12-31T23:59:59Z", "enabled", "completed", "expired", "1", "Example.COM",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d := date(text); !d.Day.IsZero() && (d.Day.Year < 1990 || d.Text != "") || d.Day.IsZero() && d.Text != text {
			t.Errorf("%q: %+v", text, d)
		}
		for _, d := range append(listed([]wire.Listed{{Name: text, Expiry: text, AutoRenew: text, LetExpire: text}}), domain("example.com", wire.Domain{Expiry: text}, wire.Privacy{State: text})) {
			if d.Status != registrar.Active {
				t.Errorf("%q: %+v", text, d)
			}
		}
		away := []wire.Transfer{{Domain: "example.com", Status: text}}
		deleted := []wire.Deleted{{Name: "example.com", Day: text, Reason: text}}
		_, found := departure("example.com", away, deleted, civil.Must("2027-01-01"))
		if found && lost(text) == registrar.Unknown && transferState(text) != registrar.TransferCompleted {
			t.Errorf("%q was taken for evidence", text)
		}
		newest([]wire.Transfer{{ID: text, Domain: text, Status: text}})
	})
}
