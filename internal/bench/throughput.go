package bench

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// unlimited are the settings of an account whose rate is no bottleneck: the most that a configuration can say.
func unlimited(batch int) settings { return settings{BatchSize: batch, PerSecond: 10_000, InFlight: 8} }

// size is what was measured at one number of records.
type size struct {
	records int
	steady  time.Duration // a pass with nothing to do
	bare    time.Duration // the yardstick's
	memory  map[string]int
}

// trial is the measuring of one table.
type trial struct {
	*bench
	crew    *crew
	noun    string // what a record is
	full    bool   // each pass begins with a listing
	batches []int  // sizes of which the throughput is measured; the first one is the default
	newBare func(context.Context) (*bare, error)
	size    size
	round   int
}

// passes is what makes one pass; full begins it with a listing.
type passes func(ctx context.Context, full bool) (outcome, error)

// perform starts two workers and a scheduler for the steps, and tells their memory at the end.
func (t *trial) perform(ctx context.Context, steps ...func(context.Context) error) error {
	defer t.crew.stop("")
	if err := t.crew.start("worker", 2); err != nil {
		return err
	}
	if err := t.crew.start("scheduler", 1); err != nil {
		return err
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
			What: fmt.Sprintf("memory of a %s process at most, %s %s", role, t.records(), t.noun),
		}, 200))
	}
	t.sizes = append(t.sizes, t.size)
	return nil
}

func (t *trial) records() string { return grouped(int64(t.size.records)) }

// steady measures passes with nothing to do, each beside the yardstick.
func (t *trial) steady(ctx context.Context) error {
	for i, batch := range t.batches {
		set := t.crew.world.settings
		set.BatchSize = batch
		if err := t.reschedule(set); err != nil {
			return err
		}
		ours, bare, err := t.rounds(ctx, batch, t.crew.pass)
		if err != nil {
			return err
		}
		if i == 0 {
			t.size.steady, t.size.bare = ours.took, bare.took
		}
		t.add(compared(Measurement{
			Key: fmt.Sprintf("steady_%d_by_%d", t.size.records, batch), Unit: t.noun + "/s", Value: t.perSecond(ours.took),
			What: fmt.Sprintf("nothing changed, %s %s, batches of %d", t.records(), t.noun, batch),
		}, t.perSecond(bare.took), 0.5))
		if t.full {
			t.add(compared(Measurement{
				Key: fmt.Sprintf("compare_%d_by_%d", t.size.records, batch), Unit: t.noun + "/s", Value: t.perSecond(ours.took - ours.listing),
				What: fmt.Sprintf("that pass behind its listing, batches of %d", batch),
			}, t.perSecond(bare.took-bare.listing), 0))
		}
	}
	return nil
}

func (t *trial) perSecond(took time.Duration) float64 {
	return float64(t.size.records) / took.Seconds()
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
func (t *trial) rounds(ctx context.Context, batch int, pass passes) (ours, bare lap, err error) {
	yardstick, err := t.newBare(ctx)
	if err != nil {
		return ours, bare, err
	}
	defer yardstick.close()
	for range t.repeats() {
		plain, err := yardstick.pass(ctx, batch)
		if err != nil {
			return ours, bare, err
		}
		o, err := pass(ctx, t.full)
		if err != nil {
			return ours, bare, err
		}
		ours, bare = quicker(ours, o.lap), quicker(bare, plain)
	}
	return ours, bare, nil
}

// repeats is how often a pass is measured: the shorter it is, the more of them another process may have got into.
func (t *trial) repeats() int {
	switch {
	case t.size.records > 100_000:
		return min(t.Rounds, 2)
	case t.size.records > 10_000:
		return t.Rounds
	default:
		return t.Rounds * t.Rounds
	}
}

// quicker takes the zero lap for none.
func quicker(a, b lap) lap {
	if a.took == 0 || b.took < a.took {
		return b
	}
	return a
}

// changed measures passes after every hundredth record has changed, again and again, each beside the yardstick.
func (t *trial) changed(ctx context.Context, pass passes) error {
	set := t.crew.world.settings
	set.BatchSize = t.batches[0]
	if err := t.reschedule(set); err != nil {
		return err
	}
	ours, bare, err := t.rounds(ctx, set.BatchSize, pass)
	if err != nil {
		return err
	}
	t.add(compared(Measurement{
		Key: fmt.Sprintf("changed_%d", t.size.records), Unit: t.noun + "/s", Value: t.perSecond(ours.took),
		What: fmt.Sprintf("1 %% changed, %s %s, batches of %d", t.records(), t.noun, set.BatchSize),
	}, t.perSecond(bare.took), 0.25))
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
