//! PLUGINS -> POLICIES: limits, cross-origin rules, addresses and headers as plugins and functions carry them.

use serde_json::Value;

use super::super::functions::BUCKET_HEADER;
use super::{list, text, texts};
use crate::ir::units::{Millis, Per, Rate};
use crate::ir::{
    Cors, CounterFailure, Counters, HeaderRules, IpRules, Limit, LimitKey, Origins, Sourced,
};
use crate::source::Pointer;

/// The buckets that a function counts.
pub(super) fn buckets(limits: &Value, at: &Pointer) -> Vec<Sourced<Limit>> {
    let limits = limits.as_array().map_or(&[][..], Vec::as_slice);
    let limits = limits
        .iter()
        .filter(|limit| limit.get("interval").is_some());
    limits
        .filter_map(|limit| Some(Sourced::new(bucket(limit)?, at.clone())))
        .collect()
}

fn bucket(limit: &Value) -> Option<Limit> {
    let interval = limit["interval"]
        .as_f64()
        .filter(|interval| *interval > 0.0)?;
    let rate = [Per::Second, Per::Minute, Per::Hour]
        .into_iter()
        .find_map(|per| {
            let count = per.seconds() as f64 / interval;
            let whole = count.round();
            // The interval is a quotient of two integers, so only its last bits can be off.
            (whole >= 1.0 && (count - whole).abs() < whole * 1e-9).then_some(Rate {
                count: whole as u64,
                per,
            })
        })?;
    Some(Limit {
        rate,
        burst: limit["burst"].as_u64()?,
        key: key(&limit["key"])?,
    })
}

/// Whose bucket, as functions say it.
pub(super) fn key(key: &Value) -> Option<LimitKey> {
    match key.as_str() {
        Some("consumer") => return Some(LimitKey::Consumer),
        Some("client_ip") => return Some(LimitKey::ClientIp),
        Some("everyone") => return Some(LimitKey::Everyone),
        Some(_) => return None,
        None => {}
    }
    if let Some(header) = text(key, "header") {
        return Some(LimitKey::Header(header.to_owned()));
    }
    if let Some(claim) = text(key, "claim") {
        return Some(LimitKey::Claim(claim.to_owned()));
    }
    let on = |name: &str| key.get(name) == Some(&Value::Bool(true));
    match (on("consumer"), on("everyone")) {
        (true, _) => Some(LimitKey::Consumer),
        (_, true) => Some(LimitKey::Everyone),
        _ => None,
    }
}

/// The limits of a rate-limiting plugin, by the windows it counts; none where no bucket says the same.
pub(super) fn windows(config: &Value, entry: Option<&Value>) -> Option<Vec<Limit>> {
    let key = match text(config, "limit_by").unwrap_or("consumer") {
        "ip" => LimitKey::ClientIp,
        "consumer" | "credential" => LimitKey::Consumer,
        "service" => LimitKey::Everyone,
        "header" => match text(config, "header_name")? {
            BUCKET_HEADER => self::key(entry?)?,
            name => LimitKey::Header(name.to_owned()),
        },
        _ => return None,
    };
    let counts = ["second", "minute", "hour", "day", "month"]
        .map(|name| config.get(name).and_then(Value::as_u64));
    let limit = |count, per, burst| Limit {
        rate: Rate { count, per },
        burst,
        key: key.clone(),
    };
    // A window for the burst, and a longer one with what is refilled meanwhile.
    let refilled = |burst: u64, longer: u64, times: u64| {
        let more = longer.checked_sub(burst)?;
        (more % times == 0 && more > 0 && more / times < burst).then_some(more / times)
    };
    match counts {
        [Some(burst), Some(longer), None, None, None] => {
            Some(vec![match refilled(burst, longer, 60) {
                Some(rate) => limit(rate, Per::Second, burst),
                None => limit(longer, Per::Minute, burst),
            }])
        }
        [None, Some(burst), Some(longer), None, None] => {
            Some(vec![match refilled(burst, longer, 60) {
                Some(rate) => limit(rate, Per::Minute, burst),
                None => limit(longer, Per::Hour, burst),
            }])
        }
        [None, None, Some(burst), Some(longer), None] => {
            refilled(burst, longer, 24).map(|rate| vec![limit(rate, Per::Hour, burst)])
        }
        [second, minute, hour, None, None] => {
            let each = [
                (second, Per::Second),
                (minute, Per::Minute),
                (hour, Per::Hour),
            ];
            let limits = each
                .into_iter()
                .filter_map(|(count, per)| count.map(|count| limit(count, per, count)));
            Some(limits.collect())
        }
        _ => None,
    }
}

