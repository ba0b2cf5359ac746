package app

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
	"github.com/whmcsync/whmcsync/workers"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// isDomains says whether a sync is about rows of tbldomains.
func isDomains(cfg config.Sync) bool { return cfg.Type == "domains" || cfg.Type == "transfers" }

// domainRows is what one sync sees of the domains of its source.
type domainRows struct {
	source *source
	filter whmcs.DomainFilter

	mu       sync.Mutex
	features whmcs.DomainFeatures
	settings whmcs.DomainSettings
	probed   time.Time
	asked    time.Time // for the settings
}

// settingsEvery is how often the settings of WHMCS are read again: somebody who lets it write must find us silent at once.
const settingsEvery = 5 * time.Second

func newDomainRows(src *source, cfg config.Sync) *domainRows {
	d := cfg.Domains
	rows := &domainRows{source: src, filter: whmcs.DomainFilter{
		Registrar: d.Registrar, ExcludeDomains: d.Exclude.Domains, ExcludeTLDs: d.Exclude.TLDs,
		ExcludeClients: d.Exclude.Clients, ExcludeProductGroups: d.Exclude.ProductGroups,
	}}
	for _, status := range cfg.Statuses {
		rows.filter.Statuses = append(rows.filter.Statuses, whmcs.DomainStatus(status))
	}
	return rows
}

// open returns the database with what it lets us do with domains, and how WHMCS syncs them itself.
func (r *domainRows) open(ctx context.Context) (*mysql.DB, whmcs.DomainFeatures, whmcs.DomainSettings, error) {
	db, _, err := r.source.open(ctx)
	if err != nil {
		return nil, whmcs.DomainFeatures{}, whmcs.DomainSettings{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.probe(ctx, db); err != nil {
		return nil, whmcs.DomainFeatures{}, whmcs.DomainSettings{}, err
	}
	return db, r.features, r.settings, nil
}

// probe looks again at what was looked at too long ago.
func (r *domainRows) probe(ctx context.Context, db *mysql.DB) error {
	if time.Since(r.probed) > probeEvery {
		features, err := db.ProbeDomains(ctx)
		if err != nil {
			return err
		}
		r.features, r.probed, r.asked = features, time.Now(), time.Time{}
	}
	if r.features.Settings && time.Since(r.asked) > settingsEvery {
		settings, err := db.ReadDomainSettings(ctx)
		if err != nil {
			return err
		}
		r.settings, r.asked = settings, time.Now()
	}
	return nil
}

func (r *domainRows) Domains(ctx context.Context, from, to int64) ([]whmcs.Domain, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return db.Domains(ctx, features, r.filter, from, to)
}

func (r *domainRows) DomainsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return db.DomainsByIDs(ctx, features, r.filter, ids)
}

// RowsByIDs reads rows whatever their status.
func (r *domainRows) RowsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return db.DomainsByIDs(ctx, features, whmcs.DomainFilter{Registrar: r.filter.Registrar}, ids)
}

// RowsByNames reads all rows of the source that are of these names, no matter what this sync is about.
func (r *domainRows) RowsByNames(ctx context.Context, names []registrar.Name) ([]whmcs.Domain, error) {
	db, _, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	var spellings []string
	for _, name := range names {
		spellings = append(spellings, name.Spellings()...)
	}
	return db.DomainsSpelled(ctx, spellings)
}

// byNames reads the rows of the names given, in whatever spelling they are stored.
func (r *domainRows) byNames(ctx context.Context, names ...registrar.Name) ([]whmcs.Domain, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	meant := map[registrar.Name]bool{}
	for _, name := range names {
		meant[name] = true
	}
	return db.DomainsByNames(ctx, features, r.filter, func(raw string) bool {
		name, err := registrar.ParseName(raw)
		return err == nil && meant[name]
	})
}

func (r *domainRows) WriteDomain(ctx context.Context, write whmcs.DomainWrite) (bool, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return false, err
	}
	changed, _, err := db.WriteDomain(ctx, features, write)
	return changed, err
}

