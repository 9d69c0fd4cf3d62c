//! Lint: documented examples, fixes, allow comments, levels, baselines, lists, formats, speed.

mod comments;
mod documented;
mod examples;
mod fixes;
mod formats;
mod levels;
mod lists;
mod speed;
mod styles;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gateway_gen::lint::{Findings, Fixed, Step, Subject, fix, lint};
use gateway_gen::report::{Diagnostic, Place, Severity};
use gateway_gen::resolve::{self, resolve};
use gateway_gen::source::{Document, Input, ReadOptions, read_edited};
use gateway_gen::spec::{Preset, Spec};

/// A spec that resolves.
pub struct Loaded {
    pub document: Document,
    pub spec: Spec,
    pub gateway: gateway_gen::ir::Gateway,
}

impl Loaded {
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            document: &self.document,
            spec: &self.spec,
            gateway: &self.gateway,
        }
    }

    pub fn lint(&self, preset: Preset) -> Findings {
        lint(self.subject(), Some(preset))
    }

    /// The bytes a finding underlines.
    pub fn underlined(&self, finding: &Diagnostic) -> &str {
        self.at(&finding.place)
    }

    pub fn at(&self, place: &Place) -> &str {
        let span = self.document.locate(place).expect("a place in the text");
        self.document.sources().slice(span)
    }
}

/// Reads, decodes and resolves the spec of a file; its mistakes are the error.
pub fn load(path: &Path) -> Result<Loaded, String> {
    load_edited(path, &HashMap::new())
}

/// The same with some files' texts replaced.
pub fn load_edited(path: &Path, edited: &HashMap<PathBuf, String>) -> Result<Loaded, String> {
    let options = ReadOptions {
        input: Input::File(path.to_owned()),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document =
        read_edited(&options, edited).map_err(|failure| messages(&failure.diagnostics))?;
    let decoded = document.decode::<Spec>();
    let mut found = document.diagnostics().to_vec();
    found.extend(decoded.diagnostics);
    let spec = decoded.value.ok_or_else(|| messages(&found))?;
    let options = resolve::Options {
        secrets: resolve::Secrets::Reference,
        files: &|path| std::fs::read(path),
        complete: true,
    };
    let resolved = resolve(&spec, &document, &options);
    found.extend(resolved.diagnostics);
    found.retain(|one| one.severity == Severity::Error);
    match resolved.gateway {
        Some(gateway) if found.is_empty() => Ok(Loaded {
            document,
            spec,
            gateway,
        }),
        _ => Err(messages(&found)),
    }
}

fn messages(found: &[Diagnostic]) -> String {
    let lines = found
        .iter()
        .map(|one| format!("{}: {}", one.code.id, one.message));
    lines.collect::<Vec<_>>().join("\n")
}

/// A folder with one spec and the files that documented examples name.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(spec: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = rcgen::generate_simple_self_signed(["api.shop.example".to_owned()])
            .expect("a certificate");
        std::fs::create_dir(folder.path().join("tls")).expect("a folder");
        std::fs::write(folder.path().join("tls/shop.crt"), made.cert.pem()).expect("written");
        let folder = Self(folder);
        std::fs::write(folder.spec(), spec).expect("written");
        folder
    }

    pub fn spec(&self) -> PathBuf {
        self.0.path().join("gateway.yaml")
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.spec()).expect("read")
    }
}

/// Safe fixes of the strict preset, in memory.
pub fn fix_all(path: &Path) -> Fixed {
    let read = |edited: &HashMap<PathBuf, String>| {
        let loaded = load_edited(path, edited)?;
        let findings = loaded.lint(Preset::Strict).found;
        Ok::<Step, String>(Step {
            document: loaded.document,
            findings,
        })
    };
    fix(&read).unwrap_or_else(|why| panic!("{why}"))
}

/// The spec's text after safe fixes of one rule and no other.
pub fn fixed(text: &str) -> String {
    let folder = Folder::new(text);
    let done = fix_all(&folder.spec());
    done.changes
        .into_iter()
        .next()
        .map_or_else(|| text.to_owned(), |change| change.after)
}

/// A spec given as text.
pub fn spec(text: &str) -> Loaded {
    let folder = Folder::new(text);
    load(&folder.spec()).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// The blocks of a page with this information string.
pub fn blocks(page: &str, info: &str) -> Vec<String> {
    let fence = format!("```{info}");
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line == fence => open = Some(String::new()),
            None => {}
        }
    }
    assert!(open.is_none(), "a block without an end in\n{page}");
    blocks
}
