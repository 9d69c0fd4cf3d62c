//! CONSUMERS -> CONSUMERS, PLANS AND KEYS: who is known, with which limits, and what verifies tokens.

use std::sync::Arc;

use serde_json::Value;

use super::super::policy::auth::{ANONYMOUS, MEMBER};
use super::services::secret;
use super::{Reader, list, plugins, text, texts};
use crate::ir::units::{Quota, Window};
use crate::ir::{
    Algorithm, Consumer, File, Jwt, Keys, LimitKey, Plan, Scheme, SchemeKind, Sourced,
};
use crate::source::Pointer;

impl Reader {
    /// Consumers, plans and token schemes.
    pub(super) fn people(&mut self) {
        const KNOWN: &[&str] = &[
            "username",
            "keyauth_credentials",
            "basicauth_credentials",
            "jwt_secrets",
            "acls",
            "plugins",
        ];
        self.plans();
        let root = self.root.clone();
        for (name, rules) in self.tables.schemes.clone() {
            self.scheme(&name, &rules, &root);
        }
        for (index, value) in list(&root, "consumers").iter().enumerate() {
            let at = Pointer::root().key("consumers").index(index);
            self.sheet.unknown(&at, value, KNOWN);
            let name = text(value, "username").unwrap_or_default();
            if name == ANONYMOUS || !list(value, "jwt_secrets").is_empty() {
                if let Some(scheme) = name.strip_prefix("token:") {
                    self.sheet
                        .mark(&Pointer::root().key("auth").key(scheme), &at);
                    if !self.gateway.schemes.contains_key(scheme) {
                        self.scheme(scheme, &Value::Null, &root);
                    }
                } else if name != ANONYMOUS {
                    self.sheet.leftover(
                        &at.key("jwt_secrets"),
                        &format!("keys of tokens that the consumer `{name}` has"),
                    );
                }
                continue;
            }
            let consumer = self.consumer(value, &at, name);
            self.gateway.consumers.insert(name.to_owned(), consumer);
        }
    }

    fn consumer(&mut self, value: &Value, at: &Pointer, name: &str) -> Consumer {
        let own = Pointer::root().key("consumers").key(name);
        self.sheet.mark(&own, at);
        let member = self.tables.members.get(name).cloned().unwrap_or_default();
        let groups = list(value, "acls")
            .iter()
            .filter_map(|acl| text(acl, "group"));
        let basics = list(value, "basicauth_credentials");
        if basics.len() > 1 {
            self.sheet
                .leftover(&at.key("basicauth_credentials"), "more than one password");
        }
        let claim = self
            .tables
            .consumers
            .iter()
            .find(|one| text(one, "name") == Some(name));
        let claim = claim.and_then(|one| {
            Some((
                text(one, "claim")?.to_owned(),
                text(one, "value")?.to_owned(),
            ))
        });
        let mut consumer = Consumer {
            name: name.to_owned(),
            pointer: own,
            plan: text(&member, "plan").map(str::to_owned),
            groups: groups
                .filter(|group| *group != MEMBER)
                .map(str::to_owned)
                .collect(),
            api_keys: list(value, "keyauth_credentials")
                .iter()
                .filter_map(|key| text(key, "key"))
                .map(secret)
                .collect(),
            basic: basics.first().and_then(|one| {
                Some((
                    text(one, "username")?.to_owned(),
                    secret(text(one, "password")?),
                ))
            }),
            jwt: claim,
        };
        for (index, plugin) in plugins::of(value).iter().enumerate() {
            let at = at.key("plugins").index(index);
            if text(plugin, "name") == Some("rate-limiting") && consumer.plan.is_none() {
                consumer.plan = Some(self.plan_of(&plugin["config"], &at, name));
            } else {
                self.sheet.leftover(
                    &at,
                    &format!(
                        "the plugin `{}` on a consumer",
                        text(plugin, "name").unwrap_or_default()
                    ),
                );
            }
        }
        consumer
    }

