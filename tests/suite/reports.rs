//! Reports: every format says the same, in its own grammar, and shows no secret.

use std::time::{Duration, Instant};

use gateway_gen::report::human::Style;
use gateway_gen::report::{Artefact, Format, Locator, Report, Suppressed, json, print};
use gateway_gen::source::{Document, Input, ReadOptions, read};
use gateway_gen::spec::Spec;

fn document(text: &str) -> Document {
    let input = Input::Text {
        name: "gateway.yaml".into(),
        text: text.into(),
    };
    read(&ReadOptions {
        input,
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    })
    .unwrap()
}

fn report(document: &Document) -> Report {
    let found = document
        .diagnostics()
        .iter()
        .cloned()
        .chain(document.decode::<Spec>().diagnostics)
        .collect();
    Report {
        command: "check",
        spec: "gateway.yaml".into(),
        diagnostics: found,
        ..Report::default()
    }
}

const BROKEN: &str = "version: 1\nname: shop\nservices: { users: \"http://users:3000\" }\nroutes:\n  GET /a: { to: users, limt: none }\n  GET /a: { to: users }\n";

#[test]
fn people_see_the_text_the_label_the_related_place_and_the_help() {
    let document = document(BROKEN);
    let text = print(
        Format::Human,
        &report(&document),
        &Locator::from(&document),
        Style::default(),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn places_in_two_files_are_both_shown() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("gateway.yaml");
    std::fs::write(
        &spec,
        format!("include: [more.yaml]\n{}", BROKEN.replace("limt", "limit")),
    )
    .unwrap();
    std::fs::write(
        folder.path().join("more.yaml"),
        "services: { users: \"http://other:1\" }\n",
    )
    .unwrap();
    let document = read(&ReadOptions {
        input: Input::File(spec),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    })
    .unwrap();
    let text = print(
        Format::Human,
        &report(&document),
        &Locator::from(&document),
        Style::default(),
    );
    for words in ["more.yaml:1:13", "gateway.yaml:4:13", "first defined here"] {
        assert!(text.contains(words), "{words} not in\n{text}");
    }
}

#[test]
fn a_spec_cannot_steer_the_terminal_that_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("gateway.yaml");
    for (text, code) in [
        ("version: 1\n# \u{1b}]0;title\u{7}\n: \u{9b}31m\n", "GG001"),
        (
            "version: 1\nname: shop\nservices: { \"a\\u001b[31m\": \"http://a:1\" }\nroutes: { GET /a: { to: b } }\n",
            "GG060",
        ),
    ] {
        std::fs::write(&spec, text).unwrap();
        for format in ["human", "github", "markdown"] {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_gateway-gen"))
                .args(["check", "--format", format])
                .arg(&spec)
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert!(said.contains(code), "{said}");
            let sent = said.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(sent, None, "{format}: {said}");
        }
    }
}

#[test]
fn the_password_of_a_url_is_blotted_out() {
    let document = document(
        "version: 1\nname: shop\ngateway: { counters: { redis: \"redis://:hunter2@redis:6379\", unknown: 1 } }\nservices: {}\nroutes: {}\n",
    );
    let text = print(
        Format::Human,
        &report(&document),
        &Locator::from(&document),
        Style::default(),
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("redis://********@redis:6379"), "{text}");
}

#[test]
fn literals_under_secret_keys_are_blotted_out_in_every_format() {
    let document = document(
        "version: 1\nname: shop\nconsumers:\n  a: { api_key: 987654321, basic: { username: a, password: [tr0ub4dor] } }\n  b: { api_key: [k1-literal, k2-literal, [x]] }\nroutes:\n  GET /a: { to: users }\n",
    );
    let report = report(&document);
    assert!(report.diagnostics.len() >= 3, "{:?}", report.diagnostics);
    for format in [
        Format::Human,
        Format::Json,
        Format::Sarif,
        Format::Junit,
        Format::Github,
        Format::Markdown,
    ] {
        let text = print(format, &report, &Locator::from(&document), Style::default());
        for secret in ["987654321", "tr0ub4dor", "k1-literal", "k2-literal"] {
            assert!(!text.contains(secret), "{format:?} shows {secret}:\n{text}");
        }
    }
}

#[test]
fn names_of_headers_and_references_to_secrets_are_no_secrets() {
    let document = document(
        "version: 1\nname: shop\nauth: { partners: { api_key: { header: X-Partner-Key, hedaer: 1 } } }\nconsumers:\n  a: { api_key: \"secret://a-key\", plam: x }\nroutes: {}\n",
    );
    let text = print(
        Format::Human,
        &report(&document),
        &Locator::from(&document),
        Style::default(),
    );
    assert!(
        text.contains("X-Partner-Key") && text.contains("secret://a-key"),
        "{text}"
    );
}

