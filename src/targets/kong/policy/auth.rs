//! Who may call -> auth plugins, acl and consumers, such that what an anonymous consumer lets through is stopped again.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::document::{Acl, BasicCredential, Consumer, KeyCredential, Plugin};
use super::token::{KeyClaim, TokenCheck, placeholder};
use crate::ir::{ApiKeyPlace, Auth, Gateway, Route, SchemeKind, Scopes};

/// The consumer of callers without a credential where one of several schemes is enough.
pub const ANONYMOUS: &str = "gateway.anonymous";

/// The group of every consumer that has a credential.
pub const MEMBER: &str = "gateway.member";

/// What may vouch for a caller of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is asked.
    Open,
    /// Keys or passwords, which Kong's own consumers have.
    Credentials,
    /// Tokens alone.
    Token,
    /// Tokens, and keys or passwords.
    Mixed,
    /// A service that Kong cannot ask, or two of a kind at once.
    Impossible,
}

/// The kinds of a route's schemes, each once.
#[derive(Clone, Debug, Default)]
struct Kinds<'g> {
    tokens: Vec<&'g str>,
    key_headers: Vec<&'g str>,
    key_queries: Vec<&'g str>,
    realm: Option<&'g str>,
    basics: usize,
    external: bool,
}

impl<'g> Kinds<'g> {
    fn of(gateway: &'g Gateway, auth: &'g Auth) -> Self {
        let mut kinds = Self::default();
        for scheme in auth
            .schemes()
            .iter()
            .filter_map(|name| gateway.schemes.get(name))
        {
            match &scheme.kind {
                SchemeKind::Jwt(_) => kinds.tokens.push(&scheme.name),
                SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => kinds.key_headers.push(name),
                SchemeKind::ApiKey(ApiKeyPlace::Query(name)) => kinds.key_queries.push(name),
                SchemeKind::Basic(basic) => {
                    kinds.basics += 1;
                    kinds.realm = kinds.realm.or(Some(&basic.realm));
                }
                SchemeKind::External(_) => kinds.external = true,
            }
        }
        kinds
    }

    fn keys(&self) -> usize {
        self.key_headers.len() + self.key_queries.len()
    }

    fn count(&self) -> usize {
        usize::from(!self.tokens.is_empty())
            + usize::from(self.keys() > 0)
            + usize::from(self.basics > 0)
    }
}

/// What may vouch for a caller.
#[must_use]
pub fn access(gateway: &Gateway, auth: &Auth) -> Access {
    let kinds = Kinds::of(gateway, auth);
    let twice = kinds.tokens.len() > 1 || kinds.keys() > 1 || kinds.basics > 1;
    match auth {
        Auth::None { .. } => Access::Open,
        _ if kinds.external || kinds.count() == 0 => Access::Impossible,
        // A header holds one bearer token or one password, and key-auth looks for one key.
        Auth::All(_) if twice || (kinds.basics > 0 && !kinds.tokens.is_empty()) => {
            Access::Impossible
        }
        _ if kinds.tokens.is_empty() => Access::Credentials,
        _ if kinds.count() == 1 => Access::Token,
        _ => Access::Mixed,
    }
}

/// Whether keys are looked for in headers and in the query.
#[must_use]
pub fn mixes_places(gateway: &Gateway, auth: &Auth) -> bool {
    let kinds = Kinds::of(gateway, auth);
    !kinds.key_headers.is_empty() && !kinds.key_queries.is_empty()
}

/// What the jwt plugin of a route finds keys by; `None` where its schemes differ or one cannot be checked.
#[must_use]
pub fn key_claim(
    gateway: &Gateway,
    auth: &Auth,
    checks: &BTreeMap<String, TokenCheck>,
) -> Option<KeyClaim> {
    let kinds = Kinds::of(gateway, auth);
    let mut claims = kinds
        .tokens
        .iter()
        .map(|name| checks.get(*name).and_then(|check| check.claim));
    let first = claims.next()??;
    claims.all(|claim| claim == Some(first)).then_some(first)
}