// Spots opens the source when it is called.
func (r *domainRows) Spots(ctx context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	db, _, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	domains, err := db.DomainSpots(ctx, r.filter, after, limit)
	spots := make([]whmcs.Spot, len(domains))
	for i, d := range domains {
		spots[i] = whmcs.Spot{ID: d.ID, Raw: d.RawName}
	}
	return spots, err
}

// domainsDuty opens its source when a batch comes, and executes the batch.
type domainsDuty struct {
	app    *App
	name   string
	config config.Domains
	rows   *domainRows
	worker domainsync.Worker
	warned seldom
	undue  seldom
}

func (a *App) newDomainsDuty(name string, cfg config.Sync) (workers.Duty, error) {
	account, err := a.account(cfg.Account)
	if err != nil {
		return nil, err
	}
	src := a.sources[cfg.Source]
	duty := &domainsDuty{app: a, name: name, config: cfg.Domains, rows: newDomainRows(src, cfg)}
	duty.worker = domainsync.Worker{
		Policy: a.domainsPolicy(cfg, account.registrar), Transfers: cfg.Type == "transfers", Domains: duty.rows,
		Registrar: account.registrar, Store: a.Store, Zone: src.config.Timezone, Log: a.Log.With().Str("sync", name).Logger(),
	}
	if duty.worker.Mailer, err = a.clientMailer(cfg); err != nil {
		return nil, err
	}
	if cfg.Domains.Witness != "" {
		witness, err := a.account(cfg.Domains.Witness)
		if err != nil {
			return nil, err
		}
		duty.worker.Witness, _ = witness.registrar.(registrar.Witness)
	}
	return duty, nil
}

func (d *domainsDuty) Do(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	if job.Batch.Kind == state.BatchListing {
		return d.worker.Do(ctx, job)
	}
	_, features, settings, err := d.rows.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	worker := d.worker
	worker.Policy.Due = d.due(features, settings)
	if !features.WriteSettings {
		worker.Policy.Leads.AutoRenew = unlessRegistrar(worker.Policy.Leads.AutoRenew)
		worker.Policy.Leads.Privacy = unlessRegistrar(worker.Policy.Leads.Privacy)
	}
	if why := twoWriters(d.config, features, settings); why != "" && !job.Run.Notify {
		d.warn(why)
		job.Run.Notify = true
	}
	return worker.Do(ctx, job)
}

// unlessRegistrar takes the lead from the registrar: what it leads could not be written into WHMCS.
func unlessRegistrar(l domainsync.Leader) domainsync.Leader {
	if l == domainsync.LedByRegistrar {
		return domainsync.LedByNobody
	}
	return l
}

// due says how the due date follows: as WHMCS itself is set up, unless the sync has its own rule.
func (d *domainsDuty) due(features whmcs.DomainFeatures, settings whmcs.DomainSettings) domainsync.DueRule {
	rule := domainsync.DueRule{
		Follow: d.config.DueDate.Mode == "always", Days: d.config.DueDate.Days,
		MaxDifference: d.config.DueDate.MaxDifference, InvoiceItems: d.config.DueDate.InvoiceItems && features.InvoiceItems,
	}
	if d.config.DueDate.Mode == "whmcs" {
		rule.Follow, rule.Days = settings.NextDueDate && !settings.NoDays, settings.NextDueDateDays
	}
	if why := unfollowed(d.config, settings); why != "" {
		d.undue.do(func() { d.app.Log.Warn().Str("sync", d.name).Str("why", why).Msg("due dates are left alone") })
	}
	return rule
}

// unfollowed says why due dates cannot follow as WHMCS itself is set up; "" = they can, or need not.
func unfollowed(cfg config.Domains, settings whmcs.DomainSettings) string {
	if cfg.DueDate.Mode == "whmcs" && settings.NextDueDate && settings.NoDays {
		return "Sync Next Due Date is on in WHMCS, and its number of days (DomainSyncNextDueDateDays) is none"
	}
	return ""
}

