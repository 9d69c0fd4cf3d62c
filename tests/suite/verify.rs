//! Probes of every example against the engine itself: what is generated makes sense, and nothing slips past a check.

use std::path::{Path, PathBuf};

use gateway_gen::engine::{Memory, Unlimited};
use gateway_gen::ir::{Auth, Gateway};
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::{Spec, Targets};
use gateway_gen::verify::engines::{Kong, Launcher, Nginx, Serve};
use gateway_gen::verify::expect::{Oracle, Reach};
use gateway_gen::verify::generate::{Scene, probes};
use gateway_gen::verify::identity::Clock;
use gateway_gen::verify::probe::{Class, Step};
use gateway_gen::verify::rig::{Outside, rig};
use gateway_gen::verify::run::{Verdict, plain, verify};
use gateway_gen::verify::runner::{now, orders};

/// A spec of the examples, resolved, with its `targets` section.
pub fn example(path: &Path) -> (Gateway, Targets) {
    let options = ReadOptions {
        input: Input::File(path.to_owned()),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document = read(&options).unwrap();
    let spec = document.decode::<Spec>().value.unwrap();
    let options = Options {
        secrets: Secrets::Reference,
        files: &|path| std::fs::read(path),
        complete: true,
    };
    let resolved = resolve(&spec, &document, &options);
    (
        resolved
            .gateway
            .unwrap_or_else(|| panic!("{}: {:#?}", path.display(), resolved.diagnostics)),
        spec.targets,
    )
}

/// Every example's spec.
pub fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut specs: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("gateway.yaml"))
        .filter(|path| path.is_file())
        .collect();
    specs.sort();
    assert!(specs.len() > 20);
    specs
}

fn oracle(gateway: Gateway) -> Oracle {
    Oracle::new(plain(rig(gateway, &Outside::default()), 80)).unwrap()
}

#[test]
fn every_good_request_is_taken_by_its_route() {
    for path in examples() {
        let (gateway, _) = example(&path);
        let oracle = oracle(gateway);
        let scene = Scene::new(
            oracle.gateway(),
            Clock {
                now: now().seconds(),
            },
        );
        for probe in probes(&scene)
            .iter()
            .filter(|probe| probe.name.ends_with(": match"))
        {
            let Step::Send(request) = &probe.steps[0] else {
                panic!("a match is one request")
            };
            let (request, orders) = orders(request);
            let expected = oracle.expect(&request, &orders, &Unlimited, now());
            let here = format!("{} {}: {expected:?}", path.display(), probe.name);
            let taken = expected.route == probe.route || expected.reason.contains("preflight");
            assert!(taken, "another route takes it: {here}");
            let refused = expected
                .statuses
                .iter()
                .any(|status| matches!(status, 401 | 404 | 405 | 429));
            let impossible = oracle.gateway().routes[probe.route.unwrap().0].ip.is_some();
            assert!(!refused || impossible, "refused: {here}");
        }
    }
}

