//! RULES -> WEB ACL: what AWS WAF counts by address or header, and the spellings of paths that it refuses.

use serde_json::{Value, json};

use super::{LogicalId, Refused, Resource, Template, sub};

/// Over how many seconds WAF counts; there are no others
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evaluation {
    /// 60 s.
    S60,
    /// 120 s.
    S120,
    /// 300 s.
    S300,
    /// 600 s.
    S600,
}

impl Evaluation {
    /// Shortest first.
    pub const ALL: [Self; 4] = [Self::S60, Self::S120, Self::S300, Self::S600];

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::S60 => 60,
            Self::S120 => 120,
            Self::S300 => 300,
            Self::S600 => 600,
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountBy {
    /// The client's address.
    Address,
    /// A header's value.
    Header(String),
}

/// Requests in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    limit: u32,
    window: Evaluation,
}

impl Count {
    /// Lowest number that WAF takes.
    pub const LOWEST: u64 = 10;
    /// Highest number that WAF takes.
    pub const HIGHEST: u64 = 2_000_000_000;

    /// So many in a window.
    ///
    /// # Errors
    /// Under 10 or over 2 000 000 000.
    pub fn new(limit: u64, window: Evaluation) -> Result<Self, Refused> {
        match u32::try_from(limit) {
            Ok(value) if (Self::LOWEST..=Self::HIGHEST).contains(&limit) => Ok(Self {
                limit: value,
                window,
            }),
            _ => Err(Refused(format!(
                "WAF counts 10 to 2000000000 requests, not {limit}"
            ))),
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Paths that match are answered with 400.
    Spelling {
        /// On the path as it came.
        pattern: String,
    },
    /// More than so many are answered with 429.
    Rate {
        /// How many.
        count: Count,
        /// Of whom.
        by: CountBy,
        /// On these paths; none: all.
        path: Option<String>,
        /// With one of these methods; empty: all.
        methods: Vec<&'static str>,
    },
}

/// A web ACL in front of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebAcl {
    /// In order of priority.
    pub rules: Vec<Rule>,
}

/// Longest pattern of a rule, in characters.
pub const LONGEST_PATTERN: usize = 512;

/// Rate rules that one web ACL may have.
pub const RATE_RULES: usize = 10;

impl WebAcl {
    /// Adds it and puts it in front of a stage.
    pub fn print(&self, api: &LogicalId, stage: &LogicalId, template: &mut Template) {
        let rules: Vec<Value> = (0u32..).zip(&self.rules).map(rule).collect();
        let acl = template.add(
            LogicalId::new(["Firewall"]),
            Resource::new(
                "AWS::WAFv2::WebACL",
                json!({
                    "Scope": "REGIONAL",
                    "DefaultAction": { "Allow": {} },
                    "CustomResponseBodies": {
                        "spelling": body("the path cannot be normalised"),
                        "rate": body("too many requests"),
                    },
                    "Rules": rules,
                    "VisibilityConfig": visibility("firewall"),
                }),
            ),
        );
        let arn = format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/restapis/${{{}}}/stages/${{{}}}",
            api.as_str(),
            stage.as_str()
        );
        template.add(
            LogicalId::new(["FirewallOfStage"]),
            Resource::new(
                "AWS::WAFv2::WebACLAssociation",
                json!({ "ResourceArn": sub(&arn), "WebACLArn": acl.attribute("Arn") }),
            ),
        );
    }
}

fn body(message: &str) -> Value {
    let content = json!({ "message": message }).to_string();
    json!({ "ContentType": "APPLICATION_JSON", "Content": content })
}

fn visibility(name: &str) -> Value {
    json!({ "CloudWatchMetricsEnabled": true, "MetricName": name, "SampledRequestsEnabled": false })
}

fn rule((priority, rule): (u32, &Rule)) -> Value {
    let (name, action, statement) = match rule {
        Rule::Spelling { pattern } => {
            let action = json!({ "Block": { "CustomResponse": { "ResponseCode": 400, "CustomResponseBodyKey": "spelling" } } });
            ("spelling", action, on_path(pattern))
        }
        Rule::Rate {
            count,
            by,
            path,
            methods,
        } => {
            let retry = json!([{ "Name": "Retry-After", "Value": "30" }]);
            let action = json!({ "Block": { "CustomResponse": { "ResponseCode": 429, "CustomResponseBodyKey": "rate", "ResponseHeaders": retry } } });
            ("rate", action, rate(*count, by, path.as_deref(), methods))
        }
    };
    let name = format!("{name}-{priority}");
    json!({
        "Name": name,
        "Priority": priority,
        "Action": action,
        "Statement": statement,
        "VisibilityConfig": visibility(&name),
    })
}

fn on_path(pattern: &str) -> Value {
    json!({ "RegexMatchStatement": {
        "RegexString": pattern,
        "FieldToMatch": { "UriPath": {} },
        "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
    } })
}

fn on_method(method: &str) -> Value {
    json!({ "ByteMatchStatement": {
        "SearchString": method,
        "FieldToMatch": { "Method": {} },
        "PositionalConstraint": "EXACTLY",
        "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
    } })
}

fn rate(count: Count, by: &CountBy, path: Option<&str>, methods: &[&str]) -> Value {
    let mut statement = json!({
        "Limit": count.limit,
        "EvaluationWindowSec": count.window.seconds(),
    });
    match by {
        CountBy::Address => statement["AggregateKeyType"] = json!("IP"),
        CountBy::Header(name) => {
            statement["AggregateKeyType"] = json!("CUSTOM_KEYS");
            statement["CustomKeys"] = json!([{ "Header": {
                "Name": name,
                "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
            } }]);
        }
    }
    let mut scope: Vec<Value> = path.map(on_path).into_iter().collect();
    let mut verbs: Vec<Value> = methods.iter().map(|method| on_method(method)).collect();
    match verbs.len() {
        0 => {}
        1 => scope.append(&mut verbs),
        _ => scope.push(json!({ "OrStatement": { "Statements": verbs } })),
    }
    match scope.len() {
        0 => {}
        1 => statement["ScopeDownStatement"] = scope.remove(0),
        _ => statement["ScopeDownStatement"] = json!({ "AndStatement": { "Statements": scope } }),
    }
    json!({ "RateBasedStatement": statement })
}
