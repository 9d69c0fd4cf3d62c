//! FILES -> GATEWAY: what Kong does when it runs a declarative file, in the language's terms; the rest is left over with its place.

mod auth;
mod lua;
mod matching;
mod people;
mod plugins;
mod respond;
mod route;
mod routes;
mod server;
mod services;
mod sheet;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ir::{
    AccessLog, Counters, EncodedSlash, Gateway, Listen, RequestId, Sourced, units::Bytes,
};
use crate::source::Pointer;
use crate::targets::{Artefact, Reading, Unreadable};

use sheet::Sheet;

/// What the functions of the file know, by table.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub gateway: Map<String, Value>,
    pub schemes: Map<String, Value>,
    pub consumers: Vec<Value>,
    pub members: Map<String, Value>,
    pub plans: Map<String, Value>,
    pub routes: BTreeMap<String, Map<String, Value>>,
    /// Of what two functions say different things.
    pub conflicts: Vec<String>,
}

/// What reading goes through, and what it has found.
pub(super) struct Reader {
    pub sheet: Sheet,
    pub root: Value,
    pub tables: Tables,
    pub gateway: Gateway,
    /// The size of bodies where no plugin says one.
    pub counters: Option<Counters>,
}

/// What no file of Kong's says.
const SILENT: &[&str] = &[
    "name",
    "gateway.stage",
    "gateway.replicas",
    "gateway.tls.acm_arn",
    "bff",
    "external",
    "gather",
];

/// Reads `kong.yaml`, the first artefact, with the `kong.conf` beside it.
///
/// # Errors
/// The first artefact is not a declarative file.
pub fn read(artefacts: &[Artefact]) -> Result<Reading, Unreadable> {
    let sheet = Sheet::open(artefacts)?;
    let root = sheet.root()?;
    let mut reader = Reader {
        sheet,
        root,
        tables: Tables::default(),
        gateway: empty(),
        counters: None,
    };
    reader.functions();
    reader.top();
    reader.services();
    reader.people();
    reader.routes();
    reader.certificates();
    if let Some(counters) = reader.counters.take() {
        reader.gateway.counters = Sourced::new(counters, Pointer::root().key("gateway"));
    }
    let mut silent: Vec<&'static str> = SILENT.to_vec();
    let conf = artefacts
        .iter()
        .find(|artefact| artefact.path.ends_with("kong.conf"));
    match conf {
        Some(conf) => reader.server(conf),
        None => silent.extend([
            "gateway.listen",
            "gateway.trusted_proxies",
            "gateway.access_log",
            "gateway.tls.min_version",
        ]),
    }
    Ok(Reading {
        gateway: reader.gateway,
        leftovers: reader.sheet.leftovers,
        places: reader.sheet.places,
        silent,
    })
}

fn empty() -> Gateway {
    let at = Pointer::root().key("gateway");
    Gateway {
        name: String::new(),
        stage: String::new(),
        hosts: Sourced::new(Vec::new(), at.key("hosts")),
        listen: Sourced::new(Listen::default(), at.key("listen")),
        tls: None,
        replicas: 1,
        request_id: None,
        health: None,
        limits: Vec::new(),
        access_log: Sourced::new(AccessLog::None, at.key("access_log")),
        metrics: Sourced::new(false, at.key("metrics")),
        trusted_proxies: Sourced::new(Vec::new(), at.key("trusted_proxies")),
        encoded_slash: Sourced::new(EncodedSlash::Refuse, at.key("encoded_slash")),
        counters: Sourced::new(Counters::Local, at.key("counters")),
        schemes: indexmap::IndexMap::new(),
        plans: indexmap::IndexMap::new(),
        consumers: indexmap::IndexMap::new(),
        services: indexmap::IndexMap::new(),
        routes: Vec::new(),
        bff: None,
    }
}

/// What Kong lets through where nothing bounds a body.
pub(super) const UNBOUNDED: Bytes = Bytes(u64::MAX);

