//! RAW -> DIRECTIVES: native fragments, read by grammar and held against what may stand there.

use super::document::{Block, Directive, Item};
use super::parse::parse;
use crate::ir::{Gateway, Sourced};
use crate::report::{Code, Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// Where a fragment is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The http block.
    Http,
    /// The location that forwards.
    Location,
}

/// What may stand in a location without undoing a check or a promise of the spec.
const LOCATION: &[&str] = &[
    "aio",
    "chunked_transfer_encoding",
    "client_body_buffer_size",
    "client_body_in_file_only",
    "client_body_in_single_buffer",
    "client_body_timeout",
    "directio",
    "etag",
    "expires",
    "gunzip",
    "gunzip_buffers",
    "gzip",
    "gzip_buffers",
    "gzip_comp_level",
    "gzip_disable",
    "gzip_http_version",
    "gzip_min_length",
    "gzip_proxied",
    "gzip_types",
    "gzip_vary",
    "keepalive_requests",
    "keepalive_timeout",
    "limit_conn",
    "limit_conn_dry_run",
    "limit_conn_log_level",
    "limit_conn_status",
    "limit_rate",
    "limit_rate_after",
    "lingering_close",
    "lingering_time",
    "lingering_timeout",
    "log_not_found",
    "output_buffers",
    "postpone_output",
    "proxy_bind",
    "proxy_buffer_size",
    "proxy_buffering",
    "proxy_buffers",
    "proxy_busy_buffers_size",
    "proxy_cache",
    "proxy_cache_background_update",
    "proxy_cache_bypass",
    "proxy_cache_key",
    "proxy_cache_lock",
    "proxy_cache_lock_age",
    "proxy_cache_lock_timeout",
    "proxy_cache_max_range_offset",
    "proxy_cache_methods",
    "proxy_cache_min_uses",
    "proxy_cache_revalidate",
    "proxy_cache_use_stale",
    "proxy_cache_valid",
    "proxy_connect_timeout",
    "proxy_cookie_domain",
    "proxy_cookie_flags",
    "proxy_cookie_path",
    "proxy_force_ranges",
    "proxy_ignore_client_abort",
    "proxy_limit_rate",
    "proxy_max_temp_file_size",
    "proxy_no_cache",
    "proxy_read_timeout",
    "proxy_redirect",
    "proxy_request_buffering",
    "proxy_send_lowat",
    "proxy_send_timeout",
    "proxy_socket_keepalive",
    "proxy_store_access",
    "proxy_temp_file_write_size",
    "read_ahead",
    "reset_timedout_connection",
    "send_lowat",
    "send_timeout",
    "sendfile",
    "sendfile_max_chunk",
    "sub_filter",
    "sub_filter_last_modified",
    "sub_filter_once",
    "sub_filter_types",
    "tcp_nodelay",
    "tcp_nopush",
];

/// What may stand in the http block besides.
const HTTP: &[&str] = &[
    "client_header_buffer_size",
    "client_header_timeout",
    "connection_pool_size",
    "geo",
    "http2_max_concurrent_streams",
    "keepalive_disable",
    "large_client_header_buffers",
    "limit_conn_zone",
    "map",
    "map_hash_bucket_size",
    "map_hash_max_size",
    "open_file_cache",
    "open_file_cache_errors",
    "open_file_cache_min_uses",
    "open_file_cache_valid",
    "proxy_cache_path",
    "proxy_headers_hash_bucket_size",
    "proxy_headers_hash_max_size",
    "request_pool_size",
    "resolver",
    "resolver_timeout",
    "server_names_hash_bucket_size",
    "server_names_hash_max_size",
    "split_clients",
    "ssl_buffer_size",
    "variables_hash_bucket_size",
    "variables_hash_max_size",
];

/// Directives that nginx takes more than once in a block.
const REPEATED: &[&str] = &[
    "geo",
    "limit_conn",
    "limit_conn_zone",
    "map",
    "proxy_cache_path",
    "proxy_cache_valid",
    "proxy_cookie_domain",
    "proxy_cookie_flags",
    "proxy_cookie_path",
    "proxy_redirect",
    "split_clients",
    "sub_filter",
];

