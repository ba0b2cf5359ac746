-- Reserves the next moment at which a call may be sent, and a place among the calls in flight.
-- KEYS: state hash, in-flight set. ARGV: token, interval (µs at the full rate, 0 = any), cap (0 = any), longest wait (µs),
-- how long a place is kept (µs), how long the rate takes to recover (µs).
-- Answers {verdict, wait in µs, blocked until in µs}; verdict 0 = go after the wait, 1 = would wait too long, 2 = all in flight.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval, cap = tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'next', 'until', 'factor', 'factor_at', 'window', 'calls', 'calls_before')
local next, blocked = tonumber(state[1] or 0), tonumber(state[2] or 0)
local factor = tonumber(state[3] or 1) + (now - tonumber(state[4] or now)) / tonumber(ARGV[6])

local at = math.max(now, next, blocked)
if at - now > tonumber(ARGV[4]) then
  return {1, at - now, blocked}
end
if cap > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
  if not redis.call('ZSCORE', KEYS[2], ARGV[1]) and redis.call('ZCARD', KEYS[2]) >= cap then
    return {2, 0, blocked}
  end
  redis.call('ZADD', KEYS[2], string.format('%.0f', at + tonumber(ARGV[5])), ARGV[1])
  redis.call('PEXPIRE', KEYS[2], 7200000)
end
if interval > 0 then
  redis.call('HSET', KEYS[1], 'next', string.format('%.0f', at + interval / math.min(1, factor)))
end
-- Calls are counted in windows of ten seconds, for people.
local window = math.floor(at / 10000000)
local calls, before = tonumber(state[6] or 0), tonumber(state[7] or 0)
if tonumber(state[5] or 0) ~= window then
  before = tonumber(state[5] or 0) == window - 1 and calls or 0
  calls = 0
end
redis.call('HSET', KEYS[1], 'window', window, 'calls', calls + 1, 'calls_before', before)
redis.call('PEXPIRE', KEYS[1], 7200000)
return {0, at - now, blocked}