// twoWriters says why nothing may be written: one domain has one writer, or both undo each other's work.
func twoWriters(cfg config.Domains, features whmcs.DomainFeatures, settings whmcs.DomainSettings) string {
	switch {
	case cfg.AllowTwoWriters:
		return ""
	case !features.Settings:
		return "whether the domain sync of WHMCS itself is on cannot be read"
	case settings.NotifyOnly:
		return ""
	case settings.SyncUnknown: // by no version is it certain that an absent row means off
		return "whether the domain sync of WHMCS itself is on is not known: tblconfiguration has no row DomainSyncEnabled"
	case settings.SyncEnabled:
		return "the domain sync of WHMCS itself is on and writes"
	default:
		return ""
	}
}

// warn says once in a while why the sync only notes what it would do.
func (d *domainsDuty) warn(why string) {
	d.warned.do(func() {
		d.app.Log.Warn().Str("sync", d.name).Str("why", why).
			Str("way_out", "set WHMCS's domain sync to Notify Only, or write allow_two_writers: true where it does not write").
			Msg("nothing is written, changes are only noted")
	})
}

// domainsPolicy turns the configuration of a domains or transfers sync into the policy of its worker. A setting that the
// registrar cannot switch is led by nobody.
func (a *App) domainsPolicy(cfg config.Sync, at registrar.Registrar) domainsync.Policy {
	d := cfg.Domains
	p := domainsync.Policy{
		Leads: domainsync.Leads{
			Status: domainsync.Leader(d.Leads.Status), Expiry: domainsync.Leader(d.Leads.Expiry),
			AutoRenew: domainsync.Leader(d.Leads.AutoRenew), Privacy: domainsync.Leader(d.Leads.IDProtection),
		},
		Expiry: domainsync.DateSource(d.ExpiryDate), Revive: d.Revive, Statuses: d.StatusMap,
		Transfers: cfg.Type == "domains" && a.followsTransfers(cfg),
		Gone:      domainsync.GoneRule{Mark: d.Gone.Policy == "mark", Confirmations: d.Gone.Looks, Apart: d.Gone.Apart},
		Failed:    domainsync.FailedRule(d.Failed), PendFor: int(d.PendingAlert / (24 * time.Hour)),
	}
	if _, can := at.(registrar.Renewer); can {
		p.Renew = extensions(d.RenewTLDs)
	}
	if _, can := at.(registrar.AutoRenewer); !can && p.Leads.AutoRenew == domainsync.LedByWHMCS {
		p.Leads.AutoRenew = domainsync.LedByNobody
	}
	if _, can := at.(registrar.Protector); !can && p.Leads.Privacy == domainsync.LedByWHMCS {
		p.Leads.Privacy = domainsync.LedByNobody
	}
	return p
}

// extensions are what stands behind the first dot of names, in the form in which names are compared. One that cannot be
// fits no name.
func extensions(spelled []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range spelled {
		if name, err := registrar.ParseName("a." + strings.TrimPrefix(strings.TrimSpace(text), ".")); err == nil {
			_, extension := name.Split()
			all[extension] = true
		}
	}
	return all
}

// followsTransfers says whether another sync follows the transfers of the same domains.
func (a *App) followsTransfers(cfg config.Sync) bool {
	for _, other := range a.Config.Syncs {
		if other.Type == "transfers" && other.SameRows(cfg) {
			return true
		}
	}
	return false
}

// canList says whether the sync's account can be listed for what the sync is about.
func canList(cfg config.Sync, at account) bool {
	switch cfg.Type {
	case "domains":
		_, can := at.registrar.(registrar.Lister)
		return can
	case "transfers":
		_, can := at.registrar.(registrar.TransferLister)
		return can
	default:
		return true
	}
}
