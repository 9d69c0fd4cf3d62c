//! Hostile input: a clear error in bounded time and memory, never a panic.

use std::io::Write as _;
use std::time::{Duration, Instant};

use gateway_gen::report::Diagnostic;
use gateway_gen::source::{Document, Failure, Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use proptest::prelude::*;

fn options(text: &str) -> ReadOptions<'static> {
    let input = Input::Text {
        name: "<stdin>".into(),
        text: text.into(),
    };
    ReadOptions {
        input,
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    }
}

fn try_read(text: &str) -> Result<Document, Box<Failure>> {
    read(&options(text))
}

/// The one error that stops the reading of `text`.
fn fatal(text: &str) -> Diagnostic {
    let failure = *try_read(text).unwrap_err();
    assert_eq!(failure.exit, 2);
    failure.diagnostics.into_iter().next_back().unwrap()
}

fn within_a_second<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    // Unoptimised builds on a busy machine are several times slower than the bar of one second.
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "took {:?}",
        start.elapsed()
    );
    result
}

#[test]
fn ten_thousand_levels_are_refused_in_every_style() {
    for text in [
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
    ] {
        let found = within_a_second(|| fatal(&text));
        assert!(matches!(found.code.id, "GG001" | "GG004"), "{found:?}");
    }
    let indented: String = (0..10_000)
        .map(|n| format!("{}a:\n", " ".repeat(n)))
        .collect();
    assert_eq!(within_a_second(|| fatal(&indented)).code.id, "GG004");
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let refs = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
    }
    let found = within_a_second(|| fatal(&bomb));
    assert_eq!(found.code.id, "GG003");
    assert!(found.message.contains("aliases"), "{}", found.message);
}

#[test]
fn deep_chains_of_aliases_are_refused() {
    let mut text = String::from("a0: &a0 [x]\n");
    for n in 1..10_000 {
        text.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1));
    }
    assert_eq!(within_a_second(|| fatal(&text)).code.id, "GG004");
}

#[test]
fn what_nests_as_deep_as_is_allowed_decodes() {
    let nested = format!("{}{}", "[".repeat(94), "]".repeat(94));
    let text = format!(
        "version: 1\nname: shop\nservices: {{ a: \"http://a\" }}\nroutes:\n  GET /a: {{ to: a, raw: {{ kong: {{ plugins: {nested} }} }} }}\n"
    );
    let decoded = try_read(&text).unwrap().decode::<Spec>();
    assert!(decoded.value.is_some(), "{:?}", decoded.diagnostics);
    let deep_keys: String = (0..99).map(|n| format!("{}é:\n", " ".repeat(n))).collect();
    let _ = try_read(&format!("{deep_keys}{}é: [[[", " ".repeat(99)));
}

#[test]
fn a_file_of_a_gigabyte_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    // A sparse file: the size without the disk.
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let options = ReadOptions {
        input: Input::File(path),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let failure = read(&options).unwrap_err();
    assert_eq!(failure.exit, 2);
    assert!(
        failure.diagnostics[0].message.contains("256 MB"),
        "{:?}",
        failure.diagnostics
    );
}

#[test]
fn a_stream_without_end_is_cut_off() {
    let input = Input::from_reader("<stdin>", std::io::repeat(b'#')).unwrap();
    let failure = read(&ReadOptions {
        input,
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    })
    .unwrap_err();
    assert!(
        failure.diagnostics[0].message.contains("256 MB"),
        "{:?}",
        failure.diagnostics
    );
}

#[test]
fn bytes_that_are_not_text_are_refused_with_their_offset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    for (bytes, words) in [
        (b"version: 1\nname: \xff\n".as_slice(), "offset 17, line 2"),
        (b"version: 1\nname: a\x00\n", "NUL byte at offset 18"),
        (b"\xff\xfev\x00e\x00", "UTF-16"),
        (b"v\x00e\x00", "UTF-16"),
    ] {
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        let options = ReadOptions {
            input: Input::File(path.clone()),
            env: None,
            variables: &|_| None,
            services: Vec::new(),
        };
        let failure = read(&options).unwrap_err();
        assert!(
            failure.diagnostics[0].message.contains(words),
            "{:?}",
            failure.diagnostics
        );
    }
}

