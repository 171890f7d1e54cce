-- Words what jwt_authn tells of a token as the policy service would: roles are names with commas, and only a
-- user has any.

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local CLAIMED = {"x-user-email", "x-user-roles", "x-client-id"}
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
  if not headers:get("x-colonnade-verified") then
    -- No user, so the policy service is asked whose it is; what it does not say must not stay.
    for _, name in ipairs(CLAIMED) do headers:remove(name) end
    return
  end
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
