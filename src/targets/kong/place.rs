//! A made route -> its service: one of the spec's, or the one that runs gathers.

use super::document::{Plugin, Route, Service};
use super::lower::Lowering;
use super::paths::{Captures, regex};
use super::{raw, upstreams};
use crate::ir::{self, Action};

impl<'g> Lowering<'g> {
    /// Puts a route under its service.
    pub(super) fn place_forward(
        &mut self,
        route: &'g ir::Route,
        forward: &ir::Forward,
        mut made: Route,
        plugins: Vec<Plugin>,
        captures: Captures,
    ) {
        made.paths = vec![regex(&route.pattern, captures)];
        made.plugins = self.with_raw(route, plugins);
        let name = self
            .variants
            .get(&(forward.service.clone(), upstreams::variant(route)))
            .cloned()
            .unwrap_or_default();
        self.place(&name, route, made);
    }

    fn place(&mut self, service: &str, route: &ir::Route, made: Route) {
        let line = format!("{} -> {}", route.key, made.name);
        self.comments.say("services", service, line);
        if let Some(service) = self
            .document
            .services
            .iter_mut()
            .find(|one| one.name == service)
        {
            service.routes.push(made);
        }
    }

    /// Puts a gather's route under the service that runs gathers.
    pub(super) fn place_gather(&mut self, route: &'g ir::Route, made: Route) {
        let Some(url) = &self.gateway.bff else { return };
        let longest = match &route.action {
            Action::Gather(gather) => gather
                .parts
                .iter()
                .map(|part| part.timeout.0)
                .max()
                .unwrap_or_default(),
            Action::Forward(_) | Action::Respond(_) => 0,
        };
        const NAME: &str = "gateway.bff";
        let response = longest.saturating_add(5000);
        if let Some(service) = self
            .document
            .services
            .iter_mut()
            .find(|service| service.name == NAME)
        {
            service.read_timeout = service.read_timeout.max(response);
        } else {
            let secure = url.scheme() == "https";
            self.document.services.push(Service {
                name: NAME.to_owned(),
                protocol: url.scheme().to_owned(),
                host: url.host_str().unwrap_or_default().to_owned(),
                port: url.port().unwrap_or(if secure { 443 } else { 80 }),
                path: Some(url.path().trim_end_matches('/').to_owned())
                    .filter(|path| !path.is_empty()),
                connect_timeout: 1000,
                read_timeout: response,
                write_timeout: response,
                tls_verify: secure.then_some(true),
                ..Service::default()
            });
            self.comments.say(
                "services",
                NAME,
                "gathers, which `gateway-gen serve bff/gateway.yaml` runs",
            );
        }
        self.place(NAME, route, made);
    }

    /// A route's plugins with the raw ones, which take the place of generated ones of the same name.
    pub(super) fn with_raw(&self, route: &ir::Route, mut plugins: Vec<Plugin>) -> Vec<Plugin> {
        let raw = raw::plugins(route.raw.as_ref().and_then(|raw| raw.kong.as_ref()));
        plugins.retain(|plugin| raw.iter().all(|other| other.name != plugin.name));
        plugins.extend(raw);
        plugins
    }
}