#[test]
fn control_characters_are_refused_in_every_string_of_a_spec() {
    for control in [
        "\\u0001", "\\u007f", "\\u0085", "\\r", "\\n", "\\t", "\\u001b",
    ] {
        for text in [
            format!("version: 1\nname: \"a{control}b\"\n"),
            format!("version: 1\nservices: {{ a: {{ url: \"http://a{control}\" }} }}\n"),
            format!("version: 1\nroutes: {{ \"GET /a{control}\": {{ to: a }} }}\n"),
            format!(
                "version: 1\ndefaults: {{ request_headers: {{ set: {{ X-A: \"{control}\" }} }} }}\n"
            ),
        ] {
            let document = try_read(&text).unwrap();
            let codes: Vec<&str> = document
                .diagnostics()
                .iter()
                .map(|found| found.code.id)
                .collect();
            assert_eq!(codes, ["GG006"], "{text}");
        }
    }
}

#[test]
fn line_ends_may_stand_in_block_texts_and_in_bodies() {
    let text = "version: 1\nraw: \"a\\tb\"\nbody: \"a\\nb\"\nx: |\n  a\n  b\n";
    assert_eq!(try_read(text).unwrap().diagnostics(), []);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_accepted() {
    let text = "version: 1\nname: shop\nservices:\n  users: http://users:3000\nroutes:\n  GET /a: { to: users }\n";
    let spec = |text: &str| {
        let decoded = try_read(text).unwrap().decode::<Spec>();
        assert_eq!(decoded.diagnostics, []);
        decoded.value.unwrap()
    };
    assert_eq!(spec(&text.replace('\n', "\r\n")), spec(text));
    assert_eq!(spec(&format!("\u{feff}{text}")), spec(text));
}

#[test]
fn many_mistakes_stop_at_a_hundred_and_in_linear_time() {
    let mut text = String::from("version: 1\nname: shop\nroutes:\n");
    for n in 0..10_000 {
        text.push_str(&format!(
            "  GET /a{n}: {{ to: users, limt: none, tmeout: 1s }}\n"
        ));
    }
    let document = try_read(&text).unwrap();
    let decoded = within_a_second(|| document.decode::<Spec>());
    assert_eq!(decoded.diagnostics.len(), 101);
    assert_eq!(decoded.diagnostics[100].code.id, "GG037");
    assert!(decoded.value.is_some());
}

proptest! {
    #[test]
    fn reading_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Ok(document) = try_read(&text) {
            let _ = document.decode::<Spec>();
        }
    }

    #[test]
    fn reading_never_panics_on_text_that_resembles_a_spec(parts in proptest::collection::vec(
        proptest::sample::select(vec![
            "version", "routes", "services", ":", " ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "\"", "'", "|\n", ">\n", "&a ", "*a",
            "!t ", "#", "# gateway-gen: allow(x) y", "${env:A}", "${env:", "<<", "? ", "---\n", "\t", "\r\n", "é", "\u{feff}", "null", "1", "none", "limit", "to",
            "auth", "GET /a", "targets", "allow", "include", "\u{85}", "%YAML 1.1\n", "x-a", "rate", "5/s",
        ]), 0..60)) {
        let text = parts.concat();
        match try_read(&text) {
            Ok(document) => {
                let decoded = document.decode::<Spec>();
                for found in document.diagnostics().iter().chain(&decoded.diagnostics) {
                    if let Some(span) = document.locate(&found.place) {
                        prop_assert!(span.start <= span.end);
                        prop_assert!(document.sources().get(span.file).unwrap().text().get(span.start as usize..span.end as usize).is_some());
                    }
                }
            }
            Err(failure) => prop_assert_eq!(failure.exit, 2),
        }
    }
}
