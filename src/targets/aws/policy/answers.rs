//! THE GATEWAY'S OWN ANSWERS -> GATEWAY RESPONSES AND MOCKS: JSON bodies with the statuses of the language.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::document::Refused;
use super::super::document::integration::Mock;
use super::super::document::mapping::{Fixed, HeaderName};
use super::super::document::path::PathPart;
use super::super::document::rest::{GatewayResponse, ResponseType};
use super::super::{around, upstreams};
use super::cors;
use crate::ir::{Cors, Gateway, Pattern, Piece, Respond, SchemeKind, Slot};

/// `{"message": ".."}`.
#[must_use]
pub fn message(text: &str) -> String {
    json!({ "message": text }).to_string()
}

/// What a 401 asks for: the challenge of the first scheme that has one.
fn challenge(gateway: &Gateway) -> String {
    let mut challenges: Vec<String> = Vec::new();
    for route in &gateway.routes {
        for name in route.auth.schemes() {
            let challenge = match gateway.schemes.get(name).map(|scheme| &scheme.kind) {
                Some(SchemeKind::Basic(basic)) => format!("Basic realm=\"{}\"", basic.realm),
                Some(SchemeKind::ApiKey(_)) => "Key".to_owned(),
                _ => "Bearer".to_owned(),
            };
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
    }
    challenges.join(", ")
}

/// The answers that API Gateway gives before or instead of an integration.
///
/// # Errors
/// A header that mappings cannot hold.
pub fn responses(gateway: &Gateway) -> Result<Vec<GatewayResponse>, Refused> {
    use ResponseType as T;
    let table = [
        (T::AccessDenied, Some(403), "forbidden"),
        (
            T::AuthorizerFailure,
            Some(503),
            "the check of credentials failed",
        ),
        (T::BadRequestBody, Some(400), "bad request"),
        (T::BadRequestParameters, Some(400), "bad request"),
        (T::Default4xx, None, "bad request"),
        (T::Default5xx, None, "the gateway failed"),
        (
            T::IntegrationFailure,
            Some(502),
            "the service did not answer",
        ),
        (
            T::IntegrationTimeout,
            Some(504),
            "the service took too long",
        ),
        (T::InvalidApiKey, Some(401), "unauthorized"),
        (T::MissingAuthenticationToken, Some(404), "not found"),
        (T::QuotaExceeded, Some(429), "the quota is used up"),
        (T::RequestTooLarge, Some(413), "the body is too large"),
        (T::ResourceNotFound, Some(404), "not found"),
        (T::Throttled, Some(429), "too many requests"),
        (T::Unauthorized, Some(401), "unauthorized"),
        (T::WafFiltered, Some(403), "forbidden"),
    ];
    let shared = shared_headers(gateway)?;
    let request_id = match &gateway.request_id {
        Some(request_id) => Some(HeaderName::new(&request_id.header)?),
        None => None,
    };
    let mut responses = Vec::new();
    for (kind, status, text) in table {
        let mut headers = shared.clone();
        let mut add = |name: &str, value: &str| -> Result<(), Refused> {
            headers.insert(HeaderName::new(name)?, Fixed::new(value)?);
            Ok(())
        };
        match kind {
            T::Unauthorized | T::InvalidApiKey => add("WWW-Authenticate", &challenge(gateway))?,
            T::Throttled => add("Retry-After", "1")?,
            T::QuotaExceeded => add("Retry-After", "3600")?,
            T::AuthorizerFailure => add("Retry-After", "5")?,
            _ => {}
        }
        responses.push(GatewayResponse {
            kind,
            status,
            body: message(text),
            headers,
            request_id: request_id.clone(),
        });
    }
    Ok(responses)
}

/// These headers are fixed, so they can name an origin only where there is one.
fn shared_headers(gateway: &Gateway) -> Result<BTreeMap<HeaderName, Fixed>, Refused> {
    let mut headers = BTreeMap::new();
    if let Some((origin, credentials)) = cors::only_origin(gateway) {
        let mut add = |name: &str, value: &str| -> Result<(), Refused> {
            headers.insert(HeaderName::new(name)?, Fixed::new(value)?);
            Ok(())
        };
        add("Access-Control-Allow-Origin", &origin)?;
        if credentials {
            add("Access-Control-Allow-Credentials", "true")?;
        }
        if origin != "*" {
            add("Vary", "Origin")?;
        }
    }
    Ok(headers)
}

fn with_request_id(gateway: &Gateway) -> String {
    gateway.request_id.as_ref().map_or_else(String::new, |id| {
        format!(
            "#set($context.responseOverride.header.{} = $context.requestId)",
            id.header
        )
    })
}

fn mock(gateway: &Gateway, status: u16, rules: Option<&Cors>, body: &str) -> Mock {
    let front = format!("{}{}", with_request_id(gateway), cors::answer(rules));
    Mock {
        status,
        headers: BTreeMap::new(),
        template: format!("{front}{}", cors::verbatim(body)),
        takes_bodies: true,
    }
}

/// 200 on the health endpoint.
#[must_use]
pub fn health(gateway: &Gateway) -> Mock {
    let mut health = mock(gateway, 200, None, r#"{"status":"ok"}"#);
    health.takes_bodies = false;
    health
}

/// 501: a check is missing on AWS.
#[must_use]
pub fn closed(gateway: &Gateway, rules: Option<&Cors>) -> Mock {
    let text = message("a check of this route does not exist on this gateway");
    mock(gateway, 501, rules, &text)
}

/// 405 with `Allow`.
///
/// # Errors
/// A method that mappings cannot hold.
pub fn other_method(gateway: &Gateway, slot: &Slot) -> Result<Mock, Refused> {
    let rules = slot
        .routes
        .iter()
        .find_map(|id| gateway.routes[id.0].cors.as_ref())
        .map(|cors| &cors.value);
    let mut answer = mock(gateway, 405, rules, &message("method not allowed"));
    let allow = Fixed::new(&slot.allow.join(", "))?;
    answer.headers.insert(HeaderName::new("Allow")?, allow);
    Ok(answer)
}

/// 204 to a preflight, 405 to any other OPTIONS.
#[must_use]
pub fn preflight(gateway: &Gateway, slot: &Slot) -> Mock {
    let refuse = format!(
        "#set($context.responseOverride.status = 405)#set($context.responseOverride.header.Allow = '{}'){}",
        slot.allow.join(", "),
        message("method not allowed")
    );
    Mock {
        status: 204,
        headers: BTreeMap::new(),
        template: format!(
            "{}{}",
            with_request_id(gateway),
            cors::preflight(gateway, slot, &refuse)
        ),
        takes_bodies: false,
    }
}

/// A fixed answer of a route.
///
/// # Errors
/// A header that mappings cannot hold.
pub fn respond(
    gateway: &Gateway,
    answer: &Respond,
    pattern: &Pattern,
    parts: &[&PathPart],
    rules: Option<&Cors>,
) -> Result<Mock, Refused> {
    let mut made = mock(
        gateway,
        answer.status,
        rules,
        answer.body.as_deref().unwrap_or_default(),
    );
    if let Some(pieces) = &answer.location {
        let value: String = pieces
            .iter()
            .map(|piece| located(piece, pattern, parts))
            .collect();
        made.template = format!(
            "{value}#set($context.responseOverride.header.Location = $location){}",
            made.template
        );
        made.template.insert_str(0, "#set($location = '')");
    }
    for (name, value) in &answer.headers {
        made.headers
            .insert(HeaderName::new(name)?, Fixed::new(value)?);
    }
    if !answer
        .headers
        .keys()
        .any(|name| name.eq_ignore_ascii_case("content-type"))
        && answer.body.is_some()
    {
        let kind = if serde_json::from_str::<serde_json::Value>(
            answer.body.as_deref().unwrap_or_default(),
        )
        .is_ok()
        {
            "application/json"
        } else {
            "text/plain"
        };
        made.headers
            .insert(HeaderName::new("Content-Type")?, Fixed::new(kind)?);
    }
    Ok(made)
}

fn append(expression: &str) -> String {
    format!("#set($location = \"${{location}}{expression}\")")
}

/// A variable's text, escaped segment by segment: a greedy one has several.
fn variable(name: &str) -> String {
    format!(
        "#foreach($segment in $input.params().path.get('{name}').split('/'))#set($escaped = $util.urlEncode($segment).replace('+', '%20')){}#end",
        append("/${escaped}")
    )
}

/// A piece of `Location`, appended to it.
fn located(piece: &Piece, pattern: &Pattern, parts: &[&PathPart]) -> String {
    match piece {
        Piece::Text(text) if text.contains(['"', '$', '#']) => {
            format!("#set($text = '{}'){}", text.replace('\'', ""), append("${text}"))
        }
        Piece::Text(text) => append(text),
        Piece::Path if parts.is_empty() => append("/"),
        // API Gateway has the path only with the stage in front, so it is put together again.
        Piece::Path => parts.iter().map(|part| step(part)).collect(),
        Piece::Query => {
            "#foreach($name in $input.params().querystring.keySet())#set($value = $util.urlEncode($input.params().querystring.get($name)))#if($foreach.index == 0)#set($mark = '?')#else#set($mark = '&')#end#set($location = \"${location}${mark}${name}=${value}\")#end".to_owned()
        }
        Piece::Param(name) => match upstreams::part_of(pattern, parts, name) {
            Some(PathPart::Literal(text)) => append(text),
            Some(part) => around::variable(part).map_or_else(String::new, |name| {
                let value = format!("$util.urlEncode($input.params().path.get('{name}')).replace('+', '%20')");
                format!("#set($escaped = {value}){}", append("${escaped}"))
            }),
            None => String::new(),
        },
        Piece::Claim(name) => {
            let clean: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            append(&format!("$context.authorizer.claim_{clean}"))
        }
    }
}

fn step(part: &PathPart) -> String {
    match around::variable(part) {
        None => append(&format!("/{part}")),
        Some(name) => variable(&name),
    }
}
