//! PLANS -> USAGE PLANS: throttles, quotas and keys of a REST API.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::integration::Verb;
use super::{LogicalId, Refused, Resource, Template, object};

/// A token bucket: AWS's rate is requests a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    rate: f64,
    burst: i32,
}

impl Throttle {
    /// `rate` a second with `burst`.
    ///
    /// # Errors
    /// A rate that is not positive, or a burst over 2 147 483 647.
    pub fn new(rate: f64, burst: u64) -> Result<Self, Refused> {
        match i32::try_from(burst) {
            Ok(burst) if rate > 0.0 && rate.is_finite() => Ok(Self { rate, burst }),
            _ => Err(Refused(format!(
                "a throttle takes a positive rate and a burst of at most 2147483647, not {rate} and {burst}"
            ))),
        }
    }

    /// The stricter of both, number by number.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            rate: self.rate.min(other.rate),
            burst: self.burst.min(other.burst),
        }
    }

    fn rate(self) -> Value {
        // Whole numbers are printed as such, others to a thousandth, which CloudFormation reads as written.
        let rounded = (self.rate * 1000.0).round() / 1000.0;
        if rounded.fract() == 0.0 {
            json!(rounded as i64)
        } else {
            json!(rounded.max(0.001))
        }
    }

    /// As a usage plan's setting.
    #[must_use]
    pub fn print(self) -> Value {
        json!({ "RateLimit": self.rate(), "BurstLimit": self.burst })
    }

    /// With the keys of a stage.
    #[must_use]
    pub fn stage(self) -> (Value, Value) {
        (self.rate(), json!(self.burst))
    }
}

/// A quota's window: there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

/// Requests in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanQuota {
    limit: i32,
    period: Period,
}

impl PlanQuota {
    /// So many in a window.
    ///
    /// # Errors
    /// None, or more than 2 147 483 647.
    pub fn new(limit: u64, period: Period) -> Result<Self, Refused> {
        match i32::try_from(limit) {
            Ok(limit) if limit > 0 => Ok(Self { limit, period }),
            _ => Err(Refused(format!(
                "a usage plan's quota is 1 to 2147483647, not {limit}"
            ))),
        }
    }

    fn print(self) -> Value {
        let period = match self.period {
            Period::Day => "DAY",
            Period::Week => "WEEK",
            Period::Month => "MONTH",
        };
        json!({ "Limit": self.limit, "Period": period })
    }
}

/// A key's value.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyValue {
    /// Known, 20 to 128 characters.
    Known(String),
    /// A reference that CloudFormation resolves when it deploys.
    Dynamic(Value),
}

impl KeyValue {
    /// Shortest value that AWS takes.
    pub const SHORTEST: usize = 20;
    /// Longest value that AWS takes.
    pub const LONGEST: usize = 128;

    /// A known value. It is not repeated in the error.
    ///
    /// # Errors
    /// Under 20 or over 128 characters.
    pub fn known(text: &str) -> Result<Self, Refused> {
        let length = text.chars().count();
        if (Self::SHORTEST..=Self::LONGEST).contains(&length) {
            return Ok(Self::Known(text.to_owned()));
        }
        Err(Refused(format!(
            "an API key on AWS has {} to {} characters, and this one has {length}",
            Self::SHORTEST,
            Self::LONGEST
        )))
    }

    fn print(&self) -> Value {
        match self {
            Self::Known(text) => json!(text),
            Self::Dynamic(value) => value.clone(),
        }
    }
}

/// A method of a stage as a usage plan names it: `/orders/{id}/GET`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MethodKey(String);

impl MethodKey {
    /// Of a path and a verb.
    #[must_use]
    pub fn new(path: &str, verb: Verb) -> Self {
        Self(format!("{path}/{}", verb.name()))
    }
}

/// A usage plan with its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct UsagePlan {
    /// Its name.
    pub name: String,
    /// Of each key, over all methods.
    pub throttle: Option<Throttle>,
    /// Of each key.
    pub quota: Option<PlanQuota>,
    /// Of each key, by method.
    pub methods: BTreeMap<MethodKey, Throttle>,
    /// Name and value of each key.
    pub keys: Vec<(String, KeyValue)>,
}

impl UsagePlan {
    /// Adds the plan, its keys and what binds them.
    pub fn print(&self, api: &LogicalId, stage: &LogicalId, template: &mut Template) {
        let methods: serde_json::Map<_, _> = self
            .methods
            .iter()
            .map(|(key, throttle)| (key.0.clone(), throttle.print()))
            .collect();
        let of = object([
            ("ApiId", Some(api.reference())),
            ("Stage", Some(stage.reference())),
            (
                "Throttle",
                (!methods.is_empty()).then_some(Value::Object(methods)),
            ),
        ]);
        let properties = object([
            (
                "UsagePlanName",
                Some(super::sub(&format!(
                    "${{AWS::StackName}}-{}",
                    super::sub_escaped(&self.name)
                ))),
            ),
            ("ApiStages", Some(json!([of]))),
            ("Throttle", self.throttle.map(Throttle::print)),
            ("Quota", self.quota.map(PlanQuota::print)),
        ]);
        let plan = template.add(
            LogicalId::new(["Plan", &self.name]),
            Resource::new("AWS::ApiGateway::UsagePlan", properties),
        );
        for (name, value) in &self.keys {
            let mut key = Resource::new(
                "AWS::ApiGateway::ApiKey",
                json!({ "Enabled": true, "Value": value.print() }),
            );
            key.after.push(stage.clone());
            let key = template.add(LogicalId::new(["Key", name]), key);
            template.add(
                LogicalId::new(["KeyOf", &self.name, name]),
                Resource::new(
                    "AWS::ApiGateway::UsagePlanKey",
                    json!({ "KeyId": key.reference(), "KeyType": "API_KEY", "UsagePlanId": plan.reference() }),
                ),
            );
        }
    }
}
