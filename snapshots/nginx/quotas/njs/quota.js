// Counts admitted requests per consumer in calendar windows (UTC), after limits and before the upstream is asked.
import fs from 'fs';

const DAY = 86400000;

// The window's number and its end.
function windowOf(kind, now) {
  const day = Math.floor(now / DAY);
  if (kind === 'day') {
    return { id: day, end: (day + 1) * DAY };
  }
  if (kind === 'week') {
    // Day 0 was a Thursday; weeks start on Monday.
    const week = Math.floor((day + 3) / 7);
    return { id: week, end: (week * 7 + 4) * DAY };
  }
  const date = new Date(now);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  return { id: month, end: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) };
}

// njs of nginx 1.22 has no shared memory: one byte a request is appended to a file, whose size is the count.
function size(path) {
  try {
    return fs.statSync(path).size;
  } catch (e) {
    return 0;
  }
}

function admits(r, key, window, limit) {
  const path = r.variables.document_root + '/' + key + '-' + window.id;
  if (size(path) >= limit) {
    return false;
  }
  fs.appendFileSync(path, '.');
  const count = size(path);
  if (count === 1) {
    try {
      fs.unlinkSync(r.variables.document_root + '/' + key + '-' + (window.id - 1));
    } catch (e) {
      // There was no request in the window before.
    }
  }
  return count <= limit;
}

function admit(r) {
  // "PLAN WINDOW COUNT", or nothing for a caller without a quota.
  const quota = r.variables.gw_quota;
  if (quota) {
    const parts = quota.split(' ');
    const now = Date.now();
    const window = windowOf(parts[1], now);
    let good;
    try {
      good = admits(r, parts[0] + '-' + r.variables.gw_who, window, parseInt(parts[2], 10), now);
    } catch (e) {
      r.error('quota cannot be counted: ' + e.message);
      r.return(503);
      return;
    }
    if (!good) {
      r.variables.gw_wait_quota = Math.ceil((window.end - now) / 1000);
      r.return(429);
      return;
    }
  }
  r.internalRedirect(r.variables.gw_next);
}

export default { admit };
