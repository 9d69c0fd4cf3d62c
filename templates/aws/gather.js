"use strict";
// Asks several services at once and puts their answers into one object.
// CONFIG is put in front of this file when a gateway is built.

const LONGEST_BODY = 5 * 1024 * 1024;

class Failed extends Error {
  constructor(status) {
    super("part failed");
    this.status = status;
  }
}

const escape = (value) => encodeURIComponent(value).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

function fill(pieces, known) {
  return pieces
    .map((piece) => {
      if (piece.text !== undefined) return piece.text;
      const value = piece.param !== undefined ? known.param(piece.param) : known.claim(piece.claim);
      if (value === undefined || value === "") throw new Failed(502);
      return piece.claim !== undefined ? escape(decodeURIComponent(value)) : escape(value);
    })
    .join("");
}

function at(body, pointer) {
  if (pointer === "") return body;
  let found = body;
  for (const step of pointer.slice(1).split("/")) {
    const key = step.replace(/~1/g, "/").replace(/~0/g, "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, key)) throw new Failed(502);
    found = found[key];
  }
  return found;
}

function keep(part, body) {
  if (part.pick !== undefined) return at(body, part.pick);
  if (part.count === undefined) return body;
  const list = at(body, part.count);
  if (!Array.isArray(list)) throw new Failed(502);
  return list.length;
}

async function ask(part, known, headers) {
  const query = fill(part.query, known);
  const url = part.base + fill(part.path, known) + (query ? "?" + query : "");
  try {
    const answer = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(part.timeout) });
    if (!answer.ok) throw new Failed(502);
    const body = await answer.text();
    if (body.length > LONGEST_BODY) throw new Failed(502);
    return keep(part, JSON.parse(body));
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw new Failed(error.name === "TimeoutError" ? 504 : 502);
  }
}

async function part(one, known, headers) {
  try {
    return await ask(one, known, headers);
  } catch (error) {
    if (one.required || !(error instanceof Failed)) throw error;
    return one.or;
  }
}

const routeOf = (event) => {
  const key = event.routeKey ?? event.httpMethod + " " + event.resource;
  return CONFIG.routes[key] ?? CONFIG.routes["ANY " + event.resource];
};

exports.handler = async (event) => {
  const route = routeOf(event);
  const context = event.requestContext?.authorizer ?? {};
  const said = context.lambda ?? context;
  const names = { ...route?.params };
  const known = {
    param: (name) => names[name]?.value ?? event.pathParameters?.[names[name]?.variable],
    claim: (name) => said["claim_" + name.replace(/[^A-Za-z0-9]/g, "_")],
  };
  const headers = { accept: "application/json" };
  const id = event.requestContext?.requestId;
  if (CONFIG.requestId && id) headers[CONFIG.requestId] = id;
  const reply = (status, body) => {
    const all = { "Content-Type": "application/json" };
    if (CONFIG.requestId && id) all[CONFIG.requestId] = id;
    return { statusCode: status, headers: Object.assign(all, cors(route, event)), body: JSON.stringify(body) };
  };
  try {
    const bodies = await Promise.all(route.parts.map((one) => part(one, known, headers)));
    return reply(200, Object.fromEntries(route.parts.map((one, index) => [one.name, bodies[index]])));
  } catch (error) {
    const status = error instanceof Failed ? error.status : 502;
    return reply(status, { message: status === 504 ? "upstream timed out" : "upstream failed" });
  }
};

function cors(route, event) {
  const rules = route?.cors;
  const found = Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === "origin");
  if (!rules || !found) return {};
  if (rules.origins === "*") return { "Access-Control-Allow-Origin": "*", ...rules.headers };
  if (!rules.origins.includes(found[1])) return {};
  return { "Access-Control-Allow-Origin": found[1], Vary: "Origin", ...rules.headers };
}
