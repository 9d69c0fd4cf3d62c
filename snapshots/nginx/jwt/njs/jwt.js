// Checks signed tokens (RFC 7519): signature, exp (required), nbf, iss, aud, with 60 s of leeway, listed algorithms only.
// Under another name: `crypto` is the Web Crypto API.
import hashes from 'crypto';

const LEEWAY = 60;
const SCHEMES = [{"id":0,"name":"customers","issuer":"https://id.notes.example/","audience":["notes"],"cognito":false,"algorithms":["RS256","ES256"],"keys":[{"type":"RSA","kid":"rsa-1","alg":"RS256","curve":"","spki":"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxY2JmEk+WV+ghhj9KjEfN6uikyafAw4q7Hz6UVIl37RpKvQEHAEwDAj+q9ccGgZY0YSI4c4htr0GKCBk2jgboUHKKX3OqKwPY0Rcejzf2z90GUAqKHDQoD0Qe9XsK8jaGJYPb9ojPW42PquNh4GVapesxiuJ+ncJiD7Xh3Ts8C+a6mFzJw2omJpRncrnG+G5pPKS7gq650aFMPRJ7RKX/eJpTPRxOpjCX2ZtDaLQYCna7PiWyDvMqShFwS2Ey6qz3GrqZ0ZabAtt3OlrTqzuVKUZh5XbV6G7gRPb0D9uk2jWpPD8Mtp8Pa0ZIISRy+h2eWljV/wG6fLQWatLT6REtQIDAQAB"},{"type":"EC","kid":"ec-1","alg":"ES256","curve":"P-256","spki":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdMjWxbciijn0fWsAMvWBc6NLM1X+8dZUE0m9Cbtq0tdbQzNsGjosyE0cITH1gAXCLrVfMEWmP7W6jUPHPz/8fQ=="}],"claims":[{"name":"sub","use":"header","variable":"gw_claim_0"}],"naming":[]}];
const HASHES = { 256: 'SHA-256', 384: 'SHA-384', 512: 'SHA-512' };
const CURVES = { ES256: ['P-256', 64], ES384: ['P-384', 96], ES512: ['P-521', 132] };

// One text for one value: no letter too many, no loose bits.
function canonical(part) {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function bearer(r) {
  const found = r.rawHeadersIn.filter(function (pair) { return pair[0].toLowerCase() === 'authorization'; });
  const m = found.length === 1 ? /^bearer +([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(found[0][1]) : null;
  return m && m.slice(1).every(canonical) ? [m[1], m[2], m[3]] : null;
}

function object(part) {
  const value = JSON.parse(Buffer.from(part, 'base64url').toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not an object');
  }
  return value;
}

function typeOf(alg) {
  return { H: 'oct', R: 'RSA', P: 'RSA', E: 'EC' }[alg.charAt(0)];
}

// Keys that may have signed: of the algorithm's type, by kid where the token and the key set name one.
function candidates(keys, header) {
  return keys.filter(function (key) {
    return key.type === typeOf(header.alg)
      && (!key.alg || key.alg === header.alg)
      && (!key.curve || key.curve === CURVES[header.alg][0])
      && (!key.kid || header.kid === undefined || key.kid === header.kid);
  });
}

function importOf(alg, key) {
  const hash = HASHES[alg.slice(2)];
  if (alg.charAt(0) === 'H') {
    return ['raw', key.secret, { name: 'HMAC', hash: hash }];
  }
  const spki = Buffer.from(key.spki, 'base64');
  if (alg.charAt(0) === 'E') {
    return ['spki', spki, { name: 'ECDSA', namedCurve: CURVES[alg][0] }];
  }
  return ['spki', spki, { name: alg.charAt(0) === 'P' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: hash }];
}

function verifyOf(alg) {
  const hash = HASHES[alg.slice(2)];
  switch (alg.charAt(0)) {
    case 'H': return { name: 'HMAC' };
    case 'E': return { name: 'ECDSA', hash: hash };
    case 'P': return { name: 'RSA-PSS', hash: hash, saltLength: parseInt(alg.slice(2), 10) / 8 };
    default: return { name: 'RSASSA-PKCS1-v1_5' };
  }
}

async function signed(alg, key, data, signature) {
  if (alg.charAt(0) === 'E' && signature.length !== CURVES[alg][1]) {
    return false;
  }
  var how = importOf(alg, key);
  try {
    var imported = await crypto.subtle.importKey(how[0], how[1], how[2], false, ['verify']);
    var good = await crypto.subtle.verify(verifyOf(alg), imported, signature, data);
    return good === true;
  } catch (e) {
    return false;
  }
}

function finite(value) {
  return typeof value === 'number' && isFinite(value);
}

function timely(claims) {
  const now = Math.floor(Date.now() / 1000);
  return finite(claims.exp) && now < claims.exp + LEEWAY
    && (claims.nbf === undefined || (finite(claims.nbf) && now + LEEWAY >= claims.nbf));
}

function meant(claims, scheme) {
  if (scheme.issuer !== null && claims.iss !== scheme.issuer) {
    return false;
  }
  if (scheme.audience.length === 0) {
    return true;
  }
  let audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  // An access token of a Cognito pool has no `aud`, it names its client.
  if (scheme.cognito && claims.aud === undefined) {
    audience = audience.concat([claims.client_id]);
  }
  return audience.some(function (one) { return typeof one === 'string' && scheme.audience.indexOf(one) >= 0; });
}

// The claims of the request's token, or null.
async function claimsOf(r, scheme, keys) {
  var parts = bearer(r);
  if (parts === null) {
    return null;
  }
  var header, claims;
  try {
    header = object(parts[0]);
    claims = object(parts[1]);
  } catch (e) {
    return null;
  }
  if (typeof header.alg !== 'string' || scheme.algorithms.indexOf(header.alg) < 0 || header.crit !== undefined) {
    return null;
  }
  var data = Buffer.from(parts[0] + '.' + parts[1]);
  var signature = Buffer.from(parts[2], 'base64url');
  var fitting = candidates(keys, header);
  for (var i = 0; i < fitting.length; i++) {
    var good = await signed(header.alg, fitting[i], data, signature);
    if (good) {
      return timely(claims) && meant(claims, scheme) ? claims : null;
    }
  }
  return null;
}

function one(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// A claim as text: a list joined by commas; undefined where there is none.
function text(value) {
  if (value === undefined || value === null) {
    return undefined;
  }
  return Array.isArray(value) ? value.map(one).join(',') : one(value);
}

function encoded(value) {
  let out;
  try {
    out = encodeURIComponent(value);
  } catch (e) {
    out = '%EF%BF%BD';
  }
  return out.replace(/[!'()*]/g, function (c) { return '%' + c.charCodeAt(0).toString(16).toUpperCase(); });
}

// Visible ASCII stands, everything else is percent-encoded: no claim can end a header.
function visible(value) {
  return value.replace(/[^\x21-\x7e]+/g, encoded);
}

function words(value) {
  return typeof value === 'string' ? value.split(/[ \t\n\f\r]+/) : [];
}

function scopesOf(claims) {
  const list = words(claims.scope).concat(Array.isArray(claims.scp) ? claims.scp : words(claims.scp));
  const named = list.filter(function (item) { return typeof item === 'string' && item !== ''; });
  return ' ' + named.map(encoded).join(' ') + ' ';
}

// Puts what later checks need into variables, and says who it is.
function admitted(r, scheme, claims) {
  const own = function (name) {
    return Object.keys(claims).indexOf(name) >= 0 ? claims[name] : undefined;
  };
  r.variables['gw_scopes_' + scheme.id] = scopesOf(claims);
  scheme.claims.forEach(function (claim) {
    const value = text(own(claim.name));
    r.variables[claim.variable] = value === undefined ? '' : claim.use === 'header' ? visible(value) : '=' + encoded(value);
  });
  scheme.naming.forEach(function (claim) {
    const value = text(own(claim.name));
    r.variables[claim.variable] = value !== undefined ? hashes.createHash('sha256').update(value).digest('hex') : '';
  });
  const sub = text(own('sub'));
  return 'j' + scheme.id + ':' + encoded(sub === undefined ? '' : sub);
}

function fixedKeys(scheme) {
  return scheme.keys.map(function (key) {
    if (key.type !== 'oct') {
      return key;
    }
    const secret = key.bytes !== undefined ? Buffer.from(key.bytes, 'base64')
      : Buffer.from(key.variable === undefined ? key.text : process.env[key.variable] || '');
    return { type: 'oct', kid: key.kid, alg: key.alg, secret: secret };
  }).filter(function (key) { return key.type !== 'oct' || key.secret.length > 0; });
}

async function check(r, index) {
  var scheme = SCHEMES[index];
  var claims = await claimsOf(r, scheme, fixedKeys(scheme));
  r.setReturnValue(claims === null ? '' : admitted(r, scheme, claims));
}

async function scheme0(r) {
  await check(r, 0);
}

export default { SCHEMES, bearer, claimsOf, admitted, scheme0 };
