package openprovider

import (
	"sync"
	"time"
)

// guard counts equal calls, and says when one more would be too many.
type guard struct {
	most int           // equal calls within span
	span time.Duration // the window slides

	mu    sync.Mutex
	calls map[string][]time.Time // when each was made, oldest first
	swept time.Time
}

func newGuard(most int, span time.Duration) *guard {
	return &guard{most: most, span: span, calls: map[string][]time.Time{}}
}

// admit counts a call in. Wait is above zero when it must not be made yet; then it is not counted.
func (g *guard) admit(call string, now time.Time) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sweep(now)
	made := g.within(g.calls[call], now)
	if len(made) >= g.most {
		return made[len(made)-g.most].Add(g.span).Sub(now)
	}
	g.calls[call] = append(made, now)
	return 0
}

// takeBack uncounts a call that was not made in the end.
func (g *guard) takeBack(call string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if made := g.calls[call]; len(made) > 0 {
		g.calls[call] = made[:len(made)-1]
	}
}

// within leaves out what the window has slid over.
func (g *guard) within(made []time.Time, now time.Time) []time.Time {
	for len(made) > 0 && now.Sub(made[0]) >= g.span {
		made = made[1:]
	}
	return made
}

// sweep forgets calls that have not been made again, once per span.
func (g *guard) sweep(now time.Time) {
	if now.Sub(g.swept) < g.span {
		return
	}
	g.swept = now
	for call, made := range g.calls {
		if len(g.within(made, now)) == 0 {
			delete(g.calls, call)
		}
	}
}
