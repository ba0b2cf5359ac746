package openprovider

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// TokenStore keeps an account's token for everybody who calls it. It sees to it that one caller at a time logs in.
type TokenStore interface {
	// Token returns the token. One that equals stale was refused and is not returned again ("" = none was); where there is
	// no other, login makes one, while all other callers wait for it. An error of login is returned as it is and not
	// kept. Other errors are *fault.Error: Held when ctx ended, RateLimited when somebody else's login takes too long.
	Token(ctx context.Context, stale string, login func(context.Context) (string, error)) (string, error)
}

// tokenLife is half of what Openprovider grants.
const tokenLife = 24 * time.Hour

// memory is the TokenStore of one process.
type memory struct {
	turn  chan struct{} // held while the fields are used, a login included
	token string
	since time.Time
}

func newMemory() *memory { return &memory{turn: make(chan struct{}, 1)} }

// Token: see TokenStore.
func (m *memory) Token(ctx context.Context, stale string, login func(context.Context) (string, error)) (string, error) {
	late := time.NewTimer(httpx.MaxWait)
	defer late.Stop()
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return "", &fault.Error{Class: fault.Held, Op: "wait for the token", Err: ctx.Err()}
	case <-late.C:
		return "", &fault.Error{Class: fault.RateLimited, Op: "wait for the token", RetryAfter: time.Second}
	}
	defer func() { <-m.turn }()
	if m.token != "" && m.token != stale && time.Since(m.since) < tokenLife {
		return m.token, nil
	}
	token, err := login(ctx)
	if err == nil {
		m.token, m.since = token, time.Now()
	}
	return token, err
}
