-- Before everything: the path and the request ID are checked, preflights of mixed routes answered, and a bearer token whose
-- claims do not fit is taken away, so that the jwt plugin, which only checks signature and expiry, finds none.
local LEEWAY = 60

-- Characters of a signature: the jwt plugin fails with 500 on others of these algorithms.
local SIGNATURES = { ES256 = 86, ES384 = 128, PS256 = 342, PS384 = 342, PS512 = 342 }

local function refuse(status, message)
  return kong.response.exit(status, { message = message })
end

local function path_fault(path)
  if string.find(path, "[%z\1-\32\127#\\]") or string.find(path, "%%00") or string.find(path, "%%5[Cc]") then return true end
  if string.find(path, "%%2[Ff]") then
    if not GATEWAY.keep_slash then return true end
    -- A server that decodes %2F would follow a dot segment beside it.
    local shown = string.gsub(string.gsub(path, "%%2[Ee]", "."), "%%2[Ff]", "\1")
    for segment in string.gmatch(shown, "[^/]+") do
      if string.find(segment, "\1", 1, true) then
        for part in string.gmatch(segment .. "\1", "([^\1]*)\1") do
          if part == "." or part == ".." then return true end
        end
      end
    end
  end
  return false
end

local function check_request_id()
  local rule = GATEWAY.request_id
  if not rule then return end
  local value = kong.request.get_header(rule.header)
  if value and rule.keep and #value <= 128 and string.find(value, "^[A-Za-z0-9._~+/=-]+$") then
    -- One line of it, where several were sent.
    kong.service.request.set_header(rule.header, value)
  elseif rule.make then
    value = ngx.var.request_id
    kong.service.request.set_header(rule.header, value)
  else
    -- The correlation-id plugin, which runs next, makes one where there is none.
    kong.service.request.clear_header(rule.header)
    return
  end
  kong.ctx.shared.gateway_request_id = value
end

local function decode(part)
  if string.find(part, "[^A-Za-z0-9_-]") then return nil end
  local padded = string.gsub(string.gsub(part, "-", "+"), "_", "/")
  if #part % 4 == 2 then padded = padded .. "==" elseif #part % 4 == 3 then padded = padded .. "=" end
  return ngx.decode_base64(padded)
end

local function in_time(claims, now)
  local exp, nbf = claims.exp, claims.nbf
  if type(exp) ~= "table" or not exp.number or exp.number <= now then return false end
  if nbf == nil then return true end
  return type(nbf) == "table" and nbf.number ~= nil and nbf.number <= now + LEEWAY
end

-- The first scheme of the route that the token fits. The key that the jwt plugin will look up has to be one of the scheme's own:
-- the plugin knows the keys of all schemes.
local function fitting_scheme(names, claims, header)
  for _, name in ipairs(names) do
    local scheme = SCHEMES[name]
    local key = claims[scheme.key_claim]
    if key == nil then key = header[scheme.key_claim] end
    local fits = type(key) == "string" and scheme.keys[key] == header.alg and (not scheme.issuer or claims.iss == scheme.issuer)
    if fits and #scheme.audience > 0 then
      -- An access token of a Cognito pool has no `aud`, it names its client.
      local named = claims.aud == nil and scheme.client_id and claims.client_id or claims.aud
      fits = contains(values(named), scheme.audience)
    end
    if fits then return name end
  end
  return nil
end

local function consumer_of(claims)
  for _, consumer in ipairs(CONSUMERS) do
    if claims[consumer.claim] and contains(values(claims[consumer.claim]), { consumer.value }) then return consumer end
  end
  return nil
end

local function in_groups(wanted, consumer)
  return consumer ~= nil and contains(consumer.groups, wanted)
end

-- Reads the bearer token of a request; nil where there is none that fits.
local function read_token(route)
  local header = kong.request.get_header("authorization")
  local text = header and string.match(header, "^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.-]+) *$")
  local head, body, signature = string.match(text or "", "^([^.]+)%.([^.]+)%.([^.]+)$")
  head = head and decode(head)
  body = body and decode(body)
  head = head and read_json(head)
  body = body and read_json(body)
  if type(head) ~= "table" or type(body) ~= "table" or not head.map or not body.map then return nil end
  -- RFC 7515 section 4.1.11: what is critical must be understood.
  if head.map.crit ~= nil or not in_time(body.map, ngx.time()) then return nil end
  if SIGNATURES[head.map.alg] and SIGNATURES[head.map.alg] ~= #signature then return nil end
  local scheme = fitting_scheme(route.schemes, body.map, head.map)
  if not scheme then return nil end
  return { text = text, scheme = scheme, claims = body.map }
