//! Specs of 1,000, 10,000 and 100,000 routes: CPU time and peak memory of each stage (`cargo bench --bench scale`).
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::Duration;

use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;

fn main() {
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    // The whole process is measured, so each size runs in its own.
    let Some(routes) = only else {
        println!(
            "routes      bytes  read ms  decode ms  resolve ms  drop ms  peak MB  peak / input"
        );
        for routes in ["1000", "10000", "100000"] {
            let program = std::env::current_exe().unwrap();
            assert!(
                std::process::Command::new(program)
                    .arg(routes)
                    .status()
                    .unwrap()
                    .success()
            );
        }
        return;
    };
    let text = spec(routes);
    let bytes = text.len();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    std::fs::write(&path, &text).unwrap();
    drop(text);
    let started = cpu();
    let options = ReadOptions {
        input: Input::File(path),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document = read(&options).unwrap();
    let was_read = cpu();
    let decoded = document.decode::<Spec>();
    let was_decoded = cpu();
    assert_eq!(decoded.diagnostics, []);
    let spec = decoded.value.unwrap();
    let options = Options {
        secrets: Secrets::Reference,
        files: &|path| std::fs::read(path),
        complete: true,
    };
    let started_to_resolve = cpu();
    let resolved = resolve(&spec, &document, &options);
    let was_resolved = cpu();
    assert_eq!(
        resolved.gateway.as_ref().unwrap().routes.len(),
        routes,
        "{:?}",
        resolved.diagnostics
    );
    let peak = peak_bytes();
    drop((resolved, spec, document));
    let was_dropped = cpu();
    let ratio = peak as f64 / bytes as f64;
    let times = [
        was_read - started,
        was_decoded - was_read,
        was_resolved - started_to_resolve,
        was_dropped - was_resolved,
    ];
    let [reading, decoding, resolving, dropping] = times.map(|time| time.as_millis());
    println!(
        "{routes:>6} {bytes:>10}  {reading:>7}  {decoding:>9}  {resolving:>10}  {dropping:>7}  {:>7}  {ratio:>12.1}",
        peak >> 20
    );
}

/// A spec of so many routes, about 560 bytes each.
fn spec(routes: usize) -> String {
    let mut text = String::from(
        "version: 1\nname: scale\nauth:\n  customers: { api_key: { header: X-API-Key } }\nconsumers:\n  acme: { api_key: \"secret://acme\", groups: [partner] }\n  bob: { api_key: \"secret://bob\", groups: [staff] }\nservices:\n",
    );
    for n in 0..routes.div_ceil(100) {
        writeln!(text, "  service-{n}: {{ url: \"http://service-{n}.internal.example:3000/base\", balance: round_robin }}").unwrap();
    }
    text.push_str("routes:\n");
    for n in 0..routes {
        write!(
            text,
            "  # what part {n} of the shop does for its customers\n  GET,POST /api/v1/part-{n}/items/{{id}}/details/*:\n    to: service-{}\n    rewrite: /items/{{id}}/details/*\n    auth: customers\n    groups: [partner, staff]\n    limit: {{ rate: 100/min, burst: 20, per: consumer }}\n    timeout: {{ connect: 1s, response: 10s }}\n    max_body: 1MB\n    request_headers:\n      set: {{ X-Part: \"{n}\", X-Team: \"team-{}\" }}\n      remove: [X-Debug, X-Internal]\n    ip:\n      allow: [10.0.0.0/8, 192.168.0.0/16]\n    cors: {{ origins: [\"https://shop.example\"], methods: [GET, POST] }}\n",
            n / 100,
            n % 17
        )
        .unwrap();
    }
    text
}

/// CPU time of this process so far, from Linux's accounting (ticks of 1/100 s would be too coarse).
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(nanoseconds)
}

fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<usize>().ok())
        .unwrap_or(0)
        << 10
}
