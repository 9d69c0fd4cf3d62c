//! `--service NAME=URL` -> the tree with that service pointing elsewhere.

use super::include::Loader;
use super::tree::{Entry, Kind, Node, NodeId, Text};
use super::{Pointer, codes, nearest};
use crate::report::{Diagnostic, Place};

impl Loader<'_> {
    /// Replaces the URL and targets of a service; everything else about it stays, but `tls` where plain HTTP is spoken now.
    pub fn redirect(&mut self, root: NodeId, name: &str, url: &str) {
        let services = self.tree.child(self.sources, root, "services");
        let found =
            services.and_then(|map| self.tree.find(self.sources, map, name).map(|at| (map, at)));
        let Some((services, at)) = found else {
            let entries = services
                .map(|map| self.tree.entries(map))
                .unwrap_or_default();
            let names = entries
                .iter()
                .map(|entry| self.tree.key(self.sources, entry));
            let help = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "services are {}",
                    names
                        .map(|name| format!("`{name}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            let place = if services.is_some() {
                Place::key(Pointer::root().key("services"))
            } else {
                Place::Nowhere
            };
            let message = format!("`--service {name}=…` names no service");
            self.diagnostics
                .push(Diagnostic::error(codes::UNKNOWN_SERVICE, place, message).help(help));
            return;
        };
        let mut all = self.tree.entries(services).to_vec();
        all[at].value = self.redirected(&all[at], url);
        self.replace(services, all);
    }

    fn redirected(&mut self, service: &Entry, url: &str) -> NodeId {
        let kind = Kind::Scalar {
            text: Text::Owned(url.into()),
            plain: false,
        };
        let before = self.tree.get(service.value).clone();
        let Kind::Map(entries) = before.kind else {
            return self.tree.add(Node {
                span: before.span,
                kind,
            });
        };
        let is_url =
            |entry: &&Entry| ["url", "targets"].contains(&self.tree.key(self.sources, entry));
        let old = entries.iter().find(is_url).cloned();
        let plain = url.starts_with("http://");
        let has_meaning = |entry: &&Entry| {
            !is_url(entry) && (!plain || self.tree.key(self.sources, entry) != "tls")
        };
        let mut kept: Vec<Entry> = entries.iter().filter(has_meaning).cloned().collect();
        let (key_span, span) = match old {
            Some(old) => (old.key_span, self.tree.get(old.value).span),
            None => (service.key_span, service.key_span),
        };
        let value = self.tree.add(Node { span, kind });
        kept.insert(
            0,
            Entry {
                key: Text::Owned("url".into()),
                key_span,
                value,
            },
        );
        self.tree.add(Node {
            span: before.span,
            kind: Kind::Map(kept.into()),
        })
    }
}