/// The fragment cannot be used.
pub const RAW: Code = Code {
    id: "GG360",
    name: "nginx/raw-fragment",
    page: include_str!("pages/raw.md"),
};
/// A setting of the target cannot be used.
pub const SETTING: Code = Code {
    id: "GG361",
    name: "nginx/setting",
    page: include_str!("pages/setting.md"),
};
/// Every code of this target.
pub const CODES: &[Code] = &[RAW, SETTING];

/// What is wrong with a fragment: a sentence and a remedy.
fn faults(text: &str, level: Level) -> Vec<(String, String)> {
    let items = match parse(text) {
        Ok(items) => items,
        Err(error) => {
            return vec![(
                error.message,
                "write nginx directives, each ended by `;`".to_owned(),
            )];
        }
    };
    let mut out = Vec::new();
    for item in &items {
        let Item::Directive(directive) = item else {
            continue;
        };
        let known = LOCATION.contains(&directive.name.as_ref())
            || (level == Level::Http && HTTP.contains(&directive.name.as_ref()));
        if !known {
            let place = if level == Level::Http {
                "the http block"
            } else {
                "a location"
            };
            out.push((
                format!("`{}` may not stand in a raw fragment for {place}", directive.name),
                "say it in the spec's own words; a raw fragment tunes what the spec has no word for, such as `proxy_buffering off;`".to_owned(),
            ));
        } else if defines_ours(directive) {
            out.push((
                format!("`{}` defines a name that begins with `gw_`", directive.name),
                "choose another name; `gw_` is the generated configuration's own".to_owned(),
            ));
        }
    }
    out
}

fn defines_ours(directive: &Directive) -> bool {
    matches!(directive.name.as_ref(), "map" | "geo" | "split_clients")
        && directive
            .args
            .iter()
            .any(|arg| arg.starts_with("$gw_") || arg.starts_with("${gw_"))
}

/// Checks every fragment of a gateway and of the settings.
#[must_use]
pub fn check(gateway: &Gateway, settings: &spec::Targets) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut one = |text: &str, level: Level, pointer: Pointer| {
        for (message, help) in faults(text, level) {
            out.push(Diagnostic::error(RAW, Place::value(pointer.clone()), message).help(help));
        }
    };
    let raws = gateway
        .services
        .values()
        .filter_map(|service| service.raw.as_ref());
    let raws = raws.chain(gateway.routes.iter().filter_map(|route| route.raw.as_ref()));
    for Sourced { value, pointer } in raws {
        if let Some(text) = &value.nginx {
            one(text, Level::Location, pointer.key("nginx"));
        }
    }
    if let Some(text) = settings.nginx.as_ref().and_then(|nginx| nginx.raw.as_ref()) {
        one(
            text,
            Level::Http,
            Pointer::root().key("targets").key("nginx").key("raw"),
        );
    }
    out
}

/// Adds a fragment that was checked; a directive that nginx takes once replaces one that is there.
pub fn insert(text: &str, out: &mut Block) {
    for item in parse(text).unwrap_or_default() {
        if let Item::Directive(new) = &item
            && !REPEATED.contains(&new.name.as_ref())
        {
            out.0
                .retain(|old| !matches!(old, Item::Directive(old) if old.name == new.name));
        }
        out.0.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_tunes_and_does_not_undo() {
        assert!(
            faults(
                "proxy_buffering off; proxy_read_timeout 5s;",
                Level::Location
            )
            .is_empty()
        );
        for text in [
            "proxy_pass http://elsewhere;",
            "} location / {",
            "add_header A b;",
            "if ($a) { return 200; }",
            "js_content x.y;",
            "map $a $b { default 1; }",
        ] {
            assert_eq!(faults(text, Level::Location).len(), 1, "{text}");
        }
        assert!(faults("map $a $b { default 1; }", Level::Http).is_empty());
        assert_eq!(
            faults("map $a $gw_who { default c1; }", Level::Http).len(),
            1
        );
    }

    #[test]
    fn a_directive_that_stands_once_replaces_ours() {
        let mut block = Block::new();
        block.put("proxy_read_timeout", ["30s"]);
        insert("proxy_read_timeout 5s;", &mut block);
        assert_eq!(
            super::super::document::print(&block.0),
            "proxy_read_timeout 5s;\n"
        );
    }
}
