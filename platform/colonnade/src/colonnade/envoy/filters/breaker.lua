-- A circuit breaker for each route, kept by each worker of an edge; the runtime's breaker has the same states.
-- Times are in milliseconds. A route that is not in `breakers` is closed, and all that was asked of it went well.

local NAME, OUTCOME = "colonnade.breaker", "x-colonnade-outcome"
local breakers, troubled = {}, 0

local function settings_of(handle)
  local settings = {}
  for key, value in pairs(handle:filterContext()) do settings[key] = value end
  return settings
end

local function note(handle, key, value) handle:streamInfo():dynamicMetadata():set(NAME, key, value) end

local function era_of(handle)
  local noted = handle:streamInfo():dynamicMetadata():get(NAME)
  return noted and noted.era
end

-- What was asked in an earlier era says nothing in this one.
local function enter(breaker, now, open_until)
  breaker.era, breaker.since, breaker.open_until = breaker.era + 1, now, open_until
  breaker.in_a_row, breaker.probed_until = 0, 0
end

local function failed(handle, breaker, settings, now)
  breaker.in_a_row = breaker.in_a_row + 1
  if not breaker.open_until and breaker.in_a_row < settings.failures then return end
  enter(breaker, now, now + breaker.pause)
  breaker.pause = math.min(breaker.pause * 2, settings.max_pause)
  note(handle, "event", "opened")
end

local function succeeded(handle, breaker, settings, now)
  breaker.in_a_row = breaker.open_until and breaker.in_a_row + 1 or 0
  breaker.probed_until = 0
  if not breaker.open_until or breaker.in_a_row < settings.successes then return end
  enter(breaker, now, nil)
  breaker.pause = settings.first_pause
  note(handle, "event", "closed")
end

local function refuse(handle, wait)
  note(handle, "event", "refused")
  handle:respond({[":status"] = "503", ["retry-after"] = tostring(math.max(1, math.ceil(wait / 1000)))})
end

local function one_of(statuses, status)
  for _, each in ipairs(statuses) do
    if each == tonumber(status) then return true end
  end
  return false
end

-- Whether it went well (true or false), or nil where that is not said.
local function judged(settings, outcome, status)
  if outcome == "failed" or not outcome and one_of(settings.unhealthy, status) then return false end
  -- The edge receives the body, and finds it too large, after this filter.
  if not outcome and status ~= "413" and (not settings.healthy or one_of(settings.healthy, status)) then return true end
end

-- Nothing of an earlier era is under way any more, or the clock was set back.
local function forgotten(breaker, settings, now)
  local quiet = not breaker.open_until and breaker.in_a_row == 0
  return quiet and now > breaker.since + settings.patience or now < breaker.since
end

function envoy_on_request(handle)
  if troubled == 0 then return end
  local settings = settings_of(handle)
  local breaker = breakers[settings.route]
  if not breaker then return end
  local now = handle:timestamp()
  if forgotten(breaker, settings, now) then
    breakers[settings.route], troubled = nil, troubled - 1
    return
  end
  if breaker.open_until then
    if now < breaker.open_until then return refuse(handle, breaker.open_until - now) end
    if now < breaker.probed_until then return refuse(handle, 0) end
    breaker.probed_until = now + settings.patience  -- its answer may never come: the client may go
    note(handle, "event", "probed")
  end
  note(handle, "era", breaker.era)
end

local function answered(handle, outcome, status)
  local settings = settings_of(handle)
  if not settings.route then return end
  local breaker, noted, now = breakers[settings.route], era_of(handle), handle:timestamp()
  local well = judged(settings, outcome, status)
  if not breaker then
    if well ~= false or noted then return end
    breaker = {era = 0, since = now, in_a_row = 0, probed_until = 0, pause = settings.first_pause}
    breakers[settings.route], troubled = breaker, troubled + 1
  elseif breaker.era ~= (noted or 0) then
    return
  end
  if well == false then
    failed(handle, breaker, settings, now)
  elseif well and (noted or status < "400") then  -- else a filter refused what the BFF never saw
    succeeded(handle, breaker, settings, now)
  elseif noted then
    breaker.probed_until = 0
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status = headers:get(":status")
  if troubled == 0 and status < "500" then return end
  local outcome = headers:get(OUTCOME)
  if outcome then headers:remove(OUTCOME) end
  answered(handle, outcome, status)
end
