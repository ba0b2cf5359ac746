package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/report"
	"github.com/whmcsync/whmcsync/internal/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	began = time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	zone  = time.FixedZone("CET", 3600)
)

func pass(typ string) report.Input {
	return report.Input{
		Type: typ, Source: "main", Account: "op", Zone: zone, PublicURL: "https://sync.example.com/",
		Run: state.Run{
			ID: 12, Sync: "op-" + typ, Kind: state.RunPass, State: state.RunDone, Trigger: state.BySchedule,
			Started: began, Finished: began.Add(83 * time.Second), Counts: state.Counts{state.CountRecords: 7012, state.CountUnchanged: 6990},
		},
	}
}

func change(id, record int64, key, field, from, to string, as state.ChangeState) state.Change {
	return state.Change{ID: id, RecordID: record, Key: key, Field: field, Old: from, New: to, State: as}
}

func because(c state.Change, why string) state.Change {
	c.Reason = why
	return c
}

func failure(record int64, key, class, message string, first time.Time, run int64) state.Failure {
	return state.Failure{RecordID: record, Key: key, Class: class, Message: message, FirstAt: first, RunID: run}
}

func domains() report.Input {
	in := pass("domains")
	in.Changes = []state.Change{
		change(9, 5, "xn--mller-kva.example", "expiry", "2026-12-01", "2027-12-01", state.ChangeApplied),
		change(1, 3, "beta.example", "status", "Pending Transfer", "Active", state.ChangeApplied),
		change(2, 3, "beta.example", "expiry", "", "2027-11-20", state.ChangeApplied),
		change(3, 4, "gamma.example", "next_due", "2026-11-24", "2027-11-24", state.ChangeApplied),
		change(4, 4, "gamma.example", "next_invoice", "2026-11-24", "2027-11-24", state.ChangeApplied),
		change(5, 5, "xn--mller-kva.example", "next_due", "2026-12-01", "2027-12-01", state.ChangeApplied),
		change(6, 5, "xn--mller-kva.example", "next_invoice", "2026-11-24", "2027-12-01", state.ChangeApplied),
		change(7, 6, "delta.example", "status", "Active", "Grace", state.ChangeApplied),
		change(8, 7, "eta.example", "auto_renew", "on", "off", state.ChangeApplied),
		because(change(10, 8, "theta.example", "id_protection", "off", "on", state.ChangeNoticed), "the registrar leads it, and WHMCS has something else"),
		because(change(11, 7, "eta.example", "auto_renew_remark", "on", "off", state.ChangeNoticed), "the registrar remarks: at the next renewal"),
		because(change(12, 9, "iota.example", "status", "Active", "Transferred Away", state.ChangeHeld), `the registrar says "TRANSFERRED_AWAY": it was transferred away`),
		change(13, 10, "kappa.example", "expiry", "2027-01-01", "2028-01-01", state.ChangeSuperseded),
		change(14, 10, "kappa.example", "expiry", "2027-01-01", "2028-01-01", state.ChangeFailed),
	}
	in.Failures = []state.Failure{
		failure(21, "zeta.example", "rejected", "the transfer failed: wrong auth code", began.Add(time.Second), 12),
		failure(22, "alpha.example", "not_found", "the registrar does not have this domain, and nothing says why; its status was kept", began.Add(time.Minute), 12),
		failure(23, "old1.example", "not_found", "gone", began.Add(-48*time.Hour), 12),
		failure(24, "old2.example", "refused", "odd", began.Add(-72*time.Hour), 7),
		failure(25, "later.example", "refused", "odd", began.Add(time.Hour), 13),
	}
	in.Open = 5
	return in
}

func clients() report.Input {
	in := pass("clients")
	detach := because(change(3, 3, "eve@example.com", "groups", "1, 3", "", state.ChangeApplied), "no_consent")
	detach.Destructive = true
	in.Changes = []state.Change{
		change(1, 1, "ana@xn--mller-kva.example", "subscriber", "", "Ana Müller, groups 1, 3", state.ChangeApplied),
		change(2, 2, "bob@example.com", "name", "Bob", "Bob Nguyễn", state.ChangeApplied),
		change(5, 2, "bob@example.com", "groups", "1", "1, 3", state.ChangeApplied),
		detach,
		because(change(4, 4, "kim@example.com", "marketing_consent", "opted in", "opted out", state.ChangeApplied), "unsubscribed"),
		because(change(6, 5, "lee@example.com", "groups", "1", "", state.ChangeHeld), "closed"),
	}
	return in
}

