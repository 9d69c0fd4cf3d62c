//! The project's examples are clean, the anti-patterns break every rule, and each finding underlines what it is about.

use std::collections::BTreeSet;
use std::path::Path;

use gateway_gen::lint::rules;
use gateway_gen::report::Severity;
use gateway_gen::spec::Preset;

use super::load;
use crate::generated::{examples, root};

#[test]
fn examples_have_no_findings_and_the_shop_none_of_the_strict_ones() {
    let mut wrong = Vec::new();
    for spec in examples() {
        let preset = match spec.parent().is_some_and(|folder| folder.ends_with("shop")) {
            true => Preset::Strict,
            false => Preset::Recommended,
        };
        let loaded = load(&spec).unwrap_or_else(|why| panic!("{}: {why}", spec.display()));
        for finding in loaded.lint(preset).found {
            let message = format!(
                "{} `{}`: {}",
                finding.code.id,
                loaded.underlined(&finding),
                finding.message
            );
            wrong.push(format!("{}: {message}", spec.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Code, severity and underlined text of every finding but those about losses, which change with the targets.
const ANTI_PATTERNS: &[(&str, &[(&str, Severity, &str)])] = &[
    (
        "access",
        &[
            ("GG204", Severity::Warn, "gateway"),
            ("GG307", Severity::Info, "gateway"),
            ("GG501", Severity::Error, "gateway"),
            ("GG604", Severity::Warn, "keep"),
            ("GG105", Severity::Error, "jwt"),
            (
                "GG106",
                Severity::Error,
                "\"http://id.access.example/jwks.json\"",
            ),
            ("GG103", Severity::Error, "key"),
            ("GG107", Severity::Error, "acme-71d0c2e9b8"),
            ("GG206", Severity::Warn, "10000/day"),
            ("GG208", Severity::Error, "gold"),
            ("GG301", Severity::Info, "pages"),
            ("GG303", Severity::Warn, "pages"),
            ("GG201", Severity::Error, "GET /{page}"),
            ("GG101", Severity::Error, "POST /comments"),
            ("GG201", Severity::Error, "POST /comments"),
            ("GG201", Severity::Warn, "GET /admin/*"),
            ("GG304", Severity::Info, "GET /actuator/*"),
            ("GG606", Severity::Warn, "GET /actuator/*"),
        ],
    ),
    (
        "boundary",
        &[
            (
                "GG703",
                Severity::Info,
                "\"proxy_next_upstream error timeout non_idempotent;\"",
            ),
            (
                "GG306",
                Severity::Error,
                "proxy_next_upstream error timeout non_idempotent;",
            ),
            ("GG703", Severity::Info, "{ plugins: [{ name: pre-function,"),
            ("GG701", Severity::Error, "pre-function"),
            (
                "GG703",
                Severity::Info,
                "{ plugins: [{ name: response-transformer,",
            ),
            ("GG702", Severity::Warn, "response-transformer"),
            (
                "GG703",
                Severity::Info,
                "{ integration: { RequestTemplates:",
            ),
            (
                "GG701",
                Severity::Error,
                "\"#if($input.path('$.total') > 100)",
            ),
            (
                "GG703",
                Severity::Info,
                "\"sub_filter 'http://' 'https://';\"",
            ),
            ("GG702", Severity::Warn, "sub_filter 'http://' 'https://';"),
            ("GG703", Severity::Info, "Resources:"),
            ("GG502", Severity::Error, "TLS_1_0"),
            ("GG406", Severity::Error, "true"),
            ("GG308", Severity::Warn, "nginx"),
        ],
    ),
    (
        "portability",
        &[
            ("GG307", Severity::Info, "gateway"),
            ("GG703", Severity::Info, "{ nonsense: true }"),
        ],
    ),
    (
        "resilience",
        &[
            ("GG204", Severity::Warn, "gateway"),
            ("GG501", Severity::Error, "gateway"),
            ("GG207", Severity::Warn, "replicas"),
            ("GG401", Severity::Error, "none"),
            ("GG404", Severity::Warn, "none"),
            ("GG202", Severity::Warn, "client_ip"),
            ("GG301", Severity::Warn, "orders"),
            ("GG303", Severity::Warn, "orders"),
            ("GG302", Severity::Warn, "\"http://10.0.3.7:3000\""),
            ("GG305", Severity::Error, "10s"),
            ("GG301", Severity::Info, "geo"),
            ("GG504", Severity::Warn, "\"http://api.geo.example\""),
            ("GG301", Severity::Info, "ledger"),
            ("GG505", Severity::Error, "false"),
            ("GG304", Severity::Error, "90s"),
            ("GG601", Severity::Error, "GET /orders/*"),
            ("GG304", Severity::Info, "GET /geo/*"),
            ("GG706", Severity::Error, "orders"),
            (
                "GG904",
                Severity::Warn,
                "# gateway-gen: allow(transport/no-tls)",
            ),
            ("GG905", Severity::Error, "limits/no-body-sise"),
        ],
    ),
    (
        "single",
        &[
            ("GG503", Severity::Warn, "tls"),
            ("GG307", Severity::Warn, "1"),
            ("GG403", Severity::Warn, "X-Request-ID"),
        ],
    ),
];

/// Rules that pass on what targets say.
const OF_TARGETS: [&str; 5] = ["GG111", "GG602", "GG801", "GG802", "GG803"];

fn anti_pattern(name: &str) -> std::path::PathBuf {
    root()
        .join("examples/antipatterns")
        .join(name)
        .with_extension("yaml")
}

#[test]
fn each_anti_pattern_underlines_what_is_wrong() {
    for (name, wanted) in ANTI_PATTERNS {
        let loaded = load(&anti_pattern(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let found = loaded.lint(Preset::Strict).found;
        let found: Vec<_> = found
            .iter()
            .filter(|one| !OF_TARGETS.contains(&one.code.id))
            .collect();
        let shown: Vec<String> = found
            .iter()
            .map(|one| format!("{} {}", one.code.id, loaded.underlined(one)))
            .collect();
        assert_eq!(found.len(), wanted.len(), "{name}: {shown:#?}");
        for (finding, (id, severity, text)) in found.iter().zip(*wanted) {
            let underlined = loaded.underlined(finding);
            assert_eq!(
                (finding.code.id, finding.severity),
                (*id, *severity),
                "{name}: {underlined}"
            );
            // A long value is told by how it starts.
            let long = text.ends_with([',', ':', ')']) && underlined.starts_with(text);
            assert!(
                long || underlined == *text,
                "{name}: {id} underlines `{underlined}`"
            );
        }
    }
}

#[test]
fn the_anti_patterns_break_every_rule() {
    let listed: BTreeSet<String> = std::fs::read_dir(root().join("examples/antipatterns"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        listed,
        ANTI_PATTERNS
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect()
    );
    let mut broken = BTreeSet::new();
    for name in &listed {
        let loaded = load(&anti_pattern(name)).unwrap();
        broken.extend(
            loaded
                .lint(Preset::Strict)
                .found
                .iter()
                .map(|one| one.code.id),
        );
    }
    let whole: Vec<&str> = rules::ALL
        .iter()
        .map(|rule| rule.code.id)
        .filter(|id| !broken.contains(id))
        .collect();
    assert!(whole.is_empty(), "no anti-pattern breaks {whole:?}");
}

#[test]
fn findings_about_losses_stand_where_the_spec_asks() {
    let loaded = load(&anti_pattern("portability")).unwrap();
    let found = loaded.lint(Preset::Strict).found;
    let of = |id: &str| {
        let of = found.iter().filter(|one| one.code.id == id);
        of.map(|one| (one.target.unwrap_or_default(), loaded.underlined(one)))
            .collect::<Vec<_>>()
    };
    assert!(
        of("GG801").contains(&("aws", "breaker")),
        "{:?}",
        of("GG801")
    );
    assert_eq!(
        of("GG602"),
        [("aws", "GET admin.portability.example/orders")]
    );
    assert!(!of("GG803").is_empty() && !of("GG802").is_empty());
}

#[test]
fn a_finding_is_said_once() {
    for (name, _) in ANTI_PATTERNS {
        let loaded = load(Path::new(&anti_pattern(name))).unwrap();
        let mut seen = BTreeSet::new();
        for one in loaded.lint(Preset::Strict).found {
            let place = loaded.document.locate(&one.place);
            assert!(
                seen.insert((one.code.id, one.message.clone(), place)),
                "{name}: {}",
                one.message
            );
        }
    }
}
