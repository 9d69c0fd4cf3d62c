//! THE FRAME: settings of the http block, the maps every request goes through, redirect and metrics servers.

use super::build::Build;
use super::document::{Block, Directive, Item};
use super::emit::timeouts;
use super::names::regex;
use super::routes::Defaults;

/// Fixed settings of the http block. Temporary files lie in the folder that nginx is started with.
pub fn settings(build: &Build<'_>, defaults: &Defaults) -> Block {
    let mut out = Block::new();
    for folder in ["client_body", "proxy", "fastcgi", "uwsgi"] {
        out.0.push(Item::Directive(Directive::simple(
            format!("{folder}_temp_path"),
            [format!("{folder}_temp")],
        )));
    }
    if !build.modules.contains("quota") || build.settings.shared_dictionaries() {
        out.put("scgi_temp_path", ["scgi_temp"]);
    }
    out.put("server_tokens", ["off"]);
    out.put("default_type", ["application/json"]);
    out.put("absolute_redirect", ["off"]);
    out.put("port_in_redirect", ["off"]);
    out.put("merge_slashes", ["on"]);
    out.put("underscores_in_headers", ["off"]);
    out.put("ignore_invalid_headers", ["on"]);
    out.put("uninitialized_variable_warn", ["off"]);
    out.put("keepalive_timeout", ["65s"]);
    out.put("keepalive_requests", ["1000"]);
    out.put("subrequest_output_buffer_size", ["1m"]);
    out.put("variables_hash_max_size", ["8192"]);
    out.put("variables_hash_bucket_size", ["128"]);
    out.put("map_hash_max_size", [map_size(build).to_string()]);
    out.put("map_hash_bucket_size", ["256"]);
    out.put("proxy_headers_hash_max_size", ["1024"]);
    out.put("proxy_headers_hash_bucket_size", ["128"]);
    out.put("proxy_http_version", ["1.1"]);
    for (name, value) in timeouts(defaults) {
        out.put(name, [value]);
    }
    // One try; a keepalive connection that the other side has just closed is not one.
    out.put("proxy_next_upstream", ["error"]);
    out.put("proxy_next_upstream_tries", ["1"]);
    // A service must not send a client into locations of ours.
    out.put(
        "proxy_ignore_headers",
        ["X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Charset"],
    );
    if !build.gateway.trusted_proxies.is_empty() {
        for net in build.gateway.trusted_proxies.iter() {
            out.put("set_real_ip_from", [net.trunc().to_string()]);
        }
        out.put("real_ip_header", ["X-Forwarded-For"]);
        out.put("real_ip_recursive", ["on"]);
    }
    out
}

fn map_size(build: &Build<'_>) -> usize {
    let consumers: usize = build
        .gateway
        .consumers
        .values()
        .map(|consumer| consumer.api_keys.len() + 2)
        .sum();
    (consumers.max(1024) * 2).next_power_of_two()
}

/// The path in normal form; most are already, and njs is asked for the others only.
const NORMAL: &str = "~^((?:/(?!\\.\\.?(?:[/?]|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[DEF]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5[CF]|7E|00)[0-9A-F][0-9A-F])+)*/?)(?:\\?|$)";

