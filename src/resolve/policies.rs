//! Policies of several levels: limits, CORS, timeouts, retries, addresses.

use ipnet::IpNet;

use super::run::{Run, Wrong, shown};
use super::{codes, headers, names, route_key};
use crate::ir::units::Millis;
use crate::ir::{Cors, IpRules, Limit, LimitKey, Origins, Retries, Sourced, Timeout};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec::{self, OneOrMany};

/// One limit or several.
pub(super) fn limits(
    run: &Run<'_>,
    limits: &OneOrMany<spec::Limit>,
    default: &LimitKey,
    at: &Pointer,
) -> Vec<Sourced<Limit>> {
    if limits.0.is_empty() && !run.was_written(at, "0") {
        let message = "an empty list of limits".to_owned();
        run.error(codes::EMPTY, at, message, "write a limit, or `none`");
    }
    // A list of one is the same limit; only what is wrong with it needs the exact place.
    let single = limits.0.len() == 1;
    let place = |index| if single { at.clone() } else { at.index(index) };
    let each = limits.0.iter().enumerate();
    each.map(|(index, written)| limit(run, written, default, place(index)))
        .collect()
}

fn limit(run: &Run<'_>, written: &spec::Limit, default: &LimitKey, at: Pointer) -> Sourced<Limit> {
    let burst = written.burst.unwrap_or(written.rate.count);
    if !(1..=1_000_000_000).contains(&burst) {
        let message = format!("a burst of {burst} is out of range");
        run.error(
            codes::RANGE,
            &item(run, &at).key("burst"),
            message,
            "write 1 to 1000000000; it is the bucket's capacity",
        );
    }
    let per = || item(run, &at).key("per");
    let key = match &written.per {
        None => default.clone(),
        Some(spec::LimitKey::Consumer) => LimitKey::Consumer,
        Some(spec::LimitKey::ClientIp) => LimitKey::ClientIp,
        Some(spec::LimitKey::Everyone) => LimitKey::Everyone,
        Some(spec::LimitKey::Header(name)) => {
            headers::name(run, name, || Place::value(per().key("header")));
            LimitKey::Header(name.clone())
        }
        Some(spec::LimitKey::Claim(name)) => {
            names::word(run, "claim", name, || Place::value(per().key("claim")));
            LimitKey::Claim(name.clone())
        }
    };
    let rate = written.rate;
    Sourced::new(Limit { rate, burst, key }, at)
}

/// The limit itself where a list of one was written.
fn item(run: &Run<'_>, at: &Pointer) -> Pointer {
    Some(at.index(0))
        .filter(|first| run.document.has(first))
        .unwrap_or_else(|| at.clone())
}

/// Cross-origin rules; methods that are not written stay empty until the routes of the path are known.
pub(super) fn cors(run: &Run<'_>, cors: &spec::Cors, at: Pointer) -> Sourced<Cors> {
    let origins_at = at.key("origins");
    if cors.origins.is_empty() && !run.was_written(&origins_at, "0") {
        run.error(
            codes::EMPTY,
            &origins_at,
            "no origin may read".to_owned(),
            "list origins, or write `cors: none`",
        );
    }
    let star = cors.origins.iter().position(|origin| origin == "*");
    if let (Some(index), true) = (star, cors.origins.len() > 1) {
        let message = "`*` stands alone: it covers the other origins".to_owned();
        run.error(
            codes::ORIGIN,
            &origins_at.index(index),
            message,
            "remove `*`, or the others",
        );
    }
    if let (Some(index), true) = (star, cors.credentials) {
        run.say(
            Diagnostic::error(
                codes::CORS_CREDENTIALS,
                Place::value(origins_at.index(index)),
                "`*` with `credentials` would let every site act as the user",
            )
            .help("list the origins, or remove `credentials`")
            .related(
                Place::value(at.key("credentials")),
                "credentials allowed here",
            ),
        );
    }
    let origins = if star.is_some() {
        Origins::All
    } else {
        let each = cors.origins.iter().enumerate();
        Origins::List(
            each.filter_map(|(i, text)| origin(run, text, || origins_at.index(i)))
                .collect(),
        )
    };
    let methods = cors.methods.clone().unwrap_or_default();
    if cors.methods.is_some() && methods.is_empty() && !run.was_written(&at.key("methods"), "0") {
        let message = "a preflight would allow no method".to_owned();
        run.error(
            codes::EMPTY,
            &at.key("methods"),
            message,
            "list methods, or leave the key out for those of the routes",
        );
    }
    for (index, name) in methods.iter().enumerate() {
        if let Err(wrong) = route_key::method(name) {
            run.wrong(
                codes::ROUTE_KEY,
                Place::value(at.key("methods").index(index)),
                name,
                wrong,
            );
        }
    }
    for (key, list) in [("headers", &cors.headers), ("expose", &cors.expose)] {
        for (index, name) in list.iter().enumerate() {
            headers::name(run, name, || Place::value(at.key(key).index(index)));
        }
    }
    let cors = Cors {
        origins,
        methods,
        headers: cors.headers.clone(),
        expose: cors.expose.clone(),
        credentials: cors.credentials,
        max_age: cors.max_age,
    };
    Sourced::new(cors, at)
}

