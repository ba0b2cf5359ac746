package server

import (
	"sync"
	"time"
)

// Wrong passwords: so many in so long, then a pause.
const (
	attemptLimit  = 5
	attemptWindow = time.Minute
	attemptPrune  = 1000 // entries above which old ones are looked for
)

// attempts counts sign-ins per key. An attempt is counted before the password is looked at, so that many at once gain
// nothing, and taken back when it was right.
type attempts struct {
	now func() time.Time

	mu     sync.Mutex
	seen   map[string]window
	pruned time.Time
}

type window struct {
	start time.Time
	count int
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, seen: map[string]window{}}
}

// take counts one attempt. A result above zero means: not now, and how long to wait.
func (a *attempts) take(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.prune(now)
	w := a.seen[key]
	if now.Sub(w.start) >= attemptWindow {
		w = window{start: now}
	}
	if w.count >= attemptLimit {
		return w.start.Add(attemptWindow).Sub(now)
	}
	w.count++
	a.seen[key] = w
	return 0
}

func (a *attempts) forgive(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, key)
}

func (a *attempts) prune(now time.Time) {
	if len(a.seen) < attemptPrune || now.Sub(a.pruned) < attemptWindow {
		return
	}
	a.pruned = now
	for key, w := range a.seen {
		if now.Sub(w.start) >= attemptWindow {
			delete(a.seen, key)
		}
	}
}
