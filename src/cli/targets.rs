//! `targets`: the support matrix, made by asking every target about a gateway that asks for everything.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::exit::Exit;
use super::output;
use crate::ir::{Gateway, facts};
use crate::report::LossKind;
use crate::resolve::{self, resolve};
use crate::source::{Input, ReadOptions, read};
use crate::spec::{self, Spec};
use crate::targets::{TARGETS, Target};

/// How far every target keeps each feature: exactly, approximately (≈) or not (×), with the ids of the losses.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The matrix is made by asking each target about a gateway that asks for everything. What a spec of yours loses
depends on what it says: `gateway-gen build` tells.

Examples:
  gateway-gen targets
  gateway-gen targets --format json | jq '.[] | select(.target == \"kong\")'
  gateway-gen explain rate-window")]
pub struct Arguments {
    /// How to print.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Layout,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Layout {
    /// A table for a terminal.
    Human,
    /// A table in Markdown.
    Markdown,
    /// A list of objects with feature, target, support and losses.
    Json,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let rows = matrix()?;
    output::print(match arguments.format {
        Layout::Human => human(&rows),
        Layout::Markdown => markdown(&rows),
        Layout::Json => json(&rows)?,
    })?;
    Ok(Exit::Clean)
}

/// One feature, and how far each target keeps it, in the order of [`TARGETS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The feature's name.
    pub feature: &'static str,
    /// A cell for each target.
    pub cells: Vec<Cell>,
}

/// How far a target keeps a feature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Some forms of it are kept exactly.
    pub exact: bool,
    /// Losses of forms that are kept otherwise.
    pub approximate: BTreeSet<&'static str>,
    /// Losses of forms that are not kept.
    pub unsupported: BTreeSet<&'static str>,
}

const CATALOGUE: [(&str, &str); 2] = [
    (
        "everything.yaml",
        include_str!("../../templates/catalogue/everything.yaml"),
    ),
    (
        "otherwise.yaml",
        include_str!("../../templates/catalogue/otherwise.yaml"),
    ),
];

/// Files that the catalogue names.
fn file(path: &Path) -> io::Result<Vec<u8>> {
    macro_rules! embedded {
        ($($name:literal $at:literal),*) => {
            match path.to_str() {
                $(Some($name) => Ok(include_bytes!(concat!("../../examples/", $at)).to_vec()),)*
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        };
    }
    embedded!(
        "keys/jwks.json" "shop/keys/jwks.json",
        "keys/robots.pem" "shop/keys/robots.pem",
        "tls/shop.crt" "shop/tls/shop.crt",
        "tls/shop.key" "tls/tls/gateway.key",
        "tls/ca.crt" "shop/tls/ca.crt",
        "tls/client.crt" "shop/tls/client.crt"
    )
}

/// The gateways of the catalogue with their settings.
///
/// # Errors
/// The catalogue has a mistake: one of the program.
pub fn catalogue() -> Result<Vec<(Gateway, spec::Targets)>> {
    let gateways = CATALOGUE.iter().map(|(name, text)| {
        let input = Input::Text {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        };
        let options = ReadOptions {
            input,
            env: None,
            variables: &|_| None,
            services: Vec::new(),
        };
        let Ok(document) = read(&options) else {
            bail!("internal error: `{name}` can't be read");
        };
        let spec = document.decode::<Spec>().value;
        let spec = spec.with_context(|| format!("internal error: `{name}` can't be decoded"))?;
        let options = resolve::Options {
            secrets: resolve::Secrets::Reference,
            files: &file,
            complete: true,
        };
        let resolved = resolve(&spec, &document, &options);
        match resolved.gateway {
            Some(gateway) => Ok((gateway, spec.targets)),
            None => {
                let found = resolved.diagnostics.first();
                let message = found.map_or("", |found| found.message.as_str());
                bail!("internal error: `{name}` can't be resolved: {message}")
            }
        }
    });
    gateways.collect()
}

/// Asks every target about everything.
///
/// # Errors
/// Those of [`catalogue`].
pub fn matrix() -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for (gateway, settings) in catalogue()? {
        facts(&gateway, |fact| {
            let feature = fact.feature.name();
            let at = rows.iter().position(|row| row.feature == feature);
            let at = at.unwrap_or_else(|| {
                let cells = vec![Cell::default(); TARGETS.len()];
                rows.push(Row { feature, cells });
                rows.len() - 1
            });
            for (target, cell) in TARGETS.iter().zip(&mut rows[at].cells) {
                let support = (target.support)(&fact, &gateway, &settings);
                cell.exact |= support.is_exact();
                for shortfall in support.shortfalls {
                    match shortfall.kind {
                        LossKind::Approximate => cell.approximate.insert(shortfall.id),
                        LossKind::Unsupported => cell.unsupported.insert(shortfall.id),
                    };
                }
            }
        });
    }
    Ok(rows)
}

impl Cell {
    /// Everything that is said of it, such as `exact, ≈ rate-window`.
    fn words(&self) -> String {
        let exact = self.exact.then(|| "exact".to_owned());
        let approximate = self.approximate.iter().map(|id| format!("≈ {id}"));
        let unsupported = self.unsupported.iter().map(|id| format!("× {id}"));
        let words: Vec<String> = exact
            .into_iter()
            .chain(approximate)
            .chain(unsupported)
            .collect();
        words.join(", ")
    }

    /// The best that is said of it, in one word.
    fn support(&self) -> &'static str {
        match (
            self.exact,
            self.approximate.is_empty(),
            self.unsupported.is_empty(),
        ) {
            (true, true, true) => "exact",
            (false, true, false) => "unsupported",
            (true, _, _) => "partly exact",
            (false, _, _) => "approximate",
        }
    }
}

fn human(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(out, "{}", row.feature);
        for (target, cell) in TARGETS.iter().zip(&row.cells) {
            let _ = writeln!(out, "  {:<8}{}", target.id, cell.words());
        }
    }
    out
}

/// The matrix as a table in Markdown.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let titles: Vec<&str> = TARGETS.iter().map(|target: &Target| target.title).collect();
    let mut out = format!("| feature | {} |\n|---|", titles.join(" | "));
    out.push_str(&"---|".repeat(titles.len()));
    out.push('\n');
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(Cell::words).collect();
        let _ = writeln!(out, "| {} | {} |", row.feature, cells.join(" | "));
    }
    out
}

fn json(rows: &[Row]) -> Result<String> {
    let cells = rows.iter().flat_map(|row| {
        let cells = TARGETS.iter().zip(&row.cells);
        cells.map(|(target, cell)| {
            serde_json::json!({
                "feature": row.feature,
                "target": target.id,
                "support": cell.support(),
                "approximate": cell.approximate,
                "unsupported": cell.unsupported,
            })
        })
    });
    let list: Vec<_> = cells.collect();
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_catalogue_asks_for_every_feature() {
        let rows = matrix().unwrap();
        let asked: BTreeSet<&str> = rows.iter().map(|row| row.feature).collect();
        // Every name that a feature can have stands between quotes in the one function that gives it.
        let source = include_str!("../ir/fact.rs");
        let (_, names) = source.split_once("pub fn name(&self)").unwrap();
        let (names, _) = names.split_once("\n    }\n").unwrap();
        let known: BTreeSet<&str> = names.split('"').skip(1).step_by(2).collect();
        assert!(known.len() > 30, "{known:?}");
        assert_eq!(
            known.difference(&asked).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }
}