/// Where a rate-limiting plugin counts.
pub(super) fn counters(config: &Value) -> Option<Counters> {
    if text(config, "policy").unwrap_or("local") != "redis" {
        return Some(Counters::Local);
    }
    let redis = config.get("redis")?;
    let secure = redis.get("ssl") == Some(&Value::Bool(true));
    let mut url = url::Url::parse(if secure { "rediss://h" } else { "redis://h" }).ok()?;
    let host = text(redis, "host")?;
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    url.set_host(Some(&host)).ok()?;
    let port = redis
        .get("port")
        .and_then(Value::as_u64)
        .and_then(|port| u16::try_from(port).ok());
    url.set_port(port.filter(|port| *port != 6379)).ok()?;
    if let Some(user) = text(redis, "username") {
        url.set_username(user).ok()?;
    }
    url.set_password(text(redis, "password")).ok()?;
    if let Some(database) = redis.get("database").and_then(Value::as_u64) {
        url.set_path(&database.to_string());
    }
    let on_failure = match redis.get("fault_tolerant").or(config.get("fault_tolerant")) {
        Some(Value::Bool(false)) => CounterFailure::Refuse,
        _ => CounterFailure::Admit,
    };
    Some(Counters::Redis { url, on_failure })
}

/// Cross-origin rules of a cors plugin.
pub(super) fn cors(config: &Value) -> Cors {
    let mut origins: Vec<String> = Vec::new();
    for origin in texts(config, "origins") {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    let headers = texts(config, "headers");
    Cors {
        origins: if origins.is_empty() || origins.iter().any(|origin| origin == "*") {
            Origins::All
        } else {
            Origins::List(origins)
        },
        methods: texts(config, "methods"),
        // Stands for none: the plugin would allow whatever is asked for.
        headers: if headers == ["Accept"] {
            Vec::new()
        } else {
            headers
        },
        expose: texts(config, "exposed_headers"),
        credentials: config.get("credentials") == Some(&Value::Bool(true)),
        max_age: config
            .get("max_age")
            .and_then(Value::as_u64)
            .map(|age| Millis(age * 1000)),
    }
}

/// Addresses of an ip-restriction plugin; none where one is no network.
pub(super) fn addresses(config: &Value) -> Option<IpRules> {
    let nets = |key: &str| -> Option<Vec<ipnet::IpNet>> {
        let one = |text: &String| {
            text.parse().ok().or_else(|| {
                text.parse::<std::net::IpAddr>()
                    .ok()
                    .map(ipnet::IpNet::from)
            })
        };
        texts(config, key).iter().map(one).collect()
    };
    Some(IpRules {
        allow: nets("allow")?,
        deny: nets("deny")?,
    })
}

/// The bytes that request-size-limiting lets through.
pub(super) fn size(config: &Value) -> u64 {
    let unit = match text(config, "size_unit").unwrap_or("megabytes") {
        "bytes" => 1,
        "kilobytes" => 1 << 10,
        _ => 1 << 20,
    };
    config
        .get("allowed_payload_size")
        .and_then(Value::as_u64)
        .unwrap_or(128)
        .saturating_mul(unit)
}

/// The headers of a response-transformer; none where it does something that no rule says.
pub(super) fn response(config: &Value) -> Option<HeaderRules> {
    let empty = Value::Null;
    let part = |key: &str| texts(config.get(key).unwrap_or(&empty), "headers");
    let (replaced, added) = (part("replace"), part("add"));
    let mut rules = HeaderRules {
        remove: part("remove"),
        ..HeaderRules::default()
    };
    for pair in &added {
        let (name, value) = pair.split_once(':')?;
        rules.set.insert(name.to_owned(), value.to_owned());
    }
    // What is replaced and not added is set only where the service sent it.
    let whole = replaced.is_empty() || replaced == added;
    let known = config
        .as_object()?
        .keys()
        .all(|key| ["remove", "replace", "add"].contains(&key.as_str()));
    let headers = config.as_object()?.values().all(|part| {
        part.as_object()
            .is_some_and(|part| part.keys().all(|key| key == "headers"))
    });
    (whole && known && headers).then_some(rules)
}

/// The plugins that stand on a route or service.
pub(super) fn of(value: &Value) -> &[Value] {
    list(value, "plugins")
}