end

local function bucket_of(token)
  local consumer = consumer_of(token.claims)
  if consumer then return "consumer " .. consumer.name end
  return token.scheme .. " " .. (token.claims.sub and text_of(token.claims.sub) or "")
end

local function set_bucket(route, token)
  local rule = route.bucket
  local value = "all"
  if rule.header then
    value = "header " .. (kong.request.get_header(rule.header) or "")
  elseif rule.claim then
    local parts = {}
    for _, one in ipairs(values(token and token.claims[rule.claim])) do parts[#parts + 1] = text_of(one) end
    value = "claim " .. table.concat(parts, ",")
  elseif rule.consumer then
    value = token and bucket_of(token) or "none"
  end
  -- Kong looks for a value with a comma and a space among the first 100 headers alone, and counts by address where it finds none.
  value = string.gsub(value, "[^\33-\36\38-\43\45-\126]", function(char) return string.format("%%%02X", string.byte(char)) end)
  kong.service.request.set_header(GATEWAY.bucket_header, value)
end

-- What Kong's plugins find in the header; the last function sends on what the client sent.
local function show_authorization(value)
  local shared = kong.ctx.shared
  shared.gateway_authorization = shared.gateway_authorization or kong.request.get_header("authorization")
  if value then kong.service.request.set_header("Authorization", value) else kong.service.request.clear_header("Authorization") end
end

local function check_token(route)
  local token = read_token(route)
  kong.ctx.shared.gateway_token = token
  if token then
    show_authorization("Bearer " .. token.text)
  elseif not route.basic then
    show_authorization(nil)
  end
  if route.guard then
    local fits = token and (not route.guard.scopes or has_scopes(route.guard.scopes, token.claims))
      and (not route.guard.groups or in_groups(route.guard.groups, consumer_of(token.claims)))
    -- The acl plugin, which runs between the token's check and the limits, admits one of the two.
    kong.ctx.shared.authenticated_groups = { fits and "granted" or "refused" }
  end
  return token
end

-- An unfilled placeholder is no credential, or everybody who has seen the file would have one.
local function drop_placeholders(route)
  for _, name in ipairs(route.key_headers or {}) do
    local value = kong.request.get_header(name)
    if value and string.find(value, "${", 1, true) == 1 then kong.service.request.clear_header(name) end
  end
  for _, name in ipairs(route.key_queries or {}) do drop_query(name, "${") end
end

-- The basic-auth plugin takes a password from anywhere in the header and knows two spellings of the scheme.
local function check_basic(token)
  kong.service.request.clear_header("Proxy-Authorization")
  local header = kong.request.get_header("authorization")
  if token or not header then return end
  local text = string.match(header, "^[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+=*) *$")
  local pair = text and ngx.decode_base64(text)
  if pair and not string.find(pair, ":${", 1, true) then
    show_authorization("Basic " .. text)
  else
    show_authorization(nil)
  end
end

local function preflight(route)
  if kong.request.get_method() ~= "OPTIONS" then return end
  local origin = kong.request.get_header("origin")
  local method = kong.request.get_header("access-control-request-method")
  if not origin or not method then return end
  local rule = route.preflight[method] or route.preflight["*"]
  local headers = { Vary = "Origin" }
  if not rule then return end
  if rule.every or contains({ origin }, rule.origins) then
    headers["Access-Control-Allow-Origin"] = rule.every and "*" or origin
    headers["Access-Control-Allow-Methods"] = rule.methods
    headers["Access-Control-Allow-Headers"] = rule.headers
    headers["Access-Control-Allow-Credentials"] = rule.credentials
    headers["Access-Control-Max-Age"] = rule.max_age
  end
  return kong.response.exit(204, nil, headers)
end

return function()
  if path_fault(kong.request.get_raw_path()) then return refuse(400, "the path cannot be normalised") end
  check_request_id()
  local found = kong.router.get_route()
  local route = found and ROUTES[found.name]
  if GATEWAY.bucket_header then kong.service.request.clear_header(GATEWAY.bucket_header) end
  if not route then return end
  if route.preflight then preflight(route) end
  drop_placeholders(route)
  local token = route.schemes and check_token(route)
  if route.basic then check_basic(token) end
  if route.bucket then set_bucket(route, token) end
  local size = tonumber(kong.request.get_header("content-length"))
  -- With Expect the plugin answers 417; a body that is too large gets 413 like any other.
  if size and route.max_body and size > route.max_body then kong.service.request.clear_header("Expect") end
end
