//! `explain CODE`: the page of an error, a rule or a loss.

use anyhow::{Result, bail};

use super::exit::Exit;
use super::output;
use crate::build;
use crate::lint;
use crate::resolve;
use crate::source;
use crate::targets::{TARGETS, nginx};

/// What an error, a rule or a loss means, and what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen explain GG030              by code
  gateway-gen explain spec/unknown-key   by name
  gateway-gen explain rate-window        a loss, on every target that has it")]
pub struct Arguments {
    /// A code such as GG030, a name such as spec/unknown-key, or a loss such as rate-window.
    code: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let wanted = arguments.code.as_str();
    let found: Vec<Page> = pages()
        .into_iter()
        .filter(|page| page.is_called(wanted))
        .collect();
    if found.is_empty() {
        let pages = pages();
        let names = pages.iter().flat_map(Page::names);
        match source::nearest(wanted, names) {
            Some(near) => bail!("nothing is called `{wanted}`: did you mean `{near}`?"),
            None => bail!(
                "nothing is called `{wanted}`: codes are printed beside each message, losses by `gateway-gen targets`"
            ),
        }
    }
    let texts: Vec<&str> = found.iter().map(|page| page.text.trim_end()).collect();
    output::print(texts.join("\n\n") + "\n")?;
    Ok(Exit::Clean)
}

/// One page and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// A code or a loss.
    pub id: &'static str,
    /// The name people use for a code; the id again for a loss.
    pub name: &'static str,
    /// Markdown.
    pub text: &'static str,
}

impl Page {
    fn is_called(&self, wanted: &str) -> bool {
        self.id.eq_ignore_ascii_case(wanted) || self.name == wanted
    }

    fn names(&self) -> [&'static str; 2] {
        [self.id, self.name]
    }
}

/// Every page there is: codes first, then losses.
#[must_use]
pub fn pages() -> Vec<Page> {
    let codes = [
        source::codes::ALL,
        resolve::codes::ALL,
        build::codes::ALL,
        nginx::CODES,
        &lint::rules::codes(),
    ]
    .concat();
    let codes = codes.into_iter().map(|code| Page {
        id: code.id,
        name: code.name,
        text: code.page,
    });
    let losses = TARGETS.iter().flat_map(|target| target.losses);
    codes
        .chain(losses.map(|loss| Page {
            id: loss.id,
            name: loss.id,
            text: loss.page,
        }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_starts_with_its_id_and_codes_are_not_used_twice() {
        let mut seen = std::collections::HashSet::new();
        for page in pages() {
            let title = page.text.lines().next().unwrap_or_default();
            assert!(
                title.starts_with("# ") && title.contains(page.id),
                "{title}"
            );
            assert!(
                page.text.len() > title.len() + 20,
                "{} says nothing",
                page.id
            );
            if page.id.starts_with("GG") {
                assert!(seen.insert(page.id), "{} is used twice", page.id);
            }
        }
    }
}
