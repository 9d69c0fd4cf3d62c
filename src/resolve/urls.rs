//! URL texts -> addresses: scheme, host, port and base path, and nothing that a service's URL cannot mean.

use url::Url;

use super::codes;
use super::run::{Run, Wrong, shown};
use crate::ir::{Address, EncodedSlash, Protocol, normalise};
use crate::report::Place;
use crate::source::{Pointer, nearest};

/// What may follow the host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// A path.
    Path,
    /// A path and a query.
    Query,
}

/// A service's address.
pub(super) fn address(run: &Run<'_>, text: &str, at: &Pointer) -> Option<Address> {
    let url = http(run, text, at, Tail::Path)?;
    let path = match normalise(url.path(), EncodedSlash::Refuse) {
        Ok(path) => path.trim_end_matches('/').to_owned(),
        Err(refusal) => {
            let message = format!("the path of `{text}` is not usable: {refusal}");
            run.error(codes::URL, at, message, "write a plain base path, or none");
            return None;
        }
    };
    let host = url.host_str()?;
    let host = host.strip_prefix('[').unwrap_or(host);
    Some(Address {
        protocol: if url.scheme() == "https" {
            Protocol::Https
        } else {
            Protocol::Http
        },
        host: host.strip_suffix(']').unwrap_or(host).to_owned(),
        port: url.port_or_known_default()?,
        path,
    })
}

/// An `http` or `https` URL without credentials and fragment.
pub(super) fn http(run: &Run<'_>, text: &str, at: &Pointer, tail: Tail) -> Option<Url> {
    match parse(text, tail) {
        Ok(url) => Some(url),
        Err(wrong) => {
            run.wrong(codes::URL, Place::value(at.clone()), text, wrong);
            None
        }
    }
}

pub(super) fn parse(text: &str, tail: Tail) -> Result<Url, Wrong<'_>> {
    let Some((scheme, rest)) = text.split_once("://") else {
        let message = format!("`{}` is not a URL", shown(text));
        let help = if text.contains(char::is_whitespace) || text.is_empty() {
            "write a URL such as `http://users:3000`".to_owned()
        } else {
            format!(
                "write it with its scheme: `http://{}`",
                text.trim_start_matches('/')
            )
        };
        return Err(Wrong::new(message, help));
    };
    if !matches!(scheme, "http" | "https") {
        let message = format!("`{}` is not a scheme that is spoken here", shown(scheme));
        let help = match nearest(&scheme.to_ascii_lowercase(), ["http", "https"]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `http` or `https`".to_owned(),
        };
        return Err(Wrong::new(message, help).at(scheme));
    }
    // The WHATWG parser forgives these; engines do not.
    let odd = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}')
    };
    if let Some(at) = text.find(odd) {
        let message = format!(
            "`{}` cannot stand in a URL",
            text[at..].chars().next().unwrap_or(' ')
        );
        return Err(Wrong::new(message, "remove it, or write it as `%XX`"));
    }
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if let Some((credentials, _)) = authority.rsplit_once('@') {
        let message = "a user name or password stands in a URL".to_owned();
        let help = "remove it; credentials for a service go into `request_headers` or `tls`";
        return Err(Wrong::new(message, help).at(credentials));
    }
    let url = Url::parse(text).map_err(|error| url_error(error, text, authority))?;
    if url.port() == Some(0) {
        return Err(Wrong::new(
            "port 0 cannot be reached".to_owned(),
            "write a port from 1 to 65535",
        )
        .at(authority));
    }
    if let Some(at) = text.find('#') {
        let message = "a URL that is called has no fragment".to_owned();
        return Err(Wrong::new(message, "remove it").at(&text[at..]));
    }
    match text.find('?') {
        Some(at) if tail == Tail::Path => {
            let message = "a query has no meaning here: each request brings its own".to_owned();
            Err(Wrong::new(message, "remove it").at(&text[at..]))
        }
        _ => Ok(url),
    }
}

fn url_error<'a>(error: url::ParseError, text: &'a str, authority: &'a str) -> Wrong<'a> {
    let port = authority
        .rsplit_once(':')
        .map_or(authority, |(_, port)| port);
    if error == url::ParseError::InvalidPort {
        let message = format!("`{port}` is not a port");
        return Wrong::new(message, "write a port from 1 to 65535").at(port);
    }
    let message = format!("`{text}` is not a URL: {error}");
    Wrong::new(message, "write a URL such as `http://users:3000`")
}
