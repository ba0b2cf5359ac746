package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	"github.com/whmcsync/whmcsync/tasks"
)

// reporting is an application with one sync of domains whose runs are reported, and what it tells.
type reporting struct {
	*App
	server *testkit.SMTPServer
	whmcs  *sql.DB
}

func reports(t *testing.T, as testkit.MailServer, edit func(*config.Config, *config.Sync)) *reporting {
	t.Helper()
	dsn := testkit.MySQL(t)
	if err := fixture.Load(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &reporting{server: testkit.SMTP(t, as), whmcs: db}
	sync := config.Sync{
		Type: "domains", Source: "main", Account: "op", Mode: "apply", Timezone: time.UTC,
		Report: config.Report{To: []string{"Ops <ops@example.com>", "ZOE@example.test"}, Admins: true}, Domains: config.Domains{ActivityLog: true},
	}
	cfg := config.Config{
		Postgres: config.Postgres{URL: config.NewSecret(statekit.Clone(t)), MaxConns: 4},
		Redis:    config.Redis{URL: config.NewSecret(testkit.Redis(t))},
		Mail:     config.Mail{Host: r.server.Host, Port: r.server.Port, From: "whmcsync <sync@example.net>", TLS: "none"},
		Sources:  map[string]config.Source{"main": {DSN: config.NewSecret(dsn), Timezone: time.UTC}},
		Accounts: map[string]config.Account{"op": {Type: "openprovider"}},
	}
	if edit != nil {
		edit(&cfg, &sync)
	}
	cfg.Syncs = map[string]config.Sync{"op-domains": sync}
	if r.App, err = Open(t.Context(), cfg, Options{Log: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	if err := r.OpenQueue(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// run makes a run of a kind that ended with changes and failures.
func (r *reporting) run(t *testing.T, kind state.RunKind, changes []state.Change, failures ...state.Failure) state.Run {
	t.Helper()
	ctx := t.Context()
	run, err := r.Store.CreateRun(ctx, state.NewRun{Sync: "op-domains", Kind: kind, State: state.RunWorking, Slot: "slot", Trigger: state.BySchedule})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := r.Store.AddBatch(ctx, run.ID, state.NewBatch{Kind: state.BatchTouch, IDs: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Store.TakeReady(ctx, run.Sync, 1); err != nil {
		t.Fatal(err)
	}
	_, _, lease, err := r.Store.BeginBatch(ctx, batch.ID, batch.Generation, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Store.NoteChanges(ctx, lease, changes); err != nil {
		t.Fatal(err)
	}
	if err := r.Store.FinishBatch(ctx, lease, state.Counts{state.CountRecords: 1}, failures); err != nil {
		t.Fatal(err)
	}
	if run, err = r.Store.FinishRun(ctx, run.ID, state.RunDone, "", state.ReportNotes, state.ReportMail); err != nil {
		t.Fatal(err)
	}
	return run
}

// noticing makes a pass that only notes and finds d1.example differing, with a date.
func (r *reporting) noticing(t *testing.T, date string) state.Run {
	t.Helper()
	ctx, all := t.Context(), state.NewBatch{Kind: state.BatchSlice, ToID: math.MaxInt64}
	run, err := r.Store.CreateRun(ctx, state.NewRun{
		Sync: "op-domains", Kind: state.RunPass, State: state.RunWorking, Slot: rand.Text(), Trigger: state.BySchedule, Notify: true,
	})
	must(t, err)
	must(t, r.Store.AppendBatches(ctx, run.ID, 0, math.MaxInt64, true, []state.NewBatch{all}))
	batches, err := r.Store.TakeReady(ctx, run.Sync, 1)
	must(t, err)
	_, _, lease, err := r.Store.BeginBatch(ctx, batches[0].ID, batches[0].Generation, "test", time.Minute)
	must(t, err)
	found := renewed("d1.example")[0]
	found.New, found.State = date, state.ChangeNoticed
	before, err := r.Store.Notice(ctx, lease, run.Sync, []string{"d1.example"}, []state.Change{found})
	must(t, err)
	must(t, r.Store.FinishBatch(ctx, lease, state.Counts{state.CountRecords: 1, state.CountStanding: int64(before)}, nil))
	run, err = r.Store.FinishRun(ctx, run.ID, state.RunDone, "", state.ReportNotes, state.ReportMail)
	must(t, err)
	return run
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestADifferenceIsMailedOnceWhileItStands(t *testing.T) {
	t.Parallel()
	r := reports(t, testkit.MailServer{}, nil)
	for i, pass := range []struct {
		date  string
		mails int // so far, to three recipients each
	}{{"2027-12-01", 3}, {"2027-12-01", 3}, {"2028-12-01", 6}, {"2028-12-01", 6}} {
		if _, err := r.mailing(t, r.noticing(t, pass.date)); err != nil {
			t.Fatal(err)
		}
		if n := len(r.recipientsSoFar()); n != pass.mails {
			t.Errorf("after pass %d there are %d mails, want %d", i+1, n, pass.mails)
		}
	}
}

func renewed(key string) []state.Change {
	return []state.Change{{RecordID: 1, Key: key, Field: "expiry", Old: "2026-12-01", New: "2027-12-01", Side: state.SideSource, State: state.ChangeApplied}}
}

func taskOf(t *testing.T, payload any) queue.Task {
	t.Helper()
	raw, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return queue.Task{Payload: raw}
}

// report executes the task that leaves the line and posts the alert.
func (r *reporting) report(t *testing.T, run state.Run) error {
	t.Helper()
	_, err := r.onReport(t.Context(), taskOf(t, tasks.NewReport(run.ID)))
	return err
}

// mailing executes the task of a run's mail.
func (r *reporting) mailing(t *testing.T, run state.Run) (mailed, error) {
	t.Helper()
	result, err := r.onMail(t.Context(), taskOf(t, tasks.NewMail(run.ID)))
	done, _ := result.(mailed)
	return done, err
}

func (r *reporting) recipientsSoFar() []string {
	var to []string
	for _, m := range r.server.Received() {
		to = append(to, m.To...)
	}
	return to
}

func (r *reporting) activity(t *testing.T) []string {
	t.Helper()
	rows, err := r.whmcs.QueryContext(t.Context(), "SELECT description FROM tblactivitylog WHERE description LIKE 'whmcsync%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestARunIsMailedThroughItsQueues(t *testing.T) {
	t.Parallel()
	r := reports(t, testkit.MailServer{}, nil)
	run := r.run(t, state.RunPass, renewed("xn--mller-kva.example"))
	for _, name := range []string{tasks.QueueReports, tasks.QueueMail} {
		srv, err := queue.Serve(t.Context(), r.redis, r.serving(name, nil))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(srv.Shutdown)
	}
	r.handOut(t, run)
	testkit.Eventually(t, 20*time.Second, func() (bool, string) {
		told, err := r.told(t.Context(), run.ID)
		return told, fmt.Sprintf("told %v, %v", told, err)
	})
	if diff := cmp.Diff([]string{"ada@example.test", "ops@example.com", "ZOE@example.test"}, r.recipientsSoFar()); diff != "" {
		t.Fatalf("recipients (-want +got):\n%s", diff)
	}
	letter, err := netmail.ReadMessage(strings.NewReader(r.server.Received()[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	got := [2]string{letter.Header.Get("Subject"), letter.Header.Get("Message-Id")}
	want := [2]string{
		"Domain Synchronisation Report: op-domains, 1 expiry date", fmt.Sprintf("<op-domains.%d.%d@example.net>", run.ID, run.Finished.UnixMicro()),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("whmcsync op-domains run %d: 1 expiry date", run.ID)}, r.activity(t)); diff != "" {
		t.Errorf("activity log (-want +got):\n%s", diff)
	}
}

func TestAReportThatIsTriedAgainTellsNothingTwice(t *testing.T) {
	t.Parallel()
	var alerts atomic.Int64
	down := atomic.Bool{}
	down.Store(true)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		alerts.Add(1)
	}))
	t.Cleanup(hook.Close)
	r := reports(t, testkit.MailServer{}, func(c *config.Config, _ *config.Sync) { c.Alerts.Webhook = config.NewSecret(hook.URL) })
	held := append(renewed("a.example"), state.Change{RecordID: 2, Key: "b.example", Field: "status", Old: "Active", New: "Expired", State: state.ChangeHeld})
	run := r.run(t, state.RunPass, held)
	if err := r.report(t, run); !fault.Is(err, fault.Transient) {
		t.Fatalf("%v, want a transient error of the webhook", err)
	}
	down.Store(false)
	for range 2 {
		if err := r.report(t, run); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("whmcsync op-domains run %d: 1 expiry date (1 held)", run.ID)}, r.activity(t)); diff != "" || alerts.Load() != 1 {
		t.Errorf("%d alerts, activity log (-want +got):\n%s", alerts.Load(), diff)
	}
}

func TestAMailThatIsTriedAgainGoesToThoseWhoDoNotHaveIt(t *testing.T) {
	t.Parallel()
	full := map[string]error{"ops@example.com": testkit.SMTPError(452, "mailbox full")}
	r := reports(t, testkit.MailServer{Refuse: full}, nil)
	run := r.run(t, state.RunPass, renewed("a.example"))
	for _, taken := range []int{2, 0} {
		if done, err := r.mailing(t, run); done.Taken != taken || !fault.Is(err, fault.Transient) {
			t.Fatalf("taken for %d, want %d, %v", done.Taken, taken, err)
		}
	}
	if diff := cmp.Diff([]string{"ada@example.test", "ZOE@example.test"}, r.recipientsSoFar()); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
}

func TestAnUnreadableSourceKeepsTheReportFromItsAdministratorsOnly(t *testing.T) {
	t.Parallel()
	away := func(c *config.Config, _ *config.Sync) {
		c.Sources["main"] = config.Source{DSN: config.NewSecret("u:p@tcp(" + closed(t) + ")/whmcs"), Timezone: time.UTC}
	}
	t.Run("where others are named", func(t *testing.T) {
		t.Parallel()
		r := reports(t, testkit.MailServer{}, away)
		run := r.run(t, state.RunPass, renewed("a.example"))
		if done, err := r.mailing(t, run); done.Taken != 2 || err != nil {
			t.Errorf("taken for %d, %v", done.Taken, err)
		}
	})
	t.Run("and is tried again where nobody else is", func(t *testing.T) {
		t.Parallel()
		r := reports(t, testkit.MailServer{}, func(c *config.Config, s *config.Sync) {
			away(c, s)
			s.Report.To = nil
		})
		run := r.run(t, state.RunPass, renewed("a.example"))
		if done, err := r.mailing(t, run); done.Taken != 0 || !fault.Is(err, fault.Transient) {
			t.Errorf("taken for %d, %v", done.Taken, err)
		}
	})
}

func TestWhatIsMailed(t *testing.T) {
	t.Parallel()
	empty := func(_ *config.Config, s *config.Sync) { s.Report.Empty = true }
	broken := state.Failure{RecordID: 1, Key: "a.example", Class: "rejected", Message: "no"}
	for name, tc := range map[string]struct {
		edit     func(*config.Config, *config.Sync)
		kind     state.RunKind
		changes  []state.Change
		failures []state.Failure
		taken    int
	}{
		"a pass that did nothing is not":                 {nil, state.RunPass, nil, nil, 0},
		"unless that is wanted too":                      {empty, state.RunPass, nil, nil, 3},
		"a small run that changed something is not":      {nil, state.RunTouch, renewed("a.example"), nil, 0},
		"nor where mails about nothing are wanted":       {empty, state.RunTouch, renewed("a.example"), nil, 0},
		"a small run with a failure is":                  {nil, state.RunTouch, nil, []state.Failure{broken}, 3},
		"changes that a person approved are, as a pass ": {nil, state.RunApprove, renewed("a.example"), nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := reports(t, testkit.MailServer{}, tc.edit)
			run := r.run(t, tc.kind, tc.changes, tc.failures...)
			if done, err := r.mailing(t, run); done.Taken != tc.taken || err != nil {
				t.Errorf("taken for %d, want %d, %v", done.Taken, tc.taken, err)
			}
		})
	}
}

func TestACheckTriesTheMailServer(t *testing.T) {
	t.Parallel()
	server := testkit.SMTP(t, testkit.MailServer{Username: "sync", Password: "right-password"})
	at := func(password string) config.Config {
		return config.Config{Mail: config.Mail{
			Host: server.Host, Port: server.Port, From: "sync@example.net", TLS: "none", Username: "sync", Password: config.NewSecret(password),
		}}
	}
	for password, want := range map[string]Result{"right-password": ResultOK, "wrong-password": ResultFailed} {
		found := (&checker{App: newApp(at(password), Options{})}).mailServer(context.Background())
		if len(found) != 1 || found[0].Result != want || found[0].Name != "mail" || strings.Contains(found[0].Detail, password) {
			t.Errorf("%+v, want %s and no password", found, want)
		}
	}
	if got := server.Received(); len(got) != 0 {
		t.Errorf("a check sent %v", got)
	}
}
