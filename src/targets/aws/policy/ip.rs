//! ADDRESSES -> RESOURCE POLICY, where all routes have the same rules; the authorizer checks others.

use serde_json::{Value, json};

use crate::ir::IpRules;

/// Longest resource policy, in bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub const LONGEST_POLICY: usize = 8192;

/// Everybody but whom the rules refuse may call; the health endpoint answers all.
#[must_use]
pub fn policy(rules: &IpRules, health: Option<&str>) -> Value {
    let list =
        |nets: &[ipnet::IpNet]| -> Vec<String> { nets.iter().map(ToString::to_string).collect() };
    let mut statements = vec![json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
    })];
    let mut deny = |condition: Value| {
        let mut statement =
            json!({ "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke" });
        match health {
            Some(path) => statement["NotResource"] = json!(format!("execute-api:/*/GET{path}")),
            None => statement["Resource"] = json!("execute-api:/*"),
        }
        statement["Condition"] = condition;
        statements.push(statement);
    };
    if !rules.deny.is_empty() {
        deny(json!({ "IpAddress": { "aws:SourceIp": list(&rules.deny) } }));
    }
    if !rules.allow.is_empty() {
        deny(json!({ "NotIpAddress": { "aws:SourceIp": list(&rules.allow) } }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