impl Reader {
    /// The tables that functions carry, and whether their code is the one that is generated.
    fn functions(&mut self) {
        let (sheet, tables) = (&mut self.sheet, &mut self.tables);
        let plugins = Pointer::root().key("plugins");
        for (index, plugin) in list(&self.root, "plugins").iter().enumerate() {
            let at = plugins.index(index);
            let name = text(plugin, "name").unwrap_or_default();
            if name != "pre-function" && name != "post-function" {
                continue;
            }
            let at = at.key("config");
            let config = plugin.get("config").and_then(Value::as_object);
            for (phase, codes) in config.into_iter().flatten() {
                for (number, code) in codes.as_array().into_iter().flatten().enumerate() {
                    let at = at.key(phase).index(number);
                    match code.as_str().map(|code| lua::tables(code, tables)) {
                        Some(Ok(true)) => {}
                        Some(Ok(false)) => {
                            sheet.leftover(&at, "a function with other code than what is generated")
                        }
                        Some(Err(why)) => sheet.leftover(
                            &at,
                            &format!("a function whose tables can't be read: {why}"),
                        ),
                        None => sheet.leftover(&at, "a function that is no text"),
                    }
                }
            }
        }
        for what in std::mem::take(&mut tables.conflicts) {
            sheet.leftover(&plugins, &format!("functions that disagree about {what}"));
        }
    }

    /// Plugins that run on every request.
    fn top(&mut self) {
        const KNOWN: &[&str] = &[
            "_format_version",
            "_transform",
            "services",
            "routes",
            "consumers",
            "upstreams",
            "certificates",
            "ca_certificates",
            "plugins",
        ];
        let root = self.root.clone();
        self.sheet.unknown(&Pointer::root(), &root, KNOWN);
        let own = Pointer::root().key("gateway");
        for (index, plugin) in list(&root, "plugins").iter().enumerate() {
            let at = Pointer::root().key("plugins").index(index);
            match text(plugin, "name").unwrap_or_default() {
                "pre-function" | "post-function" => {}
                "correlation-id" if self.gateway.request_id.is_none() && self.is_id(plugin) => {
                    let header = plugin["config"]["header_name"]
                        .as_str()
                        .unwrap_or("Kong-Request-ID");
                    let keep = self
                        .tables
                        .gateway
                        .get("request_id")
                        .is_none_or(|id| id["keep"] == Value::Bool(true));
                    let id = RequestId {
                        header: header.to_owned(),
                        keep,
                    };
                    self.sheet.mark(&own.key("request_id"), &at);
                    self.gateway.request_id = Some(Sourced::new(id, own.key("request_id")));
                }
                "prometheus" if !self.gateway.metrics.value => {
                    self.sheet.mark(&own.key("metrics"), &at);
                    self.gateway.metrics.value = true;
                }
                other => self
                    .sheet
                    .leftover(&at, &format!("the plugin `{other}` on every request")),
            }
        }
        if self.gateway.request_id.is_none()
            && let Some(id) = self.tables.gateway.get("request_id")
            && let Some(header) = text(id, "header")
        {
            let id = RequestId {
                header: header.to_owned(),
                keep: id["keep"] == Value::Bool(true),
            };
            self.gateway.request_id = Some(Sourced::new(id, own.key("request_id")));
        }
        if self.tables.gateway.get("keep_slash") == Some(&Value::Bool(true)) {
            self.gateway.encoded_slash.value = EncodedSlash::Keep;
        }
        let limits = self
            .tables
            .gateway
            .get("limits")
            .cloned()
            .unwrap_or_default();
        self.gateway.limits = plugins::buckets(&limits, &own.key("limit"));
    }

    /// Whether a correlation-id plugin is the gateway's: the functions know which header is.
    fn is_id(&self, plugin: &Value) -> bool {
        let known = self
            .tables
            .gateway
            .get("request_id")
            .and_then(|id| text(id, "header"));
        let header = plugin["config"]["header_name"].as_str();
        known.is_none_or(|known| header.is_some_and(|header| header.eq_ignore_ascii_case(known)))
    }
}

/// A list of an object; empty for none.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A text of an object.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// The texts of a list of an object.
pub(super) fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = list(value, key).iter();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}
