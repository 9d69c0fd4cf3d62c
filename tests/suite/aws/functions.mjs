// The functions that are written along, run as AWS runs them: with a configuration in front and an event.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

const sources = process.env.SOURCES;
const require = createRequire(import.meta.url);
let number = 0;

function load(name, config) {
  const source = fs.readFileSync(path.join(sources, name), "utf8").replace('"use strict";\n', "");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "function-"));
  const file = path.join(folder, `f${number++}.cjs`);
  fs.writeFileSync(file, `"use strict";\nconst CONFIG = ${JSON.stringify(config)};\n${source}`);
  const { handler } = require(file);
  fs.rmSync(folder, { recursive: true });
  return handler;
}

const b64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

function token(alg, sign, claims = {}) {
  const signed = `${b64({ alg, kid: "k" })}.${b64({ iss: "https://id/", aud: ["shop"], sub: "u1", exp: now() + 60, ...claims })}`;
  return `Bearer ${signed}.${sign(Buffer.from(signed)).toString("base64url")}`;
}

const rule = (more) => ({ schemes: [], all: false, scopes: { all: [], any: [] }, groups: [], ip: null, ...more });
const config = (more) => ({ schemes: {}, consumers: [], rules: [], routes: { "GET /x": 0 }, forwarded: [], claims: [], trusted: [], anonymous: null, ...more });
const event = (headers = {}, more = {}) => ({
  methodArn: "arn",
  httpMethod: "GET",
  resource: "/x",
  path: "/x",
  headers,
  queryStringParameters: null,
  requestContext: { identity: { sourceIp: "192.0.2.1" } },
  ...more,
});

async function verdict(handler, ...given) {
  try {
    const answer = await handler(event(...given));
    return answer.policyDocument.Statement[0].Effect;
  } catch (error) {
    return error.message;
  }
}

const jwt = (algorithms, keys, more) => ({ kind: "jwt", issuer: "https://id/", audience: ["shop"], cognito: false, algorithms, keys, forward: [], ...more });
const people = (scheme, more) => config({ schemes: { people: scheme }, rules: [rule({ schemes: ["people"] })], ...more });

const PAIRS = {
  RS256: ["rsa", { modulusLength: 2048 }, (key) => (data) => crypto.sign("sha256", data, key)],
  RS512: ["rsa", { modulusLength: 2048 }, (key) => (data) => crypto.sign("sha512", data, key)],
  PS384: ["rsa", { modulusLength: 2048 }, (key) => (data) => crypto.sign("sha384", data, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 })],
  ES256: ["ec", { namedCurve: "P-256" }, (key) => (data) => crypto.sign("sha256", data, { key, dsaEncoding: "ieee-p1363" })],
  ES384: ["ec", { namedCurve: "P-384" }, (key) => (data) => crypto.sign("sha384", data, { key, dsaEncoding: "ieee-p1363" })],
  EdDSA: ["ed25519", {}, (key) => (data) => crypto.sign(null, data, key)],
};

for (const [alg, [kind, options, signer]] of Object.entries(PAIRS)) {
  test(`a token signed with ${alg} is admitted, and no other`, async () => {
    const { publicKey, privateKey } = crypto.generateKeyPairSync(kind, options);
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k" };
    const handler = load("authorizer.js", people(jwt([alg], { set: { keys: [jwk] } })));
    const sign = signer(privateKey);
    assert.equal(await verdict(handler, { Authorization: token(alg, sign) }), "Allow");
    assert.equal(await verdict(handler, { authorization: token(alg, sign) }), "Allow");
    const other = signer(crypto.generateKeyPairSync(kind, options).privateKey);
    assert.equal(await verdict(handler, { Authorization: token(alg, other) }), "Unauthorized");
    assert.equal(await verdict(handler, { Authorization: token("none", () => Buffer.from("")) + "AA" }), "Unauthorized");
    // A public key must never serve as a shared secret.
    const pem = publicKey.export({ type: "spki", format: "pem" });
    const forged = token("HS256", (data) => crypto.createHmac("sha256", pem).update(data).digest());
    assert.equal(await verdict(handler, { Authorization: forged }), "Unauthorized");
    const both = load("authorizer.js", people(jwt([alg, "HS256"], { pem })));
    assert.equal(await verdict(both, { Authorization: forged }), "Unauthorized");
    assert.equal(await verdict(both, { Authorization: token(alg, sign) }), "Allow");
  });
}

