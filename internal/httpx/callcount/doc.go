// Package callcount counts equal calls to an account for all processes that make them, in Redis: some APIs punish the same
// call made too often, wherever it comes from. Every decision is one Lua script on Redis's own clock. Without Redis nobody
// calls.
//
// A call is known by a fingerprint; who makes that sees to it that it tells no secret. Of each call at most as many times
// are kept as it may be made. Times are stored as values and compared in the script; expiry of keys only cleans up.
package callcount
