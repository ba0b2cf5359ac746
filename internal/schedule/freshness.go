package schedule

import "time"

// Pace is what is known of how fast the passes of a sync follow each other.
type Pace struct {
	LastEnd time.Time     // of the newest finished pass; zero = none yet
	Took    time.Duration // that pass, or the newest run of it
	Next    time.Time     // when the next one is due; zero = only by hand
	Began   time.Time     // the pass under way; zero = none
	Done    int64         // records of it that are settled
	Total   int64
	Parts   int           // runs that a pass takes, with batches_per_run; 0 = 1
	Every   time.Duration // between two runs
}

// Freshness foresees how long the records go between two looks at the present pace: from the end of the last pass to the
// end of the one under way or, when none is, of the next one. A pass of several runs takes as long as they are apart.
func Freshness(p Pace, now time.Time) time.Duration {
	from := p.LastEnd
	if from.IsZero() {
		from = now
		if !p.Began.IsZero() {
			from = p.Began
		}
	}
	return max(p.end(now).Sub(from), now.Sub(from), time.Duration(p.Parts)*p.Every)
}

// end is when the pass under way, or the next one, will have ended.
func (p Pace) end(now time.Time) time.Time {
	switch {
	case !p.Began.IsZero() && p.Done > 0 && p.Total > p.Done:
		return p.Began.Add(time.Duration(float64(now.Sub(p.Began)) * float64(p.Total) / float64(p.Done)))
	case !p.Began.IsZero(), p.Next.IsZero():
		return now
	case p.Next.Before(now):
		return now.Add(p.Took)
	default:
		return p.Next.Add(p.Took)
	}
}

// promiseSlack is how much later than promised still counts as kept: passes begin and end by the second.
const promiseSlack = 20

// Keeps says whether records that go so long between two looks keep a promise.
func Keeps(promise, freshness time.Duration) bool { return freshness <= promise+promise/promiseSlack }
