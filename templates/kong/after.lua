-- After every check of a plugin: scopes and groups where several schemes may vouch, limits that no plugin counts, then what goes
-- upstream: forged headers out, claims in, keys out.
local function refuse(status, message, headers)
  return kong.response.exit(status, { message = message }, headers)
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
    local sub = token.claims.sub
    return { id = "token " .. token.scheme .. " " .. (sub and text_of(sub) or ""), groups = {} }
  end
  local credential, consumer = kong.client.get_credential(), kong.client.get_consumer()
  if credential and consumer then
    return MEMBERS[consumer.username] or { name = consumer.username, groups = {} }
  end
  return nil
end

local function joined(claim)
  local parts = {}
  for _, one in ipairs(values(claim)) do parts[#parts + 1] = text_of(one) end
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

-- All that apply must admit before any is taken from; gives the limit that does not, and the seconds to wait.
local function take(store, limits, who, token)
  local now, admits = ngx.now(), {}
  for _, limit in ipairs(limits) do
    local check = limit.quota and quota or bucket
    local wait, admit = check(store, limit, whose(limit.key, who, token), now)
    if wait then return limit, wait end
    admits[#admits + 1] = admit
  end
  for _, admit in ipairs(admits) do admit() end
end

-- The workers of a node share the counters, so one at a time looks and takes. A worker that dies meanwhile is waited for 50 ms.
local LOCK = "gateway:lock"

local function lock(store)
  for try = 1, 2000 do
    local held, fault = store:add(LOCK, true, 0.05)
    if held or fault ~= "exists" then return end
    if try % 20 == 0 then ngx.sleep(0.001) end
  end
end

local function count(route, who, token)
  local limits = {}
  for _, limit in ipairs(GATEWAY.limits or {}) do limits[#limits + 1] = limit end
  for _, limit in ipairs(route.limits or {}) do limits[#limits + 1] = limit end
  for _, limit in ipairs(who and who.plan and PLANS[who.plan] or {}) do limits[#limits + 1] = limit end
  if #limits == 0 then return end
  local store = ngx.shared.kong_rate_limiting_counters
  lock(store)
  local limit, wait = take(store, limits, who, token)
  store:delete(LOCK)
  if limit then return refuse(429, limit.quota and "quota used up" or "rate limit exceeded", { ["Retry-After"] = wait }) end
end

-- Clears headers of these names however they are spelt: upstreams that turn `-` into `_` take `X_User` for `X-User`.
local function strip(names)
  if not names then return end
  for name in pairs(ngx.req.get_headers(0)) do
    if names[(string.gsub(string.lower(name), "_", "-"))] then ngx.req.clear_header(name) end
  end
end

local function forward(route, token)
  -- Where the first function showed Kong's plugins something else.
  local authorization = kong.ctx.shared.gateway_authorization
  if authorization then kong.service.request.set_header("Authorization", authorization) end
  strip(GATEWAY.strip)
  strip(route.strip)
  for _, name in ipairs(route.key_queries or {}) do drop_query(name) end
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
  if route.scopes and not (token and has_scopes(route.scopes, token.claims)) then return refuse(403, "forbidden") end
  if route.groups and not (who and contains(who.groups, route.groups)) then return refuse(403, "forbidden") end
  count(route, who, token)
  if route.respond then return respond(route.respond, token) end
  forward(route, token)
end
