//! CORS -> TEMPLATES: preflights and cross-origin headers of the gateway's own answers, for one origin or many.

use crate::ir::{Cors, Gateway, Origins, Route, Slot};

/// Text of a template (VTL) in which nothing is filled in.
#[must_use]
pub fn verbatim(text: &str) -> String {
    if !text.contains(['$', '#']) {
        return text.to_owned();
    }
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '$' => "${dollar}".to_owned(),
            '#' => "${hash}".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("#set($dollar = '$')#set($hash = '#'){escaped}")
}

// Header names come in the client's case, in lower case over HTTP/2.
fn read(variable: &str, header: &str) -> String {
    let lower = header.to_ascii_lowercase();
    format!(
        "#set(${variable} = $input.params().header.get('{header}'))#if(!${variable} || ${variable} == '')#set(${variable} = $input.params().header.get('{lower}'))#end"
    )
}

fn set(header: &str, value: &str) -> String {
    format!("#set($context.responseOverride.header.{header} = {value})")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', ""))
}

/// `$origin` is one of the rules'.
fn is_allowed(cors: &Cors) -> Option<String> {
    match &cors.origins {
        Origins::All => None,
        Origins::List(list) => {
            let tests: Vec<_> = list
                .iter()
                .map(|origin| format!("$origin == {}", quoted(origin)))
                .collect();
            Some(tests.join(" || "))
        }
    }
}

fn for_allowed(cors: &Cors, mut headers: String) -> String {
    if cors.credentials {
        headers.push_str(&set("Access-Control-Allow-Credentials", "'true'"));
    }
    match is_allowed(cors) {
        None => format!("{}{headers}", set("Access-Control-Allow-Origin", "'*'")),
        Some(test) => format!(
            "{}#if({test}){}{headers}#end",
            set("Vary", "'Origin'"),
            set("Access-Control-Allow-Origin", "$origin")
        ),
    }
}

/// Puts the headers of an answer that is not a preflight's in front of a template.
#[must_use]
pub fn answer(cors: Option<&Cors>) -> String {
    let Some(cors) = cors else {
        return String::new();
    };
    let mut headers = String::new();
    if !cors.expose.is_empty() {
        let list = quoted(&cors.expose.join(","));
        headers.push_str(&set("Access-Control-Expose-Headers", &list));
    }
    format!("{}{}", read("origin", "Origin"), for_allowed(cors, headers))
}

fn preflight_headers(cors: &Cors) -> String {
    let mut headers = set(
        "Access-Control-Allow-Methods",
        &quoted(&cors.methods.join(",")),
    );
    if !cors.headers.is_empty() {
        let list = quoted(&cors.headers.join(","));
        headers.push_str(&set("Access-Control-Allow-Headers", &list));
    }
    if let Some(age) = cors.max_age {
        let seconds = quoted(&(age.0 / 1000).to_string());
        headers.push_str(&set("Access-Control-Max-Age", &seconds));
    }
    for_allowed(cors, headers)
}

/// The template of a path's OPTIONS: each method's rules, and `otherwise` for what is not a preflight.
#[must_use]
pub fn preflight(gateway: &Gateway, slot: &Slot, otherwise: &str) -> String {
    let route = |id: &crate::ir::RouteId| &gateway.routes[id.0];
    let cors_of = |route: &Route| route.cors.as_ref().map(|cors| cors.value.clone());
    let all: Vec<&Route> = slot.routes.iter().map(route).collect();
    let first = all.iter().find_map(|route| cors_of(route));
    let same = all.iter().all(|route| cors_of(route) == first);
    let body = match (&first, same) {
        (Some(cors), true) => preflight_headers(cors),
        _ => by_method(gateway, slot),
    };
    format!(
        "{}{}#if($origin && $origin != '' && $method && $method != ''){body}#else{otherwise}#end",
        read("origin", "Origin"),
        read("method", "Access-Control-Request-Method"),
    )
}

fn by_method(gateway: &Gateway, slot: &Slot) -> String {
    let mut text = String::new();
    for (method, id) in &slot.methods {
        if let Some(cors) = &gateway.routes[id.0].cors {
            text.push_str(&format!(
                "#if($method == {}){}#end",
                quoted(method),
                preflight_headers(cors)
            ));
        }
    }
    if let Some(cors) = slot.any.and_then(|id| gateway.routes[id.0].cors.as_ref()) {
        let listed: Vec<_> = slot
            .methods
            .iter()
            .map(|(method, _)| format!("$method != {}", quoted(method)))
            .collect();
        let test = if listed.is_empty() {
            "true".into()
        } else {
            listed.join(" && ")
        };
        text.push_str(&format!("#if({test}){}#end", preflight_headers(cors)));
    }
    text
}

/// Routes of a path that have rules answer preflights.
#[must_use]
pub fn has_preflight(gateway: &Gateway, slot: &Slot) -> bool {
    let listed = slot.methods.iter().any(|(method, _)| method == "OPTIONS");
    !listed
        && slot
            .routes
            .iter()
            .any(|id| gateway.routes[id.0].cors.is_some())
}

/// The one origin that all routes with rules allow, for headers that cannot be chosen by request.
#[must_use]
pub fn only_origin(gateway: &Gateway) -> Option<(String, bool)> {
    let mut found: Option<(String, bool)> = None;
    for cors in gateway
        .routes
        .iter()
        .filter_map(|route| route.cors.as_ref())
    {
        let origin = match &cors.origins {
            Origins::All => "*".to_owned(),
            Origins::List(list) => match list.as_slice() {
                [one] => one.clone(),
                _ => return None,
            },
        };
        let this = (origin, cors.credentials);
        if found.as_ref().is_some_and(|other| *other != this) {
            return None;
        }
        found = Some(this);
    }
    found
}
