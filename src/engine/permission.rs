//! Scopes and groups: whether somebody known may use a route.

use super::answer::Answer;
use super::authenticate::Identity;
use super::compile::Engine;
use super::trace::{Phase, Trace, Verdict};
use crate::ir::{RouteId, Scopes};

impl Engine {
    /// Checks scopes, then groups.
    ///
    /// # Errors
    /// 403.
    pub fn permit(
        &self,
        id: RouteId,
        identity: &Identity,
        trace: &mut Trace,
    ) -> Result<(), Answer> {
        let route = &self.gateway.routes[id.0];
        let has = |scope: &String| {
            identity
                .tokens
                .iter()
                .any(|(_, claims)| claims.scopes.contains(scope))
        };
        let (fits, wanted) = match &route.scopes.value {
            Scopes::All(scopes) => (scopes.iter().all(has), scopes),
            Scopes::Any(scopes) => (scopes.is_empty() || scopes.iter().any(has), scopes),
        };
        if !fits {
            trace.add(
                Phase::Permission,
                &route.scopes.pointer,
                Verdict::Refused,
                || format!("the token lacks a scope of `{}`", wanted.join(" ")),
            );
            return Err(Answer::forbidden("scope", "the token lacks a scope"));
        }
        let groups = &route.groups;
        let member = || {
            let consumer = identity
                .consumer
                .and_then(|id| self.gateway.consumers.get_index(id.0));
            consumer.is_some_and(|(_, c)| c.groups.iter().any(|group| groups.value.contains(group)))
        };
        if !groups.value.is_empty() && !member() {
            trace.add(Phase::Permission, &groups.pointer, Verdict::Refused, || {
                format!(
                    "the consumer is in none of the groups `{}`",
                    groups.value.join(" ")
                )
            });
            return Err(Answer::forbidden(
                "group",
                "the consumer is in none of the route's groups",
            ));
        }
        if !wanted.is_empty() || !groups.value.is_empty() {
            trace.add(
                Phase::Permission,
                &route.scopes.pointer,
                Verdict::Passed,
                || "scopes and groups are there".into(),
            );
        }
        Ok(())
    }
}
