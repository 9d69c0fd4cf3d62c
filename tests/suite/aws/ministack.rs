//! A REST API deployed to MiniStack: authorizers, throttles, quotas, the gateway's own answers, gathers.

use serde_json::{Value, json};

use super::emulator::{Emulator, ministack, without};
use super::wire::Answer;
use super::{build_text, read_json, skip, tokens, upstream};

const SPEC: &str = r#"
version: 1
name: guard
gateway: { stage: prod, access_log: none }
defaults: { auth: none, limit: none }
auth:
  people: { jwt: { issuer: "https://id.example/", audience: [shop], keys: { jwks: jwks.json }, algorithms: [RS256], forward: { sub: X-User-ID } } }
  pool: { cognito: { user_pool_arn: "POOL" } }
  staff: { basic: { realm: staff } }
  outside: { external: { url: "http://127.0.0.1:PORT/status/204", forward: [X-Found] } }
  closed: { external: { url: "http://127.0.0.1:PORT/status/403" } }
consumers:
  carol: { groups: [ops], basic: { username: carol, password: "secret://carol-password" } }
  dave: { basic: { username: dave, password: "secret://dave-password" } }
services: { echo: http://127.0.0.1:PORT }
routes:
  GET /open: { to: echo }
  GET /people: { to: echo, auth: people }
  GET /scoped: { to: echo, auth: people, scopes: [read, write] }
  GET /either: { to: echo, auth: { any: [people, staff] } }
  GET /both: { to: echo, auth: { all: [people, outside] } }
  GET /pool: { to: echo, auth: pool }
  GET /ops: { to: echo, auth: staff, groups: [ops] }
  GET /staff: { to: echo, auth: staff }
  GET /outside: { to: echo, auth: outside }
  GET /turned-away: { to: echo, auth: closed }
  GET /office: { to: echo, ip: { allow: [198.51.100.0/24] } }
  GET /near: { to: echo, ip: { allow: [127.0.0.0/8] } }
  GET /dashboard:
    auth: people
    gather:
      user: { from: "echo GET /profile/{auth.sub}", required: true }
      count: { from: "echo GET /json/list", count: "", or: 0 }
      broken: { from: "echo GET /status/500", or: [] }
targets: { aws: { allow: {} } }
"#;

const KEYED: &str = r#"
version: 1
name: metered
gateway: { stage: prod, access_log: none }
defaults: { auth: keys, limit: none }
auth: { keys: { api_key: { header: X-API-Key } } }
consumers:
  acme: { plan: day, api_key: "secret://acme-key" }
  globex: { plan: fast, api_key: "secret://globex-key" }
plans:
  day: { quota: 3/day }
  fast: { limit: { rate: 1/min, burst: 2 } }
services: { echo: http://127.0.0.1:PORT }
routes:
  GET /reports: { to: echo, cors: { origins: ["https://only.example"] } }
targets: { aws: { allow: { cors-answers: "the service sends them" } } }
"#;

pub const NOT_THERE: [(&str, &str); 2] = [
    (
        "AWS::WAFv2::WebACL",
        "MiniStack 1.5.33 has no association of a web ACL with a stage",
    ),
    (
        "AWS::WAFv2::WebACLAssociation",
        "MiniStack 1.5.33 has no association of a web ACL with a stage",
    ),
];

struct Guard<'e> {
    emulator: &'e Emulator,
    api: String,
}

impl Guard<'_> {
    #[track_caller]
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.emulator.ask(&self.api, "prod", "GET", path, headers)
    }

    #[track_caller]
    fn expect(&self, path: &str, authorization: Option<&str>, status: u16) -> Answer {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("Authorization", *value))
            .collect();
        let answer = self.get(path, &headers);
        assert_eq!(
            answer.status, status,
            "{path} {authorization:?}: {answer:?}"
        );
        answer
    }
}

fn deploy<'e>(
    emulator: &'e Emulator,
    name: &str,
    spec: &str,
    folder: &std::path::Path,
) -> Guard<'e> {
    let built = build_text(spec, &folder.join(name));
    let mut template = read_json(&built.join("template.json"));
    without(&mut template, &NOT_THERE, "MiniStack");
    Guard {
        emulator,
        api: emulator.deploy(name, &template),
    }
}

