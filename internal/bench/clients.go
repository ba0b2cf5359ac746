package bench

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// clients measures the client sync at each size. The first one also tells what does not depend on it.
func (b *bench) clients(ctx context.Context) error {
	for i, records := range b.Records {
		b.say("%s clients: filling WHMCS and the list ...", grouped(int64(records)))
		from, err := b.newClients(ctx, records)
		if err != nil {
			return err
		}
		if err := b.clientThroughput(ctx, from, i == 0); err != nil {
			return err
		}
		if i == 0 {
			if err := b.clientsUnderLoad(ctx, from); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) newClients(ctx context.Context, records int) (*billing, error) {
	from, err := b.servers.newBilling(ctx, fmt.Sprintf("whmcs%d", records), records)
	if err != nil {
		return nil, err
	}
	_, err = fixture.Clients(ctx, from.dsn, fixture.Options{N: records, Seed: 1, FourByte: true})
	return from, err
}

// clientThroughput measures passes over one client table with an account that answers at once. The first table also tells
// the calls, which do not depend on the machine.
func (b *bench) clientThroughput(ctx context.Context, from *billing, first bool) error {
	batches := []int{250, 50}
	m, err := b.newMailing(ctx, from, sim.Options{}, unlimited(batches[0]))
	if err != nil {
		return err
	}
	defer m.close()
	leads, err := m.fillList(ctx)
	if err != nil {
		return err
	}
	t := &clientTrial{mailing: m, leads: leads, trial: &trial{
		bench: b, crew: m.newCrew(), noun: "records", batches: batches, newBare: m.newBare, size: size{records: from.records},
	}}
	steps := []func(context.Context) error{
		t.firstLoad, t.steady, func(ctx context.Context) error { return t.changed(ctx, t.passWithChanges) },
	}
	if first {
		steps = append(steps, t.changedInFull, func(ctx context.Context) error { return t.hooks(ctx, t.edit()) })
	}
	return t.perform(ctx, steps...)
}

// clientsUnderLoad lets everybody be created at a small rate, and kills a worker and the leading scheduler meanwhile.
func (b *bench) clientsUnderLoad(ctx context.Context, from *billing) error {
	list := sim.Options{RatePerSecond: limited.PerSecond, Burst: limited.InFlight}
	m, err := b.newMailing(ctx, from, list, limited)
	if err != nil {
		return err
	}
	defer m.close()
	return b.underLoad(ctx, m.world, "sync_subscriber", b.killWorker, b.killLeader)
}

// clientTrial is the measuring of one client table.
type clientTrial struct {
	*trial
	mailing mailing
	leads   []int64 // the clients that lead an entry of the list
}

// firstLoad is the first run ever, over a list that has everybody as they should be.
func (t *clientTrial) firstLoad(ctx context.Context) error {
	o, err := t.crew.pass(ctx, true)
	if err != nil {
		return err
	}
	// Subscribers come a thousand at a time; one call more finds that there are no deleted ones.
	pages := (len(t.leads)+999)/1000 + 1
	t.add(
		within(Measurement{
			Key: fmt.Sprintf("calls_first_load_%d", t.size.records), Unit: "calls", Value: float64(o.calls),
			What: fmt.Sprintf("first load, %s clients, all on the list already", t.records()),
		}, float64(max(10, pages+2))),
		Measurement{
			Key: fmt.Sprintf("first_load_%d", t.size.records), Unit: "records/s", Value: o.perSecond(t.size.records),
			What: "first load, with its listing, " + t.records() + " records",
		})
	return nil
}

// passWithChanges is a pass after every hundredth client got another name.
func (t *clientTrial) passWithChanges(ctx context.Context, full bool) (outcome, error) {
	t.round++
	renamed := spread(t.leads, max(1, t.size.records/100), t.round)
	if err := t.mailing.rename(ctx, renamed, fmt.Sprintf("Renamed %d", t.round)); err != nil {
		return outcome{}, err
	}
	o, err := t.crew.pass(ctx, full)
	if updated := o.run.Counts["updated"]; err == nil && updated != int64(len(renamed)) {
		err = fmt.Errorf("%d clients were renamed and %d updated on the list", len(renamed), updated)
	}
	return o, err
}

// changedInFull counts the calls of a pass that also compares the whole list, beside those of the addon: one per client.
func (t *clientTrial) changedInFull(ctx context.Context) error {
	o, err := t.passWithChanges(ctx, true)
	if err != nil {
		return err
	}
	perSecond, err := addon(ctx)
	if err != nil {
		return err
	}
	records := float64(t.size.records)
	t.add(
		within(compared(Measurement{
			Key: "calls_changed", Unit: "calls", Value: float64(o.calls),
			What: fmt.Sprintf("%s clients, 1 %% changed, whole list compared (yardstick: the addon)", t.records()),
		}, records, 0), max(110, records*0.011)),
		compared(Measurement{
			Key: "addon", Unit: "records/s", Value: o.perSecond(t.size.records),
			What: "the same pass, beside the addon's way without its sleep",
		}, perSecond, 0))
	return nil
}

// edit is a client who gets another name.
func (t *clientTrial) edit() occasion {
	return occasion{where: "list", call: "sync_subscriber", happens: func(ctx context.Context, n int) (string, error) {
		client := t.leads[n%len(t.leads)]
		hook := fmt.Sprintf(`{"v":1,"event":"ClientEdit","clients":[%d]}`, client)
		return hook, t.mailing.rename(ctx, []int64{client}, fmt.Sprintf("Hooked %d", n))
	}}
}