func TestReportsLookAsTheyDid(t *testing.T) {
	t.Parallel()
	broken := pass("domains")
	broken.Run.State, broken.Run.Error = state.RunFailed, "op: list domains (page 3): credentials refused"
	implausible := pass("transfers")
	implausible.Run.State, implausible.Run.Error = state.RunHeld, "the listing shrank from 7012 to 12"
	noticed := pass("domains")
	noticed.Run.Notify, noticed.PublicURL = true, ""
	noticed.Changes = []state.Change{change(1, 3, "beta.example", "expiry", "2026-11-20", "2027-11-20", state.ChangeNoticed)}
	noticed.Run.Counts[state.CountStanding] = 3
	standing := pass("domains")
	standing.Run.Notify, standing.Run.Counts[state.CountStanding] = true, 1
	transfers := pass("transfers")
	transfers.Changes = []state.Change{change(1, 3, "beta.example", "status", "Pending Transfer", "Active", state.ChangeApplied)}
	transfers.Underway = []report.Underway{
		{Key: "old.example", RecordID: 4, Age: "12 days", Says: "REQ: the owner\nwas asked"}, {Key: "xn--mller-kva.example", RecordID: 5, Age: "1 day"}, {Key: "new.example", RecordID: 6, Age: "less than a day"},
	}
	underway := pass("transfers")
	underway.Underway = transfers.Underway
	for name, tc := range map[string]struct {
		in      report.Input
		subject string
		worth   bool
	}{
		"transfers": {transfers, "Transfer Synchronisation Report: op-transfers, 1 transfer, 3 under way", true},
		"underway":  {underway, "Transfer Synchronisation Report: op-transfers, 3 under way", false},
		"domains": {domains(), "Domain Synchronisation Report: op-domains, 2 errors, 1 transfer, 2 expiry dates, 3 due dates, 1 status, " +
			"1 auto-renew setting, 1 ID protection setting, 1 held", true},
		"clients":  {clients(), "Client Synchronisation Report: op-clients, 1 created, 2 updated fields, 1 detached, 1 opt-out, 1 held", true},
		"failed":   {broken, "Domain Synchronisation Report: op-domains, the run failed", true},
		"held":     {implausible, "Transfer Synchronisation Report: op-transfers, the run is held", true},
		"noticed":  {noticed, "Domain Synchronisation Report: op-domains (nothing was written), 1 expiry date", true},
		"standing": {standing, "Domain Synchronisation Report: op-domains (nothing was written), nothing to report", false},
		"nothing":  {pass("domains"), "Domain Synchronisation Report: op-domains, nothing to report", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, worth, err := report.Compose(tc.in)
			if err != nil || got.Subject != tc.subject || worth != tc.worth {
				t.Errorf("subject %q, worth %v, %v", got.Subject, worth, err)
			}
			golden(t, name+".html", got.HTML)
			golden(t, name+".txt", got.Text)
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestASmallRunIsWorthAMailOnlyWhenItNeedsSomebody(t *testing.T) {
	t.Parallel()
	known := failure(3, "beta.example", "rejected", "no", began.Add(-time.Hour), 12)
	fresh := failure(3, "beta.example", "rejected", "no", began, 12)
	for name, tc := range map[string]struct {
		edit func(*report.Input)
		want bool
	}{
		"it changed something":                {func(in *report.Input) { in.Changes = domains().Changes[:3] }, false},
		"it met a failure that is known":      {func(in *report.Input) { in.Failures = []state.Failure{known} }, false},
		"it met a failure for the first time": {func(in *report.Input) { in.Failures = []state.Failure{fresh} }, true},
		"it failed":                           {func(in *report.Input) { in.Run.State = state.RunFailed }, true},
		"it holds something":                  {func(in *report.Input) { in.Changes = domains().Changes[11:12] }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := pass("domains")
			in.Run.Kind, in.Run.Trigger = state.RunTouch, state.ByHook
			tc.edit(&in)
			if _, worth, err := report.Compose(in); worth != tc.want || err != nil {
				t.Errorf("worth %v, want %v, %v", worth, tc.want, err)
			}
		})
	}
}

func TestKnownFailuresAloneAreNotWorthAMail(t *testing.T) {
	t.Parallel()
	in := pass("domains")
	in.Failures, in.Open = []state.Failure{failure(3, "beta.example", "rejected", "no", began.Add(-time.Hour), 12)}, 40
	got, worth, err := report.Compose(in)
	if worth || err != nil {
		t.Errorf("worth %v, %v", worth, err)
	}
	want := "1 failure from before is still open (1 rejected), the oldest at least since 2026-11-21: `whmcsync failures op-domains --limit 0`"
	if !strings.Contains(got.Text, want) {
		t.Errorf("not told:\n%s", got.Text)
	}
}

func TestALongSectionSaysHowToSeeTheRest(t *testing.T) {
	t.Parallel()
	in := pass("domains")
	for i := range int64(1250) {
		in.Changes = append(in.Changes, change(i, i, fmt.Sprintf("dom%04d.example", i), "expiry", "2026-11-20", "2027-11-20", state.ChangeApplied))
		in.Failures = append(in.Failures, failure(i, fmt.Sprintf("fail%04d.example", i), "rejected", fmt.Sprintf("no %d", i), began, 12))
	}
	got, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{got.HTML, got.Text} {
		if n, f := strings.Count(form, "dom0"), strings.Count(form, "fail0"); n != 200 || f != 200 {
			t.Errorf("%d changes and %d failures are told", n, f)
		}
		for _, more := range []string{"1,050 more:", "whmcsync changes op-domains --run 12 --limit 0", "whmcsync failures op-domains --limit 0"} {
			if !strings.Contains(form, more) {
				t.Errorf("does not say %q", more)
			}
		}
	}
	in.Unread = 50_000
	got, _, err = report.Compose(in)
	if want := "Domain Synchronisation Report: op-domains, 1,250 errors, 51,250 changes"; got.Subject != want || err != nil {
		t.Errorf("subject %q, want %q, %v", got.Subject, want, err)
	}
	if want := "The run made 50,000 changes more than can be told here"; !strings.Contains(got.Text, want) {
		t.Errorf("does not say %q", want)
	}
}

func TestWhatFailedForManyIsToldOnce(t *testing.T) {
	t.Parallel()
	in := pass("domains")
	for i := range int64(1005) {
		in.Failures = append(in.Failures, failure(i, fmt.Sprintf("d%04d.example", i), "transient", "op: no answer in time", began, 12))
	}
	in.Failures = append(in.Failures, failure(2000, "a.example", "rejected", "no", began, 12), failure(2001, "e.example", "rejected", "no", began, 12))
	got, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	want := "! a.example, e.example: rejected: no\n" +
		"! d0000.example, d0001.example, d0002.example, d0003.example, d0004.example and 1,000 more: transient: op: no answer in time\n"
	if !strings.Contains(got.Text, want) || !strings.HasSuffix(got.Subject, ", 1,007 errors") || strings.Count(got.HTML, "no answer in time") != 1 {
		t.Errorf("%s\n%s", got.Subject, got.Text)
	}
}

// crowded is the most that a report is given of a run that changed everything, with texts made by one function.
func crowded(text func(kind string, i int64) string) report.Input {
	in := pass("domains")
	for i := range int64(15_000) {
		field := []string{"status", "expiry", "next_due", "auto_renew", "id_protection", "renewal", "odd"}[i%7]
		as := []state.ChangeState{state.ChangeApplied, state.ChangeNoticed, state.ChangeHeld}[i%3]
		c := because(change(i, i, text("name", i), field, text("old", i), text("new", i), as), text("reason", i))
		if field == "status" && i%2 == 0 {
			c.Old = "Pending Transfer"
		}
		in.Changes = append(in.Changes, c)
		in.Failures = append(in.Failures, failure(i, text("name", i), "rejected", text("message", i), began, 12))
	}
	in.Unread = 85_000
	return in
}

func TestTheLongestMailIsOneThatMailProgramsShow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text  func(kind string, i int64) string
		limit int
	}{
		"with the texts that there are": {func(kind string, i int64) string {
			return map[string]string{
				"name": fmt.Sprintf("customer-domain-%05d.example", i), "old": "2026-11-20", "new": "2027-11-20", "reason": "the registrar leads it",
				"message": fmt.Sprintf("op: look up customer-domain-%05d.example: rejected: the domain is not in this account", i),
			}[kind]
		}, 102_000}, // beyond that Gmail shows the beginning only
		"with the longest and oddest texts": {func(_ string, i int64) string { return fmt.Sprint(i, strings.Repeat(`"`, 10_000)) }, 5_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := report.Compose(crowded(tc.text))
			if err != nil || len(got.HTML) > tc.limit || len(got.Text) > tc.limit || len(got.Subject) > 200 {
				t.Errorf("%d bytes of HTML, %d of text, a subject of %d, %v", len(got.HTML), len(got.Text), len(got.Subject), err)
			}
			t.Logf("%d bytes of HTML, %d of text", len(got.HTML), len(got.Text))
			for _, title := range []string{"Errors", "Transfers", "Expiry dates", "Due dates", "Status", "Auto-renew", "ID protection", "Held"} {
				if !strings.Contains(got.HTML, ">"+title) {
					t.Errorf("%q is missing", title)
				}
			}
		})
	}
}