test("a shared secret comes from the environment", async () => {
  process.env.SECRET_1 = "a shared secret";
  const handler = load("authorizer.js", people(jwt(["HS256"], { secret: "SECRET_1" })));
  const sign = (secret) => (data) => crypto.createHmac("sha256", secret).update(data).digest();
  assert.equal(await verdict(handler, { Authorization: token("HS256", sign("a shared secret")) }), "Allow");
  assert.equal(await verdict(handler, { Authorization: token("HS256", sign("another")) }), "Unauthorized");
  const missing = load("authorizer.js", people(jwt(["HS256"], { secret: "NOT_SET" })));
  assert.equal(await verdict(missing, { Authorization: token("HS256", sign("a shared secret")) }), "Unauthorized");
});

test("claims are checked with 60 s of leeway, and fill headers", async () => {
  process.env.SECRET_1 = "s".repeat(32);
  const sign = (data) => crypto.createHmac("sha256", process.env.SECRET_1).update(data).digest();
  const scheme = jwt(["HS256"], { secret: "SECRET_1" }, { forward: [["sub", "h_user"], ["roles", "h_roles"], ["gone", "h_gone"]] });
  const handler = load("authorizer.js", people(scheme, { forwarded: ["h_user", "h_roles", "h_gone", "h_other"], claims: ["sub"] }));
  const ask = (claims) => verdict(handler, { Authorization: token("HS256", sign, claims) });
  for (const bad of [{ exp: now() - 61 }, { exp: "soon" }, { nbf: now() + 120 }, { iss: "https://evil/" }, { iss: undefined }, { aud: "other" }, { aud: undefined }]) {
    assert.equal(await ask(bad), "Unauthorized", JSON.stringify(bad));
  }
  for (const good of [{ exp: now() - 50 }, { nbf: now() + 50 }, { aud: "shop" }, { aud: ["x", "shop"] }]) {
    assert.equal(await ask(good), "Allow", JSON.stringify(good));
  }
  const claims = { sub: "ü\r\nX-Admin: 1", roles: ["a", "b"] };
  const { context } = await handler(event({ Authorization: token("HS256", sign, claims) }));
  assert.deepEqual(context, {
    h_user: "%C3%BC%0D%0AX-Admin:%201",
    h_roles: "a,b",
    h_gone: "-",
    h_other: "-",
    claim_sub: "%C3%BC%0D%0AX-Admin%3A%201",
  });
});

test("addresses are compared by family and prefix, behind trusted proxies too", async () => {
  const ask = (ip, address, chain, trusted = []) => {
    const handler = load("authorizer.js", config({ rules: [rule({ ip })], trusted }));
    const headers = chain === undefined ? {} : { "X-Forwarded-For": chain };
    return verdict(handler, headers, { requestContext: { identity: { sourceIp: address } } });
  };
  const office = { allow: ["198.51.100.0/24", "2001:db8::/32"], deny: ["198.51.100.66/32"] };
  for (const address of ["198.51.100.1", "2001:db8::1", "2001:DB8:0:0:0:0:0:9", "::ffff:198.51.100.1"]) {
    assert.equal(await ask(office, address), "Allow", address);
  }
  for (const address of ["198.51.100.66", "198.51.101.1", "2001:db9::1", "", "garbage", "1.2.3.4.5", "::ffff:198.51.100.66", ":::1"]) {
    assert.equal(await ask(office, address), "Deny", address);
  }
  assert.equal(await ask(office, "10.0.0.1", "198.51.100.1"), "Deny");
  assert.equal(await ask(office, "10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", ["10.0.0.0/8"]), "Allow");
  assert.equal(await ask(office, "10.0.0.1", "198.51.100.1, 203.0.113.9", ["10.0.0.0/8"]), "Deny");
  assert.equal(await ask({ allow: [], deny: ["203.0.113.0/24"] }, "10.0.0.1", "203.0.113.9", ["10.0.0.0/8"]), "Deny");
});

test("a key names its consumer, whose meter is the usage plan's", async () => {
  process.env.SECRET_1 = "first-key";
  process.env.SECRET_2 = "second-key";
  process.env.METER = "stack";
  const acme = { name: "acme", groups: ["partner"], keys: ["SECRET_1", "SECRET_2", "NOT_SET"], basic: null, jwt: null, meter: "m1" };
  const rules = [rule({ schemes: ["keys"], groups: ["partner"] })];
  const of = (scheme) => load("authorizer.js", config({ schemes: { keys: { kind: "api_key", ...scheme } }, consumers: [acme], rules, anonymous: "anonymous" }));
  for (const key of ["first-key", "second-key"]) {
    const answer = await of({ header: "X-Key" })(event({ "x-key": key }));
    assert.equal(answer.usageIdentifierKey, "stack-m1");
    assert.equal(answer.context.consumer, "acme");
  }
  for (const key of ["", "undefined", "wrong"]) assert.equal(await verdict(of({ header: "X-Key" }), { "X-Key": key }), "Unauthorized");
  assert.equal(await verdict(of({ query: "key" }), {}, { queryStringParameters: { key: "first-key" } }), "Allow");
  const other = load("authorizer.js", config({ schemes: { keys: { kind: "api_key", header: "X-Key" } }, consumers: [{ ...acme, groups: [] }], rules }));
  assert.equal(await verdict(other, { "X-Key": "first-key" }), "Deny");
});

