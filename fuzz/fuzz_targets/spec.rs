//! Any bytes as a spec: read, decoded, resolved, asked of every target, emitted and reported, without a panic.

#![no_main]

use gateway_gen::build;
use gateway_gen::report::{self, Format, Locator, Report, Severity};
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use gateway_gen::targets::TARGETS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let name = "gateway.yaml".to_owned();
    let options = ReadOptions {
        input: Input::Bytes { name, bytes: bytes.to_vec() },
        env: None,
        variables: &|name| (name == "SET").then(|| "value".to_owned()),
        services: vec![("a".to_owned(), "http://127.0.0.1:9".to_owned())],
    };
    let document = match read(&options) {
        Ok(document) => document,
        Err(failure) => {
            let report = Report { diagnostics: failure.diagnostics.clone(), ..Report::default() };
            print(&report, &Locator::from(failure.as_ref()));
            return;
        }
    };
    let mut report = Report { diagnostics: document.diagnostics().to_vec(), ..Report::default() };
    let decoded = document.decode::<Spec>();
    report.diagnostics.extend(decoded.diagnostics);
    if let Some(spec) = decoded.value {
        let options = Options {
            secrets: Secrets::Reference,
            files: &|_| Err(std::io::ErrorKind::NotFound.into()),
            complete: report.diagnostics.is_empty(),
        };
        let resolved = resolve(&spec, &document, &options);
        let failed = resolved.diagnostics.iter().any(|found| found.severity == Severity::Error);
        assert_eq!(resolved.gateway.is_some(), !failed, "a gateway is there exactly when there is no error");
        report.diagnostics.extend(resolved.diagnostics);
        for target in TARGETS {
            let Some(gateway) = &resolved.gateway else { continue };
            let outcome = build::build(target, gateway, &spec.targets, false);
            let again = build::build(target, gateway, &spec.targets, false);
            let files = |outcome: &build::Outcome| outcome.emitted.clone().map(|emitted| emitted.artefacts);
            assert_eq!(files(&outcome), files(&again), "the same gateway gives the same bytes");
            report.losses.extend(outcome.accounting.losses);
        }
    }
    print(&report, &Locator::from(&document));
});

fn print(report: &Report, locator: &Locator<'_>) {
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github, Format::Markdown] {
        let _ = report::print(format, report, locator, report::human::Style::default());
    }
}
