-- One request for each line of BENCH_CREDENTIALS (a header each) in turn, or one for any of BENCH_CONSUMERS
-- consumers, named in a header. With a file BENCH_BODY, each posts its JSON. Each connection pauses for
-- BENCH_PAUSE_MS on average, if told. Prints what was measured as one line of JSON.

local requests, turn = {}, 0
local path, consumers = os.getenv("BENCH_PATH"), tonumber(os.getenv("BENCH_CONSUMERS"))
local pause_ms = tonumber(os.getenv("BENCH_PAUSE_MS"))
local method, body = "GET", os.getenv("BENCH_BODY")

if body then
  method, body = "POST", assert(io.open(body)):read("*a")
  wrk.headers["Content-Type"] = "application/json"
end

function init()
  if consumers then return end
  for line in io.lines(os.getenv("BENCH_CREDENTIALS")) do
    local name, value = line:match("^(.-): (.*)$")
    wrk.headers["X-User-ID"] = "alice"
    wrk.headers[name] = value
    requests[#requests + 1] = wrk.format(method, path, nil, body)
  end
end

function request()
  if consumers then
    wrk.headers["X-Consumer"] = string.format("consumer-%07d", math.random(0, consumers - 1))
    return wrk.format(method, path, nil, body)
  end
  turn = turn % #requests + 1
  return requests[turn]
end

if pause_ms then
  math.randomseed(7)
  -- Exponential pauses of many connections make arrivals that know nothing of one another.
  function delay() return -pause_ms * math.log(1 - math.random()) end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"errors":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
