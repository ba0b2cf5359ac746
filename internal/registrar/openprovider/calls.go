package openprovider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/httpx"
)

// CallCounter counts equal calls for everybody who makes them.
type CallCounter interface {
	// Admit counts a call in. Wait is above zero when as many equal ones were made within span, which slides; then it is not
	// counted and must not be made yet. Else takeBack uncounts it, should it not be made in the end. Call is a fingerprint
	// that tells no secret. Errors are *fault.Error: Held when ctx ended, Transient when the count cannot be known.
	Admit(ctx context.Context, call string, most int, span time.Duration) (takeBack func(), wait time.Duration, err error)
}

// callLimit is how many equal calls may be made within a time.
type callLimit struct {
	most int
	span time.Duration
}

// fingerprint is of all by which Openprovider tells two calls apart. It may be stored anywhere, so a call with a secret in
// it has none: see entrance.
func fingerprint(r httpx.Request) string {
	body, _ := json.Marshal(r.Body) // what cannot be marshalled is not sent either
	sum := sha256.Sum256([]byte(r.Method + " " + r.Path + "?" + r.Query.Encode() + " " + string(body)))
	return hex.EncodeToString(sum[:])
}

// callMemory is the CallCounter of one process.
type callMemory struct {
	mu    sync.Mutex
	calls map[string]equalCalls
	swept time.Time
}

type equalCalls struct {
	made  []time.Time // oldest first
	until time.Time   // when none of them counts any more
}

func newCallMemory() *callMemory { return &callMemory{calls: map[string]equalCalls{}} }

// Admit: see CallCounter.
func (m *callMemory) Admit(_ context.Context, call string, most int, span time.Duration) (takeBack func(), wait time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.sweep(now)
	made := m.calls[call].made
	for len(made) > 0 && now.Sub(made[0]) >= span {
		made = made[1:]
	}
	if len(made) >= most {
		return nil, made[len(made)-most].Add(span).Sub(now), nil
	}
	m.calls[call] = equalCalls{append(made, now), now.Add(span)}
	return func() { m.takeBack(call) }, 0, nil
}

func (m *callMemory) takeBack(call string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.calls[call]; len(c.made) > 0 {
		c.made = c.made[:len(c.made)-1]
		m.calls[call] = c
	}
}

// sweep forgets calls that have not been made again, once a minute.
func (m *callMemory) sweep(now time.Time) {
	if now.Sub(m.swept) < time.Minute {
		return
	}
	m.swept = now
	for call, c := range m.calls {
		if !now.Before(c.until) {
			delete(m.calls, call)
		}
	}
}
