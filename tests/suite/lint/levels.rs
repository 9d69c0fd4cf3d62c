//! Presets, levels by rule and by path, and baselines.

use gateway_gen::lint::Baseline;
use gateway_gen::report::Severity;
use gateway_gen::spec::Preset;

use super::{Folder, spec};
use crate::cli::{exits, run_in, stderr, stdout};

fn text(lint: &str) -> String {
    format!(
        "version: 1\nname: shop\nservices: {{ a: \"http://127.0.0.1:1\" }}\nroutes:\n  GET /a: {{ to: a, auth: none }}\n  GET /b: {{ to: a, auth: none }}\n{lint}"
    )
}

fn found(text: &str, preset: Preset) -> Vec<(&'static str, Severity, String)> {
    let loaded = spec(text);
    let found = loaded.lint(preset).found;
    let of = |one: &gateway_gen::report::Diagnostic| {
        (one.code.id, one.severity, loaded.underlined(one).to_owned())
    };
    found.iter().map(of).collect()
}

#[test]
fn a_level_holds_for_a_rule_by_id_or_name_and_below_a_path() {
    let limits = |lint: &str| {
        let all = found(&text(lint), Preset::Recommended);
        let all = all.into_iter().filter(|(id, ..)| *id == "GG201");
        all.map(|(_, severity, place)| (severity, place))
            .collect::<Vec<_>>()
    };
    let (a, b) = ("GET /a".to_owned(), "GET /b".to_owned());
    assert_eq!(
        limits(""),
        [(Severity::Error, a.clone()), (Severity::Error, b.clone())]
    );
    assert_eq!(limits("lint: { rules: { GG201: off } }\n"), []);
    assert_eq!(
        limits("lint: { rules: { limits/route-without-limit: info } }\n"),
        [(Severity::Info, a.clone()), (Severity::Info, b.clone())]
    );
    assert_eq!(
        limits("lint: { rules: { GG201: warn }, paths: { /routes/GET ~1a: { GG201: off } } }\n"),
        [(Severity::Warn, b)]
    );
    assert_eq!(
        limits("lint: { rules: { GG201: off }, paths: { /routes/GET ~1a: { GG201: error } } }\n"),
        [(Severity::Error, a)]
    );
}

#[test]
fn the_strict_preset_has_all_that_the_recommended_one_has_and_more() {
    let ids = |preset| {
        found(&text(""), preset)
            .into_iter()
            .map(|(id, ..)| id)
            .collect::<Vec<_>>()
    };
    let (few, many) = (ids(Preset::Recommended), ids(Preset::Strict));
    assert!(few.iter().all(|id| many.contains(id)), "{few:?} {many:?}");
    assert!(many.len() > few.len());
}

#[test]
fn the_command_line_s_preset_wins_over_the_spec_s() {
    let folder = Folder::new(&text("lint: { preset: strict }\n"));
    let of = |arguments: &[&str]| {
        stdout(&run_in(
            folder.path(),
            &[&["lint", "--format", "json"], arguments].concat(),
        ))
    };
    assert!(of(&[]).contains("GG307"));
    assert!(!of(&["--preset", "recommended"]).contains("GG307"));
}

#[test]
fn the_threshold_decides_the_exit_code() {
    let folder = Folder::new(&text("lint: { rules: { GG201: warn } }\n"));
    for (least, code) in [("error", 0), ("warn", 1), ("info", 1), ("never", 0)] {
        exits(&run_in(folder.path(), &["lint", "--fail-on", least]), code);
    }
    exits(&run_in(folder.path(), &["lint", "none.yaml"]), 2);
    std::fs::write(folder.spec(), text("nonsense: 1\n")).unwrap();
    exits(&run_in(folder.path(), &["lint"]), 1);
}

#[test]
fn a_baseline_silences_old_findings_wherever_their_lines_move() {
    let folder = Folder::new(&text(""));
    exits(
        &run_in(folder.path(), &["lint", "--baseline", "old.json"]),
        2,
    );
    exits(
        &run_in(
            folder.path(),
            &["lint", "--baseline", "old.json", "--update-baseline"],
        ),
        0,
    );
    exits(
        &run_in(folder.path(), &["lint", "--baseline", "old.json"]),
        0,
    );
    let moved = text("").replace("services:", "# moved\n\n\nservices:");
    std::fs::write(folder.spec(), moved.clone()).unwrap();
    let run = run_in(
        folder.path(),
        &["lint", "--baseline", "old.json", "--fail-on", "info"],
    );
    exits(&run, 0);
    assert!(
        stderr(&run).contains("known findings in the baseline: "),
        "{}",
        stderr(&run)
    );
    std::fs::write(folder.spec(), moved + "  GET /c: { to: a, auth: none }\n").unwrap();
    let run = run_in(
        folder.path(),
        &["lint", "--baseline", "old.json", "--format", "json"],
    );
    exits(&run, 1);
    let json: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(json["diagnostics"][0]["pointer"], "/routes/GET ~1c");
}

#[test]
fn a_baseline_reads_as_it_was_written_and_refuses_other_files() {
    let baseline = Baseline::of(&spec(&text("")).lint(Preset::Strict).found);
    assert_eq!(Baseline::parse(&baseline.print()), Ok(baseline));
    assert!(Baseline::parse("{}").is_err());
    assert!(Baseline::parse("{\"version\": 2, \"findings\": []}").is_err());
}