/// What a route's auth becomes.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// On the route.
    pub plugins: Vec<Plugin>,
    /// For the functions: the route's entry.
    pub entry: Map<String, Value>,
    /// The anonymous consumer is needed.
    pub anonymous: bool,
    /// Headers that carry keys and are not forwarded.
    pub key_headers: Vec<String>,
    /// Query parameters that carry keys and are not forwarded.
    pub key_queries: Vec<String>,
}

/// Lowers a route's auth, scopes and groups. The caller has made sure that nothing of it is impossible.
#[must_use]
pub fn lower(
    gateway: &Gateway,
    route: &Route,
    checks: &BTreeMap<String, TokenCheck>,
    functions: bool,
) -> Lowered {
    let auth = &route.auth.value;
    let kinds = Kinds::of(gateway, auth);
    let access = access(gateway, auth);
    let mut lowered = Lowered {
        anonymous: matches!(auth, Auth::Any(_)) && kinds.count() > 1,
        ..Lowered::default()
    };
    let anonymous = lowered.anonymous.then_some(ANONYMOUS);
    if !kinds.tokens.is_empty() {
        let claim = key_claim(gateway, auth, checks).unwrap_or(KeyClaim::Iss);
        lowered.plugins.push(jwt(claim, functions, anonymous));
        lowered.entry.insert("schemes".into(), json!(kinds.tokens));
    }
    if kinds.keys() > 0 {
        lowered.plugins.push(key_auth(&kinds, anonymous));
        lowered.key_headers = kinds.key_headers.iter().map(ToString::to_string).collect();
        lowered.key_queries = kinds.key_queries.iter().map(ToString::to_string).collect();
        for (key, names) in [
            ("key_headers", &lowered.key_headers),
            ("key_queries", &lowered.key_queries),
        ] {
            if !names.is_empty() {
                lowered.entry.insert(key.into(), json!(names));
            }
        }
    }
    if let Some(realm) = kinds.realm {
        lowered.plugins.push(Plugin::new(
            "basic-auth",
            with_anonymous(json!({ "realm": realm }), anonymous),
        ));
        lowered.entry.insert("basic".into(), json!(true));
    }
    lowered.plugins.extend(acl(
        gateway,
        route,
        &kinds,
        access,
        functions,
        &mut lowered.entry,
    ));
    if kinds.count() > 0 {
        lowered
            .entry
            .insert("challenge".into(), json!(challenge(&kinds)));
    }
    if !kinds.tokens.is_empty() && (access == Access::Token || matches!(auth, Auth::All(_))) {
        lowered.entry.insert("needs_token".into(), json!(true));
    }
    lowered
}

fn challenge(kinds: &Kinds<'_>) -> String {
    match (kinds.tokens.is_empty(), kinds.realm) {
        (false, _) => "Bearer".to_owned(),
        (true, Some(realm)) => format!("Basic realm=\"{}\"", realm.replace(['"', '\\'], "")),
        (true, None) => "Key".to_owned(),
    }
}

fn with_anonymous(mut config: Value, anonymous: Option<&str>) -> Value {
    if let Some(name) = anonymous {
        config["anonymous"] = json!(name);
    }
    config
}

fn jwt(claim: KeyClaim, functions: bool, anonymous: Option<&str>) -> Plugin {
    // Without a function to look at `nbf`, every token must have one: the plugin knows no optional claims.
    let verified = if functions {
        json!(["exp"])
    } else {
        json!(["exp", "nbf"])
    };
    let config = json!({
        "key_claim_name": claim.name(),
        "claims_to_verify": verified,
        "header_names": ["authorization"],
        // The plugin would take a token from `?jwt=` otherwise.
        "uri_param_names": [],
        "cookie_names": [],
    });
    Plugin::new("jwt", with_anonymous(config, anonymous))
}

fn key_auth(kinds: &Kinds<'_>, anonymous: Option<&str>) -> Plugin {
    let names: Vec<&str> = kinds
        .key_headers
        .iter()
        .chain(&kinds.key_queries)
        .copied()
        .collect();
    let config = json!({
        "key_names": names,
        "key_in_header": !kinds.key_headers.is_empty(),
        "key_in_query": !kinds.key_queries.is_empty(),
        "key_in_body": false,
    });
    Plugin::new("key-auth", with_anonymous(config, anonymous))
}

