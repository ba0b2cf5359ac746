package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/tasks"
)

// handOut puts the reports of a run into the queue, as a scheduler does.
func (r *reporting) handOut(t *testing.T, run state.Run) {
	t.Helper()
	owed, err := r.Store.TakeReports(t.Context(), run.Sync)
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range owed {
		if err := (sender{r.App}).Report(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		if known, err := (sender{r.App}).Reporting(t.Context(), report); !known || err != nil {
			t.Errorf("the queue knows the %s: %v, %v", report.Kind, known, err)
		}
	}
}

// exec changes the state past the store.
func (r *reporting) exec(t *testing.T, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.Config.Postgres.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// standing is where the mail of a run stands.
func (r *reporting) standing(t *testing.T, run state.Run) state.Report {
	t.Helper()
	reports, err := r.Store.Reports(t.Context(), run.ID)
	if err != nil || len(reports) == 0 || reports[0].Kind != state.ReportMail {
		t.Fatalf("reports %+v, %v", reports, err)
	}
	return reports[0]
}

func TestRedisKeepsNothingThatATryMustNotRepeat(t *testing.T) {
	t.Parallel()
	full := map[string]error{"ops@example.com": testkit.SMTPError(452, "mailbox full")}
	r := reports(t, testkit.MailServer{Refuse: full}, nil)
	run := r.run(t, state.RunPass, renewed("a.example"))
	for range 2 {
		if _, err := r.mailing(t, run); !fault.Is(err, fault.Transient) {
			t.Fatal(err)
		}
		if err := r.report(t, run); err != nil {
			t.Fatal(err)
		}
		if err := r.redis.Client().FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ada@example.test", "ZOE@example.test"}, r.recipientsSoFar()); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	if lines := r.activity(t); len(lines) != 1 {
		t.Errorf("activity log %q", lines)
	}
	if got := r.standing(t, run); got.State != state.ReportOwed || got.Tries != 2 || !strings.Contains(got.Error, "mailbox full") {
		t.Errorf("the mail stands at %+v", got)
	}
}

func TestAMailServerThatIsDownIsTriedForADayAndAtLeastEightTimes(t *testing.T) {
	t.Parallel()
	r := reports(t, testkit.MailServer{}, func(c *config.Config, _ *config.Sync) { c.Mail.Port = 1 })
	run := r.run(t, state.RunPass, renewed("a.example"))
	try := func(age string, tries int, want state.ReportState) {
		t.Helper()
		r.exec(t, fmt.Sprintf(`UPDATE reports SET owed_at = now() - interval '%s', tries = %d`, age, tries))
		_, err := r.mailing(t, run)
		again := queue.OutcomeOf(err, 0).Retry
		if got := r.standing(t, run); got.State != want || again != (want == state.ReportOwed) || got.Error == "" {
			t.Errorf("after %s and %d tries: %s (%s), tried again %v", age, got.Tries, got.State, got.Error, again)
		}
	}
	try("0", 0, state.ReportOwed)
	try("23 hours", 80, state.ReportOwed)
	try("3 days", 6, state.ReportOwed) // nothing ran over a long weekend
	try("25 hours", 7, state.ReportGivenUp)
}

func TestAMailThatNobodyMayHaveIsGivenUpAtOnceAndTriedWhenAPersonAsks(t *testing.T) {
	t.Parallel()
	refuse := map[string]error{}
	for _, address := range []string{"ada@example.test", "ops@example.com", "ZOE@example.test"} {
		refuse[address] = testkit.SMTPError(550, "no such user")
	}
	r := reports(t, testkit.MailServer{Refuse: refuse}, nil)
	run := r.run(t, state.RunPass, renewed("a.example"))
	if _, err := r.mailing(t, run); queue.OutcomeOf(err, 0).Verdict != queue.GaveUp {
		t.Fatalf("tried again: %v", err)
	}
	if got := r.standing(t, run); got.State != state.ReportGivenUp || !strings.Contains(got.Error, "no such user") {
		t.Errorf("the mail stands at %+v", got)
	}
	shown := func() (given, waiting int64) {
		view, err := r.syncSnapshot(t.Context(), state.Sync{Name: "op-domains"})
		if err != nil {
			t.Fatal(err)
		}
		return view.GivenUp, view.Waiting
	}
	if given, waiting := shown(); given != 1 || waiting != 0 {
		t.Errorf("shown as given up %d, as waiting %d", given, waiting)
	}
	clear(refuse)
	if done, err := r.mailing(t, run); done.Taken != 3 || err != nil {
		t.Errorf("taken for %d, %v", done.Taken, err)
	}
	if got := r.standing(t, run); got.State != state.ReportTold || got.Error != "" {
		t.Errorf("the mail stands at %+v", got)
	}
	if given, waiting := shown(); given != 0 || waiting != 0 {
		t.Errorf("shown as given up %d, as waiting %d", given, waiting)
	}
}

func TestARunThatGoesOnIsNotMailed(t *testing.T) {
	t.Parallel()
	r := reports(t, testkit.MailServer{}, nil)
	ctx := t.Context()
	run, err := r.Store.CreateRun(ctx, state.NewRun{Sync: "op-domains", Kind: state.RunPass, State: state.RunListing, Slot: "slot", Trigger: state.BySchedule})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = r.Store.FinishRun(ctx, run.ID, state.RunHeld, "the listing shrank", state.ReportMail); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Store.Approve(ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.mailing(t, run); err != nil || len(r.recipientsSoFar()) != 0 {
		t.Errorf("mailed to %v in the middle of the run, %v", r.recipientsSoFar(), err)
	}
	if _, err := r.Store.FinishRun(ctx, run.ID, state.RunFailed, "the account could not be listed", state.ReportMail); err != nil {
		t.Fatal(err)
	}
	if done, err := r.mailing(t, run); done.Taken != 3 || err != nil {
		t.Errorf("taken for %d, %v", done.Taken, err)
	}
}

func TestTwoCopiesOfAMailsTaskSendOneMail(t *testing.T) {
	t.Parallel()
	r := reports(t, testkit.MailServer{}, nil)
	run := r.run(t, state.RunPass, renewed("a.example"))
	if _, err := r.Store.BeginReport(t.Context(), run.ID, state.ReportMail, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := r.mailing(t, run); !fault.Is(err, fault.Held) || len(r.recipientsSoFar()) != 0 {
		t.Fatalf("mailed to %v beside another try, %v", r.recipientsSoFar(), err)
	}
	r.exec(t, `UPDATE reports SET lease_until = now() - interval '1 second'`) // its worker was killed
	if done, err := r.mailing(t, run); done.Taken != 3 || err != nil {
		t.Fatalf("taken for %d, %v", done.Taken, err)
	}
	if done, err := r.mailing(t, run); done.Taken != 0 || err != nil || len(r.recipientsSoFar()) != 3 {
		t.Errorf("mailed to %v, %v", r.recipientsSoFar(), err)
	}
	if _, err := r.onMail(t.Context(), taskOf(t, tasks.NewMail(4711))); !fault.Is(err, fault.Refused) {
		t.Errorf("a run that is not there: %v", err)
	}
}

func TestNobodyIsMailedWhoIsNotConfiguredAnyMore(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*config.Config, *config.Sync){
		"without a mail section": func(c *config.Config, _ *config.Sync) { c.Mail = config.Mail{} },
		"without recipients":     func(_ *config.Config, s *config.Sync) { s.Report = config.Report{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := reports(t, testkit.MailServer{}, edit)
			run := r.run(t, state.RunPass, renewed("a.example"))
			if done, err := r.mailing(t, run); done.Taken != 0 || err != nil || r.standing(t, run).State != state.ReportTold {
				t.Errorf("taken for %d, %v, %+v", done.Taken, err, r.standing(t, run))
			}
			if r.mails(r.Config.Syncs["op-domains"]) {
				t.Error("a mail is owed to nobody")
			}
		})
	}
}
