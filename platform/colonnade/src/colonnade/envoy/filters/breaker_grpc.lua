
-- On routes of gRPC: what a call came to stands in its trailers, or where there is nothing else in its headers.
-- It counts as the HTTP status that it has over REST.

local HTTP = {
  ["0"] = "200", ["1"] = "499", ["2"] = "500", ["3"] = "400", ["4"] = "504", ["5"] = "404", ["6"] = "409",
  ["7"] = "403", ["8"] = "429", ["9"] = "400", ["10"] = "409", ["11"] = "400", ["12"] = "501", ["13"] = "500",
  ["14"] = "503", ["15"] = "500", ["16"] = "401",
}

-- A stream has answered when it begins.
local function code_of(handle, headers)
  local code = headers:get("grpc-status")
  if code or headers:get(":status") ~= "200" or settings_of(handle).stream then return code end
  local trailers = handle:trailers()
  return trailers and trailers:get("grpc-status")
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status, outcome = headers:get(":status"), headers:get(OUTCOME)
  if outcome then headers:remove(OUTCOME) end
  local code = code_of(handle, headers)
  if code then status = HTTP[code] or "500" end
  if outcome or troubled > 0 or status >= "500" then answered(handle, outcome, status) end
end
