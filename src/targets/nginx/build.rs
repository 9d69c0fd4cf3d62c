//! What the parts of an emission share: the gateway, names given so far, and the blocks that maps and zones are put into.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::document::Block;
use super::names::{Literals, Slugs};
use super::settings::Settings;
use crate::ir::{Auth, Consumer, Cors, Gateway, IpRules, RouteId, Secret};

/// State of one emission.
pub struct Build<'g> {
    /// What is emitted.
    pub gateway: &'g Gateway,
    /// Routes that answer 501.
    pub closed: &'g BTreeSet<RouteId>,
    /// `targets.nginx`.
    pub settings: Settings,
    /// Values that hold `$`.
    pub literals: Literals,
    /// Names of route locations.
    pub slugs: Slugs,
    /// `map`, `geo` and `js_set` of the http block, below the fixed ones.
    pub maps: Block,
    /// `js_var` names.
    pub variables: BTreeSet<String>,
    /// Zones of limits: (rate, key) to zone name.
    pub zones: IndexMap<(String, String), String>,
    /// Numbers given to equal policies.
    pub numbers: Numbers<'g>,
    /// Environment variables that hold secrets, for `env`.
    pub environment: BTreeMap<String, String>,
    /// Files beside the configuration.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What a person has to do.
    pub notes: Vec<String>,
    /// njs modules that are used.
    pub modules: BTreeSet<&'static str>,
    /// Answer headers by lower-case name: name as written and number of `$gw_out_N`.
    pub out_headers: IndexMap<String, String>,
    /// Gathers, for their njs module.
    pub gathers: serde_json::Map<String, serde_json::Value>,
    /// Gates, for their njs module.
    pub gates: serde_json::Map<String, serde_json::Value>,
    /// What claims are needed as, by scheme: (claim, use) to variable.
    pub claims: BTreeMap<(usize, String, &'static str), String>,
}

/// Equal policies get one number, and one `map` each.
#[derive(Default)]
pub struct Numbers<'g> {
    /// Cross-origin rules.
    pub cors: Vec<&'g Cors>,
    /// Answer headers that routes set.
    pub headers: IndexMap<Vec<(&'g str, &'g str)>, usize>,
    /// Client addresses.
    pub ip: Vec<&'g IpRules>,
    /// Expressions of schemes.
    pub auth: Vec<&'g Auth>,
    /// Groups.
    pub groups: Vec<&'g [String]>,
    /// Sources and regular expressions of scope checks.
    pub scopes: IndexMap<String, usize>,
    /// Method tables: their lines, to their number.
    pub methods: HashMap<Vec<(String, String)>, usize>,
}

/// The place of `value` in `list`, where it is put when it is new; second: it was.
pub fn number<T: PartialEq>(list: &mut Vec<T>, value: T) -> (usize, bool) {
    if let Some(at) = list.iter().position(|other| *other == value) {
        return (at, false);
    }
    list.push(value);
    (list.len() - 1, true)
}

impl<'g> Build<'g> {
    /// The number of a scheme: its place among the gateway's.
    #[must_use]
    pub fn scheme(&self, name: &str) -> usize {
        self.gateway.schemes.get_index_of(name).unwrap_or_default()
    }

    /// Consumers with the identity that maps know them by.
    pub fn consumers(&self) -> impl Iterator<Item = (String, &'g Consumer)> + use<'g> {
        self.gateway
            .consumers
            .values()
            .enumerate()
            .map(|(index, consumer)| (format!("c{index}"), consumer))
    }

    /// The environment variable of a secret that was not inlined; it is passed on to the workers.
    pub fn environment(&mut self, name: &str) -> String {
        let variable = Secret::variable(name);
        self.environment.insert(variable.clone(), name.to_owned());
        variable
    }

    /// The variable that holds an answer header set by routes.
    pub fn out_header(&mut self, name: &str) -> String {
        let number = self.out_headers.len();
        let lower = name.to_ascii_lowercase();
        self.out_headers
            .entry(lower.clone())
            .or_insert_with(|| name.to_owned());
        let number = self.out_headers.get_index_of(&lower).unwrap_or(number);
        format!("$gw_out_{number}")
    }

    /// The variable that holds a claim of a scheme's token, for one use: `header`, `text`.
    pub fn claim(&mut self, scheme: usize, claim: &str, purpose: &'static str) -> String {
        let next = self.claims.len();
        let variable = self
            .claims
            .entry((scheme, claim.to_owned(), purpose))
            .or_insert_with(|| format!("gw_claim_{next}"));
        let variable = variable.clone();
        self.variables.insert(variable.clone());
        variable
    }

    /// A file beside the configuration; its path there.
    pub fn file(&mut self, folder: &str, name: &str, content: &[u8]) -> String {
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let mut base: String = base
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let mut path = format!("{folder}/{base}");
        while self.files.get(&path).is_some_and(|other| other != content) {
            base.insert(0, '_');
            path = format!("{folder}/{base}");
        }
        self.files.insert(path.clone(), content.to_vec());
        path
    }
}

/// A duration as nginx writes it: whole milliseconds or seconds.
#[must_use]
pub fn duration(millis: u64) -> String {
    // A time of 0 would end every request at once.
    match millis.max(1) {
        ms if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}
