package app

import (
	"context"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// pages answers what the pages, the API and `status` show.
type pages struct{ *App }

// Status is App.Status as the pages and the API show it: transfers are summed up.
func (p pages) Status(ctx context.Context) (server.Status, error) { return p.App.Status(ctx, false) }

// Status says where every configured sync stands; eachTransfer also lists the transfers under way. What only Redis knows is
// left out when there is no queue open.
func (a *App) Status(ctx context.Context, eachTransfer bool) (server.Status, error) {
	p := pages{a}
	var status server.Status
	lead, err := p.Store.Leader(ctx)
	if err != nil {
		return status, err
	}
	if lead.Expires.After(time.Now()) {
		status.Leader = lead.Holder
	}
	var depths map[string]queue.Depth
	if p.queue != nil {
		if depths, err = p.queue.Depths(ctx); err != nil {
			return status, err
		}
		if status.Workers, err = p.queue.Workers(ctx); err != nil {
			return status, err
		}
	}
	syncs, err := p.Store.Syncs(ctx)
	if err != nil {
		return status, err
	}
	accounts, err := p.Store.Accounts(ctx)
	if err != nil {
		return status, err
	}
	for _, sync := range syncs {
		cfg, configured := p.Config.Syncs[sync.Name]
		if !configured {
			continue
		}
		one, err := p.sync(ctx, sync, cfg, eachTransfer)
		if err != nil {
			return status, err
		}
		one.AccountOff = accountPause(accounts, sync.Account)
		if one.AccountOff != nil {
			one.State = server.StatePaused
		}
		depth := depths[sync.Account]
		one.Queue = server.QueueDepth{
			Name: sync.Account, Pending: int(depth.Pending), Active: int(depth.Active), Scheduled: int(depth.Scheduled),
			Retry: int(depth.Retry), Archived: int(depth.Archived), LatencySeconds: depth.LatencySeconds,
		}
		status.Syncs = append(status.Syncs, one)
	}
	slices.SortFunc(status.Syncs, func(x, y server.SyncStatus) int { return compareText(x.Name, y.Name) })
	return status, nil
}

// sync says where one sync stands, as far as Postgres knows.
func (p pages) sync(ctx context.Context, sync state.Sync, cfg config.Sync, eachTransfer bool) (server.SyncStatus, error) {
	view := standing(sync, cfg)
	if err := p.addRuns(ctx, &view); err != nil {
		return view, err
	}
	if !sync.PausedAt.IsZero() {
		view.State, view.Pause = server.StatePaused, &server.Pause{Since: sync.PausedAt, Reason: sync.PauseReason}
	}
	var err error
	if view.Failures, err = p.Store.CountFailures(ctx, sync.Name); err != nil {
		return view, err
	}
	if view.Changes, err = p.Store.CountChanges(ctx, sync.Name, 24*time.Hour); err != nil {
		return view, err
	}
	if view.Untold, err = p.untold(ctx, sync.Name, cfg); err != nil {
		return view, err
	}
	if view.Transfers, err = p.transfersOf(ctx, sync.Name, eachTransfer); err != nil {
		return view, err
	}
	view.Freshness = freshness(cfg, view)
	view.Rate, err = p.rate(ctx, sync.Account)
	return view, err
}

// patientWith is how long a report may be owed before people are shown that it is.
const patientWith = 10 * time.Minute

// untold are the reports of a sync that people wait for.
func (a *App) untold(ctx context.Context, sync string, cfg config.Sync) ([]server.Untold, error) {
	reports, err := a.Store.UntoldReports(ctx, sync, patientWith)
	var views []server.Untold
	for _, r := range reports {
		if r.Kind == state.ReportMail && !a.mails(cfg) {
			continue // nobody waits for it any more
		}
		views = append(views, server.Untold{
			RunID: r.RunID, Report: string(r.Kind), GivenUp: r.State == state.ReportGivenUp, Tries: r.Tries, Error: r.Error, Since: r.OwedAt,
		})
	}
	return views, err
}

// freshnessOf is freshness of a sync of which nothing is known yet.
func (p pages) freshnessOf(ctx context.Context, sync state.Sync, cfg config.Sync) (*server.Freshness, error) {
	if cfg.Domains.Freshness == 0 {
		return nil, nil //nolint:nilnil // there is no promise
	}
	view := standing(sync, cfg)
	err := p.addRuns(ctx, &view)
	return freshness(cfg, view), err
}

// freshness says whether the present pace keeps the promise; nil without one.
func freshness(cfg config.Sync, view server.SyncStatus) *server.Freshness {
	promise := cfg.Domains.Freshness
	if promise == 0 {
		return nil
	}
	now, pace := time.Now(), schedule.Pace{LastEnd: view.LastPassAt, Next: view.NextRunAt}
	if view.Last != nil {
		pace.Took = view.Last.Finished.Sub(view.Last.Started)
	}
	if view.Current != nil {
		pace.Began, pace.Done, pace.Total = view.Current.Started, view.Current.Counts[state.CountRecords], view.Current.Total
	}
	pace.Parts, pace.Every = parts(cfg, view.Total), interval(cfg, now)
	expected := schedule.Freshness(pace, now)
	return &server.Freshness{
		PromiseSeconds: promise.Seconds(), ExpectedSeconds: expected.Seconds(), Kept: schedule.Keeps(promise, expected),
	}
}

// parts is how many runs a pass over all records takes; 0 = one, however many records there are.
func parts(cfg config.Sync, records int64) int {
	if cfg.BatchesPerRun == 0 {
		return 0
	}
	each := int64(cfg.BatchesPerRun * cfg.BatchSize)
	return int((records + each - 1) / each)
}

// interval is the time between the next two runs that are due; 0 = they are made by hand.
func interval(cfg config.Sync, now time.Time) time.Duration {
	timing, err := Timing(cfg)
	if err != nil || timing == nil {
		return 0
	}
	next := timing.Next(now)
	return timing.Next(next).Sub(next)
}

// standing is what the sync's own row says of it.
func standing(sync state.Sync, cfg config.Sync) server.SyncStatus {
	view := server.SyncStatus{
		Name: sync.Name, Type: sync.Type, Source: sync.Source, Account: sync.Account, Mode: cfg.Mode, Schedule: cfg.Schedule,
		State: server.StateIdle, Offset: sync.Offset, Total: sync.RecordsTotal, LastPassAt: sync.LastPassAt,
	}
	if timing, err := Timing(cfg); err == nil {
		view.NextRunAt = schedule.Next(timing, sync.LastSlot, time.Now())
	}
	return view
}

// addRuns adds the newest pass, the one under way, and what waits for a person.
func (p pages) addRuns(ctx context.Context, view *server.SyncStatus) error {
	runs, err := p.Store.Runs(ctx, state.RunFilter{Sync: view.Name, Kind: state.RunPass, Limit: 5})
	if err != nil {
		return err
	}
	for i, run := range runs {
		shown := runView(run)
		switch {
		case !run.State.Ended():
			if err := p.addProgress(ctx, run, &shown); err != nil {
				return err
			}
			view.Current, view.State = &shown, server.StateRunning
		case view.Last == nil:
			view.Last = &shown
		}
		if i == 0 && run.State == state.RunHeld {
			view.Held = append(view.Held, server.Held{RunID: run.ID, Reason: run.Error})
		}
	}
	held, err := p.Store.HeldRuns(ctx, view.Name)
	if err != nil {
		return err
	}
	for id, n := range held {
		view.Held = append(view.Held, server.Held{RunID: id, Changes: n, Reason: "more destructive changes than the guard allows"})
	}
	slices.SortFunc(view.Held, func(x, y server.Held) int { return int(y.RunID - x.RunID) })
	if len(view.Held) > 0 && view.State == server.StateIdle {
		view.State = server.StateHeld
	}
	return nil
}

func (p pages) addProgress(ctx context.Context, run state.Run, shown *server.Run) error {
	progress, err := p.Store.Progress(ctx, run.ID)
	shown.Batches, shown.Settled, shown.Counts = progress.Batches, progress.Settled, progress.Counts
	return err
}

func accountPause(accounts []state.Account, name string) *server.Pause {
	for _, account := range accounts {
		if account.Name == name && !account.PausedAt.IsZero() {
			return &server.Pause{Since: account.PausedAt, Reason: account.PauseReason}
		}
	}
	return nil
}

func (p pages) rate(ctx context.Context, name string) (server.RateUse, error) {
	if p.redis == nil {
		return server.RateUse{}, nil
	}
	account, err := p.account(name)
	if err != nil {
		return server.RateUse{}, err
	}
	limits, err := account.limiter.Limits(ctx)
	return server.RateUse{
		LimitPerSecond: limits.PerSecond, UsedPerSecond: limits.UsedPerSecond, InFlight: limits.InFlight, InFlightLimit: limits.MaxInFlight, BlockedUntil: limits.BlockedUntil,
	}, err
}

// Failures returns open failures, newest first.
func (p pages) Failures(ctx context.Context, sync string, limit int) ([]server.Failure, error) {
	failures, err := p.Store.Failures(ctx, state.FailureFilter{Sync: sync, Limit: limit})
	views := make([]server.Failure, len(failures))
	for i, f := range failures {
		views[i] = FailureView(f)
	}
	return views, err
}

// FailureView is a failure as it is shown.
func FailureView(f state.Failure) server.Failure {
	return server.Failure{
		ID: f.ID, Sync: f.Sync, RecordID: f.RecordID, Key: f.Key, RunID: f.RunID, Class: f.Class, Message: f.Message,
		Attempts: f.Attempts, FirstAt: f.FirstAt, LastAt: f.LastAt, NextAt: f.NextAt,
	}
}

// Runs returns runs, newest first.
func (p pages) Runs(ctx context.Context, limit int) ([]server.Run, error) {
	return p.RunViews(ctx, state.RunFilter{Limit: limit})
}

// RunViews returns runs as they are shown, with the progress of those under way.
func (a *App) RunViews(ctx context.Context, filter state.RunFilter) ([]server.Run, error) {
	runs, err := a.Store.Runs(ctx, filter)
	if err != nil {
		return nil, err
	}
	views := make([]server.Run, len(runs))
	for i, run := range runs {
		views[i] = runView(run)
		if !run.State.Ended() {
			if err := (pages{a}).addProgress(ctx, run, &views[i]); err != nil {
				return nil, err
			}
		}
	}
	return views, nil
}

func runView(run state.Run) server.Run {
	return server.Run{
		ID: run.ID, Sync: run.Sync, Kind: string(run.Kind), State: string(run.State), Trigger: string(run.Trigger),
		Notify: run.Notify, Full: run.Full, Total: run.Total, Counts: run.Counts, Held: run.Held, Error: run.Error,
		Started: run.Started, Finished: run.Finished,
	}
}
