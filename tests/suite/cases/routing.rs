//! Matching, spellings of paths, methods, hosts and what is forwarded.

use serde_json::json;

use super::{Case, get, request};

/// The cases.
pub fn cases() -> Vec<Case> {
    [matching(), spellings(), methods(), forwarding(), answers()].concat()
}

fn matching() -> Vec<Case> {
    vec![
        get("/exact").to("/exact"),
        get("/exact/")
            .to("/exact/")
            .named("a trailing slash does not tell paths apart, and is sent on"),
        get("/exactly")
            .status(404)
            .got("Content-Type", "application/json"),
        get("/exact/below").status(404),
        get("/Exact").status(404).named("paths are case-sensitive"),
        get("/").status(404),
        get("/any?a=b&c=%2F?d")
            .to("/any?a=b&c=%2F?d")
            .named("the query is sent as it came"),
        get("/prefix").to("/prefix"),
        get("/prefix/").to("/prefix/"),
        get("/prefix/a/b").to("/prefix/a/b"),
        get("/prefixed")
            .status(404)
            .named("a prefix ends at a segment"),
        get("/prefix/special")
            .to("/prefix/special")
            .got("X-Route", "special"),
        get("/prefix/special/more")
            .to("/prefix/special/more")
            .not_got("X-Route"),
        get("/items/5").to("/items/5").not_got("X-Route"),
        get("/items/new").to("/items/new").got("X-Route", "new"),
        get("/items").status(404).named("a parameter is not empty"),
        get("/items/").status(404),
        get("/items/5/6").status(404),
        get("/exact")
            .with("Host", "OTHER.example:81")
            .got("X-Route", "other")
            .named("a host is compared without case and port"),
        get("/exact")
            .with("Host", "a.b.wide.example")
            .got("X-Route", "wide"),
        get("/exact")
            .with("Host", "wide.example")
            .not_got("X-Route"),
        get("/any")
            .with("Host", "other.example")
            .to("/any")
            .named("routes without a host hold for every host"),
        get("/healthz")
            .answer(json!({ "status": "ok" }))
            .with("Host", "nobody.example"),
    ]
}

fn spellings() -> Vec<Case> {
    let refused = |target: &str| get(target).status(400);
    let mut cases = vec![
        get("/%65xact").to("/exact"),
        get("/exact/.").to("/exact/"),
        get("/x/../exact").to("/exact"),
        get("/x/%2e%2E/exact").to("/exact"),
        get("//exact").to("/exact"),
        get("/prefix//a///b").to("/prefix/a/b"),
        get("/prefix/a%2db%7Ec").to("/prefix/a-b~c"),
        get("/prefix/a%3ab").to("/prefix/a%3Ab"),
        get("/prefix/a%20b%0d%0aX:%20y")
            .to("/prefix/a%20b%0D%0AX:%20y")
            .named("no escape becomes a line of its own"),
        get("/prefix/a;b=c").to("/prefix/a;b=c"),
        get("/prefix/%E2%82%AC").to("/prefix/%E2%82%AC"),
        get("/prefix/a\"b[c]").one_of(&[200, 400]),
        get("/prefix/caf\u{e9}")
            .one_of(&[200, 400])
            .named("raw bytes outside ASCII"),
        get("/admin/\u{e9}")
            .one_of(&[401, 400, 404])
            .named("raw bytes outside ASCII in a guarded path"),
        refused("/prefix/a%2Fb"),
        refused("/prefix/a%5cb"),
        refused("/prefix/a%00b"),
        refused("/prefix/a%zz"),
        refused("/prefix/a%2"),
        refused("/prefix/a\\b"),
        get("/../exact")
            .one_of(&[200, 400])
            .named("dots above the root"),
        get("/prefix/a#b")
            .one_of(&[400, 200])
            .named("a fragment is refused, or is gone before anything is matched"),
        get("/exact?a=%0d%0aX:1").to("/exact?a=%0d%0aX:1"),
    ];
    // No spelling of a guarded path gets past its guard: it is refused, or it is another path.
    for spelling in [
        "/admin",
        "/admin/",
        "/admin/x",
        "//admin/x",
        "/./admin/x",
        "/x/../admin/x",
        "/%61dmin/x",
        "/%61%64min",
        "/admin/%2e/x",
        "/prefix/../admin/x",
        "/prefix/%2e%2e/admin/x",
        "/prefix/..%2fadmin/x",
        "/prefix/%2e%2e%2fadmin/x",
        "/prefix\\..\\admin/x",
        "/prefix/..%5cadmin/x",
        "/admin%2fx",
        "/admin;a/../admin/x",
        "/prefix//../admin/x",
        "/admin/x?y=/exact",
        "/admin/..;/admin/x",
        "/prefix/x/../../admin/x",
        "/%2561dmin/x/../../admin/x",
        "/admin/x%00",
        "/admin/.%2e/admin/x",
    ] {
        cases.push(
            get(spelling)
                .one_of(&[401, 400, 404])
                .named("a guarded path"),
        );
    }
    // A route of the configuration's own making is nobody's to ask for.
    for own in [
        "//error",
        "/error",
        "//r/admin/0",
        "//m/0/admin/",
        "/gw/err",
        "//upstream",
        "/m/0/exact/",
    ] {
        cases.push(get(own).status(404).named("the gateway's own places"));
    }
    cases
}

