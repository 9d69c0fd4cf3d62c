//! What both APIs need around their routes: outputs, permissions to call functions, verbs of a path.

use std::collections::BTreeSet;

use serde_json::json;

use super::document::integration::Verb;
use super::document::path::{GREEDY, PathPart};
use super::document::{LogicalId, Refused, Template, function, sub};
use crate::ir::{RouteId, Slot};

/// What a person needs after a deployment.
pub fn outputs(template: &mut Template, api: &LogicalId, stage: &str) {
    let url = format!(
        "https://${{{}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage}",
        api.as_str()
    );
    let id = api.reference();
    template.outputs.push(("ApiId", "the API's ID", id));
    template.outputs.push((
        "Url",
        "where the stage answers without a custom domain",
        sub(&url),
    ));
}

/// Lets the API call every function it needs.
pub fn permits<const N: usize>(
    functions: &BTreeSet<String>,
    own: [(&str, &Option<LogicalId>); N],
    api: &LogicalId,
    template: &mut Template,
) {
    for (word, id) in own {
        if let Some(id) = id {
            function::permit(word, id.attribute("Arn"), api, template);
        }
    }
    for arn in functions {
        let word = arn.rsplit(':').next().unwrap_or_default();
        function::permit(&format!("Call {word}"), json!(arn), api, template);
    }
}

/// Every verb of a path with the route that takes it; `HEAD` goes with `GET`.
pub fn verbs(slot: &Slot) -> Result<Vec<(Verb, RouteId)>, Refused> {
    let mut verbs = Vec::new();
    for (method, id) in &slot.methods {
        verbs.push((Verb::of(method)?, *id));
    }
    let get = verbs.iter().find(|(verb, _)| *verb == Verb::Get).copied();
    if let Some((_, id)) = get
        && !verbs.iter().any(|(verb, _)| *verb == Verb::Head)
    {
        verbs.push((Verb::Head, id));
    }
    verbs.extend(slot.any.map(|id| (Verb::Any, id)));
    Ok(verbs)
}

/// The name of a path's variable.
#[must_use]
pub fn variable(part: &PathPart) -> Option<String> {
    match part {
        PathPart::Literal(_) => None,
        PathPart::Variable(name) => Some(name.clone()),
        PathPart::Greedy => Some(GREEDY.to_owned()),
    }
}