#[test]
fn the_json_document_keeps_to_its_own_schema() {
    let document = document(BROKEN);
    let mut report = report(&document);
    let artefact = Artefact {
        target: "nginx".into(),
        path: "nginx/nginx.conf".into(),
        bytes: 1,
        sha256: "0".repeat(64),
    };
    report.artefacts.push(artefact);
    report.suppressed = vec![Suppressed {
        diagnostic: report.diagnostics[0].clone(),
        reason: "why".into(),
        in_source: true,
    }];
    let text = print(
        Format::Json,
        &report,
        &Locator::from(&document),
        Style::default(),
    );
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = serde_json::to_value(json::schema()).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(
        value["summary"],
        serde_json::json!({ "errors": 2, "warnings": 0, "infos": 0 })
    );
    let found = &value["diagnostics"][1];
    assert_eq!(
        (&found["code"], &found["pointer"]),
        (&"GG030".into(), &"/routes/GET ~1a/limt".into())
    );
    assert_eq!(
        found["span"]["start"],
        serde_json::json!({ "line": 5, "column": 24, "offset": BROKEN.find("limt") })
    );
}

#[test]
fn sarif_names_rules_places_and_suppressions() {
    let document = document(BROKEN);
    let mut report = report(&document);
    report.suppressed = vec![Suppressed {
        diagnostic: report.diagnostics.remove(0),
        reason: "why".into(),
        in_source: true,
    }];
    let text = print(
        Format::Sarif,
        &report,
        &Locator::from(&document),
        Style::default(),
    );
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let rule = &run["tool"]["driver"]["rules"]
            [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!rule["help"]["markdown"].as_str().unwrap().is_empty());
    }
    assert_eq!(results[1]["suppressions"][0]["kind"], "inSource");
    assert_eq!(
        results[1]["relatedLocations"][0]["message"]["text"],
        "first given here"
    );
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["region"]["startLine"],
        5
    );
}

#[test]
fn github_and_junit_and_markdown_name_code_and_place() {
    let document = document(BROKEN);
    let report = report(&document);
    let show = |format| print(format, &report, &Locator::from(&document), Style::default());
    assert!(show(Format::Github).contains("::error file=gateway.yaml,line=5,endLine=5,col=24,endColumn=28,title=GG030 spec/unknown-key::unknown key `limt`%0Ahelp: did you mean `limit`?\n"));
    let junit = show(Format::Junit);
    assert!(
        junit.contains("tests=\"2\" failures=\"2\"") && junit.contains("gateway.yaml:5:24"),
        "{junit}"
    );
    assert!(show(Format::Markdown).contains("| error | GG030 spec/unknown-key | `gateway.yaml:5:24` | unknown key `limt`; did you mean `limit`? |"));
}

#[test]
fn fifty_findings_at_the_end_of_a_long_spec_print_fast_and_the_rest_is_counted() {
    let mut text = String::from("version: 1\nname: shop\nroutes:\n");
    let mut n = 0;
    while text.len() < 5 << 20 {
        text.push_str(&format!(
            "  GET /part-{n}: {{ to: users, groups: [partner, staff], preserve_host: true }}\n"
        ));
        n += 1;
    }
    for n in 0..60 {
        text.push_str(&format!(
            "  GET /broken-{n}: {{ to: users, gruops: [partner] }}\n"
        ));
    }
    let document = document(&text);
    let report = report(&document);
    let start = Instant::now();
    let shown = print(
        Format::Human,
        &report,
        &Locator::from(&document),
        Style::default(),
    );
    assert!(
        start.elapsed() < Duration::from_millis(900),
        "took {:?}",
        start.elapsed()
    );
    assert_eq!(shown.matches("did you mean `groups`?").count(), 50);
    assert!(
        shown.contains("and 10 more findings"),
        "{}",
        &shown[shown.len() - 200..]
    );
}

#[test]
fn a_spec_on_one_long_line_shows_only_the_part_around_the_mistake() {
    let routes: Vec<String> = (0..2000)
        .map(|n| {
            format!(
                "\"GET /p{n}\": {{\"to\": \"users\"{}}}",
                if n == 1500 { ", \"limt\": 1" } else { "" }
            )
        })
        .collect();
    let document = document(&format!(
        "{{\"version\": 1, \"name\": \"shop\", \"routes\": {{{}}}}}",
        routes.join(", ")
    ));
    let text = print(
        Format::Human,
        &report(&document),
        &Locator::from(&document),
        Style::default(),
    );
    assert!(
        text.contains("limt") && text.len() < 4000,
        "{} bytes",
        text.len()
    );
}
