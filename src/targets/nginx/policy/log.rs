//! ACCESS LOG -> LOG_FORMAT: one JSON object a line.

use super::super::build::Build;
use super::super::document::Block;
use crate::ir::AccessLog;

/// The log's maps, format and file.
pub fn log(build: &mut Build<'_>) -> Block {
    let mut out = Block::new();
    if build.gateway.access_log.value == AccessLog::None {
        out.put("access_log", ["off"]);
        return out;
    }
    out.comment("Access log.");
    let mut names = Block::new();
    names.pair("default", "");
    for (id, consumer) in build.consumers() {
        let name = build.literals.word(&consumer.name);
        names.pair(id, name);
    }
    out.open("map", ["$gw_who", "$gw_consumer"], names);
    // $request_time is `1.234` seconds; without a calculation its digits are the milliseconds.
    let mut millis = Block::new();
    millis.pair("default", "0");
    millis.pair("~^0\\.0*([1-9][0-9]*)$", "$1");
    millis.pair("~^([1-9][0-9]*)\\.([0-9]{3})$", "$1$2");
    out.open("map", ["$request_time", "$gw_millis"], millis);
    let mut reason = Block::new();
    reason.pair("default", "");
    for (status, text) in [
        (400, "path"),
        (401, "credentials"),
        (403, "forbidden"),
        (404, "no route"),
        (405, "method"),
        (413, "body size"),
        (429, "limit"),
        (502, "upstream"),
        (503, "no target"),
        (504, "timeout"),
    ] {
        reason.pair(format!("1{status}"), text);
    }
    out.open("map", ["$gw_own$status", "$gw_reason"], reason);
    let request_id = if build.gateway.request_id.is_some() {
        "$gw_request_id"
    } else {
        ""
    };
    let fields = [
        ("time", "\"$time_iso8601\""),
        ("request_id", &format!("\"{request_id}\"")),
        ("client_ip", "\"$remote_addr\""),
        ("host", "\"$host\""),
        ("method", "\"$request_method\""),
        ("path", "\"$gw_path\""),
        ("route", "\"$gw_route\""),
        ("consumer", "\"$gw_consumer\""),
        ("status", "$status"),
        ("bytes", "$body_bytes_sent"),
        ("duration_ms", "$gw_millis"),
        ("upstream", "\"$upstream_addr\""),
        ("upstream_status", "\"$upstream_status\""),
        ("reason", "\"$gw_reason\""),
    ];
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    out.put(
        "log_format",
        [
            "gateway".to_owned(),
            "escape=json".to_owned(),
            format!("{{{}}}", fields.join(",")),
        ],
    );
    out.put("access_log", ["access.log", "gateway"]);
    out
}
