"use strict";
// Decides who may call a route: tokens, keys, passwords, another service, groups, scopes and addresses.
// CONFIG is put in front of this file when a gateway is built; secrets come from the environment.
const crypto = require("node:crypto");

const LEEWAY_SECONDS = 60;
const KEY_SET_LIFETIME_MS = 300_000;
const ASK_TIMEOUT_MS = 5_000;
const keySets = new Map();

class Refusal extends Error {
  constructor(status) {
    super(status === 401 ? "Unauthorized" : status === 403 ? "Forbidden" : "Unavailable");
    this.status = status;
  }
}

const same = (a, b) => {
  const digest = (text) => crypto.createHash("sha256").update(String(text)).digest();
  return crypto.timingSafeEqual(digest(a), digest(b));
};

// --- addresses -------------------------------------------------------------------------------------------------------

function addressBits(text) {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    if (parts.some((part) => part > 255)) return null;
    return { bits: 32, value: parts.reduce((all, part) => (all << 8n) | BigInt(part), 0n) };
  }
  if (!text.includes(":")) return null;
  let source = text;
  const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(source);
  if (dotted) {
    const v4 = addressBits(dotted[2]);
    if (!v4) return null;
    source = dotted[1] + (v4.value >> 16n).toString(16) + ":" + (v4.value & 0xffffn).toString(16);
  }
  const halves = source.split("::");
  if (halves.length > 2) return null;
  const words = (half) => (half ? half.split(":") : []);
  const front = words(halves[0]);
  const back = halves.length === 2 ? words(halves[1]) : [];
  const gap = 8 - front.length - back.length;
  if (gap < 0 || (halves.length === 1 && gap !== 0)) return null;
  const all = [...front, ...Array(gap).fill("0"), ...back];
  if (!all.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  const value = all.reduce((sum, word) => (sum << 16n) | BigInt(parseInt(word, 16)), 0n);
  // An IPv4 address written as IPv6 is the IPv4 address.
  if (value >> 32n === 0xffffn) return { bits: 32, value: value & 0xffffffffn };
  return { bits: 128, value };
}

function within(address, net) {
  const [base, length] = net.split("/");
  const from = addressBits(base);
  if (!address || !from || address.bits !== from.bits) return false;
  const shift = BigInt(from.bits - Number(length));
  return address.value >> shift === from.value >> shift;
}

function admitAddress(rules, text) {
  const address = addressBits(text || "");
  if (!address) return false;
  if (rules.deny.some((net) => within(address, net))) return false;
  return rules.allow.length === 0 || rules.allow.some((net) => within(address, net));
}

// Behind proxies that are trusted, the client is the last address of the chain that is not one of them.
function clientAddress(peer, chain) {
  const trusted = (text) => CONFIG.trusted.some((net) => within(addressBits(text), net));
  if (!trusted(peer || "")) return peer;
  const hops = chain.split(",").map((hop) => hop.trim()).filter((hop) => hop);
  let client = peer;
  for (const hop of hops.reverse()) {
    if (!addressBits(hop)) return client;
    client = hop;
    if (!trusted(hop)) return client;
  }
  return client;
}

// --- tokens ----------------------------------------------------------------------------------------------------------

const HASHES = { 256: "sha256", 384: "sha384", 512: "sha512" };
const CURVES = { ES256: "P-256", ES384: "P-384" };

function verifySignature(algorithm, key, data, signature) {
  const hash = HASHES[algorithm.slice(2)];
  if (algorithm.startsWith("HS")) {
    const expected = crypto.createHmac(hash, key).update(data).digest();
    return expected.length === signature.length && crypto.timingSafeEqual(expected, signature);
  }
  if (algorithm === "EdDSA") return key.asymmetricKeyType === "ed25519" && crypto.verify(null, data, key, signature);
  if (algorithm.startsWith("ES")) {
    const named = { "P-256": "prime256v1", "P-384": "secp384r1" }[CURVES[algorithm]];
    if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails.namedCurve !== named) return false;
    return crypto.verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature);
  }
  if (key.asymmetricKeyType !== "rsa") return false;
  if (algorithm.startsWith("PS")) {
    const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
    return crypto.verify(hash, data, { key, padding, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST }, signature);
  }
  return crypto.verify(hash, data, key, signature);
}

async function fetchKeySet(url, fresh) {
  const known = keySets.get(url);
  const now = Date.now();
  if (known && !fresh && known.until > now) return known.keys;
  // Tokens with unknown key IDs must not make this ask without end.
  if (known && fresh && known.asked + 10_000 > now) return known.keys;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS), redirect: "error" });
    if (!answer.ok) throw new Error("status " + answer.status);
    const set = await answer.json();
    if (!Array.isArray(set.keys)) throw new Error("no keys");
    keySets.set(url, { keys: set.keys, until: now + KEY_SET_LIFETIME_MS, asked: now });
    return set.keys;
  } catch {
    if (known) return known.keys;
    throw new Refusal(503);
  }
}

