//! Ten thousand routes, with something to find on many of them.

use std::fmt::Write as _;
use std::time::Duration;

use gateway_gen::spec::Preset;

use super::spec;

fn large(routes: usize) -> String {
    let mut text = String::from(
        "version: 1\nname: large\ngateway: { replicas: 2 }\ndefaults: { limit: { rate: 100/min, per: client_ip } }\nservices:\n",
    );
    for n in 0..100 {
        let _ = writeln!(text, "  s{n}: http://s{n}:3000");
    }
    text.push_str("routes:\n");
    for n in 0..routes {
        let auth = ["", ", auth: none", ", auth: none, limit: none"][n % 3];
        let _ = writeln!(
            text,
            "  GET,POST /r{n}/{{id}}/*: {{ to: s{}{auth} }}",
            n % 100
        );
    }
    text.push_str("targets: { nginx: {} }\n");
    text
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn ten_thousand_routes_are_linted_in_half_a_second() {
    let loaded = spec(&large(10_000));
    let start = cpu();
    let found = loaded.lint(Preset::Strict).found;
    let took = cpu() - start;
    assert!(found.len() > 6_000, "{}", found.len());
    // Without optimisation everything takes about ten times as long.
    let most = if cfg!(debug_assertions) { 5_000 } else { 500 };
    println!("{} findings in {took:?}", found.len());
    assert!(took < Duration::from_millis(most), "{took:?}");
}
