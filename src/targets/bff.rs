//! GATHERS -> A SPEC: what `gateway-gen serve` runs behind an engine that cannot fan out itself; it checks tokens once more.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Artefact;
use crate::ir::{
    Action, Auth, Gateway, Gather, Jwt, Keep, KeyMaterial, Keys, Part, Piece, Route, SchemeKind,
    Scopes, Secret, Service,
};

/// The spec and the files it names; nothing for a gateway without gathers or without a place to run them.
#[must_use]
pub fn artefacts(gateway: &Gateway) -> Vec<Artefact> {
    let gathers: Vec<(&Route, &Gather)> = gateway
        .routes
        .iter()
        .filter_map(|route| {
            if let Action::Gather(gather) = &route.action {
                Some((route, gather))
            } else {
                None
            }
        })
        .collect();
    let Some(url) = gateway.bff.as_ref().filter(|_| !gathers.is_empty()) else {
        return Vec::new();
    };
    let mut files = Files::default();
    let mut spec = Map::new();
    spec.insert("version".into(), json!(1));
    spec.insert("name".into(), json!(format!("{}-bff", gateway.name)));
    let mut own = json!({ "listen": { "http": url.port_or_known_default().unwrap_or(80) } });
    if let Some(id) = &gateway.request_id {
        own["request_id"] = json!({ "header": id.header, "keep": true });
    }
    spec.insert("gateway".into(), own);
    let schemes: BTreeSet<&String> = gathers
        .iter()
        .flat_map(|(route, _)| tokens(gateway, route))
        .collect();
    let auth: Map<String, Value> = schemes
        .iter()
        .filter_map(|name| match &gateway.schemes.get(*name)?.kind {
            SchemeKind::Jwt(jwt) => {
                Some(((*name).clone(), json!({ "jwt": token(jwt, &mut files) })))
            }
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) | SchemeKind::External(_) => None,
        })
        .collect();
    if !auth.is_empty() {
        spec.insert("auth".into(), Value::Object(auth));
    }
    let used: BTreeSet<&String> = gathers
        .iter()
        .flat_map(|(_, gather)| gather.parts.iter().map(|part| &part.service))
        .collect();
    let services: Map<String, Value> = used
        .iter()
        .filter_map(|name| {
            Some((
                (*name).clone(),
                service(gateway.services.get(*name)?, &mut files),
            ))
        })
        .collect();
    spec.insert("services".into(), Value::Object(services));
    let routes: Map<String, Value> = gathers
        .iter()
        .map(|(route, gather)| (route.key.clone(), lower(gateway, route, gather)))
        .collect();
    spec.insert("routes".into(), Value::Object(routes));
    let options = serde_saphyr::ser_options! { folded_wrap_chars: 1 << 20 };
    let text =
        serde_saphyr::to_string_with_options(&Value::Object(spec), options).unwrap_or_default();
    let head = "# Runs the gathers: `gateway-gen serve gateway.yaml`. It checks tokens itself; limits are counted in front of it.\n";
    let mut artefacts = vec![Artefact {
        path: "bff/gateway.yaml".into(),
        content: format!("{head}{text}").into_bytes(),
    }];
    artefacts.extend(files.artefacts);
    artefacts
}

/// The token schemes of a route: keys and passwords were checked in front.
fn tokens<'g>(gateway: &'g Gateway, route: &'g Route) -> Vec<&'g String> {
    let is_token = |name: &&String| {
        gateway
            .schemes
            .get(*name)
            .is_some_and(|scheme| matches!(scheme.kind, SchemeKind::Jwt(_)))
    };
    route.auth.schemes().iter().filter(is_token).collect()
}

/// Files beside the spec, each once.
#[derive(Default)]
struct Files {
    artefacts: Vec<Artefact>,
}

impl Files {
    fn add(&mut self, file: &crate::ir::File) -> String {
        // A name of its own for each content, whatever folders the spec's file lies in.
        let base = file.name.rsplit(['/', '\\']).next().unwrap_or("file");
        let mut name = format!("files/{base}");
        let mut number = 1;
        loop {
            let path = format!("bff/{name}");
            match self.artefacts.iter().find(|artefact| artefact.path == path) {
                Some(other) if other.content == *file.content => return name,
                Some(_) => {
                    number += 1;
                    name = format!("files/{number}-{base}");
                }
                None => {
                    self.artefacts.push(Artefact {
                        path,
                        content: file.content.to_vec(),
                    });
                    return name;
                }
            }
        }
    }
}

