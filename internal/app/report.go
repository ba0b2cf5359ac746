package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/report"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

// notesTime is how long one try to leave the line and post the alert may take.
const notesTime = time.Minute

// onReport tells in the activity log of WHMCS how a run ended, and, when it needs a person, through the alerts' webhook. Each
// is gone once, and neither waits for the other.
func (a *App) onReport(ctx context.Context, t queue.Task) (any, error) {
	task, err := tasks.Decode[tasks.Report](t.Payload)
	if err != nil {
		return nil, undecoded(err)
	}
	return a.tell(ctx, task.Run, state.ReportNotes, notesTime, func(ctx context.Context, t *telling, run state.Run) (any, error) {
		return run.Counts, errors.Join(
			t.once(ctx, "activity", func() (bool, error) { return a.logActivity(ctx, run) }),
			t.once(ctx, "alert", func() (bool, error) { return a.alert(ctx, run) }),
		)
	})
}

// logActivity leaves one line about a run that wrote to WHMCS in its activity log, where that is granted.
func (a *App) logActivity(ctx context.Context, run state.Run) (done bool, err error) {
	cfg, configured := a.Config.Syncs[run.Sync]
	if !configured {
		return false, nil
	}
	line, err := a.activityLine(ctx, run, cfg)
	if err != nil || line == "" {
		return false, err
	}
	db, _, err := a.sources[cfg.Source].open(ctx)
	if err != nil {
		return false, err
	}
	return true, db.LogActivity(ctx, line)
}

// activityLine says what a run wrote to WHMCS; "" = nothing, or nobody wants to read of it there.
func (a *App) activityLine(ctx context.Context, run state.Run, cfg config.Sync) (string, error) {
	if isDomains(cfg) {
		if !cfg.Domains.ActivityLog {
			return "", nil
		}
		totals, err := a.Store.ChangeTotals(ctx, run.ID)
		return report.ActivityLine(run, totals), err
	}
	clients := run.Counts[state.CountWroteBack]
	if clients == 0 {
		return "", nil
	}
	return fmt.Sprintf("whmcsync: %d clients opted out of marketing mail, as they did on the mailing list (sync %s, run %d)", clients, run.Sync, run.ID), nil
}

// alert posts a run that needs a person as JSON. The address is a secret: errors do not name it.
func (a *App) alert(ctx context.Context, run state.Run) (done bool, err error) {
	needsPerson := run.State != state.RunDone || run.Held > 0 || run.Counts[state.CountFailed] > 0
	if a.Config.Alerts.Webhook.IsZero() || !needsPerson {
		return false, nil
	}
	body, err := json.Marshal(runView(run))
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Config.Alerts.Webhook.Reveal(), bytes.NewReader(body))
	if err != nil {
		return false, fault.New(fault.Refused, "", "send alert", "the webhook's address is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, fault.New(fault.Transient, "", "send alert", "the webhook does not answer")
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return false, fault.New(fault.Transient, "", "send alert", "the webhook answered HTTP %d", answer.StatusCode)
	}
	return true, nil
}
