-- What generated functions do, each with the request that would get past them if they did not.
local function at(route, headers, extra)
  local request = { route = route, path = "/x", headers = headers or {} }
  for key, value in pairs(extra or {}) do request[key] = value end
  return request
end
local function status(state) return state.answer and state.answer.status or 200 end
local function is(found, wanted, what) assert(found == wanted, what .. ": " .. tostring(found) .. ", not " .. tostring(wanted)) end
local HS = '{"alg":"HS256","typ":"JWT"}'
local function bearer(payload, header) return { Authorization = "Bearer " .. token(payload, header or HS) } end
local GOOD = '{"iss":"https://id.example/","aud":"shop","sub":"u1","exp":1700000600'

-- Paths.
for path, wanted in pairs({ ["/a%2Fb"] = 400, ["/a%2fb"] = 400, ["/a%5cb"] = 400, ["/a\\b"] = 400, ["/a%00"] = 400, ["/a%20b"] = 200, ["/a#b"] = 400 }) do
  is(status(send({ route = "get-open", path = path })), wanted, path)
end

-- Request IDs.
is(send(at("get-open", { ["X-Request-ID"] = "good-1.~+/=" })).request.headers["x-request-id"], "good-1.~+/=", "a good request ID")
is(send(at("get-open", { ["X-Request-ID"] = "bad id" })).request.headers["x-request-id"], nil, "a bad request ID")
is(send(at("get-open", { ["X-Request-ID"] = string.rep("a", 129) })).request.headers["x-request-id"], nil, "a long request ID")

-- Tokens: claims.
local cases = {
  { GOOD .. "}", 200, "a good token" },
  { '{"iss":"https://id.example/","aud":["x","shop"],"exp":1700000600}', 200, "one of several audiences" },
  { '{"iss":"https://id.example/","aud":"other","exp":1700000600}', 401, "another audience" },
  { '{"iss":"https://id.example/","exp":1700000600}', 401, "no audience" },
  { '{"iss":"https://evil.example/","aud":"shop","exp":1700000600}', 401, "another issuer" },
  { '{"nested":{"iss":"https://id.example/"},"aud":"shop","exp":1700000600}', 401, "an issuer that is nested" },
  { '{"iss":"https:\\/\\/id.example\\u002f","aud":"sh\\u006fp","exp":1.7000006e9}', 200, "escapes and exponents" },
  { '{"iss":"https://id.example/","aud":"shop","exp":1699999999}', 401, "an expired token" },
  { '{"iss":"https://id.example/","aud":"shop","exp":"1700000600"}', 401, "an expiry that is text" },
  { '{"iss":"https://id.example/","aud":"shop"}', 401, "no expiry" },
  { GOOD .. ',"nbf":1700000059}', 200, "not before within the leeway" },
  { GOOD .. ',"nbf":1700000061}', 401, "not before" },
  { GOOD .. ',"nbf":"soon"}', 401, "not before that is text" },
  { GOOD .. '} trailing', 401, "text behind the claims" },
  { '[' .. GOOD .. '}]', 401, "a list" },
  { GOOD .. ',"x":{"y":[1,{"z":null},true,false,-0.5e-3,""]}}', 200, "all that JSON has" },
  { GOOD .. ',"x":' .. string.rep("[", 40) .. string.rep("]", 40) .. "}", 401, "too deep" },
  { GOOD .. ',"x":01}', 401, "a number with a leading zero" },
  { GOOD .. ',"x":"\1"}', 401, "a raw control character" },
  { GOOD .. ',"x":"\\ud83d\\ude00"}', 200, "a surrogate pair" },
  { GOOD .. ',"x":"\\ud83d"}', 401, "half a surrogate pair" },
}
for _, case in ipairs(cases) do is(status(send(at("get-tokens", bearer(case[1])), jwt)), case[2], case[3]) end
is(status(send(at("get-tokens", bearer(GOOD .. "}", '{"alg":"none"}')), jwt)), 401, "algorithm none")
is(status(send(at("get-tokens", bearer(GOOD .. "}", '{"alg":"RS256"}')), jwt)), 401, "an algorithm not listed")
is(status(send(at("get-tokens", bearer(GOOD .. "}", '{"alg":"HS256","crit":["x"]}')), jwt)), 401, "a critical header")
is(status(send(at("get-tokens", { Authorization = "bearer " .. token(GOOD .. "}", HS) }), jwt)), 200, "a scheme in lower case")
is(status(send(at("get-tokens", { Authorization = "Basic x Bearer " .. token(GOOD .. "}", HS) }), jwt)), 401, "a token behind something else")
is(status(send(at("get-tokens"), jwt)), 401, "no token")

-- A token that the plugin did not verify is none, even where its claims were read.
is(status(send(at("get-tokens", bearer(GOOD .. "}")), function(state) state.shared.authenticated_jwt_token = "another" end)), 401, "another token verified")