    /// The plan that a consumer's own plugin counts; consumers with the same numbers share it.
    fn plan_of(&mut self, config: &Value, at: &Pointer, consumer: &str) -> String {
        let quota = [("day", Window::Day), ("month", Window::Month)];
        let mut quota = quota.into_iter().filter_map(|(name, window)| {
            Some(Quota {
                count: config.get(name)?.as_u64()?,
                window,
            })
        });
        let mut rest = config.clone();
        if let Some(rest) = rest.as_object_mut() {
            rest.shift_remove("day");
            rest.shift_remove("month");
        }
        let (first, second) = (quota.next(), quota.next());
        let limits = plugins::windows(&rest, None).unwrap_or_default();
        if second.is_some() {
            self.sheet.leftover(at, "two quotas of one consumer");
        }
        if let Some(counters) = plugins::counters(config) {
            self.count(counters, at);
        }
        let own = Pointer::root().key("plans").key(consumer);
        let plan = Plan {
            name: consumer.to_owned(),
            pointer: own.clone(),
            limits: limits
                .into_iter()
                .map(|limit| Sourced::new(limit, own.key("limit")))
                .collect(),
            quota: first.map(|quota| Sourced::new(quota, own.key("quota"))),
        };
        let same = self
            .gateway
            .plans
            .values()
            .find(|other| other.limits == plan.limits && other.quota == plan.quota);
        if let Some(same) = same {
            return same.name.clone();
        }
        self.sheet.mark(&own, at);
        self.gateway.plans.insert(consumer.to_owned(), plan);
        consumer.to_owned()
    }

    /// Plans that functions count.
    fn plans(&mut self) {
        for (name, counted) in self.tables.plans.clone() {
            let own = Pointer::root().key("plans").key(&name);
            let mut limits = plugins::buckets(&counted, &own.key("limit"));
            for limit in &mut limits {
                limit.value.key = LimitKey::Consumer;
            }
            let quota = counted.as_array().into_iter().flatten().find_map(|one| {
                let window = match text(one, "window")? {
                    "day" => Window::Day,
                    "week" => Window::Week,
                    _ => Window::Month,
                };
                Some(Quota {
                    count: one.get("quota")?.as_u64()?,
                    window,
                })
            });
            let plan = Plan {
                name: name.clone(),
                pointer: own.clone(),
                limits,
                quota: quota.map(|quota| Sourced::new(quota, own.key("quota"))),
            };
            self.gateway.plans.insert(name, plan);
        }
    }

    /// A token scheme: what its function checks, with the keys that a consumer of its name holds.
    fn scheme(&mut self, name: &str, rules: &Value, root: &Value) {
        let holder = format!("token:{name}");
        let holder = list(root, "consumers")
            .iter()
            .find(|one| text(one, "username") == Some(&holder));
        let keys: &[Value] = holder.map_or(&[], |holder| list(holder, "jwt_secrets"));
        let named = |text: &str| {
            Algorithm::ALL
                .into_iter()
                .find(|algorithm| algorithm.name() == text)
        };
        let held: Vec<Algorithm> = keys
            .iter()
            .filter_map(|key| named(text(key, "algorithm")?))
            .collect();
        let algorithms = match rules.get("algorithms").and_then(Value::as_object) {
            Some(checked) => Algorithm::ALL
                .into_iter()
                .filter(|one| checked.contains_key(one.name()))
                .collect(),
            None => held.clone(),
        };
        let pems: String = keys
            .iter()
            .filter_map(|key| text(key, "rsa_public_key"))
            .map(|pem| format!("{}\n", pem.trim()))
            .collect();
        let shared = keys
            .iter()
            .find(|_| held.iter().any(|algorithm| algorithm.is_hmac()));
        let forward = rules.get("forward").and_then(Value::as_object);
        let pointer = Pointer::root().key("auth").key(name);
        let jwt = Jwt {
            issuer: text(rules, "issuer").map(str::to_owned),
            audience: texts(rules, "audience"),
            keys: match shared.and_then(|key| text(key, "secret")) {
                Some(text) => Keys::Secret(secret(text)),
                None => Keys::Pem(File {
                    name: "keys in the file".to_owned(),
                    content: Arc::from(pems.as_bytes()),
                }),
            },
            algorithms,
            forward: forward
                .into_iter()
                .flatten()
                .filter_map(|(claim, header)| Some((claim.clone(), header.as_str()?.to_owned())))
                .collect(),
            cognito: (rules.get("client_id") == Some(&Value::Bool(true))).then(String::new),
        };
        let kind = SchemeKind::Jwt(jwt);
        self.gateway.schemes.insert(
            name.to_owned(),
            Scheme {
                name: name.to_owned(),
                pointer,
                kind,
            },
        );
    }
}
