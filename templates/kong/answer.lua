-- The gateway's own answers: JSON, with the headers that their status asks for.
local MESSAGES = {
  [400] = "bad request", [408] = "request timeout", [411] = "length required", [413] = "body too large", [414] = "path too long",
  [417] = "expectation failed", [431] = "headers too large", [500] = "internal error", [502] = "bad gateway",
  [503] = "service unavailable", [504] = "gateway timeout",
}

return function()
  local found = kong.router.get_route()
  local route = found and ROUTES[found.name] or {}
  if kong.response.get_header("Access-Control-Allow-Origin") == nil and route.cors then
    for _, name in ipairs({ "Credentials", "Expose-Headers", "Methods", "Headers", "Max-Age" }) do
      local header = (name == "Expose-Headers" and "Access-Control-" or "Access-Control-Allow-") .. name
      kong.response.clear_header(name == "Max-Age" and "Access-Control-Max-Age" or header)
    end
  end
  local made = GATEWAY.request_id and GATEWAY.request_id.make and kong.ctx.shared.gateway_request_id
  if made then kong.response.set_header(GATEWAY.request_id.header, made) end
  if kong.response.get_source() == "service" or route.fixed then return end
  local status = kong.response.get_status()
  if status == 401 and route.challenge and not kong.response.get_header("WWW-Authenticate") then
    kong.response.set_header("WWW-Authenticate", route.challenge)
  end
  if status == 503 and not kong.response.get_header("Retry-After") then kong.response.set_header("Retry-After", 1) end
  if status < 400 then return end
  local kind = kong.response.get_header("Content-Type")
  if kind and string.find(kind, "^application/json") and status ~= 417 then return end
  if kong.request.get_method() == "HEAD" then return end
  local body = '{"message":"' .. (MESSAGES[status] or "request refused") .. '"}'
  kong.response.set_header("Content-Type", "application/json")
  kong.response.set_header("Content-Length", #body)
  kong.ctx.shared.gateway_body = body
end
