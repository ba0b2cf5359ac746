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

// onReport tells people how a run ended: by mail, in the activity log of WHMCS, and, when it needs one of them, through the
// alerts' webhook. Each way is gone once, and none waits for another.
func (a *App) onReport(ctx context.Context, t queue.Task) (any, error) {
	task, err := tasks.Decode[tasks.Report](t.Payload)
	if err != nil {
		return nil, undecoded(err)
	}
	run, err := a.endedRun(ctx, task.Run)
	if err != nil {
		return nil, err
	}
	about := fmt.Sprintf("report/%d/", run.ID)
	return run.Counts, errors.Join(
		a.queueMail(ctx, run),
		a.once(ctx, about+"activity", func() error { return a.logActivity(ctx, run) }),
		a.once(ctx, about+"alert", func() error { return a.alert(ctx, run) }),
	)
}

// endedRun reads the run that a task is about. One that is not kept any more is nothing that another try would find.
func (a *App) endedRun(ctx context.Context, id int64) (state.Run, error) {
	run, err := a.Store.Run(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return run, fault.New(fault.Refused, "", "read the run", "run %d is not kept any more", id)
	}
	return run, err
}

// logActivity leaves one line about a run that wrote to WHMCS in its activity log, where that is granted.
func (a *App) logActivity(ctx context.Context, run state.Run) error {
	cfg, configured := a.Config.Syncs[run.Sync]
	if !configured {
		return nil
	}
	line, err := a.activityLine(ctx, run, cfg)
	if err != nil || line == "" {
		return err
	}
	db, _, err := a.sources[cfg.Source].open(ctx)
	if err != nil {
		return err
	}
	return db.LogActivity(ctx, line)
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
func (a *App) alert(ctx context.Context, run state.Run) error {
	needsPerson := run.State != state.RunDone || run.Held > 0 || run.Counts[state.CountFailed] > 0
	if a.Config.Alerts.Webhook.IsZero() || !needsPerson {
		return nil
	}
	body, err := json.Marshal(runView(run))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Config.Alerts.Webhook.Reveal(), bytes.NewReader(body))
	if err != nil {
		return fault.New(fault.Refused, "", "send alert", "the webhook's address is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fault.New(fault.Transient, "", "send alert", "the webhook does not answer")
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fault.New(fault.Transient, "", "send alert", "the webhook answered HTTP %d", answer.StatusCode)
	}
	return nil
}

// onceFor is how long it is remembered that something was done: longer than its task is tried.
const onceFor = 7 * 24 * time.Hour

// once does something that a task which is tried again must not do again. When it cannot be noted that it is done, it is
// done again.
func (a *App) once(ctx context.Context, what string, do func() error) error {
	done, err := a.noted(ctx, what)
	if err != nil || done {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	a.note(ctx, what)
	return nil
}

func (a *App) noted(ctx context.Context, what string) (bool, error) {
	n, err := a.redis.Client().Exists(ctx, onceKey(what)).Result()
	if err != nil {
		return false, fault.New(fault.Transient, "redis", "look up what is done", "%w", err)
	}
	return n > 0, nil
}

func (a *App) note(ctx context.Context, what string) {
	if err := a.redis.Client().Set(ctx, onceKey(what), 1, onceFor).Err(); err != nil {
		a.Log.Warn().Err(err).Str("what", what).Msg("it could not be noted that this is done; it may be done again")
	}
}

func onceKey(what string) string { return "whmcsync:done:" + what }
