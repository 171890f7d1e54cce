-- Decides many requests in one call; each takes from all of its limits or from none.
-- KEYS: one per limit, in the order of the requests.
-- ARGV: one per request: its cost as a little-endian double, then 33 bytes for each of its limits: the
--       algorithm (a byte; + 16 for a shadow, which counts but never refuses), rate, period (µs), burst
--       and longest delay (µs) as doubles.
-- Returns three whole numbers per key, after the decision: how long to wait (µs; below zero: refused, and
-- minus the number is when to come back), how many more fit now, and when the limit is as if nobody had
-- asked (µs). A cost of 0 takes nothing and tells how the limits stand.
--
-- All arithmetic is exact, in whole numbers below 2^53. The clock is the store's. A clock that was set
-- back stands still until it has caught up; set back by more than a period, it begins anew.
-- The algorithms are those of the Python modules beside this file, function by function.

local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max

local FIXED, LOG, COUNTER, TOKEN, LEAKY = 1, 2, 3, 4, 5
local SHADOW = 16

-- A state is { at, a, b }; a rule is { algorithm, rate, period, burst, delay }, unpacked to locals.
local algorithms = {}

algorithms[FIXED] = { -- a: count
  fresh = function(r, s) s.a = 0 end,
  advance = function(r, s, now)
    if floor(now / r.period) ~= floor(s.at / r.period) then s.a = 0 end
  end,
  wait = function(r, s, cost)
    if s.a + cost <= r.rate then return 0 end
    return cost > r.rate and -r.period or s.at % r.period - r.period
  end,
  charge = function(r, s, cost) s.a = s.a + cost end,
  remaining = function(r, s) return r.rate - s.a end,
  reset = function(r, s) return s.a > 0 and r.period - s.at % r.period or 0 end,
}

local function counted(r, s) return s.a * (r.period - s.at % r.period) + s.b * r.period end

algorithms[COUNTER] = { -- a: previous, b: current
  fresh = function(r, s) s.a, s.b = 0, 0 end,
  advance = function(r, s, now)
    local windows = floor(now / r.period) - floor(s.at / r.period)
    if windows == 1 then s.a, s.b = s.b, 0 elseif windows ~= 0 then s.a, s.b = 0, 0 end
  end,
  wait = function(r, s, cost)
    if counted(r, s) + cost * r.period <= r.rate * r.period then return 0 end
    if cost > r.rate then return -r.period end
    local left, room = r.period - s.at % r.period, r.rate - s.b - cost
    if room >= 0 then return floor(room * r.period / s.a) - left end
    return floor((r.rate - cost) * r.period / s.b) - r.period - left
  end,
  charge = function(r, s, cost) s.b = s.b + cost end,
  remaining = function(r, s) return r.rate - ceil(counted(r, s) / r.period) end,
  reset = function(r, s)
    local left = r.period - s.at % r.period
    if s.b > 0 then return left + r.period end
    return s.a > 0 and left or 0
  end,
}

algorithms[TOKEN] = { -- a: level
  fresh = function(r, s) s.a = r.burst * r.period end,
  advance = function(r, s, now)
    local missing, filled = r.burst * r.period - s.a, (now - s.at) * r.rate
    s.a = s.a + min(missing, filled)
  end,
  wait = function(r, s, cost)
    local missing = cost * r.period - s.a
    if missing <= 0 then return 0 end
    return cost > r.burst and -r.period or -ceil(missing / r.rate)
  end,
  charge = function(r, s, cost) s.a = s.a - cost * r.period end,
  remaining = function(r, s) return floor(s.a / r.period) end,
  reset = function(r, s) return ceil((r.burst * r.period - s.a) / r.rate) end,
}

local function longest(r, cost) return min((r.burst + 1 - cost) * r.period, r.delay * r.rate) end

algorithms[LEAKY] = { -- a: backlog
  fresh = function(r, s) s.a = 0 end,
  advance = function(r, s, now) s.a = max(0, s.a - (now - s.at) * r.rate) end,
  wait = function(r, s, cost)
    if cost > r.burst + 1 then return -r.period end
    local excess = s.a - longest(r, cost)
    return excess > 0 and -ceil(excess / r.rate) or ceil(s.a / r.rate)
  end,
  charge = function(r, s, cost) s.a = s.a + cost * r.period end,
  remaining = function(r, s)
    local room = longest(r, 1) - s.a
    return room >= 0 and floor(room / r.period) + 1 or 0
  end,
  reset = function(r, s) return ceil(s.a / r.rate) end,
}

