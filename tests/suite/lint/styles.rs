//! Edits keep comments, order and style, in block maps, flow maps, JSON, CRLF files and included files.

use super::{Folder, fix_all, fixed};

const REST: &str = "services: { a: \"http://a:1\" }\nroutes:\n  GET /a: { to: a, auth: none, limit: { rate: 1/s } }\n";

/// A gateway section, and what fixing the whole spec makes of it.
#[track_caller]
fn becomes(before: &str, after: &str) {
    let spec = |gateway: &str| format!("version: 1\nname: shop\n{gateway}{REST}");
    assert_eq!(fixed(&spec(before)), spec(after));
}

#[test]
fn a_value_is_replaced_in_its_place() {
    becomes(
        "gateway:\n  access_log:   none   # why\n",
        "gateway:\n  access_log:   json   # why\n",
    );
    becomes(
        "gateway: { access_log: none, replicas: 2 }\n",
        "gateway: { access_log: json, replicas: 2 }\n",
    );
}

#[test]
fn an_entry_of_a_block_goes_with_its_line_and_leaves_comments_of_others() {
    becomes(
        "gateway:\n  # first\n  replicas: 2\n  request_id: none # off\n  # last\n  max_body: 1MB\n",
        "gateway:\n  # first\n  replicas: 2\n  # last\n  max_body: 1MB\n",
    );
}

#[test]
fn the_last_entry_of_a_block_takes_the_block_with_it() {
    becomes("gateway:\n  request_id: none\n", "");
}

#[test]
fn an_entry_of_a_flow_map_goes_with_its_comma() {
    becomes(
        "gateway: { request_id: none, replicas: 2 }\n",
        "gateway: { replicas: 2 }\n",
    );
    becomes(
        "gateway: { replicas: 2, request_id: none }\n",
        "gateway: { replicas: 2 }\n",
    );
    becomes(
        "gateway: { replicas: 2, request_id: none, max_body: 1MB }\n",
        "gateway: { replicas: 2, max_body: 1MB }\n",
    );
}

#[test]
fn a_key_is_added_behind_the_last_one_in_the_map_s_style() {
    let tls = "certificate: tls/shop.crt, key: \"secret://k\"";
    becomes(
        &format!("gateway:\n  listen: {{ http: 80, https: 443 }}\n  tls: {{ {tls} }} # c\n"),
        &format!(
            "gateway:\n  listen: {{ http: 80, https: 443 }}\n  tls: {{ {tls}, redirect_http: true }} # c\n"
        ),
    );
    becomes(
        "gateway:\n    listen:\n        http: 80\n        https: 443\n    tls:\n        certificate: tls/shop.crt # a\n        key: \"secret://k\" # b\n    replicas: 2\n",
        "gateway:\n    listen:\n        http: 80\n        https: 443\n    tls:\n        certificate: tls/shop.crt # a\n        key: \"secret://k\" # b\n        redirect_http: true\n    replicas: 2\n",
    );
}

#[test]
fn a_section_that_is_missing_is_added_at_the_end() {
    let spec = "version: 1\nname: shop\nservices: { a: \"http://a:1\" }\nroutes:\n  POST /a:\n    to: a\n    auth: none\n    limit: { rate: 1/s } # slow\n# end\n";
    let after = fixed(spec);
    assert_eq!(
        after,
        spec.replace("# slow\n", "# slow\ngateway: { max_body: 10MB }\n")
    );
}

#[test]
fn json_stays_json() {
    let spec = "{\n  \"version\": 1,\n  \"name\": \"shop\",\n  \"gateway\": {\n    \"access_log\": \"none\",\n    \"replicas\": 2\n  },\n  \"services\": {\"a\": \"http://a:1\"},\n  \"routes\": {\"POST /a\": {\"to\": \"a\", \"auth\": \"none\", \"limit\": {\"rate\": \"1/s\"}}}\n}\n";
    let after = fixed(spec);
    let wanted = spec.replace("\"none\",\n", "\"json\",\n").replace(
        "\"replicas\": 2\n",
        "\"replicas\": 2,\n    \"max_body\": \"10MB\"\n",
    );
    assert_eq!(after, wanted);
    assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok());
}

#[test]
fn line_ends_stay_as_they_are() {
    let spec = "version: 1\r\nname: shop\r\ngateway:\r\n  replicas: 2 # two\r\nservices: { a: \"http://a:1\" }\r\nroutes:\r\n  POST /a: { to: a, auth: none, limit: { rate: 1/s } }\r\n";
    assert_eq!(
        fixed(spec),
        spec.replace("# two\r\n", "# two\r\n  max_body: 10MB\r\n")
    );
}

#[test]
fn a_value_from_a_variable_or_an_alias_is_left_alone() {
    for gateway in [
        "gateway: { access_log: \"${env:LOG:-none}\" }\n",
        "x-log: &log none\ngateway: { access_log: *log }\n",
    ] {
        becomes(gateway, gateway);
    }
}

#[test]
fn the_file_that_has_the_place_is_the_one_that_changes() {
    let folder = Folder::new(
        "version: 1\nname: shop\ninclude: [more.yaml]\nservices: { a: \"http://a:1\" }\nroutes:\n  GET /a: { to: a, auth: none, limit: { rate: 1/s } }\n",
    );
    let more = folder.path().join("more.yaml");
    std::fs::write(&more, "# more\ngateway:\n  access_log: none\n").unwrap();
    let done = fix_all(&folder.spec());
    assert_eq!(done.changes.len(), 1);
    assert_eq!(done.changes[0].path, more);
    assert_eq!(
        done.changes[0].after,
        "# more\ngateway:\n  access_log: json\n"
    );
}

#[test]
fn an_item_of_a_list_goes_in_brackets_and_in_lines() {
    let spec = |rules: &str| {
        format!("version: 1\nname: shop\ngateway:\n  response_headers:\n{rules}{REST}")
    };
    for (before, after) in [
        (
            "    remove: [Server, x-request-id, Via]\n",
            "    remove: [Server, Via]\n",
        ),
        ("    remove: [x-request-id, Via]\n", "    remove: [Via]\n"),
        ("    remove: [Via, x-request-id]\n", "    remove: [Via]\n"),
        (
            "    remove:\n      - Via\n      - X-Request-ID # no\n",
            "    remove:\n      - Via\n",
        ),
        (
            "    set: { Via: me }\n    remove: [X-Request-ID]\n",
            "    set: { Via: me }\n",
        ),
    ] {
        assert_eq!(fixed(&spec(before)), spec(after));
    }
}
