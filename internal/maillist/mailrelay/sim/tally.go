package sim

import (
	"maps"
	"sync"
	"time"
)

// tally counts what was asked and answered.
type tally struct {
	mu       sync.Mutex
	calls    map[string]int64
	statuses map[int]int64
	flying   int
	peak     int
}

func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls, t.statuses, t.peak = map[string]int64{}, map[int]int64{}, t.flying
}

func (t *tally) begin(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[name]++
	t.flying++
	t.peak = max(t.peak, t.flying)
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
}

func (t *tally) status(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statuses[status]++
}

func (t *tally) copied() (calls map[string]int64, statuses map[int]int64, peak int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.calls), maps.Clone(t.statuses), t.peak
}

// bucket holds tokens, one for each call; rate 0 = never empty.
type bucket struct {
	rate, size float64 // tokens a second, tokens at most

	mu     sync.Mutex
	level  float64
	filled time.Time
}

// take uses a token up, or says how long there will be none.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	if b.rate <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.filled.IsZero() {
		b.level, b.filled = b.size, now
	}
	b.level = min(b.size, b.level+now.Sub(b.filled).Seconds()*b.rate)
	b.filled = now
	if b.level >= 1 {
		b.level--
		return 0
	}
	return time.Duration((1 - b.level) / b.rate * float64(time.Second))
}
