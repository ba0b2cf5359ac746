package schedule

import (
	"context"
	"errors"

	"github.com/whmcsync/whmcsync/internal/state"
)

// reports are the ways in which the end of a run is told. A dry run that somebody asked for is on their screen and in no mail.
func (p *pass) reports(run state.Run) []state.ReportKind {
	onScreen := run.DryRun && run.Trigger == state.ByHand
	if !p.Mailed || onScreen {
		return []state.ReportKind{state.ReportNotes}
	}
	return []state.ReportKind{state.ReportNotes, state.ReportMail}
}

// report hands owed reports to the queue that it was not given yet.
func (p *pass) report(ctx context.Context) error {
	reports, err := p.Store.TakeReports(ctx, p.Name)
	if err != nil {
		return err
	}
	for _, r := range reports {
		if err := p.Queue.Report(ctx, r); err != nil {
			return err // the others count as queued; retell finds those that the queue does not know
		}
	}
	return nil
}

// retell hands owed reports out again that the queue has lost, and those that a scheduler died with.
func (p *pass) retell(ctx context.Context) error {
	stale, err := p.Store.StaleReports(ctx, p.Name, queuedGrace)
	if err != nil {
		return err
	}
	for _, r := range stale {
		known, err := p.Queue.Reporting(ctx, r)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := p.Store.RequeueReport(ctx, r); errors.Is(err, state.ErrConflict) {
			continue // a worker is at it
		} else if err != nil {
			return err
		}
		p.Log.Warn().Str("sync", p.Name).Int64("run", r.RunID).Str("report", string(r.Kind)).Msg("queue lost a report and gets it again")
	}
	return p.report(ctx)
}
