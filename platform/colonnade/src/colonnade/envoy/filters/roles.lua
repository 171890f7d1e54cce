-- Words what jwt_authn tells of a user as the policy service would: printable ASCII, and roles by names with commas.

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local MAX_KNOWN = 1000
local OF_A_USER = {"x-user-id", "x-user-email", "x-user-roles", "x-client-id", "x-colonnade-verified"}
local UNPRINTABLE = "[^ -~]"
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

-- jwt_authn writes a list as base64 of its JSON, and text, which has spaces between the names, as it is.
local function joined(claim)
  local json, pattern = decode(claim), '"([^"]*)"'
  if json:find("^%[.*%]$") then
    json = json:gsub("\\.", "\1")  -- a quote within a name ends none; no such name is told
  else
    json, pattern = claim, "%S+"
  end
  local names = {}
  for name in json:gmatch(pattern) do
    if name ~= "" and not name:find("[^!-+.-~%-]") then names[#names + 1] = name end
  end
  return table.concat(names, ",")
end

local function remove_unprintable(headers, name)
  local value = headers:get(name)
  if value and value:find(UNPRINTABLE) then headers:remove(name) end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local user = headers:get("x-user-id")
  if not user or user:find(UNPRINTABLE) then
    -- The policy service is asked whose the token is; what it does not say must not stay.
    for _, name in ipairs(OF_A_USER) do headers:remove(name) end
    return
  end
  remove_unprintable(headers, "x-user-email")
  remove_unprintable(headers, "x-client-id")
  local claim = headers:get("x-user-roles")
  if not claim then return end
  local roles = known[claim]
  if not roles then
    roles = joined(claim)
    -- Few distinct sets of roles exist; should there be many, the rest is worked out each time.
    if count < MAX_KNOWN then known[claim], count = roles, count + 1 end
  end
  if roles == "" then headers:remove("x-user-roles") else headers:replace("x-user-roles", roles) end
end
