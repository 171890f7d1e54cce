-- Words the roles of a token that Envoy verified alone as the policy service would: names with commas.

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local MAX_KNOWN = 1000
local known, count = {}, 0

local function decode(text)
  local bits, held, bytes = 0, 0, {}
  for char in text:gmatch("[%w%+/]") do
    bits = bits * 64 + ALPHABET:find(char, 1, true) - 1
    held = held + 6
    if held >= 8 then
      held = held - 8
      bytes[#bytes + 1] = string.char(math.floor(bits / 2 ^ held))
      bits = bits % 2 ^ held
    end
  end
  return table.concat(bytes)
end

-- jwt_authn writes a list as base64 of its JSON, and text as it is.
local function joined(claim)
  local json = decode(claim)
  if json:sub(1, 1) ~= "[" then return claim end
  local names = {}
  for name in json:gmatch('"([^"\\,%c]+)"') do names[#names + 1] = name end
  return table.concat(names, ",")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local claim = headers:get("x-user-roles")
  if not claim then return end
  local roles = known[claim]
  if not roles then
    roles = joined(claim)
    -- Few distinct sets of roles exist; should there be many, the rest is worked out each time.
    if count < MAX_KNOWN then known[claim], count = roles, count + 1 end
  end
  headers:replace("x-user-roles", roles)
end
