//! Cross-origin rules: preflight answers and the headers of all others.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::Answer;
use crate::ir;

/// A route's rules with their header values made once.
#[derive(Clone, Debug)]
pub struct Cors {
    // None: everybody.
    origins: Option<Vec<String>>,
    credentials: bool,
    expose: Option<HeaderValue>,
    preflight: HeaderMap,
}

impl Cors {
    /// From the rules as resolved; what cannot stand in a header is left out.
    #[must_use]
    pub fn new(rules: &ir::Cors) -> Self {
        let list = |items: &[String]| {
            (!items.is_empty())
                .then(|| HeaderValue::from_str(&items.join(", ")).ok())
                .flatten()
        };
        let mut preflight = HeaderMap::new();
        let mut put = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                preflight.insert(name, value);
            }
        };
        put(ACCESS_CONTROL_ALLOW_METHODS, list(&rules.methods));
        put(ACCESS_CONTROL_ALLOW_HEADERS, list(&rules.headers));
        put(
            ACCESS_CONTROL_MAX_AGE,
            rules.max_age.map(|age| HeaderValue::from(age.0 / 1000)),
        );
        Self {
            origins: match &rules.origins {
                ir::Origins::All => None,
                ir::Origins::List(list) => Some(list.clone()),
            },
            credentials: rules.credentials,
            expose: list(&rules.expose),
            preflight,
        }
    }

    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match &self.origins {
            None => Some(HeaderValue::from_static("*")),
            Some(list) => {
                let text = origin.to_str().ok()?;
                list.iter()
                    .any(|allowed| allowed.eq_ignore_ascii_case(text))
                    .then(|| origin.clone())
            }
        }
    }

    /// Puts these rules' headers on an answer, in place of any that an upstream sent. Returns whether the origin may read it.
    pub fn mark(&self, headers: &mut HeaderMap, origin: Option<&HeaderValue>) -> bool {
        for name in [
            ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_EXPOSE_HEADERS,
            ACCESS_CONTROL_MAX_AGE,
        ] {
            headers.remove(name);
        }
        if self.origins.is_some() {
            vary_by_origin(headers);
        }
        let Some(value) = origin.and_then(|origin| self.allowed(origin)) else {
            return false;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        if self.credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        if let Some(expose) = &self.expose {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
        true
    }

    /// The answer to a preflight.
    #[must_use]
    pub fn preflight(&self, origin: Option<&HeaderValue>) -> Answer {
        let mut answer = Answer::empty(204, "");
        if self.mark(&mut answer.headers, origin) {
            answer.headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
            answer
                .headers
                .extend(self.preflight.iter().map(|(n, v)| (n.clone(), v.clone())));
        }
        answer
    }
}

fn vary_by_origin(headers: &mut HeaderMap) {
    let named = headers.get_all(VARY).iter().any(|value| {
        value.to_str().is_ok_and(|text| {
            text.split(',')
                .any(|name| name.trim().eq_ignore_ascii_case("origin") || name.trim() == "*")
        })
    });
    if !named {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// The method a preflight asks about; none when the request is not a preflight.
#[must_use]
pub fn preflight_method<'h>(method: &str, headers: &'h HeaderMap) -> Option<&'h str> {
    if method != "OPTIONS" || !headers.contains_key(ORIGIN) {
        return None;
    }
    headers.get(ACCESS_CONTROL_REQUEST_METHOD)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ir::units::Millis;

    fn rules(origins: ir::Origins, credentials: bool) -> Cors {
        Cors::new(&ir::Cors {
            origins,
            methods: vec!["GET".into(), "PUT".into()],
            headers: vec!["Authorization".into()],
            expose: vec!["X-Total".into()],
            credentials,
            max_age: Some(Millis(600_000)),
        })
    }

    fn shop() -> Cors {
        rules(ir::Origins::List(vec!["https://shop.example".into()]), true)
    }

    fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        headers.get(name).map(|v| v.to_str().unwrap())
    }

    #[test]
    fn an_origin_on_the_list_is_echoed_and_another_gets_nothing_but_vary() {
        let mut headers = HeaderMap::new();
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        assert!(shop().mark(
            &mut headers,
            Some(&HeaderValue::from_static("https://shop.example"))
        ));
        assert_eq!(
            get(&headers, "access-control-allow-origin"),
            Some("https://shop.example")
        );
        assert_eq!(
            get(&headers, "access-control-allow-credentials"),
            Some("true")
        );
        assert_eq!(get(&headers, "vary"), Some("Origin"));
        for origin in [
            "https://evil.example",
            "null",
            "https://shop.example.evil.example",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
            assert!(!shop().mark(&mut headers, Some(&HeaderValue::from_str(origin).unwrap())));
            assert_eq!(
                get(&headers, "access-control-allow-origin"),
                None,
                "{origin}"
            );
            assert_eq!(get(&headers, "vary"), Some("Origin"));
        }
    }

    #[test]
    fn a_preflight_says_methods_headers_and_age_only_to_allowed_origins() {
        let answer = shop().preflight(Some(&HeaderValue::from_static("https://shop.example")));
        assert_eq!(answer.status, 204);
        assert_eq!(
            get(&answer.headers, "access-control-allow-methods"),
            Some("GET, PUT")
        );
        assert_eq!(get(&answer.headers, "access-control-max-age"), Some("600"));
        assert_eq!(get(&answer.headers, "access-control-expose-headers"), None);
        let answer = shop().preflight(Some(&HeaderValue::from_static("https://evil.example")));
        assert_eq!(get(&answer.headers, "access-control-allow-methods"), None);
    }

    #[test]
    fn everybody_is_a_star_without_vary() {
        let mut headers = HeaderMap::new();
        let all = rules(ir::Origins::All, false);
        assert!(all.mark(
            &mut headers,
            Some(&HeaderValue::from_static("https://a.example"))
        ));
        assert_eq!(get(&headers, "access-control-allow-origin"), Some("*"));
        assert_eq!(get(&headers, "vary"), None);
    }
}
