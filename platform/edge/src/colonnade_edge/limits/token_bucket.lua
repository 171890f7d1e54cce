-- Token buckets for many requests in one call; each request takes from all of its buckets or from none.
-- KEYS: one per bucket, in the order of the requests.
-- ARGV: one per request; 24 bytes for each of its buckets: rate (tokens per period), period (µs) and
--       burst (tokens) as little-endian doubles.
-- A level is counted in ticks: a token is worth `period` ticks and every µs adds `rate` of them, so that
-- all of the arithmetic is exact in whole numbers below 2^53. The clock is the store's.
-- Returns one level per key, after the decision; -1 - level for the buckets of a refused request.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local states, touched, levels, key = {}, {}, {}, 0

-- A state is { level, rate, period, capacity }.
local function refill(name, rate, period, capacity)
  local state = states[name]
  if not state then
    local stored = redis.call('GET', name)
    state = { capacity, rate, period, capacity }
    if stored then
      local level, at = struct.unpack('<dd', stored)
      local missing, elapsed = capacity - level, now - at
      if elapsed < 0 then -- the store's clock was set back: go on from where it is now
        elapsed, touched[name] = 0, state
      end
      if elapsed * rate < missing then
        state[1] = level + elapsed * rate
      end
    end
    states[name] = state
  end
  return state
end

for request = 1, #ARGV do
  local limits, first, allowed = ARGV[request], key + 1, true
  for at = 1, #limits, 24 do
    key = key + 1
    local rate, period, burst = struct.unpack('<ddd', limits, at)
    local state = refill(KEYS[key], rate, period, period * burst)
    if state[1] < period then allowed = false end
  end
  for index = first, key do
    local state = states[KEYS[index]]
    if allowed then
      state[1] = state[1] - state[3]
      touched[KEYS[index]] = state
    end
    levels[index] = allowed and state[1] or -1 - state[1]
  end
end

for name, state in pairs(touched) do
  local full_in = math.ceil((state[4] - state[1]) / state[2] / 1000) + 1000
  redis.call('SET', name, struct.pack('<dd', state[1], now), 'PX', string.format('%.0f', full_in))
end
return levels
