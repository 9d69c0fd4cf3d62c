//! `explain CODE`: the page of an error, a rule or a loss; `explain "METHOD /path"`: what happens to a request.

use anyhow::{Result, bail};

use super::arguments::{SpecArguments, SpecOptions};
use super::exit::Exit;
use super::{explain_request, output};
use crate::build;
use crate::lint;
use crate::resolve;
use crate::source;
use crate::targets::{TARGETS, kong, nginx};

/// What an error, a rule or a loss means and what to do about it, or what happens to a request and why.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen explain GG030              by code
  gateway-gen explain spec/unknown-key   by name
  gateway-gen explain rate-window        a loss, on every target that has it
  gateway-gen explain \"POST /api/orders\" --consumer acme
  gateway-gen explain \"GET admin.shop.example/users\" --header 'Origin: https://shop.example' --as-of 2026-12-01T00:00:00Z")]
pub struct Arguments {
    /// A code such as GG030, a name such as spec/unknown-key, a loss such as rate-window, or a request such as "GET /api/orders".
    code: String,
    /// The spec, for a request.
    #[arg(long, value_name = "SPEC")]
    spec: Option<std::path::PathBuf>,
    /// A header of the request, `Name: value`; may be repeated.
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// The consumer who sends the request.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// When it is sent, such as 2026-12-01T00:00:00Z; by default now.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// The address it comes from; by default 127.0.0.1.
    #[arg(long, value_name = "IP")]
    client: Option<std::net::IpAddr>,
    #[command(flatten)]
    options: SpecOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let wanted = arguments.code.as_str();
    if explain_request::is_request(wanted) {
        return explain_request::run(&explain_request::Question {
            request: wanted,
            spec: SpecArguments {
                spec: arguments.spec.clone(),
                options: arguments.options.clone(),
            },
            headers: &arguments.headers,
            consumer: arguments.consumer.as_deref(),
            as_of: arguments.as_of.as_deref(),
            client: arguments.client,
        });
    }
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
        kong::codes::ALL,
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
