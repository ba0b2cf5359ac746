package bench

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/holding"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs"
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

func (b *bench) newPortfolio(ctx context.Context, records int) (*portfolio, error) {
	from, err := b.servers.newBilling(ctx, fmt.Sprintf("whmcs%d", records), records)
	if err != nil {
		return nil, err
	}
	p := &portfolio{billing: from, filter: holding.Filter()}
	domains, err := holding.Load(ctx, p.dsn, records, civil.Of(time.Now()))
	if err != nil {
		return nil, err
	}
	for _, domain := range domains {
		p.held = append(p.held, domain.Held)
	}
	p.optional, err = p.db.ProbeDomains(ctx)
	return p, err
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
