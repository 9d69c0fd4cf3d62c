//! `explain "METHOD /path"`: which route takes a request, why the others do not, and what each policy says.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::arguments::SpecArguments;
use super::exit::Exit;
use super::load::load_with;
use super::output;
use crate::engine::{Decision, End, Engine, Knowledge, Memory, Request, Timestamp, Verdict};
use crate::ir::{ApiKeyPlace, Auth, Gateway, Route, SchemeKind, Secret, normalise, normalise_host};
use crate::serve::{Clock, development};

const MOST_OTHERS: usize = 12;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// `METHOD /path` or `METHOD host/path`, with a query if there is one.
    pub request: &'q str,
    /// The spec.
    pub spec: SpecArguments,
    /// `Name: value`.
    pub headers: &'q [String],
    /// A consumer whose credentials the request carries.
    pub consumer: Option<&'q str>,
    /// RFC 3339; none: now.
    pub as_of: Option<&'q str>,
    /// The client's address; none: this machine's.
    pub client: Option<IpAddr>,
}

/// Whether the text is a request and not a code.
#[must_use]
pub fn is_request(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(method, rest)| {
        !method.is_empty()
            && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
            && rest.contains('/')
    })
}

/// Answers.
pub fn run(question: &Question<'_>) -> Result<Exit> {
    let formats = super::arguments::FormatArguments::default();
    let key = development::key().map_err(|error| anyhow!(error))?;
    let loaded = match load_with(&question.spec, &|name| development::secret(&key, name))? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("explain", &formats),
    };
    let exit = loaded.exit();
    let Some(gateway) = loaded.gateway.clone() else {
        formats.print(&loaded.report("explain"), &loaded.locator(), "")?;
        return Ok(exit);
    };
    let engine = Engine::new(gateway).map_err(|wrong| {
        let lines: Vec<String> = wrong
            .iter()
            .map(|w| format!("{}: {}", w.pointer, w.message))
            .collect();
        anyhow!(lines.join("; "))
    })?;
    let engine = engine.with_development_key(&key);
    output::print(answer(&engine, &key, question)?)?;
    Ok(Exit::Clean)
}

fn answer(engine: &Engine, key: &[u8], question: &Question<'_>) -> Result<String> {
    let (method, rest) = question
        .request
        .trim()
        .split_once(' ')
        .context("write METHOD /path")?;
    let rest = rest.trim();
    let (named, target) = rest.split_at(rest.find('/').unwrap_or(0));
    let (path, mut query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let now = match question.as_of {
        None => Clock::default().now(),
        Some(text) => {
            let at: jiff::Timestamp = text
                .parse()
                .with_context(|| format!("`{text}` is not a time such as 2026-11-23T20:00:00Z"))?;
            Timestamp::from_seconds(
                u64::try_from(at.as_second()).context("the time lies before 1970")?,
            )
        }
    };
    let mut headers = HeaderMap::new();
    for line in question.headers {
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("`{line}` is not `Name: value`"))?;
        let name: HeaderName = name
            .trim()
            .parse()
            .with_context(|| format!("`{name}` is not a header name"))?;
        headers.append(
            name,
            HeaderValue::from_str(value.trim())
                .context("a header's value holds control characters")?,
        );
    }
    let host = headers
        .get("host")
        .and_then(|value| value.to_str().ok().map(str::to_owned));
    let first_host = engine
        .gateway
        .hosts
        .first()
        .map(|host| host.to_string().replace("*.", "a."));
    let authority = match (named.is_empty(), host) {
        (false, _) => named.to_owned(),
        (true, Some(host)) => host,
        (true, None) => first_host.unwrap_or_else(|| "localhost".into()),
    };
    if let Some(consumer) = question.consumer {
        let route = find(engine, method, &authority, path);
        present(engine, key, consumer, route, now, &mut headers, &mut query)?;
    }
    let request = Request {
        method,
        authority: &authority,
        path,
        query: query.as_deref(),
        headers: &headers,
        peer: question.client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        tls: engine.gateway.listen.https.is_some(),
        length: None,
    };
    let decision = engine.decide(&request, &Knowledge::default(), &Memory::default(), now);
    Ok(text(engine, &request, &decision))
}

fn find<'e>(engine: &'e Engine, method: &str, authority: &str, path: &str) -> Option<&'e Route> {
    let gateway = &engine.gateway;
    let path = normalise(path, gateway.encoded_slash.value).ok()?;
    match crate::ir::Matcher::new(gateway).decide(
        normalise_host(authority).as_deref(),
        &path,
        method,
    ) {
        crate::ir::Matched::Route(id) => Some(engine.route(id)),
        crate::ir::Matched::Method { .. } | crate::ir::Matched::NotFound => None,
    }
}