fn secret(secret: &Secret) -> Value {
    match secret {
        Secret::Reference(name) => json!(format!("secret://{name}")),
        Secret::Known { text, .. } => json!(text),
    }
}

fn token(jwt: &Jwt, files: &mut Files) -> Value {
    let keys = match &jwt.keys {
        Keys::JwksUrl(url) => json!({ "jwks": url.as_str() }),
        Keys::JwksFile(file) => json!({ "jwks": files.add(file) }),
        Keys::Pem(file) => json!({ "pem": files.add(file) }),
        Keys::Secret(text) => json!({ "secret": secret(text) }),
    };
    let mut token = Map::new();
    if let Some(issuer) = &jwt.issuer {
        token.insert("issuer".into(), json!(issuer));
    }
    // The clients of a Cognito pool stand in a claim of their own, which was checked in front.
    if !jwt.audience.is_empty() && jwt.cognito.is_none() {
        token.insert("audience".into(), json!(jwt.audience));
    }
    token.insert("keys".into(), keys);
    token.insert(
        "algorithms".into(),
        json!(
            jwt.algorithms
                .iter()
                .map(|one| one.name())
                .collect::<Vec<_>>()
        ),
    );
    Value::Object(token)
}

fn service(service: &Service, files: &mut Files) -> Value {
    let url = |address: &crate::ir::Address| {
        let host = if address.host.contains(':') {
            format!("[{}]", address.host)
        } else {
            address.host.clone()
        };
        format!(
            "{}://{host}:{}{}",
            address.protocol.name(),
            address.port,
            address.path
        )
    };
    let targets: Vec<Value> = service
        .targets
        .iter()
        .map(|target| json!({ "url": url(&target.address), "weight": target.weight }))
        .collect();
    let mut made = json!({ "targets": targets });
    if let Some(tls) = &service.tls {
        let mut rules = json!({ "verify": tls.verify });
        if let Some(ca) = &tls.ca {
            rules["ca"] = json!(files.add(ca));
        }
        if let Some((certificate, key)) = &tls.client {
            rules["client_certificate"] = json!(files.add(certificate));
            rules["client_key"] = match key {
                KeyMaterial::File(file) => json!(files.add(file)),
                KeyMaterial::Secret(text) => secret(text),
            };
        }
        made["tls"] = rules;
    }
    made
}

fn lower(gateway: &Gateway, route: &Route, gather: &Gather) -> Value {
    let names = tokens(gateway, route);
    // Where a key or a password would do as well, the one in front has decided.
    let all_tokens =
        names.len() == route.auth.schemes().len() || matches!(route.auth.value, Auth::All(_));
    let auth = match names.as_slice() {
        [name] if all_tokens => json!(name),
        [] => json!("none"),
        names if all_tokens => json!({ "any": names }),
        _ => json!("none"),
    };
    let mut made = json!({ "auth": auth });
    let checked = auth != json!("none");
    match &route.scopes.value {
        Scopes::All(scopes) if checked && !scopes.is_empty() => made["scopes"] = json!(scopes),
        Scopes::Any(scopes) if checked && !scopes.is_empty() => {
            made["scopes"] = json!({ "any": scopes })
        }
        Scopes::All(_) | Scopes::Any(_) => {}
    }
    let parts: Map<String, Value> = gather
        .parts
        .iter()
        .map(|part| (part.name.clone(), lower_part(part)))
        .collect();
    made["gather"] = Value::Object(parts);
    made
}

fn lower_part(part: &Part) -> Value {
    let query = pieces(&part.query);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    let mut made = json!({
        "from": format!("{} GET {}{query}", part.service, pieces(&part.path)),
        "timeout": part.timeout.to_string(),
    });
    if part.required {
        made["required"] = json!(true);
    } else {
        made["or"] = part.or.clone();
    }
    match &part.keep {
        Keep::Whole => {}
        Keep::Pick(pointer) => made["pick"] = json!(pointer),
        Keep::Count(pointer) => made["count"] = json!(pointer),
    }
    made
}

fn pieces(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Path => "{path}".to_owned(),
            Piece::Query => "{query}".to_owned(),
            Piece::Param(name) => format!("{{{name}}}"),
            Piece::Claim(claim) => format!("{{auth.{claim}}}"),
        })
        .collect()
}
