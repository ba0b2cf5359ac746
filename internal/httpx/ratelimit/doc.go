// Package ratelimit keeps all workers together within one account's limits. The state is in Redis and every decision is
// one Lua script on Redis's own clock, so clocks that differ do no harm.
//
// A caller reserves the next free moment and sleeps until then, instead of trying again and again: calls go out evenly
// and the allowed rate is used to the full. When the other side says "too many", everybody stops and the rate is
// halved; it grows back within ten minutes. Without Redis nobody calls.
//
// Times are stored as values and compared in the scripts; expiry of keys only cleans up. So the package also works on a
// Redis whose expiry clock is coarse.
package ratelimit
