package queue

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/tasks"
)

// Verdict is what becomes of a task.
type Verdict string

// The verdicts.
const (
	Done   Verdict = "done"
	Again  Verdict = "again"   // it failed: tried again with backoff
	Later  Verdict = "later"   // it did not fail, its time has not come
	GaveUp Verdict = "gave_up" // no retry; kept for a person to see
)

const (
	backoffBase = 5 * time.Second
	backoffCap  = 15 * time.Minute
	backoffMin  = time.Second
	versionWait = 30 * time.Second // until a newer worker has had time to take it
)

// Attempt tells how many attempts a batch has had, counted where it counts (in Postgres); without it the queue's own
// count serves. N is 1 for the first attempt.
type Attempt struct {
	N   int
	Err error
}

func (a *Attempt) Error() string { return a.Err.Error() }
func (a *Attempt) Unwrap() error { return a.Err }

// Outcome is a verdict and its times. The wait lies between After and After+Spread; spreading keeps tasks that
// failed together from coming back together.
type Outcome struct {
	Verdict Verdict
	Retry   bool // it comes back
	Counted bool // it counts as a failed attempt
	After   time.Duration
	Spread  time.Duration
}

// OutcomeOf is the one place that maps an error to what becomes of its task. retried is how often the task was tried
// again before; an *Attempt in the chain overrides it.
func OutcomeOf(err error, retried int) Outcome {
	if err == nil {
		return Outcome{Verdict: Done}
	}
	if _, ok := errors.AsType[*tasks.NewerError](err); ok {
		return later(versionWait)
	}
	switch fault.ClassOf(err) {
	case fault.RateLimited, fault.Held:
		return later(fault.RetryAfter(err))
	case fault.Auth, fault.NotFound, fault.Rejected, fault.Refused:
		return Outcome{Verdict: GaveUp, Counted: true}
	default:
		return again(attemptsBefore(err, retried))
	}
}

func attemptsBefore(err error, retried int) int {
	if a, ok := errors.AsType[*Attempt](err); ok {
		return max(0, a.N-1)
	}
	return retried
}

// later comes back after the wait asked for, plus up to a tenth.
func later(wait time.Duration) Outcome {
	wait = max(wait, time.Second)
	return Outcome{Verdict: Later, Retry: true, After: wait, Spread: wait / 10}
}

// again waits anything up to the doubled base ("full jitter"), but never hammers.
func again(before int) Outcome {
	ceiling := backoffCap
	if before < 8 { // 5 s doubled 8 times is beyond the cap
		ceiling = min(backoffCap, backoffBase<<before)
	}
	return Outcome{Verdict: Again, Retry: true, Counted: true, After: backoffMin, Spread: ceiling - backoffMin}
}

// Delay draws a wait.
func (o Outcome) Delay() time.Duration {
	return o.After + rand.N(o.Spread+1)
}
