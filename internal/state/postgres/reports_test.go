package postgres_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

var everyWay = []state.ReportKind{state.ReportMail, state.ReportNotes}

// ended is a run that has ended and owes its reports.
func (b *bundle) ended(kinds ...state.ReportKind) state.Run {
	b.t.Helper()
	run, err := b.FinishRun(b.ctx, b.pass().ID, state.RunDone, "", kinds...)
	must(b.t, err)
	return run
}

// tell begins a try to tell the mail of a run.
func (b *bundle) tell(run state.Run) state.Report {
	b.t.Helper()
	report, err := b.BeginReport(b.ctx, run.ID, state.ReportMail, minute)
	must(b.t, err)
	return report
}

// mailOf reads where the mail of a run stands.
func (b *bundle) mailOf(run state.Run) state.Report {
	b.t.Helper()
	reports, err := b.Reports(b.ctx, run.ID)
	must(b.t, err)
	return reports[0]
}

func (b *bundle) untold(want ...state.Report) {
	b.t.Helper()
	got, err := b.UntoldReports(b.ctx, news, time.Hour)
	must(b.t, err)
	b.wantReports("untold", want, got)
}

func (b *bundle) wantReports(what string, want, got []state.Report) {
	b.t.Helper()
	for i := range got {
		got[i].OwedAt = time.Time{}
	}
	for i := range want {
		want[i].OwedAt = time.Time{}
	}
	wantSame(b.t, what, want, got)
}

func owed(run state.Run, kind state.ReportKind) state.Report {
	return state.Report{RunID: run.ID, Kind: kind, Sync: news, State: state.ReportOwed, Generation: 1}
}

func TestReportsAreOwedFromTheEndOfARunOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ended() // owes nothing
	one, other := b.ended(everyWay...), b.ended(state.ReportNotes)
	taken, err := b.TakeReports(b.ctx, news)
	must(t, err)
	b.wantReports("taken", []state.Report{owed(one, state.ReportMail), owed(one, state.ReportNotes), owed(other, state.ReportNotes)}, taken)
	if taken, err = b.TakeReports(b.ctx, news); len(taken) != 0 || err != nil {
		t.Errorf("taken twice: %+v, %v", taken, err)
	}
}

func TestAReportThatTheQueueLostIsHandedOutAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.ended(state.ReportMail)
	stale := func() []state.Report {
		reports, err := b.StaleReports(b.ctx, news, minute)
		must(t, err)
		return reports
	}
	_, err := b.TakeReports(b.ctx, news)
	must(t, err)
	if got := stale(); len(got) != 0 {
		t.Fatalf("stale at once: %+v", got)
	}
	b.exec(`UPDATE reports SET queued_at = now() - interval '2 minutes'`)
	b.wantReports("stale", []state.Report{owed(run, state.ReportMail)}, stale())
	lost := stale()[0]
	try := b.tell(run)
	if got := stale(); len(got) != 0 {
		t.Errorf("stale while it is told: %+v", got)
	}
	wantErr(t, b.RequeueReport(b.ctx, lost), state.ErrConflict) // somebody is at it
	must(t, b.SettleReport(b.ctx, try, state.ReportOwed, "the server is away"))
	must(t, b.RequeueReport(b.ctx, stale()[0]))
	again, err := b.TakeReports(b.ctx, news)
	must(t, err)
	want := owed(run, state.ReportMail)
	want.Generation, want.Tries, want.Error = 2, 1, "the server is away"
	b.wantReports("taken again", []state.Report{want}, again)
}

func TestOneTryAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.ended(state.ReportMail)
	begin := func() error {
		_, err := b.BeginReport(b.ctx, run.ID, state.ReportMail, minute)
		return err
	}
	if won := race(t, 5, state.ErrConflict, begin); won != 1 {
		t.Fatalf("%d tries at once", won)
	}
	b.exec(`UPDATE reports SET lease_until = now() - interval '1 second'`) // its worker died
	try := b.tell(run)
	overtaken := try
	overtaken.Tries--
	wantErr(t, b.NoteTold(b.ctx, overtaken, "ana"), state.ErrConflict)
	wantErr(t, b.SettleReport(b.ctx, overtaken, state.ReportTold, ""), state.ErrConflict)
	must(t, b.NoteTold(b.ctx, try, "ana"))
	must(t, b.NoteTold(b.ctx, try, "bob"))
	must(t, b.SettleReport(b.ctx, try, state.ReportOwed, "one is missing"))
	try = b.tell(run)
	wantSame(t, "told so far", []string{"ana", "bob"}, try.Told)
	must(t, b.SettleReport(b.ctx, try, state.ReportTold, ""))
	wantErr(t, begin(), state.ErrNothing)
	_, err := b.BeginReport(b.ctx, 4711, state.ReportMail, minute)
	wantErr(t, err, state.ErrNotFound)
}

func TestARunThatEndsTwiceIsReportedTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, err := b.FinishRun(b.ctx, b.pass().ID, state.RunHeld, "the listing shrank", state.ReportMail)
	must(t, err)
	first := b.tell(run)
	must(t, b.NoteTold(b.ctx, first, "ana"))
	_, err = b.Approve(b.ctx, run.ID)
	must(t, err)
	_, err = b.FinishRun(b.ctx, run.ID, state.RunDone, "", state.ReportMail)
	must(t, err)
	wantErr(t, b.SettleReport(b.ctx, first, state.ReportTold, ""), state.ErrConflict) // that was the first end
	want := owed(run, state.ReportMail)
	want.Generation = 2
	taken, err := b.TakeReports(b.ctx, news)
	must(t, err)
	b.wantReports("taken", []state.Report{want}, taken)
}

func TestWhatPeopleWaitForIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.untold()
	quick, slow, tried := b.ended(state.ReportMail), b.ended(state.ReportMail), b.ended(state.ReportMail)
	b.exec(`UPDATE reports SET owed_at = now() - interval '2 hours' WHERE run_id = $1`, slow.ID)
	must(t, b.SettleReport(b.ctx, b.tell(tried), state.ReportOwed, "down"))
	b.untold(b.mailOf(slow), b.mailOf(tried))

	must(t, b.SettleReport(b.ctx, b.tell(quick), state.ReportTold, ""))
	must(t, b.SettleReport(b.ctx, b.tell(slow), state.ReportGivenUp, "refused"))
	must(t, b.SettleReport(b.ctx, b.tell(tried), state.ReportGivenUp, "refused"))
	b.untold(b.mailOf(slow), b.mailOf(tried))

	empty := b.ended(state.ReportMail) // that there was nothing to tell mends nothing
	must(t, b.SettleReport(b.ctx, b.tell(empty), state.ReportTold, ""))
	b.untold(b.mailOf(slow), b.mailOf(tried))

	try := b.tell(slow) // a person had it tried again
	must(t, b.NoteTold(b.ctx, try, "ana"))
	must(t, b.SettleReport(b.ctx, try, state.ReportTold, ""))
	b.untold(b.mailOf(tried))

	later := b.tell(b.ended(state.ReportMail))
	must(t, b.NoteTold(b.ctx, later, "ana"))
	must(t, b.SettleReport(b.ctx, later, state.ReportTold, ""))
	b.untold()
}

func TestARunOfBeforeThereWereReportsIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.ended()
	want := owed(run, state.ReportMail)
	want.Tries = 1
	b.wantReports("begun", []state.Report{want}, []state.Report{b.tell(run)})
	if n := b.number(`SELECT count(*) FROM reports WHERE queued_at IS NULL`); n != 0 {
		t.Error("it would be queued once more")
	}
}

func TestReportsGoWithTheirRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ended(everyWay...)
	b.exec(`UPDATE runs SET finished_at = now() - interval '100 days'`)
	_, runs, err := b.Prune(b.ctx, time.Hour, time.Hour)
	must(t, err)
	wantSame(t, "left", [2]int64{1, 0}, [2]int64{runs, b.number(`SELECT count(*) FROM reports`)})
}
