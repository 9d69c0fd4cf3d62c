//! The `auth` section: schemes.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::run::{Run, shown};
use super::{codes, headers, names, token_keys, urls};
use crate::ir::{ApiKeyPlace, Basic, External, Jwt, Keys, Scheme, SchemeKind};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// Every scheme that could be resolved, by name.
pub(super) fn schemes(run: &Run<'_>) -> IndexMap<String, Scheme> {
    let section = Pointer::root().key("auth");
    let mut schemes = IndexMap::new();
    for (name, written) in &run.spec.auth {
        let at = section.key(name);
        names::name(run, "scheme", name, Place::key(at.clone()));
        if name == "none" {
            let message = "`none` cannot name a scheme: it means everybody".to_owned();
            run.error_key(codes::NAME, &at, message, "give it another name");
        }
        if let Some(kind) = kind(run, written, &at) {
            let name = name.clone();
            schemes.insert(
                name.clone(),
                Scheme {
                    name,
                    pointer: at,
                    kind,
                },
            );
        }
    }
    schemes
}

fn kind(run: &Run<'_>, written: &spec::Scheme, at: &Pointer) -> Option<SchemeKind> {
    Some(match written {
        spec::Scheme::Jwt(jwt) => SchemeKind::Jwt(self::jwt(run, jwt, &at.key("jwt"))?),
        spec::Scheme::Cognito(pool) => SchemeKind::Jwt(cognito(run, pool, &at.key("cognito"))?),
        spec::Scheme::ApiKey(key) => SchemeKind::ApiKey(api_key(run, key, &at.key("api_key"))?),
        spec::Scheme::Basic(basic) => SchemeKind::Basic(self::basic(run, basic, &at.key("basic"))),
        spec::Scheme::External(external) => {
            SchemeKind::External(self::external(run, external, &at.key("external"))?)
        }
    })
}

fn jwt(run: &Run<'_>, written: &spec::Jwt, at: &Pointer) -> Option<Jwt> {
    let algorithms = token_keys::algorithms(run, &written.algorithms, &at.key("algorithms"));
    let keys = token_keys::keys(run, &written.keys, &algorithms, at);
    if written.issuer.as_ref().is_some_and(String::is_empty) {
        let message = "an empty issuer matches no token".to_owned();
        run.error(
            codes::CREDENTIAL,
            &at.key("issuer"),
            message,
            "write what `iss` says, or leave the key out",
        );
    }
    audience(run, &written.audience, &at.key("audience"));
    forward(run, &written.forward, &at.key("forward"));
    Some(Jwt {
        issuer: written.issuer.clone(),
        audience: written.audience.clone(),
        keys: keys?,
        algorithms,
        forward: written.forward.clone(),
        cognito: None,
    })
}

fn audience(run: &Run<'_>, audience: &[String], at: &Pointer) {
    if let Some(index) = audience.iter().position(String::is_empty) {
        let message = "an empty audience matches no token".to_owned();
        run.error(
            codes::CREDENTIAL,
            &at.index(index),
            message,
            "write what `aud` says",
        );
    }
    if audience.is_empty() && run.options.complete && run.document.has(at) {
        let message = "the list of audiences is empty".to_owned();
        run.error_key(
            codes::EMPTY,
            at,
            message,
            "list what `aud` may say, or leave the key out",
        );
    }
}

fn forward(run: &Run<'_>, forward: &IndexMap<String, String>, at: &Pointer) {
    let mut seen: HashMap<String, &String> = HashMap::new();
    for (claim, header) in forward {
        let here = at.key(claim);
        names::word(run, "claim", claim, || Place::key(here.clone()));
        headers::settable(run, header, || Place::value(here.clone()));
        if let Some(first) = seen.insert(header.to_ascii_lowercase(), claim) {
            let message = format!("`{header}` is filled from two claims");
            run.say(
                Diagnostic::error(codes::HEADER, Place::value(here), message)
                    .help("give each claim its own header")
                    .related(Place::value(at.key(first)), "first filled here"),
            );
        }
    }
}

