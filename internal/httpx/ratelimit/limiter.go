package ratelimit

import (
	"cmp"
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

const (
	recovery     = 10 * time.Minute // from nothing back to the full rate
	leastFactor  = 0.1              // of the configured rate
	firstBackoff = 5 * time.Second  // after "too many" without a time
	lastBackoff  = 5 * time.Minute
	grace        = 5 * time.Second // a place in flight outlives its call's timeout by this
	redisTimeout = 3 * time.Second
)

var (
	//go:embed reserve.lua
	reserveText   string
	reserveScript = redis.NewScript(reserveText)

	//go:embed block.lua
	blockText   string
	blockScript = redis.NewScript(blockText)
)

// Config is what a Limiter needs. Redis and Account are required.
type Config struct {
	Redis       redis.UniversalClient
	Account     string        // all limiters of one account name share one limit
	PerSecond   float64       // calls a second, spread evenly; 0 = any number
	InFlight    int           // calls at once over all processes; 0 = any number
	CallTimeout time.Duration // of one call; default 30s
}

// Limiter is an httpx.Limiter for all processes that share a Redis. Safe for many goroutines at once.
type Limiter struct {
	Config

	state, flying string // keys; the braces keep both on one node of a cluster
}

var _ httpx.Limiter = (*Limiter)(nil)

// New returns a limiter. Nothing is sent to Redis.
func New(cfg Config) *Limiter {
	cfg.CallTimeout = cmp.Or(cfg.CallTimeout, 30*time.Second)
	prefix := "whmcsync:limit:{" + cfg.Account + "}:"
	return &Limiter{Config: cfg, state: prefix + "state", flying: prefix + "flying"}
}

// Wait reserves the next moment and sleeps until it has come. See httpx.Limiter.
func (l *Limiter) Wait(ctx context.Context) (release func(), err error) {
	token := uuid.NewString()
	if err := l.admit(ctx, token); err != nil {
		l.release(ctx, token)
		return nil, err
	}
	return func() { l.release(ctx, token) }, nil
}

func (l *Limiter) admit(ctx context.Context, token string) error {
	deadline := time.Now().Add(httpx.MaxWait)
	for round := 0; ; round++ {
		seat, err := l.reserve(ctx, token)
		if err != nil {
			return err
		}
		switch {
		case seat.verdict == tooLong:
			return l.later(seat.wait)
		case seat.verdict == crowded && time.Now().After(deadline):
			return l.later(time.Second)
		case seat.verdict == crowded:
			err = sleep(ctx, crowdedPause(round))
		case seat.wait == 0:
			return nil
		default:
			err = sleep(ctx, seat.wait)
		}
		if err != nil {
			return err
		}
		if seat.verdict == free {
			if still, err := l.stillFree(ctx, seat); still || err != nil {
				return err
			}
		}
	}
}

// crowdedPause grows from about 5 ms to about 100 ms, spread so that waiters do not ask in step.
func crowdedPause(round int) time.Duration {
	longest := min(10*time.Millisecond<<min(round, 4), 100*time.Millisecond)
	return longest/2 + rand.N(longest/2)
}

func (l *Limiter) later(wait time.Duration) error {
	return &fault.Error{Class: fault.RateLimited, Account: l.Account, Op: "wait for the rate limit", RetryAfter: wait}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return held(ctx)
	}
}

func held(ctx context.Context) error {
	return &fault.Error{Class: fault.Held, Op: "wait for the rate limit", Err: ctx.Err()}
}

type verdict int64

// The verdicts of reserve.lua.
const (
	free verdict = iota
	tooLong
	crowded
)

type seat struct {
	verdict verdict
	wait    time.Duration
	blocked int64 // µs; the block that was known when the seat was reserved
}

func (l *Limiter) reserve(ctx context.Context, token string) (seat, error) {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	answer, err := reserveScript.Run(bounded, l.Redis, []string{l.state, l.flying},
		token, l.interval(), l.InFlight, httpx.MaxWait.Microseconds(),
		(l.CallTimeout + grace).Microseconds(), recovery.Microseconds()).Int64Slice()
	if err != nil || len(answer) != 3 {
		return seat{}, l.redisFault(ctx, err)
	}
	return seat{verdict(answer[0]), time.Duration(answer[1]) * time.Microsecond, answer[2]}, nil
}

func (l *Limiter) interval() int64 {
	if l.PerSecond <= 0 {
		return 0
	}
	return max(1, int64(1e6/l.PerSecond))
}

// stillFree looks whether a block came while the seat's holder slept.
func (l *Limiter) stillFree(ctx context.Context, s seat) (bool, error) {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	blocked, err := l.Redis.HGet(bounded, l.state, "until").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, l.redisFault(ctx, err)
	}
	return blocked <= s.blocked, nil
}

func (l *Limiter) release(ctx context.Context, token string) {
	if l.InFlight <= 0 {
		return
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	l.Redis.ZRem(bounded, l.flying, token) // when this fails the place expires
}

// Block stops everybody for d and halves the rate; 0 = for 5 s, and up to 5 min when it keeps happening. When Redis does
// not answer nobody is told, but then nobody can call either.
func (l *Limiter) Block(ctx context.Context, d time.Duration) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	blockScript.Run(bounded, l.Redis, []string{l.state}, d.Microseconds(), firstBackoff.Microseconds(),
		lastBackoff.Microseconds(), recovery.Microseconds(), leastFactor)
}

func (l *Limiter) redisFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return held(ctx)
	}
	return &fault.Error{
		Class: fault.Transient, Account: l.Account, Op: "wait for the rate limit",
		Err: fmt.Errorf("the queue's Redis does not answer: %w", err),
	}
}