#[test]
fn a_rest_api_admits_and_refuses_as_the_language_says() {
    let Some(emulator) = ministack() else { return };
    let port = upstream::start().to_string();
    let folder = tempfile::tempdir().unwrap();
    let (pool, id_token) = cognito(&emulator);
    let keys = folder.path().join("guard");
    std::fs::create_dir_all(&keys).unwrap();
    let issuer = tokens::Issuer::new();
    std::fs::write(keys.join("jwks.json"), issuer.key_set()).unwrap();
    emulator.secret("guard/carol-password", "correct horse");
    emulator.secret("guard/dave-password", "battery staple");
    let spec = SPEC.replace("PORT", &port).replace("POOL", &pool);
    let guard = deploy(&emulator, "guard", &spec, folder.path());
    answers(&guard);
    token(&guard, &issuer);
    passwords(&guard);
    services(&guard);
    pool_tokens(&guard, &id_token);
    addresses(&guard);
    gathered(&guard, &issuer);
    emulator.secret("metered/acme-key", "acme-key-of-twenty-characters");
    emulator.secret("metered/globex-key", "globex-key-of-twenty-characters");
    let spec = KEYED.replace("PORT", &port);
    metered(&deploy(&emulator, "metered", &spec, folder.path()));
    for what in [
        "mapping of headers: MiniStack 1.5.33 sends the client's as they come",
        "templates of mocks: MiniStack 1.5.33 prints them as text",
        "a method's throttle on a stage: MiniStack 1.5.33 reads its path unescaped",
        "keys that an authorizer names: MiniStack 1.5.33 reads `X-API-Key` alone",
    ] {
        eprintln!("skipped on MiniStack: {what}");
    }
}

fn answers(guard: &Guard<'_>) {
    assert_eq!(guard.get("/open", &[]).status, 200);
    for path in ["/nothing", "/open/below"] {
        let answer = guard.expect(path, None, 404);
        assert_eq!(answer.json()["message"], "not found");
        assert!(answer.header("X-Request-ID").is_some());
    }
    let answer = guard.expect("/people", None, 401);
    assert_eq!(answer.json()["message"], "unauthorized");
    assert!(
        answer
            .header("WWW-Authenticate")
            .is_some_and(|value| value.contains("Bearer"))
    );
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

fn token(guard: &Guard<'_>, issuer: &tokens::Issuer) {
    let now = tokens::now();
    let claims = |more: Value| {
        let mut claims =
            json!({ "iss": "https://id.example/", "aud": "shop", "sub": "u1", "exp": now + 300 });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        issuer.bearer(&claims)
    };
    let good = claims(json!({}));
    guard.expect("/people", Some(&good), 200);
    guard.expect("/either", Some(&good), 200);
    guard.expect("/both", Some(&good), 200);
    for bad in [
        claims(json!({ "aud": "other" })),
        claims(json!({ "iss": "https://evil.example/" })),
        claims(json!({ "exp": now - 120 })),
        claims(json!({ "exp": null })),
        claims(json!({ "nbf": now + 300 })),
        tokens::Issuer::new()
            .bearer(&json!({ "iss": "https://id.example/", "aud": "shop", "exp": now + 300 })),
        issuer.unsigned(&json!({ "iss": "https://id.example/", "aud": "shop", "exp": now + 300 })),
        format!("{good}x"),
        "Bearer garbage".to_owned(),
        "Basic Y2Fyb2w6eA==".to_owned(),
    ] {
        guard.expect("/people", Some(&bad), 401);
    }
    guard.expect("/people", Some(&claims(json!({ "exp": now - 30 }))), 200);
    guard.expect(
        "/scoped",
        Some(&claims(json!({ "scope": "write read" }))),
        200,
    );
    guard.expect(
        "/scoped",
        Some(&claims(json!({ "scp": ["read", "write"] }))),
        200,
    );
    guard.expect("/scoped", Some(&claims(json!({ "scope": "read" }))), 403);
    guard.expect("/scoped", Some(&good), 403);
    guard.expect("/scoped", None, 401);
}

fn passwords(guard: &Guard<'_>) {
    let basic = |pair: &str| {
        use base64::Engine;
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        )
    };
    guard.expect("/staff", Some(&basic("carol:correct horse")), 200);
    guard.expect("/staff", Some(&basic("dave:battery staple")), 200);
    for bad in [
        "carol:wrong",
        "carol:",
        ":",
        "nobody:correct horse",
        "dave:correct horse",
    ] {
        guard.expect("/staff", Some(&basic(bad)), 401);
    }
    guard.expect("/either", Some(&basic("carol:correct horse")), 200);
    guard.expect("/ops", Some(&basic("carol:correct horse")), 200);
    let answer = guard.expect("/ops", Some(&basic("dave:battery staple")), 403);
    assert_eq!(answer.json()["message"], "forbidden");
    guard.expect("/ops", None, 401);
}

