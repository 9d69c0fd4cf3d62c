//! MODULES -> NJS: renders the njs sources that a configuration uses from `templates/nginx/njs`.

use serde_json::{Value, json};

use super::build::Build;
use super::names::javascript;
use super::policy::headers::external_variable;
use crate::ir::{EncodedSlash, SchemeKind};

/// Every template by the name of its module.
const TEMPLATES: [(&str, &str); 8] = [
    (
        "credentials",
        include_str!("../../../templates/nginx/njs/credentials.js"),
    ),
    ("gate", include_str!("../../../templates/nginx/njs/gate.js")),
    (
        "gather",
        include_str!("../../../templates/nginx/njs/gather.js"),
    ),
    ("jwt", include_str!("../../../templates/nginx/njs/jwt.js")),
    (
        "metrics",
        include_str!("../../../templates/nginx/njs/metrics.js"),
    ),
    ("path", include_str!("../../../templates/nginx/njs/path.js")),
    (
        "quota",
        include_str!("../../../templates/nginx/njs/quota.js"),
    ),
    (
        "stage",
        include_str!("../../../templates/nginx/njs/stage.js"),
    ),
];

/// What the modules are told; made by the policies that know it.
pub struct Contexts {
    /// Of `credentials.js`.
    pub credentials: Value,
    /// Of `jwt.js`.
    pub jwt: Value,
}

/// The sources of the modules that are used, as `njs/NAME.js`.
pub fn sources(build: &Build<'_>, contexts: &Contexts) -> Vec<(String, Vec<u8>)> {
    let environment = minijinja::Environment::new();
    let mut out = Vec::new();
    for (name, template) in TEMPLATES
        .into_iter()
        .filter(|(name, _)| build.modules.contains(name))
    {
        let context = match name {
            "credentials" => contexts.credentials.clone(),
            "jwt" => contexts.jwt.clone(),
            "gate" => gate(build),
            "gather" => json!({ "gathers": javascript(&Value::Object(build.gathers.clone())) }),
            "path" => {
                json!({ "keep_slash": build.gateway.encoded_slash.value == EncodedSlash::Keep })
            }
            "quota" => json!({ "shared": build.settings.shared_dictionaries() }),
            _ => json!({}),
        };
        // The templates are compiled in and tested; one that fails shows as a source that says so and does not load.
        let context = serde_json::from_value::<minijinja::Value>(context).unwrap_or_default();
        let text = environment
            .render_str(template, context)
            .unwrap_or_else(|error| error.to_string());
        out.push((
            format!("njs/{name}.js"),
            format!("{}\n", text.trim_end()).into_bytes(),
        ));
    }
    out
}

fn gate(build: &Build<'_>) -> Value {
    let mut external = serde_json::Map::new();
    for (scheme, definition) in build.gateway.schemes.values().enumerate() {
        if let SchemeKind::External(kind) = &definition.kind {
            let headers = kind.forward.iter().enumerate();
            let list = headers.map(|(index, name)| json!({ "name": name, "variable": external_variable(scheme, index) }));
            external.insert(scheme.to_string(), Value::Array(list.collect()));
        }
    }
    json!({
        "jwt": build.modules.contains("jwt"),
        "gates": javascript(&Value::Object(build.gates.clone())),
        "external": javascript(&Value::Object(external)),
    })
}
