-- Reads JSON (RFC 8259): maps become { map = .., keys = .. }, lists { list = .. }, numbers { number = .., text = .. }, null is false.
-- Anything that is not JSON gives nil.
local MAX_DEPTH = 32
local ESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8(code)
  local char, floor = string.char, math.floor
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 0x40), 0x80 + code % 0x40) end
  if code < 0x10000 then
    return char(0xE0 + floor(code / 0x1000), 0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return char(0xF0 + floor(code / 0x40000), 0x80 + floor(code / 0x1000) % 0x40, 0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

local function skip(text, at)
  return string.find(text, "[^ \t\r\n]", at) or #text + 1
end

local function read_string(text, at)
  local parts = {}
  while true do
    local stop = string.find(text, '["\\]', at)
    if not stop then return nil end
    local plain = string.sub(text, at, stop - 1)
    if string.find(plain, "%c") and string.find(plain, "[%z\1-\31]") then return nil end
    parts[#parts + 1] = plain
    if string.sub(text, stop, stop) == '"' then return table.concat(parts), stop + 1 end
    local escape = string.sub(text, stop + 1, stop + 1)
    at = stop + 2
    if escape == "u" then
      local hex = string.match(text, "^%x%x%x%x", at)
      if not hex then return nil end
      local code = tonumber(hex, 16)
      at = at + 4
      if code >= 0xD800 and code < 0xDC00 then
        local low = string.match(text, "^\\u(%x%x%x%x)", at)
        low = low and tonumber(low, 16)
        if not low or low < 0xDC00 or low > 0xDFFF then return nil end
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)
        at = at + 6
      elseif code >= 0xDC00 and code < 0xE000 then
        return nil
      end
      parts[#parts + 1] = utf8(code)
    elseif ESCAPES[escape] then
      parts[#parts + 1] = ESCAPES[escape]
    else
      return nil
    end
  end
end

local read_value

local function read_members(text, at, depth)
  local map, keys = {}, {}
  at = skip(text, at)
  if string.sub(text, at, at) == "}" then return { map = map, keys = keys }, at + 1 end
  while true do
    if string.sub(text, at, at) ~= '"' then return nil end
    local key, value
    key, at = read_string(text, at + 1)
    if not key then return nil end
    at = skip(text, at)
    if string.sub(text, at, at) ~= ":" then return nil end
    value, at = read_value(text, skip(text, at + 1), depth)
    if value == nil then return nil end
    if map[key] == nil then keys[#keys + 1] = key end
    map[key] = value
    at = skip(text, at)
    local mark = string.sub(text, at, at)
    if mark == "}" then return { map = map, keys = keys }, at + 1 end
    if mark ~= "," then return nil end
    at = skip(text, at + 1)
  end
end

local function read_items(text, at, depth)
  local list = {}
  at = skip(text, at)
  if string.sub(text, at, at) == "]" then return { list = list }, at + 1 end
  while true do
    local value
    value, at = read_value(text, at, depth)
    if value == nil then return nil end
    list[#list + 1] = value
    at = skip(text, at)
    local mark = string.sub(text, at, at)
    if mark == "]" then return { list = list }, at + 1 end
    if mark ~= "," then return nil end
    at = skip(text, at + 1)
  end
end

read_value = function(text, at, depth)
  if depth > MAX_DEPTH then return nil end
  local first = string.sub(text, at, at)
  if first == "{" then return read_members(text, at + 1, depth + 1) end
  if first == "[" then return read_items(text, at + 1, depth + 1) end
  if first == '"' then return read_string(text, at + 1) end
  if string.sub(text, at, at + 3) == "true" then return true, at + 4 end
  if string.sub(text, at, at + 3) == "null" then return false, at + 4 end
  -- A word for false, as false itself stands for null.
  if string.sub(text, at, at + 4) == "false" then return { text = "false" }, at + 5 end
  local number = string.match(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local value = number and tonumber(number)
  if not value or string.find(number, "^-?0%d") then return nil end
  return { number = value, text = number }, at + #number
end

local function read_json(text)
  local value, at = read_value(text, skip(text, 1), 0)
  if value == nil or skip(text, at) <= #text then return nil end
  return value
end
