//! Thousands of tries to get past the guards of the examples: none reaches an upstream.

use std::path::Path;

use gateway_gen::ir::{Auth, Gateway};
use gateway_gen::report::Loss;
use gateway_gen::verify::bypass::bypass;
use gateway_gen::verify::engines::{Launcher, Nginx, Serve, Started};
use gateway_gen::verify::run::{Finding, Verdict};

use crate::verify::{example, examples, nginx};

/// Tries on each example with a guarded route; there are more than ten.
const EACH: usize = 500;

fn breaches(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Failed)
        .map(|finding| {
            let outcome = &finding.outcome;
            let curl = outcome
                .request
                .as_ref()
                .map(|request| request.curl("http://x"));
            format!(
                "{}: {:?}\n  {curl:?}",
                outcome.probe.name, outcome.differences
            )
        })
        .collect()
}

fn nobody_gets_past(launcher_of: &dyn Fn(&Path) -> Box<dyn Launcher>) {
    let (mut tried, mut answered, mut found) = (0, 0, Vec::new());
    for path in examples() {
        let (gateway, _) = example(&path);
        let findings = bypass(&gateway, launcher_of(&path).as_ref(), 7, EACH).unwrap();
        tried += findings.len();
        answered += findings
            .iter()
            .filter(|finding| finding.outcome.observed.as_ref().unwrap().status != 0)
            .count();
        let wrong = breaches(&findings);
        found.extend(
            wrong
                .iter()
                .map(|breach| format!("{} {breach}", path.display())),
        );
    }
    eprintln!("{tried} tried, {answered} answered");
    assert!(
        found.is_empty(),
        "{} of {tried}:\n{}",
        found.len(),
        found.join("\n")
    );
    assert!(tried >= 5000, "{tried}");
    // Most are requests that a server takes for one: nothing is shown by what is not even read.
    assert!(answered * 10 >= tried * 9, "{answered} of {tried}");
}

#[test]
fn none_of_five_thousand_tries_gets_past_a_guard_of_serve() {
    nobody_gets_past(&|_| Box::new(Serve));
}

#[test]
fn none_of_five_thousand_tries_gets_past_a_guard_of_nginx() {
    if let Some(program) = nginx("GATEWAY_GEN_NGINX", Some("/usr/sbin/nginx")) {
        nobody_gets_past(&|path| {
            Box::new(Nginx {
                program: program.clone(),
                settings: example(path).1,
                keep: None,
            })
        });
    }
}

/// Serve with one guard less than the spec has.
struct Unguarded(&'static str);

impl Launcher for Unguarded {
    fn name(&self) -> &'static str {
        "unguarded"
    }

    fn losses(&self, _: &Gateway) -> Vec<Loss> {
        Vec::new()
    }

    fn start(&self, gateway: &Gateway) -> anyhow::Result<Started> {
        let mut gateway = gateway.clone();
        for route in &mut gateway.routes {
            if route.key == self.0 {
                route.auth.value = Auth::None { explicit: true };
                route.scopes.value = gateway_gen::ir::Scopes::All(Vec::new());
                route.groups.value.clear();
            }
        }
        Serve.start(&gateway)
    }
}

#[test]
fn a_guard_that_is_missing_is_noticed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/gateway.yaml");
    let (gateway, _) = example(&path);
    let findings = bypass(&gateway, &Unguarded("POST /api/orders"), 7, EACH).unwrap();
    let found = breaches(&findings);
    assert!(
        found
            .iter()
            .any(|breach| breach.starts_with("POST /api/orders"))
    );
    // The same path by another method is another route's attempt.
    assert!(
        found
            .iter()
            .all(|breach| breach.contains("orders /api/orders?")),
        "{found:#?}"
    );
}