-- The log is a list of { time, cost, cost of all so far }, so that its sum needs only its two ends. What is
-- a period old is passed over, and removed once a request is charged: only then the clock is known to stay.
local function entry(s, index)
  local packed = redis.call('LINDEX', s.name, index)
  if packed then return struct.unpack('<ddd', packed) end
end

algorithms[LOG] = { -- a: used, b: cost of all so far, first: index of the oldest that counts
  load = function(s)
    local at, _, all = entry(s, -1)
    if at then s.at, s.b, s.youngest = at, all, at end
    return at
  end,
  fresh = function(r, s) s.a, s.b, s.first = 0, 0, redis.call('LLEN', s.name) end,
  advance = function(r, s, now)
    local function forgotten(index)
      local at = entry(s, index)
      return at and at + r.period <= now
    end
    local last, first = -1, 0
    while forgotten(first) do last, first = first, 2 * first + 1 end
    while first - last > 1 do
      local middle = floor((first + last) / 2)
      if forgotten(middle) then last = middle else first = middle end
    end
    s.first = first
    local at, cost, all = entry(s, first)
    if at then s.a = s.b - all + cost else s.a, s.b = 0, 0 end
  end,
  wait = function(r, s, cost)
    local excess, index = s.a + cost - r.rate, s.first
    if excess <= 0 then return 0 end
    while true do
      local at, spent = entry(s, index)
      if not at then return -r.period end
      excess, index = excess - spent, index + 1
      if excess <= 0 then return s.at - at - r.period end
    end
  end,
  charge = function(r, s, cost)
    s.a, s.b, s.youngest = s.a + cost, s.b + cost, s.at
    if s.first > 0 then redis.call('LTRIM', s.name, s.first, -1) end
    s.first = 0
    redis.call('RPUSH', s.name, struct.pack('<ddd', s.at, cost, s.b))
  end,
  remaining = function(r, s) return r.rate - s.a end,
  reset = function(r, s) return s.a > 0 and s.youngest + r.period - s.at or 0 end,
  save = function(s, life) redis.call('PEXPIRE', s.name, life) end,
}

local function load(s)
  local stored = redis.call('GET', s.name)
  if stored then s.at, s.a, s.b = struct.unpack('<ddd', stored) end
  return stored
end

local function save(s, life)
  redis.call('SET', s.name, struct.pack('<ddd', s.at, s.a, s.b), 'PX', life)
end

local states, rules, touched = {}, {}, {}

local function rule(packed, at)
  local text = packed:sub(at, at + 32)
  local found = rules[text]
  if not found then
    local code, rate, period, burst, delay = struct.unpack('<Bdddd', text)
    found = {
      shadow = code >= SHADOW, algorithm = algorithms[code % SHADOW],
      rate = rate, period = period, burst = burst, delay = delay,
    }
    rules[text] = found
  end
  return found
end

local function state(name, r)
  local s = states[name]
  if not s then
    s = { name = name, b = 0 }
    local known, now = (r.algorithm.load or load)(s), clock
    if known and now < s.at then
      if s.at - now <= r.period then now = s.at else known = false end
    end
    if known then r.algorithm.advance(r, s, now) else r.algorithm.fresh(r, s) end
    s.at = now
    states[name] = s
  end
  return s
end

local answer, key = {}, 0
for request = 1, #ARGV do
  local packed, first, allowed = ARGV[request], key + 1, true
  local cost = struct.unpack('<d', packed)
  local asked = {}
  for at = 9, #packed, 33 do
    key = key + 1
    local r = rule(packed, at)
    local s = state(KEYS[key], r)
    local wait = r.algorithm.wait(r, s, cost)
    if wait < 0 and not r.shadow then allowed = false end
    asked[key] = { r, s, wait }
  end
  for index = first, key do
    local r, s, wait = asked[index][1], asked[index][2], asked[index][3]
    if allowed and wait >= 0 and cost > 0 then
      r.algorithm.charge(r, s, cost)
      touched[s] = r
    end
    local at = 3 * index
    answer[at - 2], answer[at - 1], answer[at] = wait, r.algorithm.remaining(r, s), r.algorithm.reset(r, s)
  end
end

for s, r in pairs(touched) do
  (r.algorithm.save or save)(s, string.format('%.0f', ceil(r.algorithm.reset(r, s) / 1000) + 1000))
end
return answer
