package app

import (
	"context"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// clientsDuty opens its source when a batch comes, and executes the batch.
type clientsDuty struct {
	app    *App
	name   string
	source *source
	worker clientsync.Worker
	warned seldom
}

// seldom does something once for each look at the columns, however many batches find a reason for it.
type seldom struct {
	mu   sync.Mutex
	last time.Time
}

func (s *seldom) do(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.last) > probeEvery {
		s.last = time.Now()
		what()
	}
}

// newDuty makes the duty of a sync by its type.
func (a *App) newDuty(name string, cfg config.Sync) (workers.Duty, error) {
	if isDomains(cfg) {
		return a.newDomainsDuty(name, cfg)
	}
	return a.newClientsDuty(name, cfg)
}

func (a *App) newClientsDuty(name string, cfg config.Sync) (workers.Duty, error) {
	account, err := a.account(cfg.Account)
	if err != nil {
		return nil, err
	}
	return &clientsDuty{app: a, name: name, source: a.sources[cfg.Source], worker: clientsync.Worker{
		Policy: Policy(cfg), List: account.list, Store: a.Store,
		Log: a.Log.With().Str("sync", name).Logger(),
	}}, nil
}

func (d *clientsDuty) Do(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	worker := d.worker
	if job.Batch.Kind != state.BatchListing {
		db, features, err := d.source.open(ctx)
		if err != nil {
			return nil, nil, err
		}
		worker.Clients, worker.Features, worker.Policy.OptIn = db, features, features.OptIn
		if worker.Policy.WriteBack && !features.WriteOptOut {
			worker.Policy.WriteBack = false
			d.warned.do(func() {
				d.app.Log.Warn().Str("sync", d.name).Msg("opt-outs are not written back, which the database does not allow; see `whmcsync check`")
			})
		}
	}
	return worker.Do(ctx, job)
}

// Policy turns the configuration of a clients sync into the policy of its worker.
func Policy(cfg config.Sync) clientsync.Policy {
	c := cfg.Clients
	p := clientsync.Policy{Consent: c.Consent, ReplaceGroups: c.ReplaceGroups, WriteBack: c.WriteBack}
	for _, status := range cfg.Statuses {
		p.Statuses = append(p.Statuses, whmcs.ClientStatus(status))
	}
	for _, g := range c.Groups {
		p.Groups = append(p.Groups, clientsync.GroupRule{
			ID: maillist.GroupID(g.ID), ClientGroups: g.When.ClientGroup, Statuses: g.When.Status,
			Products: g.When.Product, Countries: g.When.Country, Languages: g.When.Language,
		})
	}
	for _, f := range c.Fields {
		p.Fields = append(p.Fields, clientsync.FieldRule{Attribute: f.To, Field: f.ToField, Column: f.From, CustomField: f.FromField})
	}
	return p
}

// scheduled is a configured sync as the scheduler sees it.
func (a *App) scheduled(name string, cfg config.Sync) (schedule.Sync, error) {
	timing, err := Timing(cfg)
	if err != nil {
		return schedule.Sync{}, err
	}
	scheduled := schedule.Sync{
		Name: name, Account: cfg.Account, Schedule: timing, Notify: cfg.Mode == "notify",
		BatchSize: cfg.BatchSize, BatchesPerRun: cfg.BatchesPerRun, Window: cfg.Window,
		FullEvery: cfg.FullEvery, Poll: cfg.Poll, Guard: guardOf(cfg), CanList: true, Mailed: a.mails(cfg),
	}
	src := a.sources[cfg.Source]
	if !isDomains(cfg) {
		scheduled.Surveyor = workers.Surveyor{Spots: src, Roster: a.Store, Key: whmcs.NormalizeEmail, BatchSize: cfg.BatchSize}
		scheduled.Poller = src
		return scheduled, nil
	}
	at, err := a.account(cfg.Account)
	if err != nil {
		return scheduled, err
	}
	rows := newDomainRows(src, cfg)
	scheduled.Surveyor = workers.Surveyor{Spots: rows, Roster: a.Store, Key: nameOf, BatchSize: cfg.BatchSize}
	scheduled.Poller, scheduled.CanList = a.domainPoller(rows, cfg), canList(cfg, *at)
	scheduled.Silenced = func(ctx context.Context) (string, error) {
		_, features, settings, err := rows.open(ctx)
		return twoWriters(cfg.Domains, features, settings), err
	}
	// Every pass is read against a new listing: without one each domain would cost a call. What is under way comes and
	// goes, so that a short list of transfers means nothing.
	scheduled.FullEvery, scheduled.Fleeting = 0, cfg.Type == "transfers"
	return scheduled, nil
}

// nameOf is the form in which names of domains are compared.
func nameOf(raw string) (string, error) {
	name, err := registrar.ParseName(raw)
	return string(name), err
}

func guardOf(cfg config.Sync) schedule.Guard {
	return schedule.Guard{Min: cfg.Guard.Min, Percent: cfg.Guard.Percent, Shrink: cfg.Guard.ListingShrink}
}

// Timing parses a sync's schedule in its time zone; nil = only by hand.
func Timing(cfg config.Sync) (cron.Schedule, error) {
	if cfg.Schedule == "" {
		return nil, nil
	}
	timing, err := cron.ParseStandard(cfg.Schedule)
	if spec, ok := timing.(*cron.SpecSchedule); ok && cfg.Timezone != nil {
		spec.Location = cfg.Timezone
	}
	return timing, err
}