fn services(guard: &Guard<'_>) {
    guard.expect("/outside", None, 200);
    guard.expect("/turned-away", None, 403);
}

fn pool_tokens(guard: &Guard<'_>, token: &str) {
    guard.expect("/pool", Some(token), 200);
    guard.expect("/pool", None, 401);
    // One character of the signature's middle: the last one may hold bits that do not count.
    let at = token.len() - 20;
    let other = if &token[at..=at] == "A" { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
    guard.expect("/pool", Some(&tampered), 401);
}

fn addresses(guard: &Guard<'_>) {
    guard.expect("/near", None, 200);
    guard.expect("/office", None, 403);
}

fn gathered(guard: &Guard<'_>, issuer: &tokens::Issuer) {
    let claims = json!({ "iss": "https://id.example/", "aud": "shop", "sub": "a/b c", "exp": tokens::now() + 300 });
    let answer = guard.expect("/dashboard", Some(&issuer.bearer(&claims)), 200);
    let body = answer.json();
    assert_eq!(body["user"]["target"], "/profile/a%2Fb%20c");
    assert_eq!(body["count"], 3);
    assert_eq!(body["broken"], json!([]));
    guard.expect("/dashboard", None, 401);
}

fn metered(guard: &Guard<'_>) {
    let with = |key: &str| guard.get("/reports", &[("X-API-Key", key)]);
    let none = guard.expect("/reports", None, 401);
    assert_eq!(
        none.header("Access-Control-Allow-Origin"),
        Some("https://only.example")
    );
    assert_eq!(with("wrong-key-of-twenty-characters").status, 401);
    for _ in 0..3 {
        assert_eq!(with("acme-key-of-twenty-characters").status, 200);
    }
    let over = with("acme-key-of-twenty-characters");
    assert_eq!(
        (over.status, over.header("Retry-After")),
        (429, Some("3600"))
    );
    assert_eq!(over.json()["message"], "the quota is used up");
    assert_eq!(with("globex-key-of-twenty-characters").status, 200);
    assert_eq!(with("globex-key-of-twenty-characters").status, 200);
    let fast = with("globex-key-of-twenty-characters");
    assert_eq!((fast.status, fast.header("Retry-After")), (429, Some("1")));
}

/// A pool with a user, and an identity token of hers.
fn cognito(emulator: &Emulator) -> (String, String) {
    let call = |action: &str, body: Value| {
        let target = format!("AWSCognitoIdentityProviderService.{action}");
        emulator.json("cognito-idp", &target, &body)
    };
    let pool = call("CreateUserPool", json!({ "PoolName": "guard" }));
    let id = pool["UserPool"]["Id"].as_str().unwrap().to_owned();
    let flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    let client = call(
        "CreateUserPoolClient",
        json!({ "UserPoolId": id, "ClientName": "c", "ExplicitAuthFlows": flows }),
    );
    let client = client["UserPoolClient"]["ClientId"].clone();
    call(
        "AdminCreateUser",
        json!({ "UserPoolId": id, "Username": "carol" }),
    );
    let password = json!({ "UserPoolId": id, "Username": "carol", "Password": "Passw0rd!x", "Permanent": true });
    call("AdminSetUserPassword", password);
    let signed_in = call(
        "InitiateAuth",
        json!({ "ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": { "USERNAME": "carol", "PASSWORD": "Passw0rd!x" } }),
    );
    let token = signed_in["AuthenticationResult"]["IdToken"].as_str();
    let Some(token) = token else {
        skip("the emulator gave no identity token");
        return (String::new(), String::new());
    };
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{id}");
    (arn, format!("Bearer {token}"))
}
