// Asks several services at once and joins their JSON as text: numbers keep their digits and objects their order.
const GATHERS = {"api/bff/dashboard":[{"name":"user","variable":"gw_part_0","location":"//gapi/bff/dashboard/0","path":[{"text":"/profile/"},{"claims":["gw_claim_3"]}],"query":[],"required":true,"or":"null","keep":{"how":"whole"}},{"name":"recentOrders","variable":"gw_part_1","location":"//gapi/bff/dashboard/1","path":[{"text":"/orders"}],"query":[{"text":"user="},{"claims":["gw_claim_3"]},{"text":"&limit=5"}],"required":false,"or":"[]","keep":{"how":"whole"}},{"name":"unreadCount","variable":"gw_part_2","location":"//gapi/bff/dashboard/2","path":[{"text":"/unread"}],"query":[{"text":"user="},{"claims":["gw_claim_3"]}],"required":false,"or":"0","keep":{"how":"count","pointer":""}},{"name":"city","variable":"gw_part_3","location":"//gapi/bff/dashboard/3","path":[{"text":"/addresses/"},{"claims":["gw_claim_3"]}],"query":[],"required":false,"or":"null","keep":{"how":"pick","pointer":"/home/city"}}]};

// End of the JSON value that starts at `at` in valid JSON.
function skip(text, at) {
  const c = text.charAt(at);
  if (c === '"') {
    let i = at + 1;
    while (text.charAt(i) !== '"') {
      i += text.charAt(i) === '\\' ? 2 : 1;
    }
    return i + 1;
  }
  if (c === '{' || c === '[') {
    let depth = 0, i = at;
    do {
      const d = text.charAt(i);
      if (d === '"') {
        i = skip(text, i);
        continue;
      }
      if (d === '{' || d === '[') {
        depth++;
      } else if (d === '}' || d === ']') {
        depth--;
      }
      i++;
    } while (depth > 0);
    return i;
  }
  let i = at;
  while (i < text.length && ',]} \t\r\n'.indexOf(text.charAt(i)) < 0) {
    i++;
  }
  return i;
}

function blank(text, at) {
  while (at < text.length && ' \t\r\n'.indexOf(text.charAt(at)) >= 0) {
    at++;
  }
  return at;
}

// Calls each(key, start, end) for the members of the object or array at `at`.
function members(text, at, each) {
  const named = text.charAt(at) === '{';
  let i = blank(text, at + 1), index = 0;
  while (text.charAt(i) !== '}' && text.charAt(i) !== ']') {
    let key = String(index++);
    if (named) {
      const end = skip(text, i);
      key = JSON.parse(text.slice(i, end));
      i = blank(text, blank(text, end) + 1);
    }
    const end = skip(text, i);
    each(key, i, end);
    i = blank(text, end);
    if (text.charAt(i) === ',') {
      i = blank(text, i + 1);
    }
  }
}

// Where the value at a JSON Pointer (RFC 6901) starts; -1 where there is none.
function locate(text, pointer) {
  let at = blank(text, 0);
  const steps = pointer.split('/').slice(1).map(function (step) { return step.replace(/~1/g, '/').replace(/~0/g, '~'); });
  for (let i = 0; i < steps.length && at >= 0; i++) {
    let found = -1;
    if (text.charAt(at) === '{' || text.charAt(at) === '[') {
      members(text, at, function (key, start) {
        if (key === steps[i]) {
          found = start;
        }
      });
    }
    at = found;
  }
  return at;
}

// What is kept of a body; undefined where it is not there.
function kept(body, keep) {
  JSON.parse(body);
  if (keep.how === 'whole') {
    return body.trim();
  }
  const at = locate(body, keep.pointer);
  if (at < 0) {
    return undefined;
  }
  if (keep.how === 'pick') {
    return body.slice(at, skip(body, at));
  }
  if (body.charAt(at) !== '[') {
    return undefined;
  }
  let n = 0;
  members(body, at, function () { n++; });
  return String(n);
}

// Parameters are in normalised form, so their escapes stand; everything that means something in a URL is encoded.
function encoded(value) {
  return value.replace(/[^A-Za-z0-9\-._~%]/g, function (c) { return '%' + c.charCodeAt(0).toString(16).toUpperCase(); });
}

// The text of pieces; undefined where a claim is missing.
function filled(r, pieces) {
  let out = '';
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece.text !== undefined) {
      out += piece.text;
    } else if (piece.param !== undefined) {
      out += encoded(r.variables[piece.param] || '');
    } else {
      const value = piece.claims.map(function (name) { return r.variables[name] || ''; }).filter(Boolean)[0];
      if (value === undefined) {
        return undefined;
      }
      out += value.slice(1);
    }
  }
  return out;
}

function targetOf(r, part) {
  const path = filled(r, part.path), query = filled(r, part.query);
  if (path === undefined || query === undefined) {
    return undefined;
  }
  // A value cannot walk out of its place in the path.
  if (path.split('/').some(function (segment) { return segment === '.' || segment === '..'; })) {
    return undefined;
  }
  return path + (query ? '?' + query : '');
}

async function ask(r, part) {
  var target = targetOf(r, part);
  if (target === undefined) {
    return { status: 502 };
  }
  r.variables[part.variable] = target;
  var answer;
  try {
    answer = await r.subrequest(part.location, { method: 'GET' });
  } catch (e) {
    return { status: 502 };
  }
  if (answer.status < 200 || answer.status > 299) {
    return { status: answer.status === 504 ? 504 : 502 };
  }
  try {
    var value = kept(answer.responseText, part.keep);
    return value === undefined ? { status: 502 } : { status: 200, value: value };
  } catch (e) {
    return { status: 502 };
  }
}

async function gather(r) {
  var parts = GATHERS[r.variables.gw_gather];
  var asked = parts.map(function (part) { return ask(r, part); });
  var answers = await Promise.all(asked);
  var out = [];
  var failed = 0;
  parts.forEach(function (part, i) {
    var answer = answers[i];
    if (answer.status !== 200 && part.required) {
      failed = failed || answer.status;
    }
    out.push(JSON.stringify(part.name) + ':' + (answer.status === 200 ? answer.value : part.or));
  });
  if (failed) {
    r.return(failed);
    return;
  }
  r.headersOut['Content-Type'] = 'application/json';
  r.return(200, '{' + out.join(',') + '}');
}

export default { gather };
