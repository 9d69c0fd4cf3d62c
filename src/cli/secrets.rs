//! `secret://name` -> its text, from `--secrets-file` or the environment.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::ir::Secret;

/// Where secrets come from. A file is named on purpose, so it wins over the environment.
#[derive(Clone, Default)]
pub struct Secrets {
    file: HashMap<String, String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} from a file)", self.file.len())
    }
}

impl Secrets {
    /// Those of a file of `name=value` lines, if one is given, and of the environment.
    ///
    /// # Errors
    /// The file can't be read or a line of it is none of these.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let Some(path) = file else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("can't read `{}`", path.display()))?;
        parse(&text).with_context(|| format!("`{}`", path.display()))
    }

    /// The text of a secret, if it is known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let file = self.file.get(name).cloned();
        file.or_else(|| std::env::var(Secret::variable(name)).ok())
    }
}

fn parse(text: &str) -> Result<Secrets> {
    let mut file = HashMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        // The value is never shown, only where it stands.
        let number = index + 1;
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            bail!("line {number} is not `name=value`");
        };
        let name = name.trim();
        if name.is_empty() {
            bail!("line {number} has no name");
        }
        let value = match value.starts_with('"') {
            // PEM has line breaks; a JSON string holds them on one line.
            true => serde_json::from_str(value.trim_end())
                .ok()
                .with_context(|| {
                    format!("line {number} starts with a quote but is not a JSON string")
                })?,
            false => value.to_owned(),
        };
        if file.insert(name.to_owned(), value).is_some() {
            bail!("line {number} gives `{name}` a second value");
        }
    }
    Ok(Secrets { file })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_taken_as_they_are_unless_they_are_quoted() {
        let secrets = parse("# dev\n\na-key= x=y \nb=\"1\\n2\"\r\n").unwrap();
        assert_eq!(secrets.get("a-key").unwrap(), " x=y ");
        assert_eq!(secrets.get("b").unwrap(), "1\n2");
        assert_eq!(secrets.get("no-such-secret-anywhere"), None);
    }

    #[test]
    fn a_bad_line_is_named_and_its_value_is_not_shown() {
        for (text, said) in [
            ("a=1\nhunter2", "line 2 is not `name=value`"),
            ("=hunter2", "line 1 has no name"),
            (
                "a=\"hunter2",
                "line 1 starts with a quote but is not a JSON string",
            ),
            ("a=1\na=hunter2", "line 2 gives `a` a second value"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert_eq!(error, said);
        }
    }
}
