package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// A person sees every transfer that is under way and for how long, wherever they look, before anything is wrong.
func TestTransfersUnderWayAreShownWithTheirAge(t *testing.T) {
	t.Parallel()
	mails := testkit.SMTPProcess(t, testkit.MailServer{})
	at, desk := openOpenprovider(sim.Options{})
	e := newEstate(t, desk, plot{domains: 300, transfers: usualGuard + "\nreport: {to: [ops@example.com], empty: true}", shape: shape{
		mail: fmt.Sprintf("{host: %s, port: %d, from: 'sync@example.net', tls: none}", mails.Host, mails.Port),
	}})
	e.transferAll()
	e.depart(at, []arrival{{status: "ACT", kind: "TRANSFER", becomes: "Active"}, {status: "PEN", kind: "TRANSFER"}, {status: "REQ", kind: "TRANSFER"}})
	e.staff()
	e.sync = transfers
	e.pass(false)
	rows := readHoldings(t, e.whmcs)
	pending := slices.DeleteFunc(rows, func(h holding) bool { return h.Status != "Pending Transfer" })
	if len(pending) < 10 {
		t.Fatalf("%d transfers are under way", len(pending))
	}
	oldest := pending[3]
	e.aged(oldest.ID, 3)                                                             // less than what is an alert
	e.exec(`UPDATE tbldomains SET status = 'Cancelled' WHERE id = ?`, pending[0].ID) // by a person, who gave it up
	run := e.pass(false)
	if n := e.count(`SELECT count(*) FROM failures`); n != 0 {
		t.Fatalf("%d failures\n%s", n, e.complaints())
	}
	e.showsAge(oldest, len(pending)-1)
	e.mailIs(run, state.ReportTold, 1)
	told := mails.Received()
	if _, text := readMail(told[len(told)-1].Data); !strings.Contains(strings.ReplaceAll(text, "\r", ""), "Transfers under way\n\n- "+oldest.Domain+": for 3 days: ") {
		t.Errorf("the mail does not begin with the oldest transfer:\n%s", text)
	}
}

// aged lets a transfer have been seen so many days ago.
func (e *estate) aged(id int64, days int) {
	e.t.Helper()
	tag, err := e.state.Exec(e.t.Context(), `
		UPDATE memories SET memo = jsonb_set(memo::jsonb, '{pending}', to_jsonb(now() - make_interval(days => $2)))::json
		WHERE sync = 'transfers' AND record_id = $1`, id, days)
	if err != nil || tag.RowsAffected() != 1 {
		e.t.Fatal(tag, err)
	}
}

// showsAge checks what the command line says of n transfers, of which the oldest has been under way for 3 days.
func (e *estate) showsAge(oldest holding, n int) {
	e.t.Helper()
	line := fmt.Sprintf("%d under way, the oldest for 3 days: %s", n, oldest.Domain)
	if text := e.prints("status", "transfers"); !strings.Contains(text, line) || strings.Contains(text, "registrar says") {
		e.t.Errorf("the status is not %q without a list:\n%s", line, text)
	}
	if text := e.prints("status", "--transfers"); !strings.Contains(text, "│ "+oldest.Domain) || !strings.Contains(text, "│ 3 days ") || strings.Count(text, "less than a day") != n-1 {
		e.t.Errorf("the list of %d transfers is not complete:\n%s", n, text)
	}
	var status server.Status
	if err := json.Unmarshal([]byte(e.prints("status", "--transfers", "--json")), &status); err != nil {
		e.t.Fatal(err)
	}
	i := slices.IndexFunc(status.Syncs, func(s server.SyncStatus) bool { return s.Name == "transfers" })
	got := status.Syncs[i].Transfers
	if got.UnderWay != n || got.OldestDays != 3 || got.Oldest != oldest.Domain || len(got.Domains) != n || got.Domains[0].RecordID != oldest.ID || got.Domains[0].Says == "" {
		e.t.Errorf("as JSON: %+v", got)
	}
	if status.Syncs[1-i].Transfers != nil {
		e.t.Error("a sync that follows no transfers counts them")
	}
	if text := e.prints("sync", "transfers", "--domain", oldest.Domain, "--dry-run"); !strings.Contains(text, "under way for 3 days, since 20") {
		e.t.Errorf("the look at one transfer does not tell its age:\n%s", text)
	}
}

// prints runs a command to its end and returns what it printed.
func (w *world) prints(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), program, append(args, "--config", w.config)...)
	cmd.Env = append(cmd.Environ(), w.env...)
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}
