//! Plugins that Kong refuses by rules beyond one field, or accepts and runs otherwise.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::document::{Document, Plugin};
use super::Faults;
use super::consumers::scopes;

pub(super) fn check(document: &Document, faults: &mut Faults) {
    for (scope, plugins) in scopes(document) {
        let mut seen = BTreeSet::new();
        for plugin in plugins {
            if !seen.insert((&plugin.name, &plugin.consumer)) {
                faults.say(format!(
                    "{scope} has `{}` twice, whatever their names: Kong holds one",
                    plugin.name
                ));
            }
            if plugin
                .consumer
                .as_ref()
                .is_some_and(|name| document.consumers.iter().all(|one| one.username != *name))
            {
                faults.say(format!(
                    "`{}` of {scope} names a consumer that is not there",
                    plugin.name
                ));
            }
            self::plugin(&scope, plugin, faults);
        }
    }
}

fn plugin(scope: &str, plugin: &Plugin, faults: &mut Faults) {
    let config = |key: &str| plugin.config.get(key).filter(|value| !value.is_null());
    let list = |key: &str| {
        config(key)
            .and_then(Value::as_array)
            .map(Vec::len)
            .unwrap_or_default()
    };
    match plugin.name.as_str() {
        "jwt" => {
            let verified = config("claims_to_verify").and_then(Value::as_array);
            if verified.is_none_or(|claims| claims.iter().all(|claim| claim != "exp")) {
                faults.say(format!(
                    "jwt of {scope} does not look at `exp`: tokens are good for ever"
                ));
            }
            if config("uri_param_names").is_none() {
                faults.say(format!("jwt of {scope} takes tokens from `?jwt=`"));
            }
        }
        "rate-limiting" => windows(scope, plugin, faults),
        "acl" if (list("allow") == 0) == (list("deny") == 0) => faults.say(format!(
            "acl of {scope} needs `allow` or `deny`, one of them"
        )),
        "ip-restriction" if list("allow") + list("deny") == 0 => {
            faults.say(format!("ip-restriction of {scope} has no addresses"))
        }
        "request-termination" => {
            if config("message").is_some()
                && (config("body").is_some() || config("content_type").is_some())
            {
                faults.say(format!(
                    "request-termination of {scope} has both a message and a body"
                ));
            }
            if config("content_type").is_some() && config("body").is_none() {
                faults.say(format!(
                    "request-termination of {scope} has a content type without a body"
                ));
            }
        }
        "cors" => {
            let origins = config("origins")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            if origins.len() == 1
                && origins[0] != "*"
                && origins[0]
                    .as_str()
                    .is_some_and(|origin| !origin.contains(['^', '\\', '(', '[']))
            {
                faults.say(format!("cors of {scope} sends its one origin to everybody"));
            }
            if list("headers") == 0 {
                faults.say(format!(
                    "cors of {scope} allows whatever headers are asked for"
                ));
            }
        }
        _ => {}
    }
}

fn windows(scope: &str, plugin: &Plugin, faults: &mut Faults) {
    let mut last = 0.0;
    let mut any = false;
    for window in ["second", "minute", "hour", "day", "month", "year"] {
        let Some(count) = plugin.config.get(window).and_then(Value::as_f64) else {
            continue;
        };
        any = true;
        if count <= 0.0 {
            faults.say(format!("the limit by {window} of {scope} is not above 0"));
        }
        if count < last {
            faults.say(format!(
                "the limit by {window} of {scope} is below that of a shorter window"
            ));
        }
        last = count;
    }
    if !any {
        faults.say(format!("rate-limiting of {scope} has no window"));
    }
    if plugin.config.get("policy").and_then(Value::as_str) == Some("cluster") {
        faults.say(format!(
            "rate-limiting of {scope} counts in a database, and there is none"
        ));
    }
}
