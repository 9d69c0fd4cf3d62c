//! OTHER SERVERS -> LOCATIONS: how authorizers and key sets are asked.

use super::super::build::Build;
use super::super::document::Block;
use super::super::upstreams;
use crate::ir::External;

/// Where an authorizer's or a key set's server is asked: an upstream block and a location.
pub fn remote(build: &Build<'_>, scheme: usize, url: &url::Url) -> (Block, String) {
    let name = format!("gw_scheme_{scheme}");
    let port = url.port_or_known_default().unwrap_or(80);
    let mut inner = Block::new();
    inner.put(
        "server",
        [format!("{}:{port}", url.host_str().unwrap_or_default())],
    );
    inner.put("keepalive", ["8"]);
    let mut out = Block::new();
    out.open("upstream", [name.clone()], inner);
    let _ = build;
    (out, name)
}

/// The location that asks an authorizer, and its upstream.
pub fn authorizer(build: &mut Build<'_>, scheme: usize, external: &External) -> (Block, Block) {
    let (upstream, name) = remote(build, scheme, &external.url);
    let mut inner = Block::new();
    inner.put("internal", [""; 0]);
    ask(build, &external.url, &name, &mut inner);
    inner.put("proxy_method", ["GET"]);
    inner.put(
        "proxy_set_header",
        ["Host".to_owned(), authority(&external.url)],
    );
    for (header, value) in [
        ("Connection", ""),
        ("Upgrade", ""),
        ("Content-Length", ""),
        ("X-Forwarded-Method", "$request_method"),
        ("X-Forwarded-Uri", "$gw_path$gw_query"),
        ("X-Forwarded-For", "$gw_forwarded_for"),
        ("X-Forwarded-Proto", "$gw_forwarded_proto"),
        ("X-Forwarded-Host", "$http_host"),
    ] {
        inner.put("proxy_set_header", [header, value]);
    }
    let request_id = super::headers::request_id(build);
    if let Some((header, variable)) = request_id {
        inner.put("proxy_set_header", [header, variable]);
    }
    let mut out = Block::new();
    out.open(
        "location",
        ["=".to_owned(), format!("//ask/{scheme}")],
        inner,
    );
    (out, upstream)
}

/// What asking any server of ours has in common: no body, no error pages of the client's request.
pub fn ask(build: &mut Build<'_>, url: &url::Url, upstream: &str, out: &mut Block) {
    out.put("error_page", ["599", "//error"]);
    out.put("proxy_pass_request_body", ["off"]);
    out.put("client_max_body_size", ["0"]);
    if url.scheme() == "https" {
        let address = crate::ir::Address {
            protocol: crate::ir::Protocol::Https,
            host: url.host_str().unwrap_or_default().to_owned(),
            port: 443,
            path: String::new(),
        };
        out.append(upstreams::tls(build, &address, None));
    }
    let mut path = url.path().to_owned();
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(query);
    }
    let path = build.literals.word(&path);
    out.put(
        "proxy_pass",
        [format!("{}://{upstream}{path}", url.scheme())],
    );
}

/// The Host header of a URL.
#[must_use]
pub fn authority(url: &url::Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}
