//! DEPLOYMENT -> STAGE: what makes an API answer, and how it is logged, measured and throttled.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::integration::Verb;
use super::plan::Throttle;
use super::{LogicalId, Refused, Resource, Template, object};

/// A stage's name: the first segment of a path without a custom domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageName(String);

impl StageName {
    /// Checks a name.
    ///
    /// # Errors
    /// Not 1 to 128 letters, digits, `-` and `_`.
    pub fn new(name: &str) -> Result<Self, Refused> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if (1..=128).contains(&name.len()) && name.bytes().all(allowed) {
            return Ok(Self(name.to_owned()));
        }
        Err(Refused(format!(
            "a stage's name is 1 to 128 letters, digits, `-` and `_`, not `{name}`"
        )))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A method whose settings are its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MethodPath {
    path: String,
    verb: Verb,
}

impl MethodPath {
    /// Of a path such as `/orders/{id}`.
    #[must_use]
    pub fn new(path: &str, verb: Verb) -> Self {
        // Slashes inside are escaped as in a JSON Pointer; without it the setting is kept and never applied
        // (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigateway-stage-methodsetting.html>).
        let path = match path {
            "/" => "/".to_owned(),
            path => format!("/~1{}", path.trim_start_matches('/').replace('/', "~1")),
        };
        Self { path, verb }
    }

    /// Its escaped path.
    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.path
    }
}

/// A stage of a REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// For every method that has none of its own.
    pub throttle: Option<Throttle>,
    /// By method.
    pub methods: BTreeMap<MethodPath, Throttle>,
    /// CloudWatch metrics and X-Ray traces.
    pub metrics: bool,
    /// The access log's format; none: no log.
    pub log: Option<String>,
}

impl Stage {
    /// Adds the deployment of `parts` and the stage.
    pub fn print(
        &self,
        api: &LogicalId,
        parts: Vec<LogicalId>,
        template: &mut Template,
    ) -> LogicalId {
        // A deployment is a snapshot: only a new logical id makes CloudFormation take another.
        let mut hash = Sha256::new();
        for (id, resource) in &template.resources {
            hash.update(id.as_str());
            hash.update(resource.properties.to_string());
        }
        let digest: String = hash
            .finalize()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut deployment = Resource::new(
            "AWS::ApiGateway::Deployment",
            json!({ "RestApiId": api.reference() }),
        );
        deployment.after = parts;
        let deployment = template.add(LogicalId::new(["Deployment", &digest]), deployment);
        let log = self.log.as_ref().map(|format| {
            let group = log_group(template);
            json!({ "DestinationArn": group.attribute("Arn"), "Format": format })
        });
        let account = self.log.is_some().then(|| log_role(template));
        let mut stage = Resource::new(
            "AWS::ApiGateway::Stage",
            object([
                ("RestApiId", Some(api.reference())),
                ("StageName", Some(json!(self.name.0))),
                ("DeploymentId", Some(deployment.reference())),
                ("AccessLogSetting", log),
                ("MethodSettings", self.settings()),
                ("TracingEnabled", self.metrics.then_some(json!(true))),
            ]),
        );
        stage.after.extend(account);
        template.add(LogicalId::new(["Stage"]), stage)
    }

    fn settings(&self) -> Option<Value> {
        let mut settings = Vec::new();
        let mut add = |path: &str, verb: &str, throttle: Option<Throttle>| {
            let throttle = throttle.map(Throttle::stage);
            settings.push(object([
                ("ResourcePath", Some(json!(path))),
                ("HttpMethod", Some(json!(verb))),
                ("MetricsEnabled", self.metrics.then_some(json!(true))),
                (
                    "ThrottlingRateLimit",
                    throttle.as_ref().map(|t| t.0.clone()),
                ),
                ("ThrottlingBurstLimit", throttle.map(|t| t.1)),
            ]));
        };
        if self.throttle.is_some() || self.metrics {
            add("/*", "*", self.throttle);
        }
        for (method, throttle) in &self.methods {
            add(&method.path, method.verb.name(), Some(*throttle));
        }
        (!settings.is_empty()).then(|| json!(settings))
    }
}

/// A group of logs kept for 30 days.
pub fn log_group(template: &mut Template) -> LogicalId {
    template.add(
        LogicalId::new(["AccessLog"]),
        Resource::new("AWS::Logs::LogGroup", json!({ "RetentionInDays": 30 })),
    )
}

/// The account's role for logs: REST APIs may not write any without it.
fn log_role(template: &mut Template) -> LogicalId {
    let role = template.add(
        LogicalId::new(["LogRole"]),
        Resource::new(
            "AWS::IAM::Role",
            json!({
                "AssumeRolePolicyDocument": super::function::trust("apigateway.amazonaws.com"),
                "ManagedPolicyArns": [super::sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")],
            }),
        ),
    );
    let mut account = Resource::new(
        "AWS::ApiGateway::Account",
        json!({ "CloudWatchRoleArn": role.attribute("Arn") }),
    );
    account.retain = true;
    if let Some(role) = template.resources.get_mut(&role) {
        role.retain = true;
    }
    template.add(LogicalId::new(["LogAccount"]), account)
}

/// An access log's line as JSON, from names and context variables.
#[must_use]
pub fn log_format(fields: &[(&str, &str)]) -> String {
    let members: Map<_, _> = fields
        .iter()
        .map(|(name, variable)| ((*name).to_owned(), json!(variable)))
        .collect();
    Value::Object(members).to_string()
}
