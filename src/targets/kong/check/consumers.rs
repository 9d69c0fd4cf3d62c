//! Consumers whose credentials clash, cannot work, or let everybody in.

use super::super::document::{Document, Plugin};
use super::Faults;

pub(super) fn check(document: &Document, faults: &mut Faults) {
    let all = || document.consumers.iter();
    faults.unique(
        "key",
        all().flat_map(|one| {
            one.keyauth_credentials
                .iter()
                .map(|credential| credential.key.as_str())
        }),
    );
    faults.unique(
        "user name",
        all().flat_map(|one| {
            one.basicauth_credentials
                .iter()
                .map(|credential| credential.username.as_str())
        }),
    );
    faults.unique(
        "token key",
        all().flat_map(|one| {
            one.jwt_secrets
                .iter()
                .map(|credential| credential.key.as_str())
        }),
    );
    for consumer in all() {
        let name = &consumer.username;
        if name.is_empty() {
            faults.say("a consumer has no name");
        }
        for credential in &consumer.jwt_secrets {
            let public = !credential.algorithm.starts_with("HS");
            let has_pem = credential
                .rsa_public_key
                .as_deref()
                .is_some_and(|pem| pem.contains("-----BEGIN PUBLIC KEY-----"));
            if public && !has_pem {
                faults.say(format!("consumer `{name}` has an {} credential without a public key: every token would be refused", credential.algorithm));
            }
            if credential.key.is_empty() || credential.secret.is_empty() {
                faults.say(format!(
                    "consumer `{name}` has a token credential without key or secret"
                ));
            }
        }
        if consumer
            .basicauth_credentials
            .iter()
            .any(|one| one.username.is_empty() || one.password.is_empty())
        {
            faults.say(format!(
                "consumer `{name}` has an empty user name or password"
            ));
        }
        if consumer
            .keyauth_credentials
            .iter()
            .any(|one| one.key.is_empty())
        {
            faults.say(format!("consumer `{name}` has an empty key"));
        }
        for plugin in consumer
            .plugins
            .iter()
            .filter(|plugin| UNSCOPED.contains(&plugin.name.as_str()))
        {
            faults.say(format!(
                "plugin `{}` stands in consumer `{name}`, where it does nothing",
                plugin.name
            ));
        }
    }
    for (name, plugins) in scopes(document) {
        anonymous(&name, plugins, document, faults);
    }
}

/// Plugins that Kong lets nobody scope to a consumer, but parses there.
const UNSCOPED: [&str; 10] = [
    "cors",
    "jwt",
    "key-auth",
    "basic-auth",
    "hmac-auth",
    "oauth2",
    "acl",
    "bot-detection",
    "pre-function",
    "post-function",
];

/// Every scope's name with its plugins.
pub(super) fn scopes(document: &Document) -> Vec<(String, &[Plugin])> {
    let mut scopes: Vec<(String, &[Plugin])> = vec![("the whole file".into(), &document.plugins)];
    for service in &document.services {
        scopes.push((format!("service `{}`", service.name), &service.plugins));
    }
    for (_, route) in document.all_routes() {
        scopes.push((format!("route `{}`", route.name), &route.plugins));
    }
    for consumer in &document.consumers {
        scopes.push((
            format!("consumer `{}`", consumer.username),
            &consumer.plugins,
        ));
    }
    scopes
}

/// An anonymous consumer must be there, and something must stop it.
fn anonymous(scope: &str, plugins: &[Plugin], document: &Document, faults: &mut Faults) {
    for plugin in plugins {
        let Some(name) = plugin
            .config
            .get("anonymous")
            .and_then(|value| value.as_str())
        else {
            continue;
        };
        let Some(consumer) = document.consumers.iter().find(|one| one.username == name) else {
            faults.say(format!(
                "`{}` of {scope} names the consumer `{name}`, which is not there",
                plugin.name
            ));
            continue;
        };
        let stopped = plugins.iter().any(|one| one.name == "acl")
            || consumer
                .plugins
                .iter()
                .any(|one| one.name == "request-termination");
        if !stopped {
            faults.say(format!("nothing stops the anonymous callers of {scope}"));
        }
    }
}
