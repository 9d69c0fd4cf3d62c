-- Claims and queries as both functions read them. A claim that is a list, as a list; one value as a list of it; null and none as an empty one.
local function values(claim)
  if type(claim) == "table" and claim.list then return claim.list end
  if claim then return { claim } end
  return {}
end

local SHORT = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- A value as JSON without spaces.
local function written(value)
  if value == true then return "true" end
  if value == false then return "null" end
  if type(value) == "string" then
    return '"' .. string.gsub(value, '[%z\1-\31"\\]', function(char)
      return SHORT[char] or string.format("\\u%04x", string.byte(char))
    end) .. '"'
  end
  local parts = {}
  if value.list then
    for index, one in ipairs(value.list) do parts[index] = written(one) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  if not value.map then return value.text end
  for index, key in ipairs(value.keys) do parts[index] = written(key) .. ":" .. written(value.map[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function text_of(value)
  if type(value) == "string" then return value end
  return written(value)
end

local function contains(list, wanted)
  for _, value in ipairs(list) do
    for _, one in ipairs(wanted) do
      if value == one then return true end
    end
  end
  return false
end

local function has_scopes(rule, claims)
  local found, scope = {}, claims.scope
  for _, list in ipairs({ { type(scope) == "string" and scope or false }, values(claims.scp) }) do
    for _, value in ipairs(list) do
      if type(value) == "string" then
        for word in string.gmatch(value, "%S+") do found[word] = true end
      end
    end
  end
  for _, name in ipairs(rule.all or {}) do
    if not found[name] then return false end
  end
  if not rule.any then return true end
  for _, name in ipairs(rule.any) do
    if found[name] then return true end
  end
  return false
end

-- Takes a parameter out of the query, however it is spelt; with `start` only where its value begins so.
local function drop_query(name, start)
  local query = kong.request.get_raw_query()
  local kept, dropped = {}, false
  for part in string.gmatch(query, "[^&]+") do
    local key, value = string.match(part, "^([^=]*)=?(.*)$")
    if ngx.unescape_uri(key) == name and (not start or string.find(ngx.unescape_uri(value), start, 1, true) == 1) then
      dropped = true
    else
      kept[#kept + 1] = part
    end
  end
  if dropped then kong.service.request.set_raw_query(table.concat(kept, "&")) end
end
