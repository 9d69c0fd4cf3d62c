//! Reading: includes, overlays, variables, redirected services, aliases and allow comments, with their places.

use std::path::{Path, PathBuf};

use gateway_gen::report::Place;
use gateway_gen::source::{Document, Input, Part, Pointer, ReadOptions, read};
use gateway_gen::spec::Spec;

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, env: Option<&str>, services: &[(&str, &str)]) -> Document {
        let services = services
            .iter()
            .map(|(name, url)| ((*name).to_owned(), (*url).to_owned()))
            .collect();
        let variables = |name: &str| match name {
            "HOST" => Some("users".to_owned()),
            "PORT" => Some("3000".to_owned()),
            "ON" => Some("true".to_owned()),
            _ => None,
        };
        let options = ReadOptions {
            input: Input::File(self.path("gateway.yaml")),
            env: env.map(str::to_owned),
            variables: &variables,
            services,
        };
        read(&options).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
    }
}

fn clean(document: &Document) -> Spec {
    let decoded = document.decode::<Spec>();
    let found: Vec<_> = document
        .diagnostics()
        .iter()
        .chain(&decoded.diagnostics)
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    decoded.value.unwrap()
}

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

/// The text at a pointer's key or value.
fn text<'a>(document: &'a Document, at: &str, part: Part) -> &'a str {
    let span = document
        .locate(&Place::Node {
            pointer: pointer(at),
            part,
        })
        .unwrap();
    document.sources().slice(span)
}

const BASE: &str = "version: 1\nname: shop\ngateway: { replicas: 2 }\nservices:\n  users: http://users:3000\nroutes:\n  GET /users: { to: users, groups: [a, b] }\n";

#[test]
fn every_example_reads_and_decodes_without_a_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut read_so_far = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("gateway.yaml");
        if path.exists() {
            let options = ReadOptions {
                input: Input::File(path.clone()),
                env: None,
                variables: &|_| None,
                services: Vec::new(),
            };
            let document = read(&options)
                .unwrap_or_else(|failure| panic!("{}: {:?}", path.display(), failure.diagnostics));
            let decoded = document.decode::<Spec>();
            let found: Vec<_> = document
                .diagnostics()
                .iter()
                .chain(&decoded.diagnostics)
                .collect();
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
            read_so_far += 1;
        }
    }
    assert!(read_so_far >= 3);
}

#[test]
fn includes_are_relative_to_the_file_that_includes_and_keep_their_places() {
    let case = Case::new(&[
        (
            "gateway.yaml",
            &format!("include: ['parts/*.yaml', services.yaml]\n{BASE}"),
        ),
        (
            "parts/orders.yaml",
            "version: 1\ninclude: [deeper/more.yaml]\nroutes:\n  GET /orders: { to: orders }\n",
        ),
        (
            "parts/deeper/more.yaml",
            "routes:\n  GET /more: { to: orders }\n",
        ),
        ("services.yaml", "services:\n  orders: http://orders:3000\n"),
    ]);
    let document = case.read(None, &[]);
    let spec = clean(&document);
    assert_eq!(
        spec.routes.keys().collect::<Vec<_>>(),
        ["GET /users", "GET /orders", "GET /more"]
    );
    assert_eq!(
        text(&document, "/routes/GET ~1more/to", Part::Value),
        "orders"
    );
    assert_eq!(
        document.file_of(&pointer("/routes/GET ~1more")).unwrap(),
        case.path("parts/deeper/more.yaml")
    );
    assert_eq!(
        document.file_of(&pointer("/services/orders")).unwrap(),
        case.path("services.yaml")
    );
}

