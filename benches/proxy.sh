#!/bin/bash
# serve beside nginx running the configuration emitted from the same spec, in alternating rounds.
#   benches/proxy.sh [ROUNDS] [SECONDS] [CONNECTIONS]      default 9 rounds of 4 s with 64 connections
# Needs nginx with njs, wrk, openssl and python3, and a machine that does nothing else. CPU per request is steadier than throughput.
set -eu
rounds=${1:-9} seconds=${2:-4} connections=${3:-64}
cases=${CASES:-"plain large key hs rs hs-uncached cors gather"}
cd "$(dirname "$0")/.."
[ -n "${BUILT:-}" ] || cargo build --release --quiet
program=$PWD/target/release/gateway-gen
work=$(mktemp -d)
started=()
trap 'for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done; wait 2>/dev/null; rm -rf "$work"' EXIT
python3 benches/proxy/prepare.py "$work"
sed "s/18080/18081/" benches/proxy/gateway.yaml > "$work/gateway.yaml"
"$program" build "$work/gateway.yaml" -t nginx -o "$work/dist" --secrets inline --secrets-file "$work/secrets" 2> "$work/build.log" || { cat "$work/build.log"; exit 1; }
sed -i -E 's/^( *)worker_processes .*/\1worker_processes 2;/' "$work/dist/nginx/nginx.conf"
mkdir -p "$work/dist/nginx/logs" "$work/dist/nginx/tmp"
nginx -p "$work" -c "$work/upstream.conf" & started+=($!)
nginx -p "$work/dist/nginx" -c nginx.conf -g 'daemon off;' 2> "$work/nginx.log" & nginx=$!; started+=($nginx)
"$program" serve "$work/gateway.yaml" --secrets-file "$work/secrets" --listen 127.0.0.1:18082 --workers 2 --console off --no-reload 2> "$work/serve.log" & serve=$!; started+=($serve)
sleep 1.5

ticks() { # CPU time of a process and its children, in ticks of 10 ms
  local sum=0 id
  for id in "$1" $(pgrep -P "$1" || true); do
    sum=$((sum + $(awk '{print $14 + $15}' "/proc/$id/stat")))
  done
  echo "$sum"
}
round() { # engine process port case -> engine case requests/s cpu-us/request p99
  local before after out count
  before=$(ticks "$2")
  out=$(wrk -t2 -c"$connections" -d"${seconds}s" --latency -s "$work/$4.lua" "http://127.0.0.1:$3")
  after=$(ticks "$2")
  count=$(awk '/requests in/ {print $1}' <<< "$out")
  if grep -q "Non-2xx" <<< "$out"; then echo "$1 $4: answers other than 2xx" >&2; grep "Non-2xx" <<< "$out" >&2; fi
  awk -v e="$1" -v c="$4" -v n="$count" -v t="$((after - before))" -v s="$seconds" \
    '/99%/ {p = $2} END {printf "%s %s %.0f %.2f %s\n", e, c, n / s, t * 10000 / n, p}' <<< "$out"
}
for case in $cases; do
  for _ in $(seq "$rounds"); do
    round nginx "$nginx" 18081 "$case" >> "$work/rounds"
    round serve "$serve" 18082 "$case" >> "$work/rounds"
  done
done
python3 - "$work/rounds" "$rounds" "$connections" <<'PY'
import statistics, sys, collections
rows = collections.defaultdict(list)
for line in open(sys.argv[1]):
    engine, case, rate, cpu, p99 = line.split()
    rows[case, engine].append((float(rate), float(cpu), p99))
mid = lambda case, engine, at: statistics.median(row[at] for row in rows[case, engine])
print(f"medians of {sys.argv[2]} alternating rounds, {sys.argv[3]} connections\n")
print(f"{'case':12} {'nginx req/s':>12} {'serve req/s':>12} {'ratio':>6}   {'nginx us':>9} {'serve us':>9} {'ratio':>6}")
for case in dict.fromkeys(case for case, _ in rows):
    n, s = mid(case, "nginx", 0), mid(case, "serve", 0)
    cn, cs = mid(case, "nginx", 1), mid(case, "serve", 1)
    print(f"{case:12} {n:12.0f} {s:12.0f} {s / n:6.2f}   {cn:9.2f} {cs:9.2f} {cn / cs:6.2f}")
PY
