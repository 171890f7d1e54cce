-- A gRPC status, which the transcoder has made an HTTP status, as a problem document (RFC 9457).
-- What a service says of its own failures (5xx) is not told.

local TITLES = {
  ["400"] = "Bad Request", ["401"] = "Unauthorized", ["403"] = "Forbidden", ["404"] = "Not Found",
  ["409"] = "Conflict", ["429"] = "Too Many Requests", ["499"] = "Client Closed Request",
  ["500"] = "Internal Server Error", ["501"] = "Not Implemented", ["503"] = "Service Unavailable",
  ["504"] = "Gateway Timeout",
}
local OURS = {"grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-accept-encoding", "grpc-encoding"}

local function decoded(message)
  return (message:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function quoted(text)
  local escaped = text:gsub('[%c"\\]', function(char) return string.format("\\u%04x", char:byte()) end)
  return '"' .. escaped .. '"'
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status, code = headers:get(":status"), headers:get("grpc-status")
  local message = headers:get("grpc-message") or ""
  for _, name in ipairs(OURS) do headers:remove(name) end
  if code == nil or code == "0" or status == "200" then return end
  local title = TITLES[status] or "Error"
  local detail = decoded(message)
  if status >= "500" or detail == "" then detail = "The service answered " .. title .. "." end
  local fields = {
    '"type":"about:blank"', '"title":' .. quoted(title), '"status":' .. status, '"detail":' .. quoted(detail),
  }
  headers:replace("content-type", "application/problem+json")
  local length = handle:body(true):setBytes("{" .. table.concat(fields, ",") .. "}")
  headers:replace("content-length", tostring(length))
end
