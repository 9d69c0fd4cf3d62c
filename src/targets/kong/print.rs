//! DOCUMENT -> YAML: strings quoted for YAML 1.1 readers, and comments at the head of each entry saying where it came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::document::Document;

/// Comments by the name of the service, route, consumer or upstream they stand above.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    /// At the head of the file.
    pub head: Vec<String>,
    /// Above one entry: (list, name) to lines.
    pub entries: BTreeMap<(&'static str, String), Vec<String>>,
}

impl Comments {
    /// One more line above an entry.
    pub fn say(&mut self, list: &'static str, name: &str, line: impl Into<String>) {
        self.entries
            .entry((list, name.to_owned()))
            .or_default()
            .push(line.into());
    }
}

/// The file's text. Kong's reader resolves YAML 1.1, so `on`, `12:30` and `1_000` are quoted.
///
/// # Errors
///
/// When the serialiser refuses a value, which no document of this module has.
pub fn print(document: &Document, comments: &Comments) -> Result<String, serde_saphyr::ser::Error> {
    let mut text = String::new();
    comment(&mut text, "", &comments.head);
    let _ = writeln!(text, "_format_version: \"{}\"", document.format_version);
    let _ = writeln!(text, "_transform: {}", document.transform);
    list(
        &mut text,
        comments,
        "services",
        &document.services,
        |service| &service.name,
    )?;
    list(&mut text, comments, "routes", &document.routes, |route| {
        &route.name
    })?;
    list(
        &mut text,
        comments,
        "upstreams",
        &document.upstreams,
        |upstream| &upstream.name,
    )?;
    list(
        &mut text,
        comments,
        "consumers",
        &document.consumers,
        |consumer| &consumer.username,
    )?;
    list(
        &mut text,
        comments,
        "certificates",
        &document.certificates,
        |certificate| &certificate.id,
    )?;
    list(
        &mut text,
        comments,
        "ca_certificates",
        &document.ca_certificates,
        |certificate| &certificate.id,
    )?;
    list(
        &mut text,
        comments,
        "plugins",
        &document.plugins,
        |plugin| &plugin.name,
    )?;
    Ok(text)
}

fn list<T: Serialize>(
    text: &mut String,
    comments: &Comments,
    key: &'static str,
    items: &[T],
    name: impl Fn(&T) -> &String,
) -> Result<(), serde_saphyr::ser::Error> {
    if items.is_empty() {
        return Ok(());
    }
    let _ = write!(text, "\n{key}:\n");
    for item in items {
        if let Some(lines) = comments.entries.get(&(key, name(item).clone())) {
            comment(text, "  ", lines);
        }
        for line in yaml(&[item])?.lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
    Ok(())
}

fn yaml<T: Serialize>(value: &T) -> Result<String, serde_saphyr::ser::Error> {
    // Folding would wrap long paths and header values; literal blocks keep functions and keys readable.
    let options =
        serde_saphyr::ser_options! { folded_wrap_chars: 1 << 20, compact_list_indent: false };
    serde_saphyr::to_string_with_options(value, options)
}

fn comment(text: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        // Names and keys come from the spec: whatever is in them stays inside the comment.
        let line: String = line
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(text, "{indent}# {}", line.trim_end());
    }
}
