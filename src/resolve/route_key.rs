//! `METHODS HOST/PATTERN` -> methods, host and pattern.

use super::codes;
use super::pattern::{self, Form};
use super::run::{Wrong, shown};
use crate::ir::{EncodedSlash, HostPattern, Methods, Pattern};
use crate::report::Code;
use crate::source::nearest;

/// The methods a route can list. `CONNECT` and `TRACE` are not for gateways to pass on.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What a key says.
pub(super) struct Key {
    pub methods: Methods,
    pub host: Option<HostPattern>,
    pub pattern: Pattern,
}

/// Parses a route's key.
pub(super) fn parse(key: &str, slash: EncodedSlash) -> Result<Key, (Code, Wrong<'_>)> {
    let odd_space = key.contains("  ")
        || key.trim() != key
        || key.contains(|c: char| c.is_whitespace() && c != ' ');
    let mut words = key.split(' ');
    let (methods, target) = match (words.next(), words.next(), words.next()) {
        (Some(target), None, _) if target.contains('/') => (None, target),
        (Some(methods), Some(target), None) if !odd_space => (Some(methods), target),
        _ => {
            let message = format!("`{}` is not a route", shown(key));
            let help = "write `METHODS /pattern` or `METHODS host/pattern`: methods separated by commas, then one space";
            return Err((codes::ROUTE_KEY, Wrong::new(message, help)));
        }
    };
    let methods = match methods {
        None => Methods::Any,
        Some(text) => self::methods(text).map_err(|wrong| (codes::ROUTE_KEY, wrong))?,
    };
    let Some(slash_at) = target.find('/') else {
        let message = format!("the pattern `{}` does not start with `/`", shown(target));
        let wrong = Wrong::new(message, format!("write `/{}`", shown(target))).at(target);
        return Err((codes::PATTERN, wrong));
    };
    let (host, path) = target.split_at(slash_at);
    let host = match host {
        "" => None,
        text => Some(self::host(text).map_err(|wrong| (codes::HOST, wrong))?),
    };
    let pattern = pattern::parse(path, slash, Form::Pattern).map_err(|mut wrong| {
        wrong.part = wrong.part.or(Some(path));
        (codes::PATTERN, wrong)
    })?;
    Ok(Key {
        methods,
        host,
        pattern,
    })
}

fn methods(text: &str) -> Result<Methods, Wrong<'_>> {
    if text == "ANY" {
        return Ok(Methods::Any);
    }
    let mut methods: Vec<String> = Vec::new();
    for name in text.split(',') {
        if methods.iter().any(|known| known == name) {
            return Err(Wrong::new(format!("`{name}` is listed twice"), "remove one").at(name));
        }
        method(name)?;
        methods.push(name.to_owned());
    }
    Ok(Methods::Only(methods))
}

/// Whether a name is a method that a route or a preflight can list.
pub(super) fn method(name: &str) -> Result<(), Wrong<'_>> {
    if METHODS.contains(&name) {
        return Ok(());
    }
    if name == "ANY" {
        return Err(Wrong::new("`ANY` stands alone", "remove the other methods").at(name));
    }
    let upper = name.to_ascii_uppercase();
    let help = if upper == "ANY" || METHODS.contains(&upper.as_str()) {
        format!("methods are upper case: `{upper}`")
    } else if let Some(near) = nearest(&upper, METHODS) {
        format!("did you mean `{near}`?")
    } else {
        format!("write one of {}, or `ANY`", METHODS.join(", "))
    };
    let wrong = Wrong::new(format!("`{}` is not a method", shown(name)), help);
    Err(if name.is_empty() {
        wrong
    } else {
        wrong.at(name)
    })
}

/// Parses a host name, or `*.` and a name.
pub(super) fn host(text: &str) -> Result<HostPattern, Wrong<'_>> {
    if let Some((_, port)) = text
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
    {
        let message = "a host has no port: the gateway's ports stand under `gateway.listen`";
        return Err(Wrong::new(message, "remove the port").at(port));
    }
    let (name, below) = match text.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (text, false),
    };
    if name.contains('*') {
        let message = format!("`{text}` has `*` in the wrong place");
        return Err(Wrong::new(
            message,
            "`*.` can only come first and stands for one or more labels",
        )
        .at(text));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if name.len() > 253 || !name.split('.').all(label) {
        let message = format!("`{}` is not a host name", shown(text));
        let help =
            "write letters, digits and `-` between dots, names beyond ASCII in their `xn--` form";
        return Err(Wrong::new(message, help).at(text));
    }
    let name = name.to_ascii_lowercase();
    Ok(if below {
        HostPattern::Below(name)
    } else {
        HostPattern::Exact(name)
    })
}