/// The acl plugin runs after auth and before limits: it stops anonymous callers, strangers to the groups, and tokens that the
/// first function found wanting.
fn acl(
    gateway: &Gateway,
    route: &Route,
    kinds: &Kinds<'_>,
    access: Access,
    functions: bool,
    entry: &mut Map<String, Value>,
) -> Option<Plugin> {
    let scopes = match &route.scopes.value {
        Scopes::All(names) if !names.is_empty() => Some(json!({ "all": names })),
        Scopes::Any(names) if !names.is_empty() => Some(json!({ "any": names })),
        Scopes::All(_) | Scopes::Any(_) => None,
    };
    let groups = (!route.groups.is_empty()).then(|| json!(route.groups.value));
    match access {
        Access::Open | Access::Impossible => None,
        Access::Credentials => {
            let anonymous = matches!(route.auth.value, Auth::Any(_)) && kinds.count() > 1;
            let allow = groups.or_else(|| anonymous.then(|| json!([MEMBER])))?;
            Some(Plugin::new(
                "acl",
                json!({ "allow": allow, "hide_groups_header": true }),
            ))
        }
        Access::Token if functions => {
            if scopes.is_none() && groups.is_none() {
                return None;
            }
            entry.insert(
                "guard".into(),
                json!({ "scopes": scopes, "groups": groups }),
            );
            let config = json!({ "allow": ["granted"], "always_use_authenticated_groups": true, "hide_groups_header": true });
            Some(Plugin::new("acl", config))
        }
        Access::Token => {
            let tokens = gateway
                .schemes
                .values()
                .filter(|scheme| matches!(scheme.kind, SchemeKind::Jwt(_)))
                .count();
            let allow: Vec<String> = kinds.tokens.iter().map(|name| scheme_group(name)).collect();
            // All token credentials of the file are one set to the jwt plugin.
            (tokens > allow.len())
                .then(|| Plugin::new("acl", json!({ "allow": allow, "hide_groups_header": true })))
        }
        Access::Mixed => {
            for (key, value) in [("scopes", scopes), ("groups", groups)] {
                if let Some(value) = value {
                    entry.insert(key.into(), value);
                }
            }
            Some(Plugin::new(
                "acl",
                json!({ "allow": [MEMBER], "hide_groups_header": true }),
            ))
        }
    }
}

/// The group of the consumer that holds a scheme's keys.
fn scheme_group(name: &str) -> String {
    format!("scheme:{name}")
}

/// The consumers with their credentials, those that hold the keys of token schemes, and the anonymous one.
#[must_use]
pub fn consumers(
    gateway: &Gateway,
    checks: &BTreeMap<String, TokenCheck>,
    anonymous: bool,
) -> Vec<Consumer> {
    let mut consumers: Vec<Consumer> = gateway
        .consumers
        .values()
        .map(|consumer| Consumer {
            username: consumer.name.clone(),
            keyauth_credentials: consumer
                .api_keys
                .iter()
                .map(|key| KeyCredential {
                    key: placeholder(key),
                })
                .collect(),
            basicauth_credentials: consumer
                .basic
                .iter()
                .map(|(username, password)| BasicCredential {
                    username: username.clone(),
                    password: placeholder(password),
                })
                .collect(),
            acls: groups(consumer.groups.iter().cloned()),
            ..Consumer::default()
        })
        .collect();
    for (name, check) in checks
        .iter()
        .filter(|(_, check)| check.obstacle.is_none() && !check.credentials.is_empty())
    {
        consumers.push(Consumer {
            username: format!("token:{name}"),
            jwt_secrets: check.credentials.clone(),
            acls: groups(std::iter::once(scheme_group(name))),
            ..Consumer::default()
        });
    }
    if anonymous {
        consumers.push(Consumer {
            username: ANONYMOUS.to_owned(),
            ..Consumer::default()
        });
    }
    consumers
}

fn groups(names: impl Iterator<Item = String>) -> Vec<Acl> {
    let mut groups: Vec<Acl> = vec![Acl {
        group: MEMBER.to_owned(),
    }];
    for group in names {
        if groups.iter().all(|acl| acl.group != group) {
            groups.push(Acl { group });
        }
    }
    groups
}
