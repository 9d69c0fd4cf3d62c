//! Specs of 1,000, 10,000 and 100,000 routes -> CPU time and peak memory of `check` and `build -t nginx`, each in a process of its own.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many routes a service has.
const ROUTES_A_SERVICE: usize = 20;

fn main() {
    let program = env!("CARGO_BIN_EXE_gateway-gen");
    let dir = tempfile::tempdir().unwrap();
    println!("| routes | spec | command | CPU | peak memory | memory / spec |");
    println!("|---|---|---|---|---|---|");
    let most = std::env::var("SCALE_MOST").map_or(100_000, |most| most.parse().unwrap());
    for routes in [1_000, 10_000, 100_000]
        .into_iter()
        .filter(|routes| *routes <= most)
    {
        let spec = dir.path().join(format!("{routes}.yaml"));
        fs::write(&spec, text(routes)).unwrap();
        let dist = dir.path().join("dist");
        let spec_text = spec.display().to_string();
        let check: &[&str] = &["check", &spec_text];
        let out = dist.display().to_string();
        let build: &[&str] = &["build", &spec_text, "-t", "nginx", "-o", &out];
        for (name, arguments) in [("check", check), ("build -t nginx", build)] {
            let runs: Vec<Cost> = (0..3).map(|_| measure(program, arguments)).collect();
            let best = runs.into_iter().min_by_key(|cost| cost.cpu_ms).unwrap();
            report(routes, &spec, name, &best);
        }
    }
}

fn report(routes: usize, spec: &Path, name: &str, cost: &Cost) {
    let bytes = fs::metadata(spec).unwrap().len() as f64;
    println!(
        "| {routes} | {:.1} MB | `{name}` | {} ms | {:.0} MB | {:.0} |",
        bytes / 1e6,
        cost.cpu_ms,
        cost.peak_kb as f64 / 1024.0,
        cost.peak_kb as f64 * 1024.0 / bytes
    );
}

struct Cost {
    cpu_ms: u64,
    peak_kb: u64,
}

/// Runs the program under GNU time, which knows the peak of a child.
fn measure(program: &str, arguments: &[&str]) -> Cost {
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S %M", program])
        .args(arguments)
        .output()
        .expect("GNU time is installed (apt-get install time)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let last = said.lines().next_back().unwrap();
    let numbers: Vec<f64> = last.split(' ').map(|word| word.parse().unwrap()).collect();
    Cost {
        cpu_ms: ((numbers[0] + numbers[1]) * 1000.0).round() as u64,
        peak_kb: numbers[2] as u64,
    }
}

/// A spec as people write them: about 560 bytes a route.
fn text(routes: usize) -> String {
    let mut text = String::with_capacity(routes * 600);
    text.push_str(
        "version: 1\nname: scale\n\
         auth:\n  keys: { api_key: { header: X-API-Key } }\n\
         consumers:\n  one: { plan: basic, groups: [readers], api_key: \"secret://one-key\" }\n\
         plans:\n  basic: { limit: { rate: 100/s, burst: 50 } }\n",
    );
    text.push_str("services:\n");
    for service in 0..routes.div_ceil(ROUTES_A_SERVICE) {
        let _ = writeln!(
            text,
            "  service-{service}:\n    url: http://127.0.0.1:{}\n    breaker: {{ failures: 5, open: 30s }}",
            3000 + service % 1000
        );
    }
    text.push_str("routes:\n");
    for route in 0..routes {
        let (service, resource) = (route / ROUTES_A_SERVICE, route % ROUTES_A_SERVICE);
        let _ = writeln!(
            text,
            "  GET,POST /api/v1/service-{service}/resource-{resource}/{{id}}/details:\n\
             \x20   to: service-{service}\n\
             \x20   description: \"details of one resource, as the owner of service {service} wrote them down for route {route}\"\n\
             \x20   rewrite: /internal/resource-{resource}/{{id}}\n\
             \x20   auth: keys\n\
             \x20   groups: [readers]\n\
             \x20   limit: {{ rate: 100/min, burst: 20, per: consumer }}\n\
             \x20   timeout: {{ connect: 500ms, response: 5s }}\n\
             \x20   max_body: 64KB\n\
             \x20   request_headers: {{ set: {{ X-Route: \"route-{route}\" }}, remove: [Cookie] }}"
        );
    }
    text
}
