//! Every example's template has nothing that either checker warns about, and the seed's has what its CDK code makes.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{build_example, examples, read_json, tool};

fn templates(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    let names = examples();
    let build = |name: &String| build_example(name, folder.path()).join("template.json");
    names.iter().map(build).collect()
}

#[test]
fn cfn_lint_finds_nothing_in_any_example() {
    let Some(program) = tool("cfn-lint/bin/cfn-lint") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(program)
        .args(templates(&folder))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.trim().is_empty(), "{said}");
}

const VALIDATE: &str = "
import sys
from cloudformation_validate import CompositeEngine
engine = CompositeEngine()
for path in sys.argv[1:]:
    for found in engine.validate_template(path).diagnostics:
        print(found.severity.name, found.rule_id, path, found.message)
";

// ARNs that the spec itself names: certificates and functions of other stacks.
const OF_THE_SPEC: [&str; 2] = ["WARN W9002 ", "WARN W9013 "];

#[test]
fn cloudformation_validate_warns_about_nothing_but_arns_of_the_spec() {
    let Some(python) = tool("cloudformation-validate/bin/python") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(python)
        .args(["-c", VALIDATE])
        .args(templates(&folder))
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let said = String::from_utf8_lossy(&run.stdout);
    let bad: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("INFO "))
        .filter(|line| !OF_THE_SPEC.iter().any(|known| line.starts_with(known)))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    // The checker did look: every template has properties that it speaks about.
    assert!(said.lines().count() > 100);
}

fn resources(template: &Value, kind: &str) -> Vec<Value> {
    let all = template["Resources"].as_object().unwrap();
    let of_kind = |resource: &&Value| resource["Type"] == kind;
    all.values()
        .filter(of_kind)
        .map(|r| r["Properties"].clone())
        .collect()
}

#[test]
fn the_seed_has_what_its_cdk_code_makes() {
    let folder = tempfile::tempdir().unwrap();
    let template = read_json(&build_example("seed", folder.path()).join("template.json"));
    let stage = &resources(&template, "AWS::ApiGateway::Stage")[0];
    assert_eq!(stage["StageName"], "prod");
    let whole = &stage["MethodSettings"][0];
    assert_eq!(whole["ResourcePath"], "/*");
    assert_eq!(whole["ThrottlingRateLimit"], 1000);
    assert_eq!(whole["ThrottlingBurstLimit"], 500);
    let plan = &resources(&template, "AWS::ApiGateway::UsagePlan")[0];
    assert_eq!(
        plan["Throttle"],
        json!({ "RateLimit": 100, "BurstLimit": 50 })
    );
    assert_eq!(plan["Quota"], json!({ "Limit": 10000, "Period": "MONTH" }));
    let methods = resources(&template, "AWS::ApiGateway::Method");
    let orders = template["Resources"]["PathApiOrders"].is_object();
    assert!(orders);
    let on_orders = |verb: &str| {
        let here = json!({ "Ref": "PathApiOrders" });
        let found = methods
            .iter()
            .find(|m| m["ResourceId"] == here && m["HttpMethod"] == verb);
        found.unwrap().clone()
    };
    let (get, post) = (on_orders("GET"), on_orders("POST"));
    for (method, function) in [(&get, "listOrdersFn"), (&post, "createOrderFn")] {
        assert_eq!(method["Integration"]["Type"], "AWS_PROXY");
        assert!(method["Integration"]["Uri"].to_string().contains(function));
    }
    assert_eq!(get["AuthorizationType"], "NONE");
    assert_eq!(post["AuthorizationType"], "COGNITO_USER_POOLS");
    assert_eq!(post["AuthorizerId"], json!({ "Ref": "AuthorizerPool" }));
}

#[test]
fn no_secret_is_printed_unless_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["api-keys-and-plans", "basic-and-groups", "quotas", "shop"] {
        let file = build_example(name, folder.path()).join("template.json");
        let template = std::fs::read_to_string(file).unwrap();
        let key = format!("{{{{resolve:secretsmanager:{name}/");
        assert!(template.contains(&key), "{name} has no dynamic reference");
    }
}
