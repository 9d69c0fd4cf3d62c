//! Broken specs: each case's mistakes are found where they are, with nothing besides.
//!
//! `tests/cases/errors/<name>/gateway.yaml` is read (with the settings of `options.txt`, if there) and decoded;
//! `expected.txt` holds one line `CODE "underlined text"` a diagnostic and, last, `exit N`. Errors and warnings
//! count; `UPDATE=1` rewrites the files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use gateway_gen::report::{Diagnostic, Severity};
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Document, Input, ReadOptions, Sources, read};
use gateway_gen::spec::Spec;

#[test]
fn every_broken_spec_reports_its_mistakes_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/errors");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let failed: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn check(case: &Path) -> Result<(), String> {
    let found = observe(case);
    let path = case.join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    Err(format!(
        "{}\n--- expected\n{expected}--- found\n{found}",
        case.display()
    ))
}

/// What a case reports, in the form of `expected.txt`.
fn observe(case: &Path) -> String {
    let settings = fs::read_to_string(case.join("options.txt")).unwrap_or_default();
    let setting = |key: &str| {
        settings
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(k, _)| *k == key)
            .map(|(_, v)| v.to_owned())
            .collect::<Vec<_>>()
    };
    let services = setting("service")
        .iter()
        .filter_map(|v| v.split_once('='))
        .map(|(n, u)| (n.to_owned(), u.to_owned()))
        .collect();
    let json = case.join("gateway.json");
    let options = ReadOptions {
        input: Input::File(if json.exists() {
            json
        } else {
            case.join("gateway.yaml")
        }),
        env: setting("env").pop(),
        variables: &|name| {
            setting("variable")
                .iter()
                .filter_map(|v| v.split_once('='))
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.to_owned())
        },
        services,
    };
    match read(&options) {
        Ok(document) => {
            let (found, unreadable) = diagnose(&document);
            let error = found.iter().any(|found| found.severity == Severity::Error);
            let exit = if unreadable { 2 } else { u8::from(error) };
            lines(&found, document.sources(), Some(&document), exit)
        }
        Err(failure) => lines(&failure.diagnostics, &failure.sources, None, failure.exit),
    }
}

/// All errors and warnings of the stages that a spec passes on `check`, and whether a named file is unreadable.
fn diagnose(document: &Document) -> (Vec<Diagnostic>, bool) {
    let decoded = document.decode::<Spec>();
    let mut found = document.diagnostics().to_vec();
    found.extend(decoded.diagnostics);
    let options = Options {
        secrets: Secrets::Reference,
        files: &|path| fs::read(path),
        complete: !found.iter().any(|found| found.severity == Severity::Error),
    };
    let resolved = decoded.value.map(|spec| resolve(&spec, document, &options));
    let unreadable = resolved
        .as_ref()
        .is_some_and(|resolved| resolved.unreadable);
    found.extend(
        resolved
            .into_iter()
            .flat_map(|resolved| resolved.diagnostics),
    );
    found.retain(|found| found.severity != Severity::Info);
    (found, unreadable)
}

fn lines(found: &[Diagnostic], sources: &Sources, document: Option<&Document>, exit: u8) -> String {
    let mut out = String::new();
    for found in found {
        let span = match (document, &found.place) {
            (Some(document), place) => document.locate(place),
            (None, gateway_gen::report::Place::Text { span, .. }) => Some(*span),
            (None, _) => None,
        };
        let text = span.map_or("", |span| sources.slice(span));
        let help = found.help.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{} {text:?} {} | {help}",
            found.code.id,
            found
                .message
                .replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "")
        )
        .unwrap();
        for related in &found.related {
            let span = document.and_then(|document| document.locate(&related.place));
            writeln!(
                out,
                "  {} {:?}",
                related.label,
                span.map_or("", |span| sources.slice(span))
            )
            .unwrap();
        }
    }
    writeln!(out, "exit {exit}").unwrap();
    out
}
