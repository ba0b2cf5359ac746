package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

// domains measures the domain sync at each size. The first one also tells what does not depend on it.
func (b *bench) domains(ctx context.Context) error {
	for i, records := range b.Records {
		b.say("%s domains: filling WHMCS and the registrar ...", grouped(int64(records)))
		from, err := b.newPortfolio(ctx, records)
		if err != nil {
			return err
		}
		if err := b.domainThroughput(ctx, from, i == 0); err != nil {
			return err
		}
		if i == 0 {
			if err := b.domainsUnderLoad(ctx, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// domainThroughput measures passes over one table of domains with an account that answers at once.
func (b *bench) domainThroughput(ctx context.Context, from *portfolio, first bool) error {
	batches := []int{50, 200}
	a, err := b.newAgency(ctx, from, sim.Options{}, unlimited(batches[0]))
	if err != nil {
		return err
	}
	defer a.close()
	t := &domainTrial{agency: a, renewable: from.renewable(), trial: &trial{
		bench: b, crew: a.newCrew(), noun: "domains", full: true, batches: batches, newBare: a.newBare, size: size{records: from.records},
	}}
	steps := []func(context.Context) error{
		t.firstPass, t.calls, t.steady, func(ctx context.Context) error { return t.changed(ctx, t.passWithRenewals) },
	}
	if first {
		steps = append(steps, t.serially, func(ctx context.Context) error { return t.hooks(ctx, t.edit()) })
	}
	return t.perform(ctx, steps...)
}

// domainsUnderLoad lets auto-renew of all active domains be switched at a small rate.
func (b *bench) domainsUnderLoad(ctx context.Context, from *portfolio) error {
	a, err := b.newAgency(ctx, from, sim.Options{RatePerSecond: limited.PerSecond, Burst: limited.InFlight}, limited)
	if err != nil {
		return err
	}
	defer a.close()
	a.account.Seed(turned(from.held)...)
	return b.underLoad(ctx, a.world, "change_domain")
}

// turned are the active domains with auto-renew the other way round.
func turned(held []sim.Domain) []sim.Domain {
	var all []sim.Domain
	for _, domain := range held {
		if domain.Status == "ACT" {
			domain.AutoRenew = map[string]string{"on": "off", "off": "on"}[domain.AutoRenew]
			all = append(all, domain)
		}
	}
	return all
}

// domainTrial is the measuring of one table of domains.
type domainTrial struct {
	*trial
	agency    agency
	renewable []sim.Domain
}

// unchanged is a pass that finds everything as it should be.
func (t *domainTrial) unchanged(ctx context.Context) (outcome, error) {
	o, err := t.crew.pass(ctx, true)
	if unchanged := o.run.Counts["unchanged"]; err == nil && unchanged != int64(t.size.records) {
		err = fmt.Errorf("%d of %d domains were found unchanged: %v", unchanged, t.size.records, o.run.Counts)
	}
	return o, err
}

// firstPass is the first run ever.
func (t *domainTrial) firstPass(ctx context.Context) error {
	o, err := t.unchanged(ctx)
	if err != nil {
		return err
	}
	t.add(Measurement{
		Key: fmt.Sprintf("first_pass_%d", t.size.records), Unit: "domains/s", Value: o.perSecond(t.size.records),
		What: "first pass, " + t.records() + " domains as they should be",
	})
	return nil
}

// calls counts those of a pass with nothing to do, beside the PHP module's: a look and a needless update for each domain.
func (t *domainTrial) calls(ctx context.Context) error {
	o, err := t.unchanged(ctx)
	if err != nil {
		return err
	}
	t.add(within(compared(Measurement{
		Key: fmt.Sprintf("calls_unchanged_%d", t.size.records), Unit: "calls", Value: float64(o.calls),
		What: fmt.Sprintf("nothing changed, %s domains (yardstick: the PHP module)", t.records()),
	}, 2*float64(t.size.records), 0), float64((t.size.records+999)/1000)))
	return nil
}

// passWithRenewals is a pass after every hundredth domain was renewed at the registrar.
func (t *domainTrial) passWithRenewals(ctx context.Context, full bool) (outcome, error) {
	t.round++
	renewed := spread(t.renewable, max(1, t.size.records/100), t.round)
	for i, domain := range renewed {
		until, err := time.Parse(time.DateTime, domain.Renewal)
		if err != nil {
			return outcome{}, err
		}
		renewed[i].Renewal = until.AddDate(0, 0, 365).Format(time.DateTime)
	}
	t.agency.account.Seed(renewed...)
	o, err := t.crew.pass(ctx, full)
	if updated := o.run.Counts["updated"]; err == nil && updated != int64(len(renewed)) {
		err = fmt.Errorf("%d domains were renewed and %d updated in WHMCS", len(renewed), updated)
	}
	return o, err
}

// serially sets the throughput beside one call for each domain, one after the other.
func (t *domainTrial) serially(ctx context.Context) error {
	perSecond, err := oneByOne(ctx, t.agency.portfolio.held)
	if err != nil {
		return err
	}
	t.add(compared(Measurement{
		Key: "serial", Unit: "domains/s", Value: float64(t.size.records) / t.size.steady.Seconds(),
		What: fmt.Sprintf("nothing changed, %s domains (yardstick: one call for each, one after the other)", t.records()),
	}, perSecond, 0))
	return nil
}

// edit is a domain whose auto-renew is switched in WHMCS.
func (t *domainTrial) edit() occasion {
	return occasion{where: "registrar", call: "change_domain", happens: func(ctx context.Context, n int) (string, error) {
		id := t.renewable[n%len(t.renewable)].ID
		hook := fmt.Sprintf(`{"v":1,"event":"DomainEdit","domains":[%d]}`, id)
		return hook, t.agency.portfolio.switchRenewal(ctx, id-1, id)
	}}
}
