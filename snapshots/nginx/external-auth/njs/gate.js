// Checks that wait for another server: key sets fetched at run time and external authorizers; then on to the next stage.

const GATES = {"0":{"any":true,"schemes":[{"id":0,"kind":"authorizer","index":0}]}};
const EXTERNAL = {"0":[{"name":"X-User-ID","variable":"gw_external_0_0"}]};

function concat(list) {
  return Buffer.concat(list);
}

// DER (X.690): tag, length, content.
function der(tag, content) {
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return concat([Buffer.from([tag].concat(length)), content]);
}

function integer(bytes) {
  return der(2, bytes[0] & 128 ? concat([Buffer.from([0]), bytes]) : bytes);
}

const RSA = Buffer.from('300d06092a864886f70d0101010500', 'hex');
const POINTS = {
  'P-256': [Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex'), 32],
  'P-384': [Buffer.from('301006072a8648ce3d020106052b81040022', 'hex'), 48],
  'P-521': [Buffer.from('301006072a8648ce3d020106052b81040023', 'hex'), 66],
};

// SubjectPublicKeyInfo (RFC 5280) of a JWK (RFC 7517); njs of nginx 1.22 cannot import a JWK.
function spki(jwk) {
  const bits = function (algorithm, content) {
    return der(0x30, concat([algorithm, der(3, concat([Buffer.from([0]), content]))])).toString('base64');
  };
  if (jwk.kty === 'RSA') {
    const key = concat([integer(Buffer.from(jwk.n, 'base64url')), integer(Buffer.from(jwk.e, 'base64url'))]);
    return bits(RSA, der(0x30, key));
  }
  const curve = POINTS[jwk.crv];
  const x = Buffer.from(jwk.x, 'base64url'), y = Buffer.from(jwk.y, 'base64url');
  if (x.length !== curve[1] || y.length !== curve[1]) {
    throw new Error('not a point');
  }
  return bits(curve[0], concat([Buffer.from([4]), x, y]));
}

function publicKeys(body) {
  const keys = [];
  JSON.parse(body).keys.forEach(function (jwk) {
    if ((jwk.kty !== 'RSA' && jwk.kty !== 'EC') || (jwk.use !== undefined && jwk.use !== 'sig')) {
      return;
    }
    try {
      keys.push({ type: jwk.kty, kid: jwk.kid || '', alg: jwk.alg || '', curve: jwk.kty === 'EC' ? jwk.crv : '', spki: spki(jwk) });
    } catch (e) {
      // A key that cannot be read verifies nothing; the others stand.
    }
  });
  return keys;
}

// Each answers: who it is ("" for nobody), or a refusal to hand on.
async function byToken(r, index) {
  var scheme = jwt.SCHEMES[index];
  if (jwt.bearer(r) === null) {
    return { who: '' };
  }
  var set = await r.subrequest('//keys/' + scheme.id, { method: 'GET' });
  var keys;
  try {
    if (set.status !== 200) {
      throw new Error('no key set');
    }
    keys = publicKeys(set.responseText);
  } catch (e) {
    r.warn('key set of scheme ' + scheme.name + ' cannot be had: status ' + set.status);
    return { who: '', end: { status: 503 } };
  }
  var claims = await jwt.claimsOf(r, scheme, keys);
  return { who: claims === null ? '' : jwt.admitted(r, scheme, claims) };
}

async function byAuthorizer(r, id) {
  var answer = await r.subrequest('//ask/' + id, { method: 'GET' });
  if (answer.status >= 200 && answer.status < 300) {
    EXTERNAL[id].forEach(function (header) {
      r.variables[header.variable] = answer.headersOut[header.name] || '';
    });
    return { who: 'x' };
  }
  var refused = answer.status === 401 || answer.status === 403;
  return { who: '', end: refused ? answer : { status: 503 } };
}

function handOn(r, answer) {
  ['Content-Type', 'WWW-Authenticate'].forEach(function (name) {
    if (answer.headersOut[name]) {
      r.headersOut[name] = answer.headersOut[name];
    }
  });
  r.return(answer.status, answer.responseText || '');
}

async function ask(r) {
  var gate = GATES[r.variables.gw_gate];
  var end, who = [];
  for (var i = 0; i < gate.schemes.length; i++) {
    var scheme = gate.schemes[i];
    var result;
    if (scheme.kind === 'fixed') {
      result = { who: r.variables['gw_pre_' + scheme.id] };
    } else if (scheme.kind === 'token') {
      result = await byToken(r, scheme.index);
      r.variables['gw_token_' + scheme.id] = result.who;
    } else {
      result = await byAuthorizer(r, scheme.id);
      r.variables['gw_who_' + scheme.id] = result.who;
    }
    who.push(result.who);
    if (!result.who) {
      end = result.end || end;
    }
    if (gate.any ? result.who : !result.who) {
      break;
    }
  }
  var good = gate.any ? who.some(Boolean) : who.every(Boolean);
  if (good) {
    r.internalRedirect(r.variables.gw_next);
  } else if (end && end.status !== 503) {
    handOn(r, end);
  } else {
    r.return(end ? 503 : 401);
  }
}

export default { ask };