function pick(keys, header) {
  const usable = keys.filter((key) => {
    if (header.kid !== undefined && key.kid !== undefined && key.kid !== header.kid) return false;
    if (key.use !== undefined && key.use !== "sig") return false;
    return key.alg === undefined || key.alg === header.alg;
  });
  const family = header.alg.slice(0, 2);
  const kind = family === "ES" ? "EC" : family === "HS" ? "oct" : family === "Ed" ? "OKP" : "RSA";
  return usable.filter((key) => key.kty === kind);
}

const asKey = (jwk) =>
  jwk.kty === "oct" ? Buffer.from(jwk.k, "base64url") : crypto.createPublicKey({ key: jwk, format: "jwk" });

async function candidates(keys, header) {
  if (keys.secret) return header.alg.startsWith("HS") ? [Buffer.from(process.env[keys.secret] ?? "")] : [];
  if (keys.pem) return header.alg.startsWith("HS") ? [] : [crypto.createPublicKey(keys.pem)];
  if (keys.set) return pick(keys.set.keys, header).map(asKey);
  let found = pick(await fetchKeySet(keys.url, false), header);
  if (found.length === 0) found = pick(await fetchKeySet(keys.url, true), header);
  return found.map(asKey);
}

function decode(part) {
  const value = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("not an object");
  return value;
}

function checkClaims(scheme, claims) {
  const now = Date.now() / 1000;
  if (typeof claims.exp !== "number" || claims.exp + LEEWAY_SECONDS <= now) return false;
  if (claims.nbf !== undefined && !(typeof claims.nbf === "number" && claims.nbf - LEEWAY_SECONDS <= now)) return false;
  if (scheme.issuer !== null && claims.iss !== scheme.issuer) return false;
  if (scheme.audience.length === 0) return true;
  const said = [].concat(claims.aud ?? []);
  if (scheme.cognito && claims.client_id !== undefined) said.push(claims.client_id);
  return said.some((one) => scheme.audience.includes(one));
}

