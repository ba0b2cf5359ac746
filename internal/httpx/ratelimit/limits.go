package ratelimit

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Limits is how an account stands at this moment.
type Limits struct {
	PerSecond     float64   // allowed now; below Configured after the other side said "too many"; 0 = any number
	Configured    float64   // calls a second; 0 = any number
	UsedPerSecond float64   // calls a second lately: of the last full ten seconds, or of the present ones when those are more
	InFlight      int       // calls on their way now, over all processes
	MaxInFlight   int       // 0 = any number
	BlockedUntil  time.Time // by Redis's clock; zero = not blocked
}

// Limits looks without changing anything. Errors are fault.Transient (Redis) or fault.Held (ctx ended).
func (l *Limiter) Limits(ctx context.Context) (Limits, error) {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	now, err := l.Redis.Time(bounded).Result()
	if err != nil {
		return Limits{}, l.redisFault(ctx, err)
	}
	pipe := l.Redis.Pipeline()
	state := pipe.HMGet(bounded, l.state, "until", "factor", "factor_at", "window", "calls", "calls_before")
	flying := pipe.ZCount(bounded, l.flying, "("+strconv.FormatInt(now.UnixMicro(), 10), "+inf")
	if _, err := pipe.Exec(bounded); err != nil {
		return Limits{}, l.redisFault(ctx, err)
	}
	return Limits{
		PerSecond:     l.PerSecond * factorAt(now, state),
		Configured:    l.PerSecond,
		UsedPerSecond: usedAt(now, state),
		InFlight:      int(flying.Val()),
		MaxInFlight:   l.InFlight,
		BlockedUntil:  blockedUntil(now, state),
	}, nil
}

func factorAt(now time.Time, state *redis.SliceCmd) float64 {
	factor, ok := number(state, 1)
	since, _ := number(state, 2)
	if !ok {
		return 1
	}
	return min(1, factor+(float64(now.UnixMicro())-since)/float64(recovery.Microseconds()))
}

// usedAt reads the call counters of reserve.lua.
func usedAt(now time.Time, state *redis.SliceCmd) float64 {
	window, _ := number(state, 3)
	calls, _ := number(state, 4)
	before, _ := number(state, 5)
	present := now.UnixMicro() / 10_000_000
	switch int64(window) {
	case present:
		return max(calls, before) / 10
	case present - 1:
		return calls / 10
	default:
		return 0
	}
}

func blockedUntil(now time.Time, state *redis.SliceCmd) time.Time {
	until, _ := number(state, 0)
	if int64(until) <= now.UnixMicro() {
		return time.Time{}
	}
	return time.UnixMicro(int64(until)).UTC()
}

func number(state *redis.SliceCmd, i int) (float64, bool) {
	text, _ := state.Val()[i].(string)
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
