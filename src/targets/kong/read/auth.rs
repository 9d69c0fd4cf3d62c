//! AUTH PLUGINS, ACL AND FUNCTIONS -> WHO MAY CALL: as Kong decides it, anonymous consumers included.

use serde_json::{Map, Value};

use super::super::policy::auth::MEMBER;
use super::{Reader, list, text, texts};
use crate::ir::{ApiKeyPlace, Auth, Basic, Scheme, SchemeKind, Scopes};
use crate::source::Pointer;

/// Who may call a route.
#[derive(Debug)]
pub(super) struct Who {
    pub auth: Auth,
    pub scopes: Scopes,
    pub groups: Vec<String>,
    /// Headers that carry keys, which functions remove like others.
    pub key_headers: Vec<String>,
}

/// A plugin and where it stands.
pub(super) type Placed<'v> = (&'v Value, Pointer);

impl Reader {
    /// Reads the auth of one route from its plugins and its entry in the functions.
    pub(super) fn who(
        &mut self,
        plugins: &[Placed<'_>],
        entry: &Map<String, Value>,
        at: &Pointer,
    ) -> Who {
        let find = |name: &str| {
            plugins
                .iter()
                .find(|(plugin, _)| text(plugin, "name") == Some(name))
        };
        let acl = find("acl").map(|(plugin, _)| &plugin["config"]);
        let allowed = acl.map(|acl| texts(acl, "allow")).unwrap_or_default();
        let mut kinds: Vec<Vec<String>> = Vec::new();
        let mut anonymous = false;
        let mut key_headers = Vec::new();
        for name in ["jwt", "key-auth", "basic-auth"] {
            let Some((plugin, place)) = find(name) else {
                continue;
            };
            let config = &plugin["config"];
            anonymous |= text(config, "anonymous").is_some();
            kinds.push(match name {
                "jwt" => self.tokens(config, entry, &allowed, place),
                "key-auth" => self.keys(config, place, &mut key_headers),
                _ => vec![self.named(
                    SchemeKind::Basic(Basic {
                        realm: text(config, "realm").unwrap_or("service").to_owned(),
                    }),
                    place,
                )],
            });
        }
        let asked = entry.get("needs_token") == Some(&Value::Bool(true));
        if asked && find("jwt").is_none() {
            self.sheet.leftover(
                at,
                "its function asks for a token that no plugin verifies: every request is refused",
            );
        }
        if acl.is_some_and(|acl| !list(acl, "deny").is_empty()) {
            self.sheet.leftover(at, "groups that are refused");
        }
        let several = kinds.len() > 1;
        let names: Vec<String> = kinds.into_iter().flatten().collect();
        // An anonymous consumer passes all auth plugins; only acl stops it.
        let open = names.is_empty() || (anonymous && acl.is_none());
        let auth = match (open, several && !anonymous) {
            (true, _) => Auth::None { explicit: true },
            (false, true) => Auth::All(names),
            (false, false) => Auth::Any(names),
        };
        let granted = allowed.iter().any(|group| group == "granted");
        let guard = entry.get("guard").filter(|_| granted);
        let rule = |key: &str| {
            guard
                .and_then(|guard| guard.get(key))
                .or(entry.get(key))
                .filter(|rule| !rule.is_null())
        };
        let scopes = match rule("scopes") {
            Some(rule) if rule.get("any").is_some() => Scopes::Any(texts(rule, "any")),
            Some(rule) => Scopes::All(texts(rule, "all")),
            None => Scopes::All(Vec::new()),
        };
        let mut groups: Vec<String> = match rule("groups").and_then(Value::as_array) {
            Some(groups) => groups
                .iter()
                .filter_map(|group| group.as_str().map(str::to_owned))
                .collect(),
            None => Vec::new(),
        };
        if groups.is_empty() {
            let own = |group: &String| {
                group != MEMBER && group != "granted" && !group.starts_with("scheme:")
            };
            groups = allowed.into_iter().filter(own).collect();
        }
        Who {
            auth,
            scopes,
            groups,
            key_headers,
        }
    }

    fn tokens(
        &mut self,
        config: &Value,
        entry: &Map<String, Value>,
        allowed: &[String],
        at: &Pointer,
    ) -> Vec<String> {
        let verified = texts(config, "claims_to_verify");
        if !verified.iter().any(|claim| claim == "exp") {
            self.sheet
                .leftover(at, "the jwt plugin does not ask for `exp`");
        }
        let uri = config.get("uri_param_names").and_then(Value::as_array);
        if uri.is_none_or(|names| !names.is_empty()) {
            self.sheet
                .leftover(at, "tokens are taken from the query, too");
        }
        let listed = entry.get("schemes").and_then(Value::as_array);
        let mut names: Vec<String> = listed
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        if names.is_empty() {
            names = allowed
                .iter()
                .filter_map(|group| group.strip_prefix("scheme:").map(str::to_owned))
                .collect();
        }
        if names.is_empty() {
            let all = self.gateway.schemes.values();
            names = all
                .filter(|scheme| matches!(scheme.kind, SchemeKind::Jwt(_)))
                .map(|scheme| scheme.name.clone())
                .collect();
        }
        names
    }

    fn keys(&mut self, config: &Value, at: &Pointer, headers: &mut Vec<String>) -> Vec<String> {
        let on =
            |key: &str, default: bool| config.get(key).and_then(Value::as_bool).unwrap_or(default);
        let (header, query) = (on("key_in_header", true), on("key_in_query", true));
        if on("key_in_body", false) || (header && query) {
            self.sheet
                .leftover(at, "keys are taken from more places than one");
        }
        let names = texts(config, "key_names");
        let names = if names.is_empty() {
            vec!["apikey".to_owned()]
        } else {
            names
        };
        let mut schemes = Vec::new();
        for name in names {
            if header {
                headers.push(name.to_ascii_lowercase());
                schemes.push(self.named(SchemeKind::ApiKey(ApiKeyPlace::Header(name)), at));
            } else {
                schemes.push(self.named(SchemeKind::ApiKey(ApiKeyPlace::Query(name)), at));
            }
        }
        schemes
    }

    /// The name of a scheme that the file has no name for, made of what it is.
    fn named(&mut self, kind: SchemeKind, at: &Pointer) -> String {
        let name = match &kind {
            SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => {
                format!("api_key header {}", name.to_ascii_lowercase())
            }
            SchemeKind::ApiKey(ApiKeyPlace::Query(name)) => format!("api_key query {name}"),
            SchemeKind::Basic(basic) => format!("basic {}", basic.realm),
            SchemeKind::Jwt(_) | SchemeKind::External(_) => "other".to_owned(),
        };
        let pointer = Pointer::root().key("auth").key(&name);
        self.sheet.mark(&pointer, at);
        self.gateway.schemes.entry(name.clone()).or_insert(Scheme {
            name: name.clone(),
            pointer,
            kind,
        });
        name
    }
}
