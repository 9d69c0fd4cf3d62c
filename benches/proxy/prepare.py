"""Writes what benches/proxy.sh needs beside the spec: a key set, tokens, the upstream's configuration and wrk's scripts."""

import base64, hashlib, hmac, json, pathlib, subprocess, sys

folder = pathlib.Path(sys.argv[1])
secret, key = "bench-secret-of-more-than-32-bytes-0123456789", "bench-api-key-0123456789abcdef"


def part(data):
    raw = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


claims = {"iss": "https://id.bench.example/", "aud": "bench", "sub": "user-1", "exp": 4102444800}


def hs256(claims):
    message = part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
    return message + "." + part(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest())


pem = folder / "bench.pem"
subprocess.run(["openssl", "genrsa", "-out", pem, "2048"], check=True, capture_output=True)
modulus = subprocess.run(["openssl", "rsa", "-in", pem, "-noout", "-modulus"], check=True, capture_output=True, text=True)
n = bytes.fromhex(modulus.stdout.strip().split("=")[1])
jwk = {"kty": "RSA", "kid": "bench", "use": "sig", "alg": "RS256", "n": part(n), "e": part(b"\x01\x00\x01")}
(folder / "jwks.json").write_text(json.dumps({"keys": [jwk]}))


def rs256(claims):
    message = part({"alg": "RS256", "typ": "JWT", "kid": "bench"}) + "." + part(claims)
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", pem], input=message.encode(), check=True, capture_output=True)
    return message + "." + part(signed.stdout)


def request(name, path, **headers):
    lines = [f'wrk.path = "{path}"'] + [f'wrk.headers["{h.replace("_", "-")}"] = "{v}"' for h, v in headers.items()]
    (folder / f"{name}.lua").write_text("\n".join(lines) + "\n")


def many(name, path, tokens):
    (folder / f"{name}.txt").write_text("\n".join(tokens) + "\n")
    (folder / f"{name}.lua").write_text(f"""
local all, at = {{}}, 0
init = function()
  local host = wrk.host .. ":" .. wrk.port
  for line in io.lines("{folder}/{name}.txt") do all[#all + 1] = wrk.format("GET", "{path}", {{ ["Host"] = host, ["Authorization"] = "Bearer " .. line }}) end
end
request = function() at = at % #all + 1; return all[at] end
""")


request("plain", "/plain/x")
request("large", "/large/x")
request("key", "/key/x", X_API_Key=key)
request("hs", "/hs/x", Authorization="Bearer " + hs256(claims))
request("rs", "/rs/x", Authorization="Bearer " + rs256(claims))
request("cors", "/cors/x", Origin="https://shop.example")
request("gather", "/gather")
# More tokens than the cache holds, each used in turn: every one is verified anew.
many("hs-uncached", "/hs/x", [hs256({**claims, "jti": i}) for i in range(40000)])
(folder / "secrets").write_text(f"bench-jwt={secret}\nbench-key={key}\n")
(folder / "large.bin").write_bytes(b"x" * 100_000)
(folder / "upstream.conf").write_text(f"""
user root; daemon off; worker_processes 1; pid {folder}/upstream.pid; error_log /dev/null;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; default_type application/json; sendfile off;
  server {{ listen 127.0.0.1:18090 backlog=4096;
    location / {{ return 200 '{{"id":12345678,"name":"an upstream says hello!"}}'; }}
    location /large/ {{ alias {folder}/; try_files /large.bin =404; }} }} }}
""")