test("a route that no rule names is refused", async () => {
  const handler = load("authorizer.js", config({}));
  assert.equal(await verdict(handler, {}, { resource: "/other" }), "Deny");
});

async function served(answer) {
  const server = http.createServer(answer);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

test("another service admits with 2xx, refuses with 401 and 403, and is missing otherwise", async () => {
  let status = 200;
  const seen = [];
  const service = await served((request, answer) => {
    seen.push(request.headers);
    answer.writeHead(status, { "X-User-ID": "u9" }).end();
  });
  const scheme = { kind: "external", url: service.url, forward: [["X-User-ID", "h_x_user_id"], ["X-None", "h_x_none"]] };
  const handler = load("authorizer.js", config({ schemes: { other: scheme }, rules: [rule({ schemes: ["other"] })], forwarded: ["h_x_user_id", "h_x_none"] }));
  const { context } = await handler(event({ Cookie: "a=b" }, { queryStringParameters: { q: "1" } }));
  assert.deepEqual(context, { h_x_user_id: "u9", h_x_none: "-" });
  assert.equal(seen[0].cookie, "a=b");
  assert.equal(seen[0]["x-forwarded-method"], "GET");
  assert.equal(seen[0]["x-forwarded-uri"], "/x?q=1");
  for (const [code, expected] of [[401, "Unauthorized"], [403, "Deny"], [302, "Unavailable"], [500, "Unavailable"]]) {
    status = code;
    assert.equal(await verdict(handler, {}), expected, String(code));
  }
  service.close();
  assert.equal(await verdict(handler, {}), "Unavailable");
});

test("a gather asks all at once, replaces what may fail, and fails with what must not", async () => {
  const service = await served((request, answer) => {
    if (request.url.startsWith("/slow")) return setTimeout(() => answer.end("{}"), 2000);
    if (request.url === "/bad") return answer.writeHead(500).end("{}");
    if (request.url === "/text") return answer.end("not json");
    answer.end(JSON.stringify({ url: request.url, list: [1, 2], deep: { "a/b": 7 } }));
  });
  const part = (name, path, more = {}) => ({ name, base: service.url, path: [{ text: path }], query: [], required: false, timeout: 300, or: null, ...more });
  const gather = (parts) => load("gather.js", { requestId: "X-Request-ID", routes: { "GET /x": { parts, params: { id: { variable: "id" } }, cors: { origins: ["https://a"], headers: {} } } } });
  const ask = (parts, headers = {}) => gather(parts)(event(headers, { pathParameters: { id: "a/b" }, requestContext: { requestId: "r1", authorizer: { claim_sub: "u%2F1" } } }));
  const started = Date.now();
  const all = await ask([
    part("whole", "/one", { path: [{ text: "/u/" }, { claim: "sub" }, { text: "/" }, { param: "id" }], query: [{ text: "q=" }, { claim: "sub" }] }),
    part("count", "/two", { count: "/list" }),
    part("pick", "/three", { pick: "/deep/a~1b" }),
    part("slow", "/slow1", { or: "late" }),
    part("slow2", "/slow2", { or: "late" }),
    part("bad", "/bad", { or: [] }),
    part("text", "/text", { or: 0 }),
    part("missing", "/four", { pick: "/nothing", or: 1 }),
    part("unknown", "/", { path: [{ claim: "none" }], or: 2 }),
  ], { Origin: "https://a" });
  assert.ok(Date.now() - started < 1500);
  const body = JSON.parse(all.body);
  assert.equal(body.whole.url, "/u/u%2F1/a%2Fb?q=u%2F1");
  assert.deepEqual([body.count, body.pick, body.slow, body.slow2, body.bad, body.text, body.missing, body.unknown], [2, 7, "late", "late", [], 0, 1, 2]);
  assert.equal(all.headers["X-Request-ID"], "r1");
  assert.equal(all.headers["Access-Control-Allow-Origin"], "https://a");
  assert.equal((await ask([part("bad", "/bad", { required: true })])).statusCode, 502);
  assert.equal((await ask([part("slow", "/slow3", { required: true })])).statusCode, 504);
  service.close();
});
