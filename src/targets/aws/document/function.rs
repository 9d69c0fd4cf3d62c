//! SOURCE -> FUNCTION: a Lambda function with its code inline, its role, and who may call it.

use serde_json::{Map, Value, json};

use super::{LogicalId, Refused, Resource, Template, object, sub};

/// Runtime of the functions that are written along: the oldest with `fetch` that AWS still patches.
pub const RUNTIME: &str = "nodejs22.x";

/// A function of this template.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its logical id's word.
    pub word: &'static str,
    code: String,
    variables: Map<String, Value>,
}

impl Function {
    /// Longest inline source
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-code.html>).
    pub const LONGEST_CODE: usize = 4 * 1024 * 1024;
    /// Environment variables together, in bytes.
    pub const LONGEST_VARIABLES: usize = 4096;

    /// With its source, a CommonJS module that exports `handler`, and its environment.
    ///
    /// # Errors
    /// More than 4 MB of source, or more than 4 KB of known variables.
    pub fn new(
        word: &'static str,
        code: String,
        variables: Map<String, Value>,
    ) -> Result<Self, Refused> {
        if code.len() > Self::LONGEST_CODE {
            return Err(Refused(format!(
                "a function's inline source is at most 4 MB, and this one has {} bytes",
                code.len()
            )));
        }
        // A dynamic reference is counted as it stands: what it becomes is known to AWS alone.
        let bytes: usize = variables
            .iter()
            .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
            .sum();
        if bytes > Self::LONGEST_VARIABLES {
            return Err(Refused(format!(
                "a function's environment is at most 4 KB, and the credentials here need {bytes} bytes"
            )));
        }
        Ok(Self {
            word,
            code,
            variables,
        })
    }

    /// Adds it with its role.
    pub fn print(&self, seconds: u32, template: &mut Template) -> LogicalId {
        let role = template.add(
            LogicalId::new([self.word, "Role"]),
            Resource::new(
                "AWS::IAM::Role",
                json!({
                    "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                    "ManagedPolicyArns": [sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")],
                }),
            ),
        );
        let environment = (!self.variables.is_empty())
            .then(|| json!({ "Variables": Value::Object(self.variables.clone()) }));
        let properties = object([
            ("Runtime", Some(json!(RUNTIME))),
            ("Handler", Some(json!("index.handler"))),
            ("Role", Some(role.attribute("Arn"))),
            ("Timeout", Some(json!(seconds))),
            ("MemorySize", Some(json!(256))),
            ("Code", Some(json!({ "ZipFile": self.code }))),
            ("Environment", environment),
        ]);
        template.add(
            LogicalId::new([self.word, "Function"]),
            Resource::new("AWS::Lambda::Function", properties),
        )
    }
}

/// Whom a role trusts.
#[must_use]
pub fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
    })
}

/// Lets an API call a function, named by ARN or by reference.
pub fn permit(word: &str, function: Value, api: &LogicalId, template: &mut Template) -> LogicalId {
    let source = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}}}/*",
        api.as_str()
    );
    template.add(
        LogicalId::new([word, "Permission"]),
        Resource::new(
            "AWS::Lambda::Permission",
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": sub(&source),
            }),
        ),
    )
}
