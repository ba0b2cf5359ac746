package schedule

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
)

func mailed(s *Sync) { s.Mailed = true }

// reported checks what the queue was given for a run, in its order.
func (b *bundle) reported(run state.Run, want ...string) {
	b.t.Helper()
	for i := range want {
		want[i] = fmt.Sprintf("%d %s", run.ID, want[i])
	}
	if diff := cmp.Diff(want, b.line.reports); diff != "" {
		b.t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// later lets the next tick recover; what was queued before counts as queued long ago.
func (b *bundle) later() {
	b.t.Helper()
	b.exec(`UPDATE reports SET queued_at = queued_at - interval '1 minute', lease_until = lease_until - interval '1 hour'`)
	b.clock = b.clock.Add(recoverEvery)
	b.ticks()
}

func TestWhoIsToldOfTheEndOfARun(t *testing.T) {
	t.Parallel()
	notify := func(s *Sync) { s.Notify = true }
	dry := func(r *state.Request) { r.Notify = true }
	for name, tc := range map[string]struct {
		sync []func(*Sync)
		ask  []func(*state.Request)
		want []string
	}{
		"nobody by mail where nobody is named":              {want: []string{"notes 1"}},
		"those who are named":                               {sync: []func(*Sync){mailed}, want: []string{"mail 1", "notes 1"}},
		"nobody by mail of a dry run that a person watches": {[]func(*Sync){mailed}, []func(*state.Request){dry}, []string{"notes 1"}},
		"nobody by mail of a dry run of a sync that never writes": {
			[]func(*Sync){mailed, notify},
			[]func(*state.Request){dry},
			[]string{"notes 1"},
		},
		"those who are named when nothing is ever written": {sync: []func(*Sync){mailed, notify}, want: []string{"mail 1", "notes 1"}},
		"those who are named when a run that came by itself was silenced": {
			[]func(*Sync){mailed},
			[]func(*state.Request){dry, func(r *state.Request) { r.Trigger = state.BySchedule }},
			[]string{"mail 1", "notes 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tc.sync...)
			b.request(tc.ask...)
			b.reported(b.complete(), tc.want...)
		})
	}
}

func TestAReportThatNeverReachedTheQueueIsHandedOutWhenItIsBack(t *testing.T) {
	t.Parallel()
	b := setup(t, mailed)
	b.request()
	b.line.away = true
	run := b.complete()
	b.line.away = false
	b.reported(run)
	b.later()
	b.reported(run, "mail 2", "notes 2")
}

// A scheduler that dies right behind the end of a run has handed out nothing, and nobody but Postgres knows.
func TestAReportThatASchedulerDiedWithIsHandedOutByTheNext(t *testing.T) {
	t.Parallel()
	b := setup(t, mailed)
	b.request()
	run := b.complete()
	b.exec(`UPDATE reports SET queued_at = NULL`)
	b.line.reports = nil
	b.later()
	b.reported(run, "mail 1", "notes 1")
}

func TestAReportThatTheQueueLostIsHandedOutUntilItIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t, mailed)
	b.request()
	run := b.complete()
	b.later() // the queue knows both
	b.reported(run, "mail 1", "notes 1")

	told, err := b.store.BeginReport(b.ctx, run.ID, state.ReportNotes, recoverEvery)
	must(t, err)
	must(t, b.store.SettleReport(b.ctx, told, state.ReportTold, ""))
	b.line.reports = nil // Redis was flushed
	b.later()
	b.reported(run, "mail 2")

	given, err := b.store.BeginReport(b.ctx, run.ID, state.ReportMail, recoverEvery)
	must(t, err)
	must(t, b.store.SettleReport(b.ctx, given, state.ReportGivenUp, "refused"))
	b.line.reports = nil
	b.later()
	b.reported(run)
}
