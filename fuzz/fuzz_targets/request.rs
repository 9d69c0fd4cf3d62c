//! Bytes -> a request -> a decision: nothing panics, and nothing without a key is forwarded by a closed route.
#![no_main]

use std::sync::OnceLock;

use gateway_gen::engine::{End, Engine, Knowledge, Request, Timestamp, Unlimited};
use gateway_gen::ir::Auth;
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const SPEC: &str = "
version: 1
name: t
auth:
  k: { api_key: { header: X-API-Key } }
  q: { api_key: { query: key } }
  b: { basic: { realm: r } }
  t: { jwt: { keys: { secret: 'secret://t' }, algorithms: [HS256], forward: { sub: X-User } } }
consumers: { c: { api_key: 'secret://c', basic: { username: u, password: 'secret://p' } } }
services: { s: 'http://127.0.0.1:1' }
routes:
  ANY /open/*: { to: s, auth: none, cors: { origins: ['https://o.example'], methods: [GET] } }
  ANY /closed/*: { to: s, auth: { any: [k, q, b, t] } }
  GET /{a}/keys: { to: s, auth: { all: [k, t] } }
";

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let input = Input::Text { name: "t".into(), text: SPEC.into() };
        let document = read(&ReadOptions { input, env: None, variables: &|_| None, services: vec![] }).unwrap();
        let spec = document.decode::<Spec>().value.unwrap();
        // No input can hold these: only who knows them gets in.
        let secret = |name: &str| Some(format!("{name}-0f1e2d3c4b5a69788796a5b4c3d2e1f0-known-to-nobody"));
        let options = Options { secrets: Secrets::Inline(&secret), files: &|path| std::fs::read(path), complete: true };
        Engine::new(resolve(&spec, &document, &options).gateway.unwrap()).unwrap()
    })
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let (method, target) = first.split_once(' ').unwrap_or(("GET", first));
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')).take(50) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.trim())) {
            headers.append(name, value);
        }
    }
    let authority = headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let peer = [127, 0, 0, 1].into();
    let request = Request { method, authority: &authority, path, query, headers: &headers, peer, tls: false, length: None };
    let decision = engine().decide(&request, &Knowledge::default(), &Unlimited, Timestamp::from_seconds(1_795_000_000));
    if let (End::Forward { path, .. }, Some(route)) = (&decision.end, decision.route) {
        assert!(matches!(engine().route(route).auth.value, Auth::None { .. }), "{first}");
        assert!(path.starts_with("/open"), "{path}");
    }
});
