// Turns API keys and passwords into SHA-256, so that lookups tell upper from lower case and no credential is stored.
import crypto from 'crypto';

// Query parameters that hold keys, by scheme.
const KEY_PARAMETERS = {{ key_parameters }};
// Credentials held in environment variables: who has which.
const FROM_ENVIRONMENT = {{ environment }};

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

{% for scheme in schemes -%}
{% if scheme.kind == "header" -%}
function {{ scheme.name }}(r) {
  const key = only(r, {{ scheme.place }});
  return key ? known({{ scheme.id }}, sha256(key)) : '';
}
{% elif scheme.kind == "query" -%}
function {{ scheme.name }}(r) {
  const found = parameters(r).filter(function (p) { return nameOf(p) === {{ scheme.place }}; });
  const at = found.length === 1 ? found[0].indexOf('=') : -1;
  const key = at < 0 ? '' : decoded(found[0].slice(at + 1));
  return key ? known({{ scheme.id }}, sha256(key)) : '';
}
{% else -%}
function {{ scheme.name }}(r) {
  const m = /^basic +([A-Za-z0-9+\/]+=*)$/i.exec(only(r, 'Authorization'));
  const pair = m ? Buffer.from(m[1], 'base64').toString() : '';
  return pair.indexOf(':') >= 0 ? known({{ scheme.id }}, sha256(pair)) : '';
}
{% endif -%}
{% endfor %}
export default { query{% for scheme in schemes %}, {{ scheme.name }}{% endfor %} };
