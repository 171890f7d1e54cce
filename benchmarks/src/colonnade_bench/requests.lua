-- The load: each request carries the next of the bearer tokens in the file that is given, if one is.
-- At the end the figures are printed as one line of JSON, because wrk's own text rounds them.

local prepared, turn = {}, 0

function init(args)
  if not args[1] then return end
  for token in io.lines(args[1]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    prepared[#prepared + 1] = wrk.format()
  end
  request = function()
    turn = turn % #prepared + 1
    return prepared[turn]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
