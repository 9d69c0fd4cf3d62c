//! Gateways that run already in front of mocks: what the echo says is enough to tell right from wrong.

use std::path::Path;

use gateway_gen::ir::{Address, Gateway, Protocol, Secret};
use gateway_gen::serve::mock::echo;
use gateway_gen::verify::engines::{Launcher, Nginx, Serve};
use gateway_gen::verify::run::{Verdict, Verified, free_port, plain};
use gateway_gen::verify::url::{Place, verify_url};

use crate::cli::{exits, run, stderr};
use crate::verify::{example, nginx};

/// An example whose services are mocks and whose keys are known, on a port of its own.
fn in_front_of_mocks(name: &str) -> Gateway {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}/gateway.yaml"));
    let mut gateway = plain(example(&path).0, free_port().unwrap());
    for service in gateway.services.values_mut() {
        for target in &mut service.targets {
            target.address = Address {
                protocol: Protocol::Http,
                host: "127.0.0.1".into(),
                port: echo("127.0.0.1:0".parse().unwrap(), &service.name).unwrap(),
                path: target.address.path.clone(),
            };
        }
    }
    for consumer in gateway.consumers.values_mut() {
        for (number, key) in consumer.api_keys.iter_mut().enumerate() {
            *key = Secret::Known {
                name: Some("key".into()),
                text: format!("known-{}-{number}", consumer.name),
            };
        }
    }
    gateway
}

fn asked(running: &Gateway, spec: &Gateway, launcher: &dyn Launcher) -> Verified {
    let started = launcher.start(running).unwrap();
    let place = Place {
        address: started.address,
        prefix: String::new(),
    };
    let losses = launcher.losses(spec);
    let verified = verify_url(spec, &place, &losses, None, 3, &mut |_, _| {}).unwrap();
    started.stop();
    verified
}

#[track_caller]
fn agrees(verified: &Verified, at_least: usize) {
    let failed: Vec<String> = verified
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Failed)
        .map(|finding| {
            format!(
                "{}: {:?}",
                finding.outcome.probe.name, finding.outcome.differences
            )
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let passed = verified.count(Verdict::Passed);
    assert!(passed >= at_least, "{passed} passed");
    let skipped = verified
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Skipped);
    assert!(skipped.clone().count() > 0);
    assert!(skipped.clone().all(|finding| finding.why.is_some()));
}

#[test]
fn a_running_serve_in_front_of_mocks_is_as_specified() {
    for name in ["headers", "api-keys-and-plans", "rewrite"] {
        let gateway = in_front_of_mocks(name);
        agrees(&asked(&gateway, &gateway, &Serve), 150);
    }
}

#[test]
fn a_running_nginx_in_front_of_mocks_is_as_declared() {
    let Some(program) = nginx("GATEWAY_GEN_NGINX", Some("/usr/sbin/nginx")) else {
        return;
    };
    for name in ["headers", "rewrite"] {
        let gateway = in_front_of_mocks(name);
        let launcher = Nginx {
            program: program.clone(),
            settings: gateway_gen::spec::Targets::default(),
            keep: None,
        };
        agrees(&asked(&gateway, &gateway, &launcher), 150);
    }
}

#[test]
fn a_running_gateway_of_another_spec_is_noticed() {
    let spec = in_front_of_mocks("headers");
    let mut other = spec.clone();
    for route in &mut other.routes {
        route.request_headers.value.set.clear();
    }
    let verified = asked(&other, &spec, &Serve);
    let noticed = verified.findings.iter().any(|finding| {
        finding.verdict == Verdict::Failed
            && finding
                .outcome
                .differences
                .iter()
                .any(|difference| difference.aspect.starts_with("upstream header"))
    });
    assert!(noticed);
}

#[test]
fn where_nothing_answers_or_nothing_is_named_is_a_usage_error() {
    let spec = "examples/minimal/gateway.yaml";
    let nowhere = format!("http://127.0.0.1:{}", free_port().unwrap());
    let cases: [(&[&str], &str); 4] = [
        (&["--url", &nowhere, "--as", "nginx"], "nothing answers"),
        (&["--url", &nowhere, "--as", "apache"], "`apache`"),
        (
            &["--url", "https://127.0.0.1", "--as", "kong"],
            "plain HTTP",
        ),
        (&["--url", &nowhere], "--as"),
    ];
    for (arguments, said) in cases {
        let output = run(&[&["verify", spec], arguments].concat());
        exits(&output, 2);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}
