// Turns API keys and passwords into SHA-256, so that lookups tell upper from lower case and no credential is stored.
import crypto from 'crypto';

// Query parameters that hold keys, by scheme.
const KEY_PARAMETERS = {};
// Credentials held in environment variables: who has which.
const FROM_ENVIRONMENT = {"0":[{"variable":"ACME_KEY","prefix":"","who":"c0"},{"variable":"ACME_KEY_NEXT","prefix":"","who":"c0"},{"variable":"GLOBEX_KEY","prefix":"","who":"c1"}]};

function sha256(text) {
  return crypto.createHash('sha256').update(text).digest('hex');
}

// A header sent twice is no credential: which of the two counts would differ between engines.
function only(r, name) {
  const lower = name.toLowerCase();
  const found = r.rawHeadersIn.filter(function (pair) { return pair[0].toLowerCase() === lower; });
  return found.length === 1 ? found[0][1] : '';
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch (e) {
    return text;
  }
}

function parameters(r) {
  const target = r.variables.request_uri || '';
  const at = target.indexOf('?');
  return at < 0 ? [] : target.slice(at + 1).split('#')[0].split('&');
}

function nameOf(parameter) {
  return decoded(parameter.split('=')[0]);
}

// The query without the API keys that the route reads, with its "?"; "" where nothing is left.
function query(r) {
  const read = (r.variables.gw_query_keys || '').split(',').map(function (scheme) { return KEY_PARAMETERS[scheme]; });
  const kept = parameters(r).filter(function (p) { return read.indexOf(nameOf(p)) < 0; });
  return kept.length > 0 ? '?' + kept.join('&') : '';
}

// Looks a credential up among those whose values come from the environment; every one is compared, whatever matches.
function known(scheme, hash) {
  let who = '';
  (FROM_ENVIRONMENT[scheme] || []).forEach(function (entry) {
    const value = process.env[entry.variable];
    if (value && sha256(entry.prefix + value) === hash) {
      who = entry.who;
    }
  });
  return who || hash;
}

function scheme0(r) {
  const key = only(r, "X-API-Key");
  return key ? known(0, sha256(key)) : '';
}

export default { query, scheme0 };