-- Claims go upstream, forged ones do not, in no spelling.
local claims = GOOD .. ',"team":["r\\u00e9d","b,c"]}'
local sent = send(at("get-tokens", { Authorization = "Bearer " .. token(claims, HS), ["X-User-ID"] = "forged", ["x_user_id"] = "forged", ["X-Consumer-Username"] = "forged" }), jwt).request.headers
is(sent["x-user-id"], "u1", "a forwarded claim")
is(sent["x-team"], "r%C3%A9d,b,c", "a list in a header")
is(sent["x_user_id"], nil, "a forged header with underscores")
is(sent["x-consumer-username"], nil, "a forged consumer")
is(send(at("get-open", { ["X-User-ID"] = "forged" })).request.headers["x-user-id"], nil, "a forged header on an open route")

-- A scheme's tokens are signed by its own keys, though Kong's plugin knows those of all schemes.
local function signed(key, algorithm, size)
  local header = '{"alg":"' .. (algorithm or "RS256") .. '","kid":"' .. key .. '"}'
  return { Authorization = "Bearer " .. token('{"sub":"u","exp":1700000600}', header):gsub("[^.]+$", string.rep("A", size or 342)) }
end
is(status(send(at("get-staff", signed("staff-1")), jwt)), 200, "a scheme's own key")
is(status(send(at("get-staff", signed("partner-1")), jwt)), 401, "another scheme's key")
is(status(send(at("get-tokens", bearer(GOOD .. ',"kid":"partner-1"}', '{"alg":"RS256","kid":"partner-1"}')), jwt)), 401, "another scheme's key and algorithm")
is(status(send(at("get-staff", bearer('{"kid":"partner-1","exp":1700000600}', '{"alg":"RS256","kid":"staff-1"}')), jwt)), 401, "a key named among the claims, which the plugin looks at first")
is(status(send(at("get-staff", bearer('{"kid":null,"exp":1700000600}', '{"alg":"RS256","kid":"staff-1"}')), jwt)), 401, "a key that is null")
is(status(send(at("get-partners", signed("ec-1", "ES256", 86)), jwt)), 200, "a signature on P-256")
is(status(send(at("get-partners", signed("ec-1", "ES256", 40)), jwt)), 401, "a short one, on which the plugin fails with 500")

-- Claims of every kind, as `serve` writes them.
local kinds = send(at("get-partners", bearer('{"exp":1700000600,"address":{"b":"x \\"y\\"","a":[1,null,true]},"flags":[{"k":false},null]}', '{"alg":"RS256","kid":"partner-1"}')), jwt).request.headers
is(kinds["x-address"], '{"b":"x%20\\"y\\"","a":[1,null,true]}', "a claim that is an object")
is(kinds["x-flags"], '{"k":false},null', "objects in a list")

-- A bucket's name is found by Kong however many headers there are: no comma, no space.
is(send(at("get-limited", bearer('{"sub":"a, b%","exp":1700000600}', '{"alg":"RS256","kid":"partner-1"}')), function(state)
  is(state.request.headers["x-gateway-bucket"], "partners%20a%2C%20b%25", "a bucket's name")
  jwt(state)
end).request.headers["x-gateway-bucket"], nil, "a bucket's name that is sent on")

-- Passwords: only what stands for itself, never a placeholder, in no spelling of the header.
local UNFILLED = "Y2Fyb2w6JHtDQVJPTF9QQVNTV09SRH0="
for _, header in ipairs({ "Basic " .. UNFILLED, "Basic" .. UNFILLED, "x Basic " .. UNFILLED, "basic  " .. UNFILLED }) do
  send(at("get-passwords", { Authorization = header }), function(state) is(state.request.headers.authorization, nil, header) end)
end
local upper = send(at("get-passwords", { Authorization = "BASIC Y2Fyb2w6cHc=" }), function(state)
  is(state.request.headers.authorization, "Basic Y2Fyb2w6cHc=", "what the plugin reads")
end)
is(upper.request.headers.authorization, "BASIC Y2Fyb2w6cHc=", "what the service gets")

-- Scopes and groups.
local function scoped(text) return status(send(at("get-scoped", bearer(GOOD .. "," .. text .. "}")), guarded)) end
is(scoped('"scope":"a b c"'), 200, "all scopes")
is(scoped('"scp":["b","a"]'), 200, "scopes in a list")
is(scoped('"scope":"a"'), 403, "one scope missing")
is(scoped('"scope":"ab"'), 403, "a scope that contains another")
is(scoped('"x":1'), 403, "no scopes")
is(status(send(at("get-mobile", bearer(GOOD .. ',"azp":"mobile-app"}')), guarded)), 200, "a consumer in the group")
is(status(send(at("get-mobile", bearer(GOOD .. ',"azp":"other"}')), guarded)), 403, "nobody in the group")

