-- After every check of a plugin: scopes and groups where several schemes may vouch, limits that no plugin counts, then what goes
-- upstream: forged headers out, claims in, keys out.
local function refuse(status, message, headers)
  return kong.response.exit(status, { message = message }, headers)
end

local function values(claim)
  if type(claim) == "table" and claim.list then return claim.list end
  if claim then return { claim } end
  return {}
end

local function text_of(value)
  if type(value) == "string" then return value end
  if value == true then return "true" end
  if type(value) == "table" then return value.text end
  return nil
end

local function contains(list, wanted)
  for _, value in ipairs(list) do
    for _, one in ipairs(wanted) do
      if value == one then return true end
    end
  end
  return false
end

-- The token, where the jwt plugin verified the very one whose claims were checked.
local function verified_token()
  local token = kong.ctx.shared.gateway_token
  if token and kong.ctx.shared.authenticated_jwt_token == token.text then return token end
  return nil
end

-- Who it is: { name, groups, plan } for a consumer, { id } for somebody else.
local function caller(token)
  if token then
    for _, consumer in ipairs(CONSUMERS) do
      local claim = token.claims[consumer.claim]
      if claim and contains(values(claim), { consumer.value }) then return consumer end
    end
    return { id = "token " .. token.scheme .. " " .. (text_of(token.claims.sub) or ""), groups = {} }
  end
  local credential, consumer = kong.client.get_credential(), kong.client.get_consumer()
  if credential and consumer then
    return MEMBERS[consumer.username] or { name = consumer.username, groups = {} }
  end
  return nil
end

local function has_scopes(rule, token)
  if not token then return false end
  local found = {}
  local scope = token.claims.scope
  for _, list in ipairs({ { type(scope) == "string" and scope or false }, values(token.claims.scp) }) do
    for _, value in ipairs(list) do
      if type(value) == "string" then
        for word in string.gmatch(value, "%S+") do found[word] = true end
      end
    end
  end
  for _, scope in ipairs(rule.all or {}) do
    if not found[scope] then return false end
  end
  if not rule.any then return true end
  for _, scope in ipairs(rule.any) do
    if found[scope] then return true end
  end
  return false
end

