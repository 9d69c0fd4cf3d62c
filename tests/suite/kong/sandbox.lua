-- A model of what Kong's sandbox gives generated functions: the base environment of its 3.9 sandbox, `kong` and `ngx`.
-- Usage: luajit sandbox.lua FUNCTIONS SCENARIO, where FUNCTIONS returns { access_before, access_after, header_filter, body_filter }.
local functions = dofile(arg[1])
local state

local function copy(names)
  local out = {}
  for module, members in pairs(names) do
    if type(members) == "table" then
      out[module] = {}
      for _, name in ipairs(members) do out[module][name] = _G[module][name] end
    else
      out[members] = _G[members]
    end
  end
  return out
end

local BASE = copy({
  "assert", "error", "ipairs", "next", "pairs", "pcall", "select", "tonumber", "tostring", "type", "unpack", "xpcall",
  math = { "ceil", "floor", "max", "min", "huge", "fmod", "random" },
  os = { "date", "time", "clock" },
  string = { "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper" },
  table = { "concat", "insert", "maxn", "remove", "sort" },
})

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function decode_base64(text)
  if #text % 4 ~= 0 or text:find("[^A-Za-z0-9+/=]") then return nil end
  local bits, count, out = 0, 0, {}
  for char in text:gsub("=", ""):gmatch(".") do
    bits, count = bits * 64 + ALPHABET:find(char, 1, true) - 1, count + 6
    if count >= 8 then
      count = count - 8
      out[#out + 1] = string.char(math.floor(bits / 2 ^ count))
      bits = bits % 2 ^ count
    end
  end
  return table.concat(out)
end

function encode64url(text)
  local out, bits, count = {}, 0, 0
  for char in text:gmatch(".") do
    bits, count = bits * 256 + char:byte(), count + 8
    while count >= 6 do
      count = count - 6
      local at = math.floor(bits / 2 ^ count)
      out[#out + 1] = ALPHABET:sub(at + 1, at + 1)
      bits = bits % 2 ^ count
    end
  end
  if count > 0 then
    local at = bits * 2 ^ (6 - count)
    out[#out + 1] = ALPHABET:sub(at + 1, at + 1)
  end
  return (table.concat(out):gsub("+", "-"):gsub("/", "_"))
end

local dict = {}
local store = {
  get = function(_, key)
    local entry = dict[key]
    local value = entry and (not entry.ends or entry.ends > state.now) and entry.value or nil
    -- Another worker may run at any time.
    if coroutine.running() and key ~= "gateway:lock" then coroutine.yield() end
    return value
  end,
  add = function(self, key, value, ttl)
    if self:get(key) ~= nil then return false, "exists" end
    dict[key] = { value = value, ends = state.now + ttl }
    return true
  end,
  delete = function(_, key) dict[key] = nil end,
  set = function(_, key, value, ttl) dict[key] = { value = value, ends = ttl and state.now + ttl } end,
  incr = function(self, key, by, init, ttl)
    local value = self:get(key)
    if value == nil then dict[key] = { value = init + by, ends = state.now + ttl } else dict[key].value = value + by end
  end,
}

local function environment()
  local request = state.request
  local function header(name) return request.headers[string.lower(name)] end
  local env = {
    kong = {
      ctx = { shared = state.shared },
      request = {
        get_raw_path = function() return request.path end,
        get_path = function() return (request.path:gsub("%%20", " ")) end,
        get_raw_query = function() return request.query or "" end,
        get_method = function() return request.method or "GET" end,
        get_header = header,
      },
      service = {
        request = {
          set_header = function(name, value) request.headers[string.lower(name)] = tostring(value) end,
          clear_header = function(name) request.headers[string.lower(name)] = nil end,
          set_raw_query = function(query) request.query = query end,
        },
      },
      response = {
        exit = function(status, body, headers)
          state.answer = { status = status, body = body, headers = headers or {} }
          error(state)
        end,
        get_source = function() return state.source end,
        get_status = function() return state.status end,
        get_header = function(name) return state.response[string.lower(name)] end,
        set_header = function(name, value) state.response[string.lower(name)] = value end,
        clear_header = function(name) state.response[string.lower(name)] = nil end,
      },
      client = {
        get_forwarded_ip = function() return request.ip or "192.0.2.1" end,
        get_ip = function() return request.ip or "192.0.2.1" end,
        get_credential = function() return state.credential end,
        get_consumer = function() return state.consumer end,
      },
      ip = { is_trusted = function() return request.trusted end },
      router = { get_route = function() return request.route and { name = request.route } end },
    },
    ngx = {
      time = function() return math.floor(state.now) end,
      now = function() return state.now end,
      sleep = function() coroutine.yield() end,
      decode_base64 = decode_base64,
      unescape_uri = function(text) return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)) end,
      shared = { kong_rate_limiting_counters = store },
      var = state.var,
      arg = state.arg,
      req = {
        get_headers = function() return request.headers end,
        clear_header = function(name) request.headers[string.lower(name)] = nil end,
      },
    },
  }
  for name, value in pairs(BASE) do env[name] = value end
  return env
end

local function run(source)
  if not source then return end
  local chunk = assert(loadstring(source))
  setfenv(chunk, environment())
  local ok, err = pcall(function() chunk()() end)
  if not ok and err ~= state then error(err, 0) end
end

now = 1700000000

-- Sends a request through the first function, `plugins` (what Kong's own plugins do) and the last.
function send(request, plugins)
  local headers = {}
  for name, value in pairs(request.headers or {}) do headers[string.lower(name)] = value end
  request.headers = headers
  request.path = request.path or "/"
  state = { request = request, shared = {}, now = now, var = { request_id = "0123456789abcdef" }, response = {} }
  run(functions[1])
  if not state.answer and plugins then plugins(state) end
  if not state.answer then run(functions[2]) end
  return state
end

-- Sends requests as if each had a worker of its own: whenever one looks at a counter or sleeps, the next goes on.
function together(requests)
  local running, done = {}, {}
  for index, request in ipairs(requests) do running[index] = { thread = coroutine.create(send), request = request } end
  while #done < #requests do
    for index, one in ipairs(running) do
      if not done[index] then
        state = one.state
        local ok, result = coroutine.resume(one.thread, one.request)
        assert(ok, result)
        one.state = state
        if coroutine.status(one.thread) == "dead" then done[index] = result end
      end
    end
  end
  return done
end

-- The jwt plugin: admits the token it finds, whoever signed it.
function jwt(state)
  local token = (state.request.headers.authorization or ""):match("[Bb]earer%s+(.+)")
  if not token then state.answer = { status = 401, body = {}, headers = {} } return end
  state.shared.authenticated_jwt_token = token
  state.consumer, state.credential = { username = "token:people" }, { key = "k", secret = "s" }
end

-- The acl plugin with the groups that a function has set.
function acl(state)
  if state.answer then return end
  local groups = state.shared.authenticated_groups
  if not groups or groups[1] ~= "granted" then state.answer = { status = 403, body = {}, headers = {} } end
end

function guarded(state)
  jwt(state)
  acl(state)
end

function answer(fields)
  state = { request = { route = fields.route, headers = {}, method = fields.method }, shared = fields.shared or {}, now = now, var = {}, arg = { "old", false } }
  state.source, state.status, state.response = fields.source, fields.status, fields.headers or {}
  run(functions[3])
  run(functions[4])
  return state
end

function token(payload, header)
  return encode64url(header or '{"alg":"RS256","kid":"k"}') .. "." .. encode64url(payload) .. ".c2ln"
end

dofile(arg[2])
print("all scenarios hold")