-- Either a token or a key: a forged token lends its groups to nobody.
local function key(name) return function(state) state.credential, state.consumer = { key = "k" }, { username = name } end end
is(status(send(at("get-either", bearer(GOOD .. ',"azp":"mobile-app"}')), key("stranger"))), 403, "a forged token beside a stranger's key")
is(status(send(at("get-either", { ["X-API-Key"] = "k" }), key("acme"))), 200, "a key of the group")
is(status(send(at("get-either", { ["X-API-Key"] = "${ACME_KEY}" }), function(state) is(state.request.headers["x-api-key"], nil, "an unfilled placeholder") end)), 403, "an unfilled placeholder admits")
is(send(at("get-either", { ["X-API-Key"] = "k" }), key("acme")).request.headers["x-api-key"], nil, "a key that is sent on")
is(send(at("get-either", { ["X-API-Key"] = "k", Authorization = "Bearer bad" }), key("carol")).request.headers.authorization, "Bearer bad", "a header that no check has read")
now = now + 100

-- Keys in the query go, everything else stays as it came.
local function query(text) return send(at("get-query", {}, { query = text }), key("stranger")).request.query end
is(query("a=1%202&key=s&b=%2F"), "a=1%202&b=%2F", "a key in the query")
is(query("k%65y=s&x"), "x", "a key in another spelling")

-- Plans: all limits admit, or nothing is taken; the week's quota counts.
local function planned(state) key("acme")(state) end
for index = 1, 3 do is(status(send(at("get-query"), planned)), 200, "request " .. index .. " of a burst of 3") end
local refused = send(at("get-query"), planned)
is(status(refused), 429, "one more than the burst")
is(refused.answer.headers["Retry-After"], 1, "the time to wait")
now = now + 10
is(status(send(at("get-query"), planned)), 200, "after a while")
is(status(send(at("get-query"), planned)), 429, "the quota, with the key of the group before")
send(at("get-query", {}, { query = "a=1&key=%24%7BACME_KEY%7D" }), function(state) is(state.request.query, "a=1", "a placeholder in the query") end)
now = now + 7 * 86400
is(status(send(at("get-query"), planned)), 200, "in the next week")

-- Workers look and take one at a time: the gateway's bucket of 100 admits 100, whoever asks together.
now = now + 100
local all, admitted = {}, 0
for index = 1, 120 do all[index] = at("get-open") end
for _, one in ipairs(together(all)) do admitted = admitted + (status(one) == 200 and 1 or 0) end
is(admitted, 100, "requests of several workers at once")
now = now + 100

-- Headers, chains of addresses, upgrades.
local headers = send(at("get-headers", { ["X-Gone"] = "1", ["x_gone"] = "1", ["X-Set"] = "client" })).request.headers
is(headers["x-set"], "$(1)", "a header that is set")
is(headers["x-gone"], nil, "a header that is removed")
is(headers["x_gone"], nil, "a header that is removed, with an underscore")
local open = send(at("get-open", { Upgrade = "websocket" }))
is(open.var.upstream_x_forwarded_for, "192.0.2.1", "the chain from a stranger")
is(open.var.upstream_upgrade, "", "an upgrade that is not asked for")
is(send(at("get-open", {}, { trusted = true })).var.upstream_x_forwarded_for, nil, "the chain from a trusted proxy")

-- Answers filled in from the request.
local moved = send({ route = "get-moved-_id", path = "/moved/7%20x" }).answer
is(moved.status, 301, "a redirect")
is(moved.headers.Location, "https://new.example/moved/7%20x?from=7%20x", "its place")

-- Preflights of a path whose routes differ.
local function preflight(method, origin)
  return send(at("not-allowed-mixed", { Origin = origin, ["Access-Control-Request-Method"] = method }, { method = "OPTIONS" })).answer
end
is(preflight("GET", "https://a.example").headers["Access-Control-Allow-Origin"], "https://a.example", "a listed origin")
is(preflight("GET", "https://b.example").headers["Access-Control-Allow-Origin"], nil, "another origin")
is(preflight("POST", "https://a.example"), nil, "a method without rules")

-- Own answers.
local own = answer({ route = "get-open", source = "error", status = 504, headers = { ["content-type"] = "text/html" } })
is(own.response["content-type"], "application/json", "an own answer's type")
is(own.arg[1], '{"message":"gateway timeout"}', "an own answer's body")
is(answer({ route = "get-open", source = "error", status = 503 }).response["retry-after"], 1, "when to come back")
is(answer({ route = "get-open", source = "service", status = 504 }).arg[1], "old", "a service's answer")
is(answer({ route = "get-either", source = "exit", status = 401, headers = { ["content-type"] = "application/json" } }).response["www-authenticate"], "Bearer", "a challenge")
is(answer({ route = "get-mixed", source = "service", status = 200, headers = { ["access-control-allow-credentials"] = true } }).response["access-control-allow-credentials"], nil, "headers for another origin")