fn cognito(run: &Run<'_>, written: &spec::Cognito, at: &Pointer) -> Option<Jwt> {
    forward(run, &written.forward, &at.key("forward"));
    audience(run, &written.client_ids, &at.key("client_ids"));
    let place = at.key("user_pool_arn");
    let text = &written.user_pool_arn;
    let Some(issuer) = pool_issuer(text) else {
        let message = format!("`{}` is not the ARN of a user pool", shown(text));
        let help = "write `arn:aws:cognito-idp:REGION:ACCOUNT:userpool/REGION_ID`";
        run.error(codes::ARN, &place, message, help);
        return None;
    };
    let jwks = format!("{issuer}/.well-known/jwks.json");
    Some(Jwt {
        keys: Keys::JwksUrl(urls::http(run, &jwks, &place, urls::Tail::Path)?),
        issuer: Some(issuer),
        audience: written.client_ids.clone(),
        algorithms: vec![crate::ir::Algorithm::RS256],
        forward: written.forward.clone(),
        cognito: Some(text.clone()),
    })
}

/// The issuer of a pool's tokens (Amazon Cognito, "Verifying JSON web tokens").
fn pool_issuer(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "cognito-idp", region, account, pool] = parts.as_slice() else {
        return None;
    };
    let domain = match *partition {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        _ => return None,
    };
    let id = pool.strip_prefix("userpool/")?;
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = region.split('-').all(word)
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && id.strip_prefix(region)?.strip_prefix('_').is_some_and(word);
    fits.then(|| format!("https://cognito-idp.{region}.{domain}/{id}"))
}

fn api_key(run: &Run<'_>, written: &spec::ApiKey, at: &Pointer) -> Option<ApiKeyPlace> {
    match (&written.header, &written.query) {
        (Some(header), None) => {
            headers::settable(run, header, || Place::value(at.key("header")));
            Some(ApiKeyPlace::Header(header.clone()))
        }
        (None, Some(query)) => {
            let fits = !query.is_empty()
                && query
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
            if !fits {
                let message = format!("`{}` is not a query parameter's name", shown(query));
                run.error(
                    codes::API_KEY_PLACE,
                    &at.key("query"),
                    message,
                    "write letters, digits, `-`, `.`, `_` and `~`",
                );
            }
            Some(ApiKeyPlace::Query(query.clone()))
        }
        (Some(_), Some(_)) => {
            let message = "a key is read from one place".to_owned();
            run.say(
                Diagnostic::error(codes::API_KEY_PLACE, Place::key(at.key("query")), message)
                    .help("keep `header` or `query`; a key in a query ends up in logs")
                    .related(Place::key(at.key("header")), "the other place"),
            );
            None
        }
        (None, None) => {
            if !run.was_written(at, "header") && !run.was_written(at, "query") {
                let message = "the scheme does not say where the key is".to_owned();
                run.error_key(
                    codes::API_KEY_PLACE,
                    at,
                    message,
                    "write `api_key: { header: X-API-Key }`",
                );
            }
            None
        }
    }
}

fn basic(run: &Run<'_>, written: &spec::Basic, at: &Pointer) -> Basic {
    let realm = written
        .realm
        .clone()
        .unwrap_or_else(|| run.spec.name.clone());
    let fits = realm
        .bytes()
        .all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\'));
    if written.realm.is_some() && !fits {
        let message = format!("`{}` cannot be a realm", shown(&realm));
        run.error(
            codes::CREDENTIAL,
            &at.key("realm"),
            message,
            "write visible ASCII without `\"` and `\\`",
        );
    }
    Basic { realm }
}

fn external(run: &Run<'_>, written: &spec::External, at: &Pointer) -> Option<External> {
    for (index, header) in written.forward.iter().enumerate() {
        headers::settable(run, header, || Place::value(at.key("forward").index(index)));
    }
    if let Some(arn) = &written.lambda_arn {
        self::arn(run, arn, "lambda", &at.key("lambda_arn"));
    }
    Some(External {
        url: urls::http(run, &written.url, &at.key("url"), urls::Tail::Path)?,
        forward: written.forward.clone(),
        lambda_arn: written.lambda_arn.clone(),
    })
}

/// Reports what is not an Amazon resource name of that service: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
pub(super) fn arn(run: &Run<'_>, text: &str, service: &str, at: &Pointer) {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let fits = parts.len() == 6
        && parts[0] == "arn"
        && parts[1].starts_with("aws")
        && parts[2] == service
        && !parts[5].is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'\\`${}".contains(&b));
    if !fits {
        let message = format!("`{}` is not an ARN of `{service}`", shown(text));
        let help = format!("write `arn:aws:{service}:REGION:ACCOUNT:...`");
        run.error(codes::ARN, at, message, &help);
    }
}
