package schedule

import (
	"math"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/whmcsync/whmcsync/internal/state"
)

// due returns the newest moment of the schedule that has come and had no run yet, zero when there is none. Moments that
// were missed while nobody led are made up for once, not one by one. A sync that never ran is due at once when it runs
// every so often, and at its next moment (from started on) when it runs by the clock.
func due(schedule cron.Schedule, last, started, now time.Time) time.Time {
	if schedule == nil {
		return time.Time{}
	}
	every, interval := schedule.(cron.ConstantDelaySchedule)
	if last.IsZero() {
		if interval {
			return now
		}
		last = started
	}
	if interval {
		if now.Sub(last) < every.Delay {
			return time.Time{}
		}
		return now.Add(-(now.Sub(last) % every.Delay))
	}
	var slot time.Time
	for at := next(schedule, last); !at.IsZero() && !at.After(now); at = next(schedule, at) {
		slot = at
	}
	return slot
}

// anyHour marks the hours of a schedule that were written as *.
const anyHour = 1 << 63

// next is the first moment of a schedule after another. One that names hours goes by the clock on the wall: what falls
// into the hour that summer time leaves out comes an hour later, and what falls into the one that comes twice comes once.
func next(schedule cron.Schedule, after time.Time) time.Time {
	spec, byClock := schedule.(*cron.SpecSchedule)
	if !byClock || spec.Hour&anyHour != 0 {
		return schedule.Next(after)
	}
	wall := *spec
	wall.Location = time.UTC
	in := func(at time.Time, zone *time.Location) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone)
	}
	for at := wall.Next(in(after.In(spec.Location), time.UTC)); !at.IsZero(); at = wall.Next(at) {
		if moment := in(at, spec.Location); moment.After(after) {
			return moment
		}
	}
	return time.Time{}
}

// Next returns when the sync is due next; zero = only by hand.
func Next(schedule cron.Schedule, last, now time.Time) time.Time {
	switch {
	case schedule == nil:
		return time.Time{}
	case last.IsZero():
		if _, interval := schedule.(cron.ConstantDelaySchedule); interval {
			return now
		}
		return next(schedule, now)
	default:
		return next(schedule, last)
	}
}

// wantsFull says whether a run reads and compares a full listing: always before the first load, then every so often. A
// run that comes a little early still counts, so that a daily schedule means a daily full listing.
func wantsFull(every time.Duration, lastFull, now time.Time) bool {
	return lastFull.IsZero() || now.Sub(lastFull) >= every-every/20
}

// implausible says why a listing is not to be believed, "" when it is. shrink is in percent.
func implausible(rows, before int, shrink float64) string {
	switch {
	case before == 0:
		return ""
	case rows == 0:
		return "the listing is empty"
	case float64(rows) < float64(before)*(1-shrink/100):
		return "the listing shrank"
	default:
		return ""
	}
}

// clockSlack is how far ahead of this clock a moment may lie that another machine wrote.
const clockSlack = time.Hour

// believe forgets what is said to have happened later than now: a clock was wrong when that was written, and to wait
// for the moment could take years.
func believe(sync state.Sync, now time.Time) state.Sync {
	for _, at := range []*time.Time{&sync.LastSlot, &sync.LastFullAt, &sync.PolledAt} {
		if at.After(now.Add(clockSlack)) {
			*at = time.Time{}
		}
	}
	return sync
}

// Guard is the limit on destructive changes in one run.
type Guard struct {
	Min     int
	Percent float64 // of the records of the sync
	Shrink  float64 // percent by which a listing may be smaller than the one before
}

// Limit is max(Min, Percent of the records).
func (g Guard) Limit(records int64) int {
	return max(g.Min, int(math.Ceil(float64(records)*g.Percent/100)))
}

func slotName(at time.Time) string { return at.UTC().Format(time.RFC3339) }