/// Puts a consumer's credentials on the request, as the route's schemes read them.
fn present(
    engine: &Engine,
    key: &[u8],
    consumer: &str,
    route: Option<&Route>,
    now: Timestamp,
    headers: &mut HeaderMap,
    query: &mut Option<String>,
) -> Result<()> {
    let gateway = &engine.gateway;
    let Some(known) = gateway.consumers.get(consumer) else {
        match crate::source::nearest(consumer, gateway.consumers.keys().map(String::as_str)) {
            Some(near) => bail!("there is no consumer `{consumer}`: did you mean `{near}`?"),
            None => bail!("there is no consumer `{consumer}`"),
        }
    };
    let Some(route) = route else { return Ok(()) };
    let text = |secret: &Secret| match secret {
        Secret::Known { text, .. } => Some(text.clone()),
        Secret::Reference(_) => None,
    };
    let all = matches!(route.auth.value, Auth::All(_));
    for name in route.auth.schemes() {
        let Some(scheme) = gateway.schemes.get(name) else {
            continue;
        };
        let put = match &scheme.kind {
            SchemeKind::ApiKey(place) => match (place, known.api_keys.first().and_then(text)) {
                (ApiKeyPlace::Header(header), Some(value)) => {
                    headers.insert(
                        header.parse::<HeaderName>()?,
                        HeaderValue::from_str(&value)?,
                    );
                    true
                }
                (ApiKeyPlace::Query(parameter), Some(value)) => {
                    let pair: String = url::form_urlencoded::Serializer::new(String::new())
                        .append_pair(parameter, &value)
                        .finish();
                    *query = Some(
                        query
                            .as_ref()
                            .map_or(pair.clone(), |query| format!("{query}&{pair}")),
                    );
                    true
                }
                (_, None) => false,
            },
            SchemeKind::Basic(_) => match &known.basic {
                Some((user, password)) => {
                    let pair = format!("{user}:{}", text(password).unwrap_or_default());
                    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                    headers.insert(
                        http::header::AUTHORIZATION,
                        HeaderValue::from_str(&format!("Basic {encoded}"))?,
                    );
                    true
                }
                None => false,
            },
            SchemeKind::Jwt(jwt) => match &known.jwt {
                Some((claim, value)) => {
                    let mut claims = serde_json::Map::new();
                    claims.insert("exp".into(), (now.seconds() + 3600).into());
                    claims.insert("sub".into(), consumer.into());
                    if let Some(issuer) = &jwt.issuer {
                        claims.insert("iss".into(), issuer.as_str().into());
                    }
                    if let Some(audience) = jwt.audience.first() {
                        claims.insert("aud".into(), audience.as_str().into());
                    }
                    let (crate::ir::Scopes::All(scopes) | crate::ir::Scopes::Any(scopes)) =
                        &route.scopes.value;
                    claims.insert("scope".into(), scopes.join(" ").into());
                    claims.insert(claim.clone(), value.as_str().into());
                    let token = development::token(key, &claims);
                    headers.insert(
                        http::header::AUTHORIZATION,
                        HeaderValue::from_str(&format!("Bearer {token}"))?,
                    );
                    true
                }
                None => false,
            },
            SchemeKind::External(_) => false,
        };
        if put && !all {
            return Ok(());
        }
    }
    Ok(())
}

fn text(engine: &Engine, request: &Request<'_>, decision: &Decision) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} {}{}",
        request.method, request.authority, request.path
    );
    let route = decision.route.map(|id| engine.route(id));
    match route {
        Some(route) => {
            let _ = writeln!(out, "  is taken by `{}`", route.key);
        }
        None => out.push_str("  is taken by no route\n"),
    }
    others(engine, request, route, &mut out);
    out.push('\n');
    for step in &decision.steps {
        let word = match step.verdict {
            Verdict::Passed => "passes",
            Verdict::Refused => "refused",
            Verdict::Answered => "answered",
            Verdict::Noted => "noted",
        };
        let phase = format!("{:?}", step.phase).to_lowercase();
        let _ = write!(out, "  {phase:10} {word:8} {}", step.reason);
        if !step.pointer.as_str().is_empty() {
            let _ = write!(out, "  ({})", step.pointer);
        }
        out.push('\n');
    }
    out.push('\n');
    match &decision.end {
        End::Answer(answer) => {
            let _ = writeln!(out, "answer {}", answer.status);
            for (name, value) in &answer.headers {
                let _ = writeln!(
                    out,
                    "  {name}: {}",
                    String::from_utf8_lossy(value.as_bytes())
                );
            }
            if !answer.body.is_empty() {
                let _ = writeln!(out, "  {}", String::from_utf8_lossy(&answer.body));
            }
        }
        End::Forward { service, path } => {
            let _ = writeln!(out, "forwarded to `{service}` as {} {path}", request.method);
        }
        End::Gather(asked) => {
            out.push_str("gathered from\n");
            for (service, target) in asked {
                let _ = writeln!(
                    out,
                    "  {service} {}",
                    target.as_deref().unwrap_or("nothing, a claim is missing")
                );
            }
        }
        End::Unknown(why) => {
            let _ = writeln!(out, "not decided here: {why}");
        }
    }
    out
}

/// Why other routes that come near do not take it.
fn others(engine: &Engine, request: &Request<'_>, chosen: Option<&Route>, out: &mut String) {
    let gateway: &Gateway = &engine.gateway;
    let Ok(path) = normalise(request.path, gateway.encoded_slash.value) else {
        return;
    };
    let host = normalise_host(request.authority);
    let mut shown = 0;
    for route in &gateway.routes {
        if chosen.is_some_and(|chosen| chosen.key == route.key) {
            continue;
        }
        let fits = route.pattern.matches(&path);
        if !fits && !shares_start(route, &path) {
            continue;
        }
        let host_fits = route
            .host
            .as_ref()
            .is_none_or(|p| host.as_deref().is_some_and(|h| p.matches(h)));
        let why = if !host_fits {
            "is for another host"
        } else if !fits {
            "has another path"
        } else if !route.methods.takes(request.method) {
            "does not take the method"
        } else {
            "is less specific"
        };
        shown += 1;
        if shown > MOST_OTHERS {
            out.push_str("  and others\n");
            return;
        }
        let _ = writeln!(out, "  not by `{}`: it {why}", route.key);
    }
}

/// Whether a route's first segment is the path's.
fn shares_start(route: &Route, path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    match route.pattern.segments.first() {
        Some(crate::ir::Segment::Literal(text)) => text == first,
        Some(crate::ir::Segment::Param(_)) | None => false,
    }
}
