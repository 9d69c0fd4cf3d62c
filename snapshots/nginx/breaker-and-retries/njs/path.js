// Normalises a request path (RFC 3986 section 6.2.2); "" refuses it. Paths that are normal already never come here.
const KEEP_SLASH = false;

function escapeOf(text) {
  const hex = text.toUpperCase();
  const code = parseInt(hex.slice(1), 16);
  if (code === 0 || code === 0x5c || (code === 0x2f && !KEEP_SLASH)) {
    return '';
  }
  const c = String.fromCharCode(code);
  return code < 128 && /[A-Za-z0-9\-._~]/.test(c) ? c : hex;
}

function withoutDots(path) {
  const parts = path.split('/');
  const out = [];
  for (let i = 1; i < parts.length; i++) {
    const last = i === parts.length - 1;
    if (parts[i] === '.' || parts[i] === '..') {
      if (parts[i] === '..') {
        out.pop();
      }
      if (last) {
        out.push('');
      }
    } else {
      out.push(parts[i]);
    }
  }
  return '/' + out.join('/');
}

function normalise(r) {
  const target = r.variables.request_uri;
  if (!target || target.charAt(0) !== '/') {
    return '';
  }
  const raw = target.split('?')[0];
  let refused = /[^\x21-\x7e]|[#\\]|%(?![0-9A-Fa-f]{2})/.test(raw);
  const path = raw.replace(/%[0-9A-Fa-f]{2}/g, function (text) {
    const kept = escapeOf(text);
    refused = refused || kept === '';
    return kept;
  }).replace(/["<>\[\]^`{|}]/g, function (c) {
    return '%' + c.charCodeAt(0).toString(16).toUpperCase();
  });
  if (refused) {
    return '';
  }
  const normal = withoutDots(path.replace(/\/+/g, '/'));
  // A server that decodes %2F would follow dots between them.
  return /(?:\/|%2F)\.\.?(?=\/|%2F|$)/.test(normal) ? '' : normal;
}

export default { normalise };