#[test]
fn an_overlay_merges_maps_replaces_lists_deletes_by_null_and_adds_names() {
    let case = Case::new(&[
        ("gateway.yaml", BASE),
        (
            "gateway.prod.yaml",
            "gateway: { replicas: 4 }\nservices: { orders: 'http://orders:1' }\nroutes:\n  GET /users: { groups: [c] }\n  GET /new: { to: orders, limit: { rate: 1/s } }\n",
        ),
        (
            "gateway.lean.yaml",
            "gateway: null\nroutes: { GET /users: { groups: null } }\n",
        ),
    ]);
    let document = case.read(Some("prod"), &[]);
    let spec = clean(&document);
    assert_eq!(spec.gateway.replicas, Some(4));
    assert_eq!(
        spec.routes.keys().collect::<Vec<_>>(),
        ["GET /users", "GET /new"]
    );
    assert_eq!(
        text(&document, "/routes/GET ~1users/groups", Part::Value),
        "[c]"
    );
    assert_eq!(
        text(&document, "/routes/GET ~1users/to", Part::Value),
        "users"
    );
    assert_eq!(
        document.file_of(&pointer("/gateway/replicas")).unwrap(),
        case.path("gateway.prod.yaml")
    );
    assert_eq!(
        document
            .file_of(&pointer("/routes/GET ~1users/to"))
            .unwrap(),
        case.path("gateway.yaml")
    );
    let lean = case.read(Some("lean"), &[]);
    clean(&lean);
    assert!(!lean.has(&pointer("/gateway")) && !lean.has(&pointer("/routes/GET ~1users/groups")));
}

#[test]
fn an_overlay_on_an_aliased_map_changes_that_place_alone() {
    let base = "version: 1\nname: shop\nservices: { users: 'http://users:3000' }\nroutes:\n  GET /a: &a { to: users, rewrite: /a }\n  GET /b: *a\n";
    let case = Case::new(&[
        ("gateway.yaml", base),
        ("gateway.prod.yaml", "routes: { GET /a: { rewrite: /c } }\n"),
    ]);
    let document = case.read(Some("prod"), &[]);
    clean(&document);
    assert_eq!(
        document.text(&pointer("/routes/GET ~1a/rewrite")),
        Some("/c")
    );
    assert_eq!(
        document.text(&pointer("/routes/GET ~1b/rewrite")),
        Some("/a")
    );
}

#[test]
fn variables_are_replaced_and_a_whole_one_takes_the_type_it_looks_like() {
    let base = BASE
        .replace(
            "http://users:3000",
            "http://${env:HOST}:${env:PORT}/${env:NONE:-v1}",
        )
        .replace("groups: [a, b]", "preserve_host: \"${env:ON}\"");
    let unquoted = BASE.replace(
        "{ to: users, groups: [a, b] }",
        "\n    to: users\n    preserve_host: ${env:ON}",
    );
    let quoted = Case::new(&[("gateway.yaml", &base)]).read(None, &[]);
    assert_eq!(
        quoted.text(&pointer("/services/users")),
        Some("http://users:3000/v1")
    );
    assert_eq!(
        text(&quoted, "/services/users", Part::Value),
        "http://${env:HOST}:${env:PORT}/${env:NONE:-v1}"
    );
    let found = quoted.decode::<Spec>().diagnostics;
    assert_eq!(found.len(), 1, "a quoted variable is text: {found:?}");
    let spec = clean(&Case::new(&[("gateway.yaml", &unquoted)]).read(None, &[]));
    assert_eq!(spec.routes["GET /users"].preserve_host, Some(true));
}

#[test]
fn a_service_points_elsewhere_and_keeps_its_other_settings() {
    let base = "version: 1\nname: shop\nservices:\n  users: http://users:3000\n  orders: { targets: ['http://a:1', 'http://b:1'], health: { path: /up } }\nroutes: {}\n";
    let case = Case::new(&[("gateway.yaml", base)]);
    let document = case.read(
        None,
        &[
            ("users", "http://127.0.0.1:1"),
            ("orders", "http://127.0.0.1:2"),
        ],
    );
    clean(&document);
    assert_eq!(
        document.text(&pointer("/services/users")),
        Some("http://127.0.0.1:1")
    );
    assert_eq!(
        document.text(&pointer("/services/orders/url")),
        Some("http://127.0.0.1:2")
    );
    assert!(
        !document.has(&pointer("/services/orders/targets"))
            && document.has(&pointer("/services/orders/health/path"))
    );
}

#[test]
fn a_service_that_points_to_plain_http_loses_its_tls() {
    let base = "version: 1\nname: shop\nservices:\n  users: { url: 'https://users', tls: { verify: false } }\nroutes: {}\n";
    let case = Case::new(&[("gateway.yaml", base)]);
    let has_tls = |url| {
        let document = case.read(None, &[("users", url)]);
        clean(&document);
        document.has(&pointer("/services/users/tls"))
    };
    assert!(!has_tls("http://127.0.0.1:1"));
    assert!(has_tls("https://127.0.0.1:1"));
}