#[test]
fn no_spelling_without_credentials_reaches_an_upstream_of_a_guarded_route() {
    let mut asked = 0;
    for path in examples() {
        let (gateway, _) = example(&path);
        let oracle = oracle(gateway);
        let scene = Scene::new(
            oracle.gateway(),
            Clock {
                now: now().seconds(),
            },
        );
        let counters = Memory::default();
        for probe in probes(&scene).iter().filter(|probe| {
            probe.class == Class::Spelling && probe.name.ends_with("no credentials")
        }) {
            let Step::Send(request) = &probe.steps[0] else {
                panic!("a spelling is one request")
            };
            let (request, orders) = orders(request);
            let expected = oracle.expect(&request, &orders, &counters, now());
            let open = expected
                .route
                .is_none_or(|id| matches!(*oracle.gateway().routes[id.0].auth, Auth::None { .. }));
            assert!(
                open || expected.reach == Reach::Nothing,
                "{} {}: {expected:?}",
                path.display(),
                probe.name
            );
            asked += 1;
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn the_shop_is_asked_at_least_three_hundred_things() {
    let (gateway, _) =
        example(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/gateway.yaml"));
    let gateway = rig(gateway, &Outside::default());
    let all = probes(&Scene::new(
        &gateway,
        Clock {
            now: now().seconds(),
        },
    ));
    assert!(all.len() >= 300, "{}", all.len());
    let mut names: Vec<&str> = all.iter().map(|probe| probe.name.as_str()).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before, "probes have names of their own");
}

/// Everything that came out otherwise and that no declared loss explains.
fn unexplained(launcher: &dyn Launcher, path: &Path, gateway: &Gateway) -> (usize, Vec<String>) {
    let verified = verify(gateway, launcher, 1, &mut |_, _| {}).unwrap();
    let failed = verified
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Failed);
    let shown = failed.map(|finding| {
        format!(
            "{} {}: {:?}",
            path.display(),
            finding.outcome.probe.name,
            finding.outcome.differences
        )
    });
    (verified.findings.len(), shown.collect())
}

#[test]
fn serve_answers_every_probe_of_every_example_as_the_engine_says() {
    let (mut asked, mut failed) = (0, Vec::new());
    for path in examples() {
        let (gateway, _) = example(&path);
        let (count, wrong) = unexplained(&Serve, &path, &gateway);
        asked += count;
        failed.extend(wrong);
    }
    assert!(
        failed.is_empty(),
        "{} of {asked}:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(asked > 5000, "{asked}");
}

/// The nginx to test with: the one named by a variable, or the one of the machine.
pub fn nginx(variable: &str, usual: Option<&str>) -> Option<PathBuf> {
    let program = std::env::var_os(variable)
        .map(PathBuf::from)
        .or(usual.map(PathBuf::from))
        .filter(|program| program.is_file());
    if program.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "nginx not found, and in CI a skip is a failure"
        );
        eprintln!(
            "skipped: {} not found ({variable})",
            if usual.is_some() {
                "nginx"
            } else {
                "nginx 1.26"
            }
        );
    }
    program
}

fn nginx_agrees(program: &Path, other: Option<(&str, String)>) {
    let (mut asked, mut failed) = (0, Vec::new());
    for path in examples() {
        let (gateway, mut settings) = example(&path);
        if let Some((version, modules)) = &other {
            let own = settings.nginx.get_or_insert_default();
            own.version = Some((*version).to_owned());
            own.module_path = Some(modules.clone());
        }
        let launcher = Nginx {
            program: program.to_owned(),
            settings,
            keep: None,
        };
        let (count, wrong) = unexplained(&launcher, &path, &gateway);
        asked += count;
        failed.extend(wrong);
    }
    assert!(
        failed.is_empty(),
        "{} of {asked}:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(asked > 5000, "{asked}");
}

#[test]
fn nginx_answers_every_probe_of_every_example_as_declared() {
    if let Some(program) = nginx("GATEWAY_GEN_NGINX", Some("/usr/sbin/nginx")) {
        nginx_agrees(&program, None);
    }
}

#[test]
fn nginx_1_26_answers_every_probe_of_every_example_as_declared() {
    if let Some(program) = nginx("GATEWAY_GEN_NGINX_126", None) {
        // `.ci/nginx-1.26.sh` puts the modules beside the program.
        let beside = program
            .parent()
            .map(|folder| folder.join("root/usr/lib/nginx/modules"))
            .filter(|folder| folder.is_dir());
        let modules = beside.unwrap_or_else(|| "/usr/lib/nginx/modules".into());
        nginx_agrees(&program, Some(("1.26", modules.display().to_string())));
    }
}

/// Kong is not among what CI installs: where somebody has it, every example is held against it.
#[test]
fn kong_answers_every_probe_of_every_example_as_declared_where_it_is_named() {
    let Some(program) = std::env::var_os("GATEWAY_GEN_KONG").map(PathBuf::from) else {
        println!("skipped: GATEWAY_GEN_KONG names no kong");
        return;
    };
    let mut failed = Vec::new();
    for path in examples() {
        let (gateway, settings) = example(&path);
        let launcher = Kong {
            program: program.clone(),
            settings,
            keep: None,
        };
        failed.extend(unexplained(&launcher, &path, &gateway).1);
    }
    assert!(
        failed.is_empty(),
        "{}:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