local function joined(claim)
  local parts = {}
  for _, one in ipairs(values(claim)) do
    local text = text_of(one)
    if text then parts[#parts + 1] = text end
  end
  if #parts == 0 then return nil end
  return (string.gsub(table.concat(parts, ","), "[^\33-\126]", function(char)
    return string.format("%%%02X", string.byte(char))
  end))
end

local function client()
  return kong.client.get_forwarded_ip()
end

local function whose(key, who, token)
  if key == "everyone" then return "" end
  if key == "client_ip" then return client() end
  if key.header then return kong.request.get_header(key.header) or "" end
  if key.claim then return token and joined(token.claims[key.claim]) or "" end
  if not who then return client() end
  return who.name and "consumer " .. who.name or who.id
end

-- The calendar window (UTC) that `now` lies in: its name and the seconds left of it.
local function window_of(unit, now)
  local day = math.floor(now / 86400)
  if unit == "day" then return day, (day + 1) * 86400 - now end
  if unit == "week" then
    -- Day 0 was a Thursday; weeks begin on Monday.
    local week = math.floor((day + 3) / 7)
    return week, ((week + 1) * 7 - 3) * 86400 - now
  end
  local date = os.date("!*t", now)
  local days = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  local leap = date.year % 4 == 0 and (date.year % 100 ~= 0 or date.year % 400 == 0)
  local length = days[date.month] + (date.month == 2 and leap and 1 or 0)
  return date.year * 12 + date.month, (length - date.day + 1) * 86400 - now % 86400
end

-- A bucket holds the time at which it will be full again; `nil` for wait means that one more is admitted.
local function bucket(store, limit, id, now)
  local key = "gateway:" .. limit.name .. ":" .. id
  local full = math.max(store:get(key) or 0, now)
  local after = full + limit.interval
  local wait = after - now - limit.interval * limit.burst
  if wait > 0.0005 then return math.ceil(wait) end
  return nil, function() store:set(key, after, limit.interval * limit.burst + 1) end
end

local function quota(store, limit, id, now)
  local name, left = window_of(limit.window, math.floor(now))
  local key = "gateway:" .. limit.name .. ":" .. name .. ":" .. id
  if (store:get(key) or 0) >= limit.quota then return left end
  return nil, function() store:incr(key, 1, 0, left + 60) end
end

-- All that apply must admit before any is taken from.
local function count(route, who, token)
  local limits = {}
  for _, limit in ipairs(GATEWAY.limits or {}) do limits[#limits + 1] = limit end
  for _, limit in ipairs(route.limits or {}) do limits[#limits + 1] = limit end
  for _, limit in ipairs(who and who.plan and PLANS[who.plan] or {}) do limits[#limits + 1] = limit end
  if #limits == 0 then return end
  local store, now, take = ngx.shared.kong_rate_limiting_counters, ngx.now(), {}
  for _, limit in ipairs(limits) do
    local check = limit.quota and quota or bucket
    local wait, admit = check(store, limit, whose(limit.key, who, token), now)
    if wait then return refuse(429, limit.quota and "quota used up" or "rate limit exceeded", { ["Retry-After"] = wait }) end
    take[#take + 1] = admit
  end
  for _, admit in ipairs(take) do admit() end
end

-- Clears headers of these names however they are spelt: upstreams that turn `-` into `_` take `X_User` for `X-User`.
local function strip(names)
  if not names then return end
  for name in pairs(ngx.req.get_headers(0)) do
    if names[(string.gsub(string.lower(name), "_", "-"))] then ngx.req.clear_header(name) end
  end
end

local function drop_query(name)
  local query = kong.request.get_raw_query()
  if query == "" then return end
  local kept = {}
  for part in string.gmatch(query, "[^&]+") do
    local key = string.match(part, "^[^=]*")
    if ngx.unescape_uri(key) ~= name then kept[#kept + 1] = part end
  end
  kong.service.request.set_raw_query(table.concat(kept, "&"))
end

local function forward(route, token)
  strip(GATEWAY.strip)
  strip(route.strip)
  if route.key_query then drop_query(route.key_query) end
  for name, value in pairs(route.set or {}) do kong.service.request.set_header(name, value) end
  for claim, name in pairs(token and SCHEMES[token.scheme].forward or {}) do
    local value = joined(token.claims[claim])
    if value then kong.service.request.set_header(name, value) end
  end
  -- A chain from somebody who is no trusted proxy is not passed on.
  if not kong.ip.is_trusted(kong.client.get_ip()) then ngx.var.upstream_x_forwarded_for = kong.client.get_ip() end
  if not route.websocket then
    ngx.var.upstream_upgrade = ""
    ngx.var.upstream_connection = "keep-alive"
    ngx.req.clear_header("Upgrade")
  end
end

local function param(path, index)
  local at = 0
  for segment in string.gmatch(path, "[^/]+") do
    at = at + 1
    if at == index then return segment end
  end
  return ""
end

local function respond(rule, token)
  local headers = {}
  for name, value in pairs(rule.headers) do headers[name] = value end
  if rule.location then
    local path = string.gsub(kong.request.get_path(), "[^!#$&'()*+,/:;=?@%[%]A-Za-z0-9%-_.~%%]", function(char)
      return string.format("%%%02X", string.byte(char))
    end)
    local parts = {}
    for _, piece in ipairs(rule.location) do
      local query = kong.request.get_raw_query()
      parts[#parts + 1] = piece.text or piece.path and path or piece.param and param(path, piece.param)
        or piece.query and query ~= "" and "?" .. query or piece.claim and token and joined(token.claims[piece.claim]) or ""
    end
    headers["Location"] = table.concat(parts)
  end
  return kong.response.exit(rule.status, rule.body, headers)
end

return function()
  local found = kong.router.get_route()
  local route = found and ROUTES[found.name] or {}
  local credential = kong.client.get_credential()
  local secret = credential and (credential.secret or credential.key)
  if secret and string.find(secret, "${", 1, true) == 1 then return refuse(401, "unauthorised") end
  local token = verified_token()
  if route.needs_token and not token then return refuse(401, "unauthorised", { ["WWW-Authenticate"] = "Bearer" }) end
  local who = caller(token)
  if route.scopes and not has_scopes(route.scopes, token) then return refuse(403, "forbidden") end
  if route.groups and not (who and contains(who.groups, route.groups)) then return refuse(403, "forbidden") end
  count(route, who, token)
  if route.respond then return respond(route.respond, token) end
  forward(route, token)
end