#[test]
fn allow_comments_belong_to_their_line_or_to_what_follows() {
    let base = "version: 1\nname: shop\nservices:\n  users: http://users:3000\nroutes:\n  GET /a: { to: users } # gateway-gen: allow(GG201) open on purpose\n  # gateway-gen: allow(GG202, limits/none)\n\n  GET /b:\n    to: users\n    groups:\n      - a\n      # gateway-gen: allow(GG203) why\n      - b\n  # gateway-gen: alow(x)\n";
    let document = Case::new(&[("gateway.yaml", base)]).read(None, &[]);
    let allows: Vec<(&str, &str, &str)> = document
        .allows()
        .iter()
        .map(|allow| {
            (
                allow.rule.as_str(),
                allow.reason.as_str(),
                allow.pointer.as_str(),
            )
        })
        .collect();
    assert_eq!(
        allows,
        [
            ("GG201", "open on purpose", "/routes/GET ~1a"),
            ("GG202", "", "/routes/GET ~1b"),
            ("limits/none", "", "/routes/GET ~1b"),
            ("GG203", "why", "/routes/GET ~1b/groups/1"),
        ]
    );
    assert_eq!(
        document.sources().slice(document.allows()[0].span),
        "# gateway-gen: allow(GG201) open on purpose"
    );
    let codes: Vec<&str> = document
        .diagnostics()
        .iter()
        .map(|found| found.code.id)
        .collect();
    assert_eq!(codes, ["GG020"]);
}

#[test]
fn spans_of_block_values_end_with_their_text() {
    let base = "version: 1\nname: shop\nroutes:\n  GET /a:\n    to: users\n    groups:\n      - a\n\n\n  # a comment\n  GET /b: { to: users }\n";
    let document = Case::new(&[("gateway.yaml", base)]).read(None, &[]);
    assert_eq!(
        text(&document, "/routes/GET ~1a", Part::Value),
        "to: users\n    groups:\n      - a"
    );
    assert_eq!(text(&document, "/routes/GET ~1a", Part::Key), "GET /a");
    assert_eq!(
        text(&document, "/routes/GET ~1a/groups/0", Part::Value),
        "a"
    );
    assert_eq!(
        text(&document, "/routes/GET ~1a/limit/rate", Part::Value),
        "GET /a",
        "what is not there stands where its nearest owner does"
    );
}

#[test]
fn ignored_keys_may_stand_in_maps_of_settings_and_of_names_but_header_names_are_kept() {
    let base = "version: 1\nname: shop\nx-note: { any: thing }\nservices: { users: 'http://users:3000', x-old: 5 }\nroutes:\n  x-note: 1\n  GET /a: { to: users, x-owner: me, limit: { rate: 1/s, x-why: 2 }, request_headers: { set: { x-tenant: a } } }\n";
    let spec = clean(&Case::new(&[("gateway.yaml", base)]).read(None, &[]));
    assert_eq!(spec.routes.len(), 1);
    let text = format!("{:?}", spec.routes["GET /a"]);
    assert!(text.contains("x-tenant"), "{text}");
}

#[test]
fn json_and_yaml_of_the_same_spec_decode_alike() {
    let yaml = Case::new(&[("gateway.yaml", BASE)]).read(None, &[]);
    let json = "{\n\t\"version\":1,\"name\":\"shop\",\"gateway\":{\"replicas\":2},\n\t\"services\":{\"users\":\"http:\\/\\/users:3000\"},\"routes\":{\"GET \\/users\":{\"to\":\"users\",\"groups\":[\"a\",\"b\"]}}}";
    let json = Case::new(&[("gateway.yaml", json)]).read(None, &[]);
    assert_eq!(clean(&yaml), clean(&json));
}

#[test]
fn names_that_could_not_be_decoded_are_still_known() {
    let base = BASE.replace("http://users:3000", "{ ulr: 5 }");
    let document = Case::new(&[("gateway.yaml", &base)]).read(None, &[]);
    let decoded = document.decode::<Spec>();
    assert_eq!(decoded.diagnostics.len(), 1, "{:?}", decoded.diagnostics);
    assert!(document.has(&pointer("/services/users")));
    assert_eq!(
        document.keys(&pointer("/services")).collect::<Vec<_>>(),
        ["users"]
    );
    assert!(decoded.broken.contains(&pointer("/services/users/ulr")));
}