async function checkToken(scheme, request) {
  const parts = /^Bearer +([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/i.exec(request.header("authorization") ?? "");
  if (!parts) return null;
  let header, claims;
  try {
    header = decode(parts[1]);
    claims = decode(parts[2]);
  } catch {
    return null;
  }
  if (!scheme.algorithms.includes(header.alg) || header.crit !== undefined) return null;
  const data = Buffer.from(parts[1] + "." + parts[2]);
  const signature = Buffer.from(parts[3], "base64url");
  let signed = false;
  for (const key of await candidates(scheme.keys, header)) {
    try {
      signed = signed || verifySignature(header.alg, key, data, signature);
    } catch {
      // A key that cannot verify this algorithm does not.
    }
  }
  if (!signed || !checkClaims(scheme, claims)) return null;
  const consumer = CONFIG.consumers.find((one) => one.jwt && text(claims[one.jwt[0]]) === one.jwt[1]);
  return { consumer, claims, subject: claims.sub };
}

// --- other schemes ---------------------------------------------------------------------------------------------------

function checkKey(scheme, request) {
  const key = scheme.header ? request.header(scheme.header.toLowerCase()) : request.query(scheme.query);
  if (!key) return null;
  let found = null;
  for (const consumer of CONFIG.consumers) {
    for (const variable of consumer.keys) {
      const known = process.env[variable];
      if (known && same(known, key)) found = consumer;
    }
  }
  return found && { consumer: found, claims: {} };
}

function checkPassword(request) {
  const sent = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(request.header("authorization") ?? "");
  if (!sent) return null;
  const pair = Buffer.from(sent[1], "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 0) return null;
  let found = null;
  for (const consumer of CONFIG.consumers) {
    if (!consumer.basic) continue;
    const known = process.env[consumer.basic[1]];
    const fits = same(consumer.basic[0], pair.slice(0, colon)) && known && same(known, pair.slice(colon + 1));
    if (fits) found = consumer;
  }
  return found && { consumer: found, claims: {} };
}

const HOP_BY_HOP = ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

async function askService(scheme, request) {
  const headers = {};
  for (const [name, value] of request.headers) {
    if (!HOP_BY_HOP.includes(name)) headers[name] = value;
  }
  headers["x-forwarded-method"] = request.method;
  headers["x-forwarded-uri"] = request.uri;
  let answer;
  try {
    answer = await fetch(scheme.url, { headers, redirect: "manual", signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  } catch {
    throw new Refusal(503);
  }
  if (answer.status === 401 || answer.status === 403) throw new Refusal(answer.status);
  if (!answer.ok) throw new Refusal(503);
  const forward = scheme.forward.map(([name, key]) => [key, answer.headers.get(name) || "-"]);
  return { claims: {}, context: Object.fromEntries(forward) };
}

function check(name, request) {
  const scheme = CONFIG.schemes[name];
  if (scheme.kind === "jwt") return checkToken(scheme, request);
  if (scheme.kind === "api_key") return checkKey(scheme, request);
  if (scheme.kind === "basic") return checkPassword(request);
  return askService(scheme, request);
}

// --- a route's rules -------------------------------------------------------------------------------------------------

const encode = (value) =>
  value.replace(/[^\x21-\x7e]/gu, (c) => [...Buffer.from(c)].map((b) => "%" + b.toString(16).toUpperCase().padStart(2, "0")).join(""));

function text(claim) {
  if (claim === undefined || claim === null) return "";
  if (Array.isArray(claim)) return claim.map(text).join(",");
  return typeof claim === "object" ? JSON.stringify(claim) : String(claim);
}

function scopesOf(claims) {
  const said = typeof claims.scope === "string" ? claims.scope.split(" ") : [];
  return said.concat(Array.isArray(claims.scp) ? claims.scp : typeof claims.scp === "string" ? claims.scp.split(" ") : []);
}

async function identify(rule, request) {
  if (rule.schemes.length === 0) return [];
  const found = [];
  let refused = null;
  for (const name of rule.schemes) {
    let who = null;
    try {
      who = await check(name, request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused = refused ?? error;
    }
    if (who && !rule.all) return [{ ...who, name }];
    if (who) found.push({ ...who, name });
    else if (rule.all) throw refused ?? new Refusal(401);
  }
  if (!rule.all) throw refused ?? new Refusal(401);
  return found;
}

async function decide(rule, request) {
  if (rule.ip && !admitAddress(rule.ip, request.address)) throw new Refusal(403);
  const people = await identify(rule, request);
  const claims = Object.assign({}, ...people.map((who) => who.claims));
  const has = scopesOf(claims);
  if (rule.scopes.all.some((scope) => !has.includes(scope))) throw new Refusal(403);
  if (rule.scopes.any.length > 0 && !rule.scopes.any.some((scope) => has.includes(scope))) throw new Refusal(403);
  const consumer = people.map((who) => who.consumer).find((one) => one);
  const groups = consumer ? consumer.groups : [];
  if (rule.groups.length > 0 && !rule.groups.some((group) => groups.includes(group))) throw new Refusal(403);
  const context = {};
  // Every header that could be forged gets a value, so that what the client sent never goes on.
  // An empty one would be no mapping: `-` stands for none.
  for (const key of CONFIG.forwarded) context[key] = "-";
  for (const who of people) {
    const scheme = CONFIG.schemes[who.name];
    const forward = scheme.kind === "jwt" ? scheme.forward : [];
    for (const [claim, key] of forward) context[key] = encode(text(who.claims[claim])) || "-";
    Object.assign(context, who.context);
  }
  for (const claim of CONFIG.claims) context["claim_" + claim.replace(/[^A-Za-z0-9]/g, "_")] = encodeURIComponent(text(claims[claim]));
  if (consumer) context.consumer = consumer.name;
  return { principal: consumer ? consumer.name : encode(text(claims.sub)) || "anonymous", meter: consumer ? consumer.meter : CONFIG.anonymous, context };
}

// --- what API Gateway sends and wants --------------------------------------------------------------------------------

function requestOf(event) {
  const headers = new Map();
  for (const [name, value] of Object.entries(event.headers ?? {})) headers.set(name.toLowerCase(), value);
  const http = event.requestContext?.http;
  const query = event.queryStringParameters ?? {};
  const path = http ? http.path : event.path;
  const pairs = new URLSearchParams(query).toString();
  return {
    headers,
    header: (name) => headers.get(name),
    query: (name) => query[name],
    method: http ? http.method : event.httpMethod,
    uri: pairs ? path + "?" + pairs : path,
    address: clientAddress(http ? http.sourceIp : event.requestContext?.identity?.sourceIp, headers.get("x-forwarded-for") ?? ""),
  };
}

const ruleOf = (event) => {
  const key = event.routeKey ?? event.httpMethod + " " + event.resource;
  const number = CONFIG.routes[key] ?? CONFIG.routes["ANY " + event.resource];
  return number === undefined ? undefined : CONFIG.rules[number];
};

exports.handler = async (event) => {
  const rule = ruleOf(event);
  const simple = event.version === "2.0";
  try {
    if (!rule) throw new Refusal(403);
    const { principal, meter, context } = await decide(rule, requestOf(event));
    if (simple) return { isAuthorized: true, context };
    const answer = policy("Allow", principal, event.methodArn, context);
    if (meter) answer.usageIdentifierKey = process.env.METER + "-" + meter;
    return answer;
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error.name);
    // A function of an HTTP API has two answers: whatever is not admitted gets 403, and only a failure 500.
    if (simple && (error.status === 401 || error.status === 403)) return { isAuthorized: false };
    if (error.status === 403) return policy("Deny", "anonymous", event.methodArn, {});
    if (error.status === 401) throw new Error("Unauthorized");
    throw new Error("Unavailable");
  }
};

function policy(effect, principal, resource, context) {
  const statement = { Action: "execute-api:Invoke", Effect: effect, Resource: resource };
  return { principalId: principal, policyDocument: { Version: "2012-10-17", Statement: [statement] }, context };
}
