-- Stops everybody and halves the rate. Answers of one burst count once: while already blocked, the end may move back but
-- the rate is not halved again.
-- KEYS: state hash. ARGV: how long (µs, 0 = not said), first and longest wait when not said (µs), how long the rate
-- takes to recover (µs), least factor.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'until', 'factor', 'factor_at', 'strikes')
local blocked, strikes = tonumber(state[1] or 0), tonumber(state[4] or 0)
local wait, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

if blocked > now then
  if now + wait > blocked then
    redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait))
  end
  return
end
if now - blocked > longest then
  strikes = 0
end
if wait == 0 then
  wait = math.min(longest, first * 2 ^ strikes)
end
local factor = tonumber(state[2] or 1) + (now - tonumber(state[3] or now)) / tonumber(ARGV[4])
factor = math.max(tonumber(ARGV[5]), math.min(1, factor) / 2)
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait), 'factor', string.format('%.6f', factor),
  'factor_at', string.format('%.0f', now), 'strikes', math.min(strikes + 1, 20))
redis.call('PEXPIRE', KEYS[1], 7200000)