/// A serialised origin (RFC 6454 section 6.2), as browsers send it.
fn origin(run: &Run<'_>, text: &str, at: impl FnOnce() -> Pointer) -> Option<String> {
    parse_origin(text)
        .map_err(|wrong| run.wrong(codes::ORIGIN, Place::value(at()), text, wrong))
        .ok()
}

pub(super) fn parse_origin(text: &str) -> Result<String, Wrong<'_>> {
    let example = "write it as browsers send it: `https://shop.example` or `http://localhost:5173`";
    let not_one = || Wrong::new(format!("`{}` is not an origin", shown(text)), example);
    let (scheme, authority) = text.split_once("://").ok_or_else(not_one)?;
    if let Some(at) = authority.find(['/', '?', '#']) {
        let help = format!("write `{scheme}://{}`", &authority[..at]);
        return Err(Wrong::new("an origin has no path", help).at(&authority[at..]));
    }
    if let Some(at) = authority.find('*') {
        let message = "an origin has no wildcard: it is compared as it is";
        return Err(Wrong::new(message, "list each origin").at(&authority[at..=at]));
    }
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host_fits = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    let port_fits = port.is_none_or(|port| {
        port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with(['0', '+'])
    });
    if !scheme_fits || !host_fits || !port_fits {
        return Err(not_one());
    }
    if matches!(
        (scheme, port),
        ("http", Some("80")) | ("https", Some("443"))
    ) {
        let help = format!("write `{scheme}://{host}`");
        return Err(Wrong::new("browsers leave out the scheme's own port", help));
    }
    Ok(text.to_ascii_lowercase())
}

/// Time limits, with the defaults of the language filled in.
pub(super) fn timeout(run: &Run<'_>, written: &spec::Timeout, at: Pointer) -> Sourced<Timeout> {
    for (key, value) in [("connect", written.connect), ("response", written.response)] {
        if value == Some(Millis(0)) {
            let message = "a timeout of nothing leaves no time to answer".to_owned();
            run.error(codes::RANGE, &at.key(key), message, "write at least `1ms`");
        }
    }
    let timeout = Timeout {
        connect: written.connect.unwrap_or(Millis(1000)),
        response: written.response.unwrap_or(Millis(30_000)),
        explicit: written.response.is_some(),
    };
    Sourced::new(timeout, at)
}

/// Further tries.
pub(super) fn retries(run: &Run<'_>, written: &spec::Retries, at: Pointer) -> Sourced<Retries> {
    if written.attempts > 10 {
        let message = format!("{} attempts are out of range", written.attempts);
        run.error(codes::RANGE, &at.key("attempts"), message, "write 0 to 10");
    }
    if written.when.as_ref().is_some_and(Vec::is_empty) && !run.was_written(&at.key("when"), "0") {
        let message = "nothing calls for a retry".to_owned();
        run.error(
            codes::EMPTY,
            &at.key("when"),
            message,
            "list `connect`, `timeout` or statuses, or leave the key out",
        );
    }
    let default = [spec::RetryOn::Connect, spec::RetryOn::Timeout];
    let mut retries = Retries {
        attempts: written.attempts,
        ..Retries::default()
    };
    for cause in written.when.as_deref().unwrap_or(&default) {
        match *cause {
            spec::RetryOn::Connect => retries.connect = true,
            spec::RetryOn::Timeout => retries.timeout = true,
            spec::RetryOn::Status(status) if !retries.statuses.contains(&status) => {
                retries.statuses.push(status);
            }
            spec::RetryOn::Status(_) => {}
        }
    }
    Sourced::new(retries, at)
}

/// Client addresses.
pub(super) fn ip(run: &Run<'_>, rules: &spec::IpRules, at: Pointer) -> Sourced<IpRules> {
    let written = run.was_written(&at, "allow") || run.was_written(&at, "deny");
    if rules.allow.is_empty() && rules.deny.is_empty() && !written {
        let message = "the rules name no address".to_owned();
        run.error(
            codes::EMPTY,
            &at,
            message,
            "list ranges under `allow` or `deny`, or leave the key out",
        );
    }
    let rules = IpRules {
        allow: nets(run, &rules.allow, &at.key("allow")),
        deny: nets(run, &rules.deny, &at.key("deny")),
    };
    Sourced::new(rules, at)
}

/// Ranges in CIDR notation (RFC 4632), or single addresses.
pub(super) fn nets(run: &Run<'_>, texts: &[String], at: &Pointer) -> Vec<IpNet> {
    let each = texts.iter().enumerate();
    each.filter_map(|(index, text)| net(run, text, || at.index(index)))
        .collect()
}

fn net(run: &Run<'_>, text: &str, at: impl FnOnce() -> Pointer) -> Option<IpNet> {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        return Some(IpNet::from(address));
    }
    let Ok(net) = text.parse::<IpNet>() else {
        let message = format!("`{}` is not a range of addresses", shown(text));
        run.error(
            codes::CIDR,
            &at(),
            message,
            "write an address and a prefix length: `10.0.0.0/8` or `2001:db8::/32`",
        );
        return None;
    };
    if net.trunc() != net {
        let message = format!("`{text}` has bits behind its prefix");
        let help = format!(
            "write `{}` for the range, or `{}` for the one address",
            net.trunc(),
            net.addr()
        );
        run.error(codes::CIDR, &at(), message, &help);
        return None;
    }
    Some(net)
}