fn methods() -> Vec<Case> {
    vec![
        request("HEAD", "/exact").named("GET implies HEAD"),
        request("DELETE", "/exact")
            .status(405)
            .got("Allow", "GET, HEAD, POST")
            .got("Content-Type", "application/json"),
        request("OPTIONS", "/exact")
            .status(405)
            .named("OPTIONS is not implied"),
        request("DELETE", "/any").to("/any"),
        request("OPTIONS", "/any").to("/any"),
        request("PURGE", "/any").to("/any"),
        request("POST", "/prefix/special")
            .status(405)
            .got("Allow", "GET, HEAD")
            .named("no fall through to a less specific pattern"),
        request("POST", "/items/new").status(405),
        request("PUT", "/nowhere").status(404),
        request("POST", "/exact")
            .body(1024)
            .to("/exact")
            .length(1024),
        request("POST", "/exact")
            .chunks(1024)
            .to("/exact")
            .length(1024),
        request("POST", "/exact").body(1025).status(413),
        request("POST", "/exact").chunks(1025).status(413),
        request("PUT", "/any").body(65536).length(65536),
        request("PUT", "/any").body(65537).status(413),
        request("PUT", "/any").chunks(65537).status(413),
    ]
}

fn forwarding() -> Vec<Case> {
    vec![
        get("/strip").to("/"),
        get("/strip/").to("/"),
        get("/strip/a").to("/a"),
        get("/strip/a/b/?q=1").to("/a/b/?q=1"),
        get("/strip/a%20b/%3F?x")
            .to("/a%20b/%3F?x")
            .named("escapes stand in what is rewritten"),
        get("/strip//..//strip/a").to("/a"),
        get("/moved").to("/v2/moved"),
        get("/moved/").to("/v2/moved/"),
        get("/moved/a").to("/v2/moved/a"),
        get("/items/7/parts/a%3Ab").to("/p/a%3Ab/of/7"),
        get("/items/7/parts/x/").to("/p/x/of/7"),
        get("/based/a").to("/base/based/a"),
        get("/based-root/a").to("/base/a"),
        get("/based-root").one_of(&[200]).to("/base/"),
        get("/price$/$1")
            .to("/cost$/$1")
            .named("a dollar is a dollar"),
        get("/any")
            .sent("X-Forwarded-For", "127.0.0.1")
            .sent("X-Forwarded-Proto", "http")
            .sent("X-Forwarded-Host", "gateway.example"),
        get("/any")
            .from("198.51.100.7")
            .sent("X-Forwarded-For", "198.51.100.7, 127.0.0.1"),
        get("/any")
            .with("Connection", "close, Upgrade")
            .with("Upgrade", "websocket")
            .not_sent("Upgrade")
            .named("no upgrade that the route does not name"),
        get("/any")
            .with("TE", "trailers")
            .with("Proxy-Authorization", "x")
            .with("Keep-Alive", "5")
            .not_sent("TE")
            .not_sent("Proxy-Authorization")
            .not_sent("Keep-Alive"),
        get("/own-host")
            .with("Host", "shop.example:81")
            .sent("Host", "shop.example:81"),
        get("/any")
            .with("X-User-ID", "admin")
            .with("X-Roles", "root")
            .with("X-Granted", "all")
            .not_sent("X-User-ID")
            .not_sent("X-Roles")
            .not_sent("X-Granted")
            .named("forged identity"),
        get("/any")
            .with("X_User_ID", "admin")
            .not_sent("X_User_ID")
            .not_sent("X-User-ID"),
        get("/any")
            .with("Accept-Language", "de")
            .sent("Accept-Language", "de"),
        get("/any")
            .with("Authorization", "Basic eDp5")
            .sent("Authorization", "Basic eDp5"),
        get("/any")
            .with("X-Echo-Status", "404")
            .status(404)
            .named("a service's own 404 passes"),
        get("/any")
            .with("X-Echo-Status", "503")
            .status(503)
            .not_got("Retry-After"),
    ]
}

fn answers() -> Vec<Case> {
    vec![
        get("/any")
            .with("X-Request-ID", "abc-123_~+/=")
            .got("X-Request-ID", "abc-123_~+/=")
            .sent("X-Request-ID", "abc-123_~+/="),
        get("/nowhere")
            .with("X-Request-ID", "abc")
            .status(404)
            .got("X-Request-ID", "abc"),
        request("DELETE", "/exact")
            .with("X-Request-ID", "abc")
            .status(405)
            .got("X-Request-ID", "abc"),
        get("/old/")
            .status(301)
            .got("Location", "https://new.example/old/"),
        get("/old?a=b")
            .status(301)
            .got("Location", "https://new.example/old?a=b"),
        get("/old?a=%0d%0aX-Evil:%201")
            .status(301)
            .not_got("X-Evil"),
        get("/gone")
            .status(410)
            .got("X-Gone", "yes")
            .got("Content-Type", "application/json")
            .answer(json!({ "gone": "$now" })),
        get("/refused").status(502),
        get("/slow").with("X-Echo-Delay", "1500").status(504),
        get("/slow").with("X-Echo-Delay", "50"),
        get("/headers")
            .with("X-Gone", "1")
            .with("X-Set", "mine")
            .sent("X-Set", "a $host b")
            .not_sent("X-Gone")
            .not_got("X-Secret")
            .got("X-Answer", "it's \"5$\""),
        get("/reset").status(404),
        get("/any/").with("X-Echo-Status", "200").to("/any/"),
    ]
}
