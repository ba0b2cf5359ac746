package bench

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// domainsDuty is the sync that bench domains measures. The guard lets everything through: it is not what is measured.
var domainsDuty = duty{kind: "domains", sync: "domains", account: "registrar", config: `accounts:
  registrar:
    type: openprovider
    base_url: {{.SimURL}}
    username: bench
    password: ` + apiKey + `
    rate: {per_second: {{.PerSecond}}, in_flight: {{.InFlight}}}
syncs:
  domains:
    type: domains
    source: main
    account: registrar
    registrar: openprovider
    batch_size: {{.BatchSize}}
    poll: 0
    due_date: {mode: never}
    guard: {min: 1000000000}
`}

// portfolio is a WHMCS-like database with domains, as many of them in the sync as it has records.
type portfolio struct {
	*billing
	filter   whmcs.DomainFilter
	optional whmcs.DomainFeatures
	held     []sim.Domain // what the registrar holds of the sync's domains, each as WHMCS has it
}

// newPortfolio makes domains until enough of them are in the sync; the others are at other registrars, or over.
func (b *bench) newPortfolio(ctx context.Context, records int) (*portfolio, error) {
	from, err := b.servers.newBilling(ctx, fmt.Sprintf("whmcs%d", records), records)
	if err != nil {
		return nil, err
	}
	p := &portfolio{billing: from, filter: whmcs.DomainFilter{Registrar: "openprovider", Statuses: []whmcs.DomainStatus{
		whmcs.DomainActive, whmcs.DomainPendingRegistration, whmcs.DomainPendingTransfer, whmcs.DomainGrace,
		whmcs.DomainRedemption, whmcs.DomainExpired,
	}}}
	options := fixture.DomainOptions{N: 2 * records, Seed: 1, Today: civil.Of(time.Now())}
	if err := fixture.LoadDomains(ctx, p.dsn, options); err != nil {
		return nil, err
	}
	last, err := p.hold(options)
	if err != nil {
		return nil, err
	}
	if err := p.prune(ctx, last); err != nil {
		return nil, err
	}
	p.optional, err = p.db.ProbeDomains(ctx)
	return p, err
}

// hold notes what the registrar holds, up to the last domain that is needed, and returns that one's id.
func (p *portfolio) hold(options fixture.DomainOptions) (last int64, err error) {
	sieve := p.filter.Sieve()
	for domain := range fixture.Domains(options) {
		if len(p.held) == p.records {
			return last, nil
		}
		if !sieve.Admits(domain) {
			continue
		}
		name, err := registrar.ParseName(domain.RawName)
		if err != nil {
			return 0, err
		}
		p.held = append(p.held, inStep(domain, name, options.Today))
		last = domain.ID
	}
	return 0, fmt.Errorf("%d domains hold only %d of the sync", options.N, len(p.held))
}

// inStep is a domain as the registrar holds it when there is nothing to do about it.
func inStep(d whmcs.Domain, name registrar.Name, today civil.Date) sim.Domain {
	privacy, allowed := d.IDProtection, true
	held := sim.Domain{
		ID: d.ID, Name: string(name), Status: "ACT", Type: "NEW", AutoRenew: "on", Privacy: &privacy, PrivacyAllowed: &allowed,
	}
	if d.DoNotRenew {
		held.AutoRenew = "off"
	}
	deleted := func(soft, hard int) {
		held.Status, held.SoftUntil, held.HardUntil = "DEL", moment(today.AddDays(soft)), moment(today.AddDays(hard))
	}
	switch d.Status {
	case whmcs.DomainPendingRegistration:
		held.Status = "REQ"
	case whmcs.DomainPendingTransfer:
		held.Status, held.Type = "REQ", "TRANSFER"
	case whmcs.DomainGrace:
		deleted(10, 40)
	case whmcs.DomainRedemption:
		deleted(-10, 20)
	case whmcs.DomainExpired:
		deleted(-60, -30)
	default:
		held.Renewal, held.Expiration = moment(d.Expiry), moment(d.Expiry)
	}
	return held
}

// moment is a day as Openprovider prints it; "" = none.
func moment(day civil.Date) string {
	if day.IsZero() {
		return ""
	}
	return day.String() + " 00:00:00"
}

// prune takes out what is behind the last domain that is needed, and switches the domain sync of WHMCS itself off, as
// where whmcsync has taken over.
func (p *portfolio) prune(ctx context.Context, last int64) error {
	return p.connected(func(db *sql.DB) error {
		if _, err := db.ExecContext(ctx, "DELETE FROM tbldomains WHERE id < 1001 OR id > ?", last); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, "UPDATE tblconfiguration SET value = '' WHERE setting = 'DomainSyncEnabled'")
		return err
	})
}

// switchRenewal turns auto-renew of active domains with from < id <= to round in WHMCS.
func (p *portfolio) switchRenewal(ctx context.Context, from, to int64) error {
	return p.connected(func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "UPDATE tbldomains SET donotrenew = 1 - donotrenew WHERE id > ? AND id <= ? AND status = 'Active'", from, to)
		return err
	})
}

// renewable are the domains that have a renewal date.
func (p *portfolio) renewable() []sim.Domain {
	var all []sim.Domain
	for _, domain := range p.held {
		if domain.Renewal != "" {
			all = append(all, domain)
		}
	}
	return all
}

// agency is a world whose outside system is a registrar.
type agency struct {
	*world
	portfolio *portfolio
	account   *sim.Server
}

// newAgency makes an account that holds what WHMCS has.
func (b *bench) newAgency(ctx context.Context, from *portfolio, o sim.Options, set settings) (agency, error) {
	o.Username, o.Password = "bench", apiKey
	account := sim.New(o)
	account.Seed(from.held...)
	w, err := b.newWorld(ctx, from.billing, domainsDuty, account, set)
	return agency{w, from, account}, err
}
