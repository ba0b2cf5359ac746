package bench

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

// unlimited are the settings of an account whose rate is no bottleneck: the most that a configuration can say.
var unlimited = settings{BatchSize: batchSizes[0], PerSecond: 10_000, InFlight: 8}

// batchSizes are the sizes of which the throughput is measured; the first one is the default.
var batchSizes = []int{250, 50}

// size is what was measured at one number of records.
type size struct {
	records int
	steady  time.Duration // a pass with nothing to do
	bare    time.Duration // the yardstick's
	memory  map[string]int
}

// throughput measures passes over one client table with an account that answers at once. The first table also tells the
// calls, which do not depend on the machine.
func (b *bench) throughput(ctx context.Context, from *billing, first bool) error {
	b.worlds++
	w, err := b.servers.newWorld(ctx, from, b.Options, b.worlds, sim.Options{}, unlimited)
	if err != nil {
		return err
	}
	defer w.close()
	leads, err := w.fillList(ctx)
	if err != nil {
		return err
	}
	crew := w.newCrew()
	defer crew.stop("")
	if err := crew.start("worker", 2); err != nil {
		return err
	}
	if err := crew.start("scheduler", 1); err != nil {
		return err
	}
	t := &trial{bench: b, crew: crew, leads: leads, size: size{records: from.records}}
	return t.run(ctx, first)
}

// trial is the measuring of one client table.
type trial struct {
	*bench
	crew  *crew
	leads []int64
	size  size
	bare  float64 // records a second of the yardstick, batches of the first size
	round int
}

func (t *trial) run(ctx context.Context, first bool) error {
	steps := []func(context.Context) error{t.firstLoad, t.steady, t.changed}
	if first {
		steps = append(steps, t.changedInFull, t.hooks)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	t.crew.stop("")
	t.size.memory = t.crew.peak
	for _, role := range []string{"worker", "scheduler"} {
		t.add(within(Measurement{
			Key: fmt.Sprintf("memory_%s_%d", role, t.size.records), Unit: "MB", Value: float64(t.crew.peak[role]) / 1024,
			What: fmt.Sprintf("memory of a %s process at most, %s records", role, t.records()),
		}, 200))
	}
	t.sizes = append(t.sizes, t.size)
	return nil
}

func (t *trial) records() string { return grouped(int64(t.size.records)) }

// firstLoad is the first run ever, over a list that has everybody as they should be.
func (t *trial) firstLoad(ctx context.Context) error {
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

// steady measures passes with nothing to do, each beside the yardstick.
func (t *trial) steady(ctx context.Context) error {
	for i, batch := range batchSizes {
		set := t.crew.world.settings
		set.BatchSize = batch
		if err := t.reschedule(set); err != nil {
			return err
		}
		ours, bare, err := t.rounds(ctx, batch)
		if err != nil {
			return err
		}
		if i == 0 {
			t.bare = float64(t.size.records) / bare.Seconds()
			t.size.steady, t.size.bare = ours, bare
		}
		t.add(compared(Measurement{
			Key: fmt.Sprintf("steady_%d_by_%d", t.size.records, batch), Unit: "records/s", Value: float64(t.size.records) / ours.Seconds(),
			What: fmt.Sprintf("nothing changed, %s records, batches of %d", t.records(), batch),
		}, float64(t.size.records)/bare.Seconds(), 0.5))
	}
	return nil
}

// reschedule restarts the scheduler with other settings.
func (t *trial) reschedule(set settings) error {
	if set == t.crew.world.settings {
		return nil
	}
	t.crew.stop("scheduler")
	if err := t.crew.world.configure(set); err != nil {
		return err
	}
	return t.crew.start("scheduler", 1)
}

// rounds measures program and yardstick in turns and returns the best time of each: what else happens on the machine only
// ever makes one slower.
func (t *trial) rounds(ctx context.Context, batch int) (ours, bare time.Duration, err error) {
	yardstick, err := t.crew.world.newBare(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer yardstick.close()
	n := t.Rounds
	if t.size.records > 100_000 {
		n = min(n, 2)
	}
	for i := range n {
		took, err := yardstick.pass(ctx, batch)
		if err != nil {
			return 0, 0, err
		}
		o, err := t.crew.pass(ctx, false)
		if err != nil {
			return 0, 0, err
		}
		if i == 0 || o.took < ours {
			ours = o.took
		}
		if i == 0 || took < bare {
			bare = took
		}
	}
	return ours, bare, nil
}

// changed is a pass after every hundredth client got another name.
func (t *trial) changed(ctx context.Context) error {
	set := t.crew.world.settings
	set.BatchSize = batchSizes[0]
	if err := t.reschedule(set); err != nil {
		return err
	}
	o, err := t.passWithChanges(ctx, false)
	if err != nil {
		return err
	}
	t.add(compared(Measurement{
		Key: fmt.Sprintf("changed_%d", t.size.records), Unit: "records/s", Value: o.perSecond(t.size.records),
		What: fmt.Sprintf("1 %% changed, %s records, batches of %d", t.records(), set.BatchSize),
	}, t.bare, 0.25))
	return nil
}

func (t *trial) passWithChanges(ctx context.Context, full bool) (outcome, error) {
	t.round++
	renamed := spread(t.leads, max(1, t.size.records/100), t.round)
	if err := t.crew.world.rename(ctx, renamed, fmt.Sprintf("Renamed %d", t.round)); err != nil {
		return outcome{}, err
	}
	o, err := t.crew.pass(ctx, full)
	if updated := o.run.Counts["updated"]; err == nil && updated != int64(len(renamed)) {
		err = fmt.Errorf("%d clients were renamed and %d updated on the list", len(renamed), updated)
	}
	return o, err
}

// changedInFull counts the calls of a pass that also compares the whole list, beside those of the addon: one per client.
func (t *trial) changedInFull(ctx context.Context) error {
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

// growth compares the largest table with the one before it.
func (b *bench) growth() {
	if len(b.sizes) < 2 {
		return
	}
	large, small := b.sizes[len(b.sizes)-1], b.sizes[len(b.sizes)-2]
	growth := float64(large.records) / float64(small.records)
	sizes := grouped(int64(large.records)) + " / " + grouped(int64(small.records))
	b.add(within(compared(Measurement{
		Key: "time_growth", Unit: "times", Value: large.steady.Seconds() / small.steady.Seconds(),
		What: "time, nothing changed, " + sizes + " records",
	}, large.bare.Seconds()/small.bare.Seconds(), 0), growth*1.1))
	for _, role := range []string{"worker", "scheduler"} {
		b.add(Measurement{
			Key: "memory_growth_" + role, Unit: "times", Value: float64(large.memory[role]) / float64(cmp.Or(small.memory[role], 1)),
			What: "memory of a " + role + ", " + sizes + " records",
		})
	}
}
