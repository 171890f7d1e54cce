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

local function refill(name, rate, capacity)
  local state = states[name]
  if not state then
    local stored = redis.call('GET', name)
    state = { capacity, now }
    if stored then
      local level, at = struct.unpack('<dd', stored)
      local missing, elapsed = capacity - level, now - at
      if missing > 0 and elapsed * rate < missing then
        state[1] = elapsed > 0 and level + elapsed * rate or level
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
    local state = refill(KEYS[key], rate, period * burst)
    state.rate, state.period, state.capacity = rate, period, period * burst
    if state[1] < period then allowed = false end
  end
  for index = first, key do
    local state = states[KEYS[index]]
    if allowed then
      state[1] = state[1] - state.period
      touched[KEYS[index]] = state
    end
    levels[index] = allowed and state[1] or -1 - state[1]
  end
end

for name, state in pairs(touched) do
  local full_in = math.ceil((state.capacity - state[1]) / state.rate / 1000) + 1000
  redis.call('SET', name, struct.pack('<dd', state[1], now), 'PX', string.format('%.0f', full_in))
end
return levels
