package e2e

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

const mailPassword = "e2e-mail-password"

// reported is an estate whose runs are mailed to two people, through STARTTLS and a password, by a server of another make.
func reported(t *testing.T, redis string) (*estate, *testkit.MailProcess) {
	t.Helper()
	server := testkit.SMTPProcess(t, testkit.MailServer{StartTLS: true, Username: "sync", Password: mailPassword})
	e, _ := crowd(t, plot{domains: 200, shape: shape{
		redis: redis, sync: writable + "\nreport: {to: [ops@example.com, 'Zoë <用户@例え.テスト>']}", env: []string{"SSL_CERT_FILE=" + server.Certificate},
		mail: fmt.Sprintf("{host: %s, port: %d, from: 'whmcsync <sync@example.net>', username: sync, password: %s}", server.Host, server.Port, mailPassword),
	}})
	return e, server
}

// change gives the next pass something to do, and has it done.
func (e *estate) change() state.Run {
	e.t.Helper()
	e.exec(`UPDATE tbldomains SET donotrenew = 1 - donotrenew WHERE id % 5 = 0`)
	e.closeBooks()
	f := e.foresee()
	run := e.pass(false)
	e.fulfilled(run, f)
	return run
}

// mailIs waits until the mail of a run is where it should be.
func (e *estate) mailIs(run state.Run, as state.ReportState, tries int) {
	e.t.Helper()
	testkit.Eventually(e.t, patience, func() (bool, string) {
		reports, err := e.store.Reports(e.t.Context(), run.ID)
		mail := slices.IndexFunc(reports, func(r state.Report) bool { return r.Kind == state.ReportMail })
		return err == nil && mail >= 0 && reports[mail].State == as && reports[mail].Tries >= tries, fmt.Sprintf("run %d: %+v, %v", run.ID, reports, err)
	})
}

// mailsOf are the mails that came, by run and recipient.
func mailsOf(server *testkit.MailProcess) (all []string) {
	for _, mail := range server.Received() {
		head, _ := readMail(mail.Data)
		_, rest, _ := strings.Cut(head.Get("Message-Id"), "<domains.")
		run, _, _ := strings.Cut(rest, ".")
		all = append(all, run+" "+strings.Join(mail.To, ","))
	}
	slices.Sort(all)
	return all
}

func readMail(data string) (head netmail.Header, text string) {
	letter, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		return nil, err.Error()
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(letter.Body))
	return letter.Header, string(body)
}

func wantMails(t *testing.T, server *testkit.MailProcess, runs ...state.Run) {
	t.Helper()
	var want []string
	for _, run := range runs {
		want = append(want, fmt.Sprintf("%d ops@example.com", run.ID), fmt.Sprintf("%d 用户@xn--r8jz45g.xn--zckzah", run.ID))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, mailsOf(server)); diff != "" {
		t.Errorf("mails, by run and recipient (-want +got):\n%s", diff)
	}
}

func TestReportsArriveAndADeadMailServerDelaysNobody(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	e, server := reported(t, url)
	e.staff()
	first := e.change()
	e.mailIs(first, state.ReportTold, 1)
	wantMails(t, server, first)
	e.tells(server, first)

	server.Kill()
	second := e.change() // fulfilled as if nothing were wrong
	e.mailIs(second, state.ReportOwed, 1)
	e.othersGoOn(second)
	server.Start()
	e.mailIs(second, state.ReportTold, 2)
	wantMails(t, server, first, second)

	server.Kill()
	third := e.change()
	e.mailIs(third, state.ReportOwed, 1)
	flush(t, url)
	server.Start()
	e.mailIs(third, state.ReportTold, 2)
	wantMails(t, server, first, second, third)
	if n := e.count(`SELECT count(*) FROM reports WHERE run_id = $1 AND kind = 'mail' AND generation > 1`, third.ID); n != 1 {
		t.Error("the queue had not lost the mail, so nothing is shown")
	}
	fourth := e.change()
	e.mailIs(fourth, state.ReportTold, 1)
	wantMails(t, server, first, second, third, fourth)
}

// tells checks that the mail says what the run did.
func (e *estate) tells(server *testkit.MailProcess, run state.Run) {
	e.t.Helper()
	var changed int
	var example string
	if err := e.state.QueryRow(e.t.Context(), `
		SELECT count(*), min(key) FROM changes WHERE run_id = $1 AND state = 'applied' AND field = 'auto_renew' AND key NOT LIKE '%xn--%'`,
		run.ID).Scan(&changed, &example); err != nil {
		e.t.Fatal(err)
	}
	mail := server.Received()[0]
	head, text := readMail(mail.Data)
	subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
	if err != nil || changed < 10 || !strings.HasPrefix(subject, "Domain Synchronisation Report: domains, ") || !strings.Contains(subject, " auto-renew settings") {
		e.t.Errorf("the subject of %d changes is %q, %v", changed, subject, err)
	}
	if !strings.Contains(text, "- "+example+": ") || mail.User != "sync" {
		e.t.Errorf("sent by %q, without %s:\n%s", mail.User, example, text)
	}
}

// othersGoOn checks that whatever else has to be done after a run, and in a small run, is done while its mail waits.
func (e *estate) othersGoOn(run state.Run) {
	e.t.Helper()
	testkit.Eventually(e.t, patience, func() (bool, string) {
		n := e.count(`SELECT count(*) FROM reports WHERE run_id = $1 AND kind = 'notes' AND state = 'told'`, run.ID)
		return n == 1, "the other reports of the run are not told"
	})
	if _, err := e.store.Touch(e.t.Context(), domains, []int64{1005}, state.ByHand); err != nil {
		e.t.Fatal(err)
	}
	testkit.Eventually(e.t, patience, func() (bool, string) {
		return e.count(`SELECT count(*) FROM runs WHERE kind = 'touch' AND state = 'done'`) == 1, "a small run does not end"
	})
	if n := e.count(`SELECT count(*) FROM reports WHERE run_id = $1 AND kind = 'mail' AND state = 'owed' AND error <> ''`, run.ID); n != 1 {
		e.t.Error("the mail does not wait any more, so nothing is shown")
	}
}
