-- Counts a call in, unless as many equal ones as may be were made within the span, which slides.
-- KEYS: list of when each was made (µs, oldest first). ARGV: how many may be, span (µs).
-- Answers {wait in µs, when it was counted in µs}; with a wait it was not counted.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local most, span = tonumber(ARGV[1]), tonumber(ARGV[2])

local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - span do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
if redis.call('LLEN', KEYS[1]) >= most then
  local leaves = tonumber(redis.call('LINDEX', KEYS[1], -most)) + span
  return {math.max(1, leaves - now), 0} -- at least 1: a clock that was set back leaves the list unsorted
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(span / 1000) + 60000)
return {0, now}
