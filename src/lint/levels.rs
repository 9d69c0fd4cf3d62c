//! Presets and the `lint:` section -> how loud a rule is at a place.

use super::{Rule, rules};
use crate::report::{Diagnostic, Severity};
use crate::source::Pointer;
use crate::spec::{Level, LintSection, Preset};

/// Levels of all rules.
#[derive(Debug)]
pub struct Levels<'a> {
    section: &'a LintSection,
    preset: Preset,
}

impl<'a> Levels<'a> {
    /// The spec's own levels; `preset` from the command line wins over the spec's.
    #[must_use]
    pub fn new(section: &'a LintSection, preset: Option<Preset>) -> Self {
        Self {
            section,
            preset: preset.or(section.preset).unwrap_or_default(),
        }
    }

    /// The preset that is on.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether the rule may speak anywhere.
    #[must_use]
    pub fn is_on(&self, rule: &Rule) -> bool {
        let named = |map: &indexmap::IndexMap<String, Level>| {
            map.iter()
                .any(|(word, level)| rule.is(word) && *level != Level::Off)
        };
        self.level(rule) != Some(Level::Off) || self.section.paths.values().any(named)
    }

    /// How loud a finding of `rule` with its own `severity` is at `pointer`; `None` for not at all.
    #[must_use]
    pub fn severity(&self, rule: &Rule, pointer: &Pointer, severity: Severity) -> Option<Severity> {
        let below = self
            .section
            .paths
            .iter()
            .filter(|(path, _)| is_below(pointer, path))
            .filter_map(|(path, levels)| Some((path.len(), find(levels, rule)?)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, level)| level);
        match below.or_else(|| self.level(rule)) {
            None => Some(severity),
            Some(Level::Off) => None,
            Some(Level::Info) => Some(Severity::Info),
            Some(Level::Warn) => Some(Severity::Warn),
            Some(Level::Error) => Some(Severity::Error),
        }
    }

    /// The finding as loud as it is meant to be at its place; `None` for not at all.
    #[must_use]
    pub fn apply(&self, rule: &Rule, mut finding: Diagnostic) -> Option<Diagnostic> {
        let root = Pointer::root();
        let pointer = finding.place.pointer().unwrap_or(&root);
        finding.severity = self.severity(rule, pointer, finding.severity)?;
        Some(finding)
    }

    /// The level for the whole spec: `None` leaves it to each finding.
    fn level(&self, rule: &Rule) -> Option<Level> {
        let off = rule.preset == Preset::Strict && self.preset == Preset::Recommended;
        find(&self.section.rules, rule).or_else(|| off.then_some(Level::Off))
    }

    /// Words in the section that mean no rule, with their places.
    pub fn unknown(&self) -> impl Iterator<Item = (Pointer, &'a str)> {
        let root = Pointer::root().key("lint");
        let rules = root.key("rules");
        let paths = root.key("paths");
        let plain = self.section.rules.keys();
        let plain = plain.map(move |word| (rules.key(word), word.as_str()));
        let below = self.section.paths.iter().flat_map(move |(path, levels)| {
            let at = paths.key(path);
            levels.keys().map(move |word| (at.key(word), word.as_str()))
        });
        plain
            .chain(below)
            .filter(|(_, word)| rules::find(word).is_none())
    }
}

fn find(levels: &indexmap::IndexMap<String, Level>, rule: &Rule) -> Option<Level> {
    levels
        .iter()
        .find(|(word, _)| rule.is(word))
        .map(|(_, level)| *level)
}

/// Whether `pointer` is the node at `path` or one inside it.
pub(super) fn is_below(pointer: &Pointer, path: &str) -> bool {
    pointer
        .as_str()
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
