//! PATHS x METHODS -> HTTP API: routes, integrations, authorizers and its cross-origin rules.

mod parts;
mod print;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use parts::{
    Change, HeaderValue, HttpAuthorization, HttpAuthorizer, HttpAuthorizerId, HttpCors,
    HttpIntegration, HttpRoute, HttpTimeout, JwtIssuer, MappedHeader, SentPiece,
};

use super::Refused;
use super::path::Paths;
use super::plan::Throttle;
use super::stage::StageName;

/// An HTTP API with its stage.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpApi {
    /// Its name.
    pub name: String,
    /// The paths.
    pub paths: Paths,
    /// Cross-origin rules.
    pub cors: Option<HttpCors>,
    /// Only custom domains reach it.
    pub only_domains: bool,
    /// The stage's name.
    pub stage: StageName,
    /// For every route that has none of its own.
    pub throttle: Option<Throttle>,
    /// Detailed metrics.
    pub metrics: bool,
    /// The access log's format; none: no log.
    pub log: Option<String>,
    authorizers: Vec<HttpAuthorizer>,
    routes: Vec<HttpRoute>,
}

impl HttpApi {
    /// Without routes.
    #[must_use]
    pub fn new(name: String, paths: Paths, stage: StageName) -> Self {
        Self {
            name,
            paths,
            cors: None,
            only_domains: false,
            stage,
            throttle: None,
            metrics: false,
            log: None,
            authorizers: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// Adds an authorizer, or finds it.
    pub fn authorizer(&mut self, authorizer: HttpAuthorizer) -> HttpAuthorizerId {
        let at = self.authorizers.iter().position(|a| *a == authorizer);
        HttpAuthorizerId(at.unwrap_or_else(|| {
            self.authorizers.push(authorizer);
            self.authorizers.len() - 1
        }))
    }

    /// Adds a route.
    ///
    /// # Errors
    /// The route key is taken, a variable is read that the path does not have, or authorization and authorizer differ.
    pub fn route(&mut self, route: HttpRoute) -> Result<(), Refused> {
        let text = self.paths.text(route.path);
        let taken = |other: &HttpRoute| other.path == route.path && other.verb == route.verb;
        if self.routes.iter().any(taken) {
            return Err(Refused(format!(
                "`{} {text}` stands twice",
                route.verb.name()
            )));
        }
        if let HttpIntegration::Proxy { path, .. } = &route.integration {
            let known: BTreeSet<&str> = self.paths.variables(route.path).into_iter().collect();
            for piece in path {
                if let SentPiece::Variable(name) = piece
                    && !known.contains(name.as_str())
                {
                    return Err(Refused(format!("`{text}` has no parameter `{name}`")));
                }
            }
        }
        let fits = match &route.authorization {
            HttpAuthorization::None => true,
            HttpAuthorization::Jwt(id, _) => {
                matches!(self.authorizers.get(id.0), Some(HttpAuthorizer::Jwt { .. }))
            }
            HttpAuthorization::Lambda(id) => {
                matches!(self.authorizers.get(id.0), Some(HttpAuthorizer::Own { .. }))
            }
        };
        if !fits {
            return Err(Refused("the authorizer is of another kind".into()));
        }
        self.routes.push(route);
        Ok(())
    }

    /// Its routes.
    #[must_use]
    pub fn routes(&self) -> &[HttpRoute] {
        &self.routes
    }

    /// Its authorizers.
    #[must_use]
    pub fn authorizers(&self) -> &[HttpAuthorizer] {
        &self.authorizers
    }
}
