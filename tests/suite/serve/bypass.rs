//! No spelling of a request passes a check that its route has.

use super::rig::{Rig, Service};

/// A closed route beside open ones that overlap it in every way a gateway has been tricked by.
fn rig(service: &Service) -> Rig {
    Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none, hosts: [a.example, b.example] }}\nservices: {{ s: '{}' }}\n\
         routes:\n  ANY /*: {{ to: s, auth: none }}\n  ANY /api/*: {{ to: s, auth: none }}\n  ANY /api/admin/*: {{ to: s, auth: k }}\n\
         \x20 GET /api/{{x}}/keys: {{ to: s, auth: k }}\n  ANY b.example/*: {{ to: s, auth: k }}\n\
         auth: {{ k: {{ api_key: {{ header: X-API-Key }} }} }}\nconsumers: {{ c: {{ api_key: 'secret://c' }} }}\n",
        service.url()
    ))
}

const SPELLINGS: &[&str] = &[
    "/api/admin",
    "/api/admin/",
    "/api/admin/x",
    "//api/admin/x",
    "/api//admin/x",
    "/api/./admin/x",
    "/api/x/../admin/x",
    "/x/../api/admin/x",
    "/../api/admin/x",
    "/api/%61dmin/x",
    "/%61pi/admin/x",
    "/api/%2e/admin/x",
    "/api/x/%2e%2e/admin/x",
    "/api/x/.%2e/admin/x",
    "/api/x/%2E./admin/x",
    "/api%2fadmin/x",
    "/api%2Fadmin%2Fx",
    "/api/admin%2fx",
    "/api%5cadmin/x",
    "/api\\admin\\x",
    "/api/admin%00/x",
    "/api/%00/../admin/x",
    "/api/admin;x=1/y",
    "/api;/admin/x",
    "/api/admin/x?y",
    "/api/admin?/x",
    "/api/admin#x",
    "/api/%2561dmin/x",
    "/api/x%2f..%2fadmin/x",
    "/api/admin%20/x",
    "/api/admin/%2e%2e/admin/x",
    "/api/admin/.",
    "/api/admin/..;/admin/x",
    "/./api/admin/x",
    "/api/admin//",
    "/API/admin/x",
    "/api/Admin/x",
    "/api/%41dmin/x",
    "/api/x/keys",
    "/api/x/keys/",
    "/api//keys",
    "/api/x//keys",
    "/api/x/./keys",
    "/api/%78/keys",
    "/api/x/%6beys",
    "/api/x%2Fy/keys",
];

#[test]
fn every_spelling_of_a_closed_path_is_refused_or_is_another_path() {
    let service = Service::ok();
    let rig = rig(&service);
    let methods = [
        "GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "get", "PROPFIND",
    ];
    for method in methods {
        for path in SPELLINGS {
            rig.send(&format!(
                "{method} {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
            ));
        }
    }
    for seen in service.seen() {
        let path = seen.split(' ').nth(1).unwrap();
        let path = path.split('?').next().unwrap();
        // What a server that decodes once, folds case or not, and removes dots would take it for.
        let decoded = percent_decoded(path);
        let guarded = |path: &str| {
            let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
            segments.starts_with(&["api", "admin"])
                || (segments.len() == 3
                    && segments[0] == "api"
                    && segments[2] == "keys"
                    && seen.starts_with("GET"))
        };
        assert!(
            !guarded(path) && !guarded(&decoded),
            "reached the service: {seen}"
        );
        assert!(!decoded.split('/').any(|s| s == "." || s == ".."), "{seen}");
        assert!(
            !decoded.contains('\\') && !decoded.contains('\0') && !path.contains("//"),
            "{seen}"
        );
    }
    assert!(service.seen().len() > 20, "other paths still pass");
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn no_way_of_naming_a_host_escapes_its_routes() {
    let service = Service::ok();
    let rig = rig(&service);
    for request in [
        "GET /x HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: B.EXAMPLE\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: b.example.\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: b.example:80\r\nConnection: close\r\n\r\n",
        "GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n",
        "GET http://a.example@b.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
    ] {
        let reply = rig.send(request);
        assert!(
            [400, 401, 404].contains(&reply.status),
            "{request:?}: {}",
            reply.text
        );
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn nobody_can_forge_who_they_are_or_where_they_come_from() {
    let service = Service::ok();
    let rig = Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: '{}' }}\nroutes: {{ GET /x: {{ to: s, auth: none }}, GET /y: {{ to: s, auth: t }} }}\n\
         auth: {{ t: {{ jwt: {{ keys: {{ secret: 'secret://t' }}, algorithms: [HS256], forward: {{ sub: X-User-ID }} }} }} }}\n",
        service.url()
    ));
    rig.get_with(
        "/x",
        &[
            "X-User-ID: root",
            "x-user-id: root",
            "X_User_ID: root",
            "X-User_ID: root",
            "X-Forwarded-For: 6.6.6.6",
            "X-Forwarded-Host: evil",
            "X-Forwarded-Proto: https",
            "Connection: X-Forwarded-For, Keep-Alive",
            "Proxy-Authorization: x",
            "Transfer-Encoding: ",
            "TE: trailers",
            "Upgrade: websocket",
        ],
    );
    let seen = service.seen().join("").to_ascii_lowercase();
    for forged in [
        "root",
        "6.6.6.6",
        "evil",
        "proto: https",
        "proxy-authorization",
        "upgrade",
        "te:",
    ] {
        assert!(!seen.contains(forged), "{forged} in {seen}");
    }
}
