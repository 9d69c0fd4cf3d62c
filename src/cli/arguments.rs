//! Arguments that several commands share: which spec, and in which formats to report.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use super::{output, spec_path};
use crate::report::human::Style;
use crate::report::{self, Format, Locator, Report};
use crate::source::Input;

/// Which spec, and what is put into it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArguments {
    /// The spec; `-` is stdin. By default the nearest gateway.yaml from here up to the repository's root.
    pub spec: Option<PathBuf>,
    #[command(flatten)]
    pub options: SpecOptions,
}

/// What is put into a spec.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecOptions {
    /// Merge the overlay that lies beside the spec, such as gateway.prod.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Point a service elsewhere; may be repeated.
    #[arg(long = "service", value_name = "NAME=URL", value_parser = name_and_value)]
    pub services: Vec<(String, String)>,
    /// A file of name=value lines with secrets; it wins over environment variables.
    #[arg(long, value_name = "FILE")]
    pub secrets_file: Option<PathBuf>,
}

impl SpecArguments {
    /// What to read.
    ///
    /// # Errors
    /// No spec is found.
    pub fn input(&self) -> Result<Input> {
        spec_path::input(self.spec.as_deref())
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// In which formats to report, and where to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FormatArguments {
    /// human, json, sarif, junit, github or markdown, optionally with =FILE; may be repeated.
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Destination>,
}

/// A format and the file it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Destination {
    format: Format,
    file: Option<PathBuf>,
}

const FORMATS: [(&str, Format); 6] = [
    ("human", Format::Human),
    ("json", Format::Json),
    ("sarif", Format::Sarif),
    ("junit", Format::Junit),
    ("github", Format::Github),
    ("markdown", Format::Markdown),
];

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("no file stands after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let Some((_, format)) = FORMATS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
            return Err(format!("known formats are {}", known.join(", ")));
        };
        Ok(Self {
            format: *format,
            file,
        })
    }
}

impl FormatArguments {
    /// Checks that at most one document goes to stdout, none when the command needs it itself.
    ///
    /// # Errors
    /// Two documents would be mixed there.
    pub fn check(&self, stdout_is_taken: bool) -> Result<()> {
        let documents = self.formats.iter();
        let count = documents
            .filter(|one| one.file.is_none() && one.format != Format::Human)
            .count();
        if count + usize::from(stdout_is_taken) > 1 {
            bail!(
                "only one document can go to stdout: give the others a file, as in `--format json=FILE`"
            );
        }
        Ok(())
    }

    /// Whether people are told: unless a document goes to stdout, or their text to a file.
    #[must_use]
    pub fn tells_people(&self) -> bool {
        self.formats
            .iter()
            .all(|one| one.file.is_some() && one.format != Format::Human)
            || self
                .formats
                .iter()
                .any(|one| one.file.is_none() && one.format == Format::Human)
    }

    /// Prints the report: documents to stdout or files, words for people to stderr. People get `people` and
    /// `more` after it where a command has its own words for a part of the report.
    ///
    /// # Errors
    /// Something can't be written.
    pub fn print_for(
        &self,
        report: &Report,
        people: &Report,
        locator: &Locator<'_>,
        more: &str,
    ) -> Result<()> {
        let words = |style| report::print(Format::Human, people, locator, style) + more;
        for Destination { format, file } in &self.formats {
            let plain = Style {
                color: false,
                ..output::style()
            };
            match (file, *format) {
                (Some(file), Format::Human) => output::write_file(file, words(plain).as_bytes())?,
                (None, Format::Human) => {}
                (Some(file), format) => {
                    let text = report::print(format, report, locator, plain);
                    output::write_file(file, text.as_bytes())?;
                }
                (None, format) => output::print(report::print(format, report, locator, plain))?,
            }
        }
        if self.tells_people() {
            output::say(&words(output::style()));
        }
        Ok(())
    }

    /// Prints the report alike to people and machines; people get `more` after it.
    ///
    /// # Errors
    /// Something can't be written.
    pub fn print(&self, report: &Report, locator: &Locator<'_>, more: &str) -> Result<()> {
        self.print_for(report, report, locator, more)
    }
    /// Prints a report whose words are the data that was asked for: to stdout, unless a document goes there.
    ///
    /// # Errors
    /// Something can't be written.
    pub fn print_data(&self, report: &Report, words: &str) -> Result<()> {
        let sources = crate::source::Sources::default();
        let locator = Locator {
            sources: &sources,
            document: None,
        };
        let documents = self.formats.iter();
        let taken = documents
            .clone()
            .any(|one| one.file.is_none() && one.format != Format::Human);
        for Destination { format, file } in documents {
            let mut text = match format {
                Format::Human => words.to_owned(),
                format => report::print(*format, report, &locator, output::style()),
            };
            match file {
                Some(file) => output::write_file(file, text.as_bytes())?,
                None if *format == Format::Human => {}
                None => output::print(std::mem::take(&mut text))?,
            }
        }
        if self.tells_people() {
            if taken {
                output::say(words);
            } else {
                output::print(words)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn arguments(formats: &[&str]) -> FormatArguments {
        FormatArguments {
            formats: formats.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn people_are_told_unless_a_document_takes_their_place() {
        assert!(arguments(&[]).tells_people());
        assert!(arguments(&["sarif=out.sarif"]).tells_people());
        assert!(arguments(&["json", "human"]).tells_people());
        assert!(!arguments(&["json"]).tells_people());
        assert!(!arguments(&["human=out.txt"]).tells_people());
    }

    #[test]
    fn two_documents_do_not_share_stdout() {
        assert!(arguments(&["json", "sarif"]).check(false).is_err());
        assert!(arguments(&["json"]).check(true).is_err());
        assert!(
            arguments(&["json", "sarif=x", "human"])
                .check(false)
                .is_ok()
        );
    }

    #[test]
    fn an_unknown_format_lists_the_known_ones() {
        assert!("yaml".parse::<Destination>().unwrap_err().contains("junit"));
        assert!("json=".parse::<Destination>().is_err());
    }
}