/// The maps that every request goes through: path, query, host, method, and what own answers say.
pub fn maps(build: &Build<'_>, hosts: Block) -> Block {
    let mut out = Block::new();
    out.comment("The request: path in normal form, query as it came, host, method or preflight.");
    out.put("js_set", ["$gw_normalised", "path.normalise"]);
    let table = |lines: &[(&'static str, &'static str)]| {
        let mut block = Block::new();
        for (source, value) in lines {
            block.pair(*source, *value);
        }
        block
    };
    out.open(
        "map",
        ["$request_uri", "$gw_path"],
        table(&[(NORMAL, "$1"), ("default", "$gw_normalised")]),
    );
    out.open(
        "map",
        ["$gw_path", "$gw_slash"],
        table(&[("~/$", "/"), ("default", "")]),
    );
    out.open(
        "map",
        ["$gw_slash", "$gw_key"],
        table(&[("/", "$gw_path"), ("default", "$gw_path/")]),
    );
    out.open(
        "map",
        ["$gw_rest$gw_slash", "$gw_tail"],
        table(&[("default", "$gw_rest$gw_slash")]),
    );
    out.open(
        "map",
        ["$gw_rest$gw_slash", "$gw_tail_or_root"],
        table(&[("", "/"), ("default", "$gw_rest$gw_slash")]),
    );
    out.open(
        "map",
        ["$request_uri", "$gw_query"],
        table(&[("~^[^?]*(\\?[^#]*)", "$1"), ("default", "")]),
    );
    if build.modules.contains("credentials") {
        out.put("js_set", ["$gw_query_without_keys", "credentials.query"]);
    }
    out.open("map", ["$host", "$gw_host_id"], hosts);
    out.open(
        "map",
        ["$gw_path", "$gw_checked"],
        table(&[("", "bad"), ("default", "$gw_host_id$gw_key")]),
    );
    let redirect = build
        .gateway
        .tls
        .as_ref()
        .is_some_and(|tls| tls.redirect_http);
    if redirect {
        // TLS may have ended at a trusted proxy in front.
        out.open(
            "map",
            ["$gw_host_id", "$gw_redirect"],
            table(&[("x", "x/"), ("default", "tls")]),
        );
        out.open(
            "map",
            ["$https|$gw_forwarded_proto", "$gw_secured"],
            table(&[
                ("~^\\|https$", "$gw_checked"),
                ("~^\\|", "$gw_redirect"),
                ("default", "$gw_checked"),
            ]),
        );
    }
    let mut entry = table(&[(
        "default",
        if redirect {
            "$gw_secured"
        } else {
            "$gw_checked"
        },
    )]);
    if let Some(health) = &build.gateway.health {
        entry.pair(
            format!("~^(?:GET|HEAD) {}(?:\\?|$)", regex(health)),
            "health",
        );
    }
    out.open("map", ["$request_method $request_uri", "$gw_entry"], entry);
    out.open(
        "map",
        [
            "$request_method|$http_access_control_request_method|$http_origin",
            "$gw_asked",
        ],
        table(&[
            ("~^OPTIONS\\|([^|]+)\\|.", "preflight $1"),
            ("default", "$request_method"),
        ]),
    );
    if build
        .gateway
        .routes
        .iter()
        .any(|route| route.max_body.0 == 0)
    {
        out.open(
            "map",
            ["$content_length:$http_transfer_encoding", "$gw_has_body"],
            table(&[(":", ""), ("0:", ""), ("default", "1")]),
        );
    }
    if build.modules.contains("stage") {
        // Only a body without a length has to be read to know its size; HTTP/2 says nothing of it beforehand.
        out.open(
            "map",
            ["$server_protocol:$http_transfer_encoding", "$gw_measured"],
            table(&[("~^HTTP/[01].*:$", "1"), ("default", "")]),
        );
    }
    out.comment("The gateway's own answers.");
    out.open(
        "map",
        ["$status", "$gw_message"],
        table(&[
            ("default", "the gateway cannot answer"),
            ("400", "bad request"),
            ("401", "credentials are needed"),
            ("403", "not allowed"),
            ("404", "no route"),
            ("405", "method not allowed"),
            ("408", "the request took too long"),
            ("413", "request body too large"),
            ("414", "request target too long"),
            ("429", "too many requests"),
            ("501", "not available on this gateway"),
            ("503", "no healthy target"),
            ("504", "the service took too long"),
        ]),
    );
    let allow = if build.numbers.methods.is_empty() {
        ""
    } else {
        "$gw_allow_list"
    };
    out.open(
        "map",
        ["$gw_own$status", "$gw_allow"],
        table(&[("1405", allow), ("default", "")]),
    );
    out.open(
        "map",
        ["$gw_own$status", "$gw_www_authenticate"],
        table(&[("1401", "$gw_challenge"), ("default", "")]),
    );
    out.open(
        "map",
        ["$gw_own$status", "$gw_retry_after"],
        table(&[("1429", "$gw_wait_by"), ("1503", "1"), ("default", "")]),
    );
    let quota = if build.modules.contains("quota") {
        "$gw_wait_quota"
    } else {
        ""
    };
    out.open(
        "map",
        [
            if quota.is_empty() { "$gw_own" } else { quota },
            "$gw_wait_by",
        ],
        if quota.is_empty() {
            table(&[("default", "$gw_wait")])
        } else {
            table(&[("", "$gw_wait"), ("default", "$gw_wait_quota")])
        },
    );
    // An upstream without a live server has its name where the address would be; behind an address it stands for a try after one that failed.
    out.open(
        "map",
        ["$upstream_addr", "$gw_no_target"],
        table(&[("default", ""), ("~(?:^| : )gw_[a-z0-9_]*$", "1")]),
    );
    out
}

/// Connection gauges for Prometheus, for this machine alone.
pub fn metrics(build: &mut Build<'_>, out: &mut Block) {
    build.modules.insert("metrics");
    let mut inner = Block::new();
    inner.put("listen", ["127.0.0.1:9145"]);
    inner.put("access_log", ["off"]);
    let mut location = Block::new();
    location.put("js_content", ["metrics.metrics"]);
    inner.open("location", ["=", "/metrics"], location);
    let mut rest = Block::new();
    rest.put("return", ["404"]);
    inner.open("location", ["/"], rest);
    out.open("server", [""; 0], inner);
}

/// Imports of the njs modules that are used and the variables they write, in front of everything that names them.
pub fn modules(build: &Build<'_>, out: &mut Block) {
    let mut head = Block::new();
    head.put("js_path", ["njs"]);
    for module in &build.modules {
        head.put("js_import", [format!("{module}.js")]);
    }
    let mut variables = build.variables.clone();
    // A variable that no location sets must exist all the same.
    let always = [
        "id",
        "route",
        "who",
        "wait",
        "challenge",
        "upgrade",
        "cors",
        "preflight",
        "own",
        "host",
        "rest",
        "allow_id",
        "preflight_cors",
        "next",
        "query_keys",
    ];
    variables.extend(always.map(|name| format!("gw_{name}")));
    variables.extend(super::policy::headers::taken(build));
    variables.extend(
        super::policy::headers::identity(build)
            .into_values()
            .map(|(_, variable)| variable[1..].to_owned()),
    );
    if build.modules.contains("quota") {
        variables.insert("gw_wait_quota".to_owned());
    }
    for variable in variables {
        head.put("js_var", [format!("${variable}"), String::new()]);
    }
    head.append(std::mem::take(out));
    *out = head;
}
