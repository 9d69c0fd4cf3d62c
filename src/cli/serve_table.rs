//! What serve prints at start: routes with auth and limits, development values, and curl lines to try.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::ir::{
    Action, ApiKeyPlace, Auth, Consumer, Gateway, HostPattern, Methods, Route, SchemeKind, Secret,
    Segment,
};
use crate::serve::console_data::{auth, goes_to, limit};

/// What there is to print.
pub struct Table<'t> {
    /// The spec.
    pub gateway: &'t Gateway,
    /// Where plain HTTP listens.
    pub http: Option<SocketAddr>,
    /// Where HTTPS listens.
    pub https: Option<SocketAddr>,
    /// Where the console listens.
    pub console: Option<SocketAddr>,
    /// Secrets with their development values.
    pub development: &'t BTreeMap<String, String>,
    /// Development tokens are accepted.
    pub dev_keys: bool,
    /// Echo services stand in.
    pub mock: bool,
}

const MOST_ROUTES: usize = 60;

impl Table<'_> {
    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}", self.gateway.name);
        for (scheme, address) in [("http", self.http), ("https", self.https)] {
            if let Some(address) = address {
                let _ = writeln!(out, "  {scheme}://{}", reachable(address));
            }
        }
        if let Some(address) = self.console {
            let _ = writeln!(out, "  console http://{}", reachable(address));
        }
        if self.mock {
            out.push_str("  every service is an echo; ?mock-status=503, ?mock-delay=500 and ?mock-reset=during tell it to misbehave\n");
        }
        out.push('\n');
        self.routes(&mut out);
        self.secrets(&mut out);
        self.lines(&mut out);
        out
    }

    fn routes(&self, out: &mut String) {
        let mut rows = vec![["ROUTE", "TO", "AUTH", "LIMITS"].map(str::to_owned)];
        for route in self.gateway.routes.iter().take(MOST_ROUTES) {
            let limits: Vec<String> = route.limits.iter().map(|l| limit(l)).collect();
            rows.push([
                route.key.clone(),
                goes_to(&route.action),
                auth(&route.auth.value),
                limits.join(", "),
            ]);
        }
        let mut widths = [0; 4];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &rows {
            let mut line = String::from(" ");
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(line, " {cell:width$} ");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let more = self.gateway.routes.len().saturating_sub(MOST_ROUTES);
        if more > 0 {
            let _ = writeln!(out, "  and {more} more");
        }
    }

    fn secrets(&self, out: &mut String) {
        if self.development.is_empty() {
            return;
        }
        out.push_str("\nSecrets that were not given have development values:\n");
        for (name, value) in self.development {
            let _ = writeln!(out, "  {name} ({}) = {value}", Secret::variable(name));
        }
    }

    /// One line for each kind of auth, with a route that uses it.
    fn lines(&self, out: &mut String) {
        let mut shown: Vec<String> = Vec::new();
        let mut lines = Vec::new();
        for route in &self.gateway.routes {
            let kind = match &route.auth.value {
                Auth::None { .. } => "none".to_owned(),
                Auth::Any(names) => names.first().cloned().unwrap_or_default(),
                Auth::All(names) => names.join("+"),
            };
            if shown.contains(&kind) {
                continue;
            }
            if let Some(line) = self.line(route) {
                shown.push(kind);
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return;
        }
        out.push_str("\nTry:\n");
        for line in lines {
            let _ = writeln!(out, "  {line}");
        }
    }

    fn line(&self, route: &Route) -> Option<String> {
        let (protocol, address) = match (self.http, self.https) {
            (Some(address), _) => ("http", address),
            (None, Some(address)) => ("https -k", address),
            (None, None) => return None,
        };
        let mut options = String::new();
        if protocol.ends_with("-k") {
            options.push_str(" -k");
        }
        let method = match &route.methods {
            Methods::Any => "GET",
            Methods::Only(list) => list.first()?,
        };
        if method != "GET" {
            let _ = write!(options, " -X {method}");
        }
        if let Some(host) = self.host(route) {
            let _ = write!(options, " -H 'Host: {host}'");
        }
        let mut query = String::new();
        let names = match &route.auth.value {
            Auth::None { .. } => &[][..],
            Auth::Any(names) => names.get(..1)?,
            Auth::All(names) => names,
        };
        for name in names {
            self.credential(route, name, &mut options, &mut query)?;
        }
        let protocol = protocol.trim_end_matches(" -k");
        let path = path(route);
        Some(format!(
            "curl -i{options} '{protocol}://{}{path}{query}'",
            reachable(address)
        ))
    }

    fn host(&self, route: &Route) -> Option<String> {
        let pattern = route.host.as_ref().or_else(|| self.gateway.hosts.first())?;
        Some(match pattern {
            HostPattern::Exact(name) => name.clone(),
            HostPattern::Below(suffix) => format!("a.{suffix}"),
        })
    }

    /// Only development values are shown; of other secrets the variable is named.
    fn credential(
        &self,
        route: &Route,
        name: &str,
        options: &mut String,
        query: &mut String,
    ) -> Option<()> {
        let fits = |c: &&Consumer| {
            route.groups.value.is_empty() || c.groups.iter().any(|g| route.groups.value.contains(g))
        };
        let value = |secret: &Secret| match secret {
            Secret::Reference(name)
            | Secret::Known {
                name: Some(name), ..
            } => {
                let variable = || format!("'\"${}\"'", Secret::variable(name));
                Some(self.development.get(name).cloned().unwrap_or_else(variable))
            }
            Secret::Known { name: None, .. } => None,
        };
        let scheme = self.gateway.schemes.get(name)?;
        match &scheme.kind {
            SchemeKind::ApiKey(place) => {
                let mut consumers = self.gateway.consumers.values().filter(fits);
                let key = consumers.find_map(|c| c.api_keys.first().and_then(value))?;
                match place {
                    ApiKeyPlace::Header(header) => {
                        let _ = write!(options, " -H '{header}: {key}'");
                    }
                    ApiKeyPlace::Query(parameter) => {
                        let _ = write!(query, "?{parameter}={key}");
                    }
                }
            }
            SchemeKind::Basic(_) => {
                let mut consumers = self.gateway.consumers.values().filter(fits);
                let (user, password) = consumers.find_map(|c| c.basic.as_ref())?;
                let _ = write!(options, " -u '{user}:{}'", value(password)?);
            }
            SchemeKind::Jwt(_) if self.dev_keys => {
                let scopes = match &route.scopes.value {
                    crate::ir::Scopes::All(all) => all.clone(),
                    crate::ir::Scopes::Any(any) => any.iter().take(1).cloned().collect(),
                };
                let scope = match scopes.is_empty() {
                    true => String::new(),
                    false => format!(" --claim \"scope={}\"", scopes.join(" ")),
                };
                let _ = write!(
                    options,
                    " -H \"Authorization: Bearer $(gateway-gen token {name} --claim sub=me{scope})\""
                );
            }
            SchemeKind::Jwt(_) => {
                let _ = write!(options, " -H \"Authorization: Bearer $TOKEN\"");
            }
            SchemeKind::External(_) => options.push_str(" -H 'Authorization: Bearer anything'"),
        }
        Some(())
    }
}

fn path(route: &Route) -> String {
    let mut path = String::new();
    for segment in &route.pattern.segments {
        path.push('/');
        path.push_str(match segment {
            Segment::Literal(text) => text,
            Segment::Param(_) => "1",
        });
    }
    if route.pattern.rest && !matches!(route.action, Action::Respond(_)) {
        path.push_str("/x");
    }
    if path.is_empty() { "/".into() } else { path }
}

/// An address a browser on this machine can open.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}