func TestARemarkStandsBesideItsChange(t *testing.T) {
	t.Parallel()
	in := pass("domains")
	in.Changes = []state.Change{
		because(change(1, 7, "eta.example", "auto_renew_remark", "on", "off", state.ChangeNoticed), "at the next renewal"),
		because(change(2, 7, "eta.example", "auto_renew", "on", "off", state.ChangeApplied), "as WHMCS says"),
		because(change(3, 8, "iota.example", "renewal_remark", "2026-12-01", "1 year", state.ChangeNoticed), "an order number"),
	}
	got, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"- eta.example: on -> off (as WHMCS says; at the next renewal)\n", "- iota.example: renewal (remark) 2026-12-01 -> 1 year (an order number)\n",
	} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("%q is missing in\n%s", want, got.Text)
		}
	}
	if strings.Count(got.Text, "eta.example") != 1 {
		t.Errorf("told twice:\n%s", got.Text)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	const script = `<script>alert("x")</script>`
	in := pass("domains")
	in.Run.State, in.Run.Error = state.RunFailed, script+"\r\nBcc: eve@example.com"
	in.Changes = []state.Change{
		because(change(1, 1, script+".example", "status", `"><img src=x>`, "a\u202Eevil\x00", state.ChangeHeld), "<b>"),
		change(2, 2, "xn--a\u202E-evil.example", "<i>", "", "", state.ChangeApplied),
	}
	in.Failures = []state.Failure{failure(1, "<u>", "<s>", strings.Repeat("<a>", 1000), began, 12)}
	in.PublicURL = "https://sync.example.com"
	got, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"<script>", "<img", "<b>", "<i>", "<u>", "<s>", "<a>", "\u202E", "\x00"} {
		if strings.Contains(got.HTML, raw) {
			t.Errorf("the HTML holds %q", raw)
		}
	}
	for _, raw := range []string{"\u202E", "\x00", "\r", "\nBcc:"} {
		if strings.Contains(got.Text, raw) || strings.Contains(got.Subject, raw) {
			t.Errorf("the text holds %q", raw)
		}
	}
	if !strings.Contains(got.HTML, "&lt;script&gt;") || strings.Count(got.Text, "<a>") > 140 {
		t.Error("text is lost, or endless")
	}
}

func TestTheActivityLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		totals []state.ChangeTotal
		want   string
	}{
		"tells what was written and what is held": {[]state.ChangeTotal{
			{Field: "expiry", State: state.ChangeApplied, N: 14},
			{Field: "next_due", State: state.ChangeApplied, N: 12},
			{Field: "next_invoice", State: state.ChangeApplied, N: 11},
			{Field: "status", State: state.ChangeApplied, N: 2},
			{Field: "status", State: state.ChangeHeld, N: 1},
			{Field: "expiry", State: state.ChangeNoticed, N: 9},
		}, "whmcsync op-domains run 12: 14 expiry dates, 12 due dates, 2 statuses (1 held)"},
		"counts one": {[]state.ChangeTotal{{Field: "status", State: state.ChangeApplied, N: 1}}, "whmcsync op-domains run 12: 1 status"},
		"is empty when WHMCS was left alone": {[]state.ChangeTotal{
			{Field: "auto_renew", State: state.ChangeApplied, N: 3}, {Field: "status", State: state.ChangeHeld, N: 1},
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := report.ActivityLine(pass("domains").Run, tc.totals); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestRenewalsAfterTransfersHaveTheirSection(t *testing.T) {
	t.Parallel()
	in := pass("transfers")
	in.Changes = []state.Change{
		change(1, 3, "beta.example", "renewal", "2026-12-01", "1 year", state.ChangeApplied),
		because(change(2, 4, "gamma.example", "renewal", "2026-12-05", "2 years", state.ChangeNoticed), "the transfer added no year"),
	}
	mail, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Renewals after transfers", "1 year", "noticed, not written: the transfer added no year"} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("%q is missing in\n%s", want, mail.Text)
		}
	}
}
