//! PLANS -> USAGE PLANS: a plan for each of the spec, one for consumers without, and a key for each who is metered.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::design::{self, Meter};
use super::super::document::Refused;
use super::super::document::plan::{KeyValue, MethodKey, Period, PlanQuota, Throttle, UsagePlan};
use super::auth;
use crate::ir::units::{Quota, Window};
use crate::ir::{Consumer, Gateway, Plan, Secret};
use crate::spec;

/// A quota of AWS's.
///
/// # Errors
/// A number that AWS cannot hold.
pub fn quota(quota: Quota) -> Result<PlanQuota, Refused> {
    let period = match quota.window {
        Window::Day => Period::Day,
        Window::Week => Period::Week,
        Window::Month => Period::Month,
    };
    PlanQuota::new(quota.count, period)
}

/// The strictest of a plan's limits, number by number.
///
/// # Errors
/// A number that AWS cannot hold.
pub fn throttle(plan: &Plan) -> Result<Option<Throttle>, Refused> {
    let mut strictest: Option<Throttle> = None;
    for limit in &plan.limits {
        let this = super::limit::throttle(limit)?;
        strictest = Some(strictest.map_or(this, |other| other.stricter(this)));
    }
    Ok(strictest)
}

/// What stands for a caller where the function names the key: it opens nothing.
#[must_use]
pub fn meter_name(consumer: &str) -> String {
    let digest = Sha256::digest(consumer.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The meter of callers whom no consumer names.
pub const ANONYMOUS: &str = "anonymous";

/// The first part of a meter's key, its own for every stack: keys are unique in an account.
#[must_use]
pub fn meter_prefix() -> serde_json::Value {
    json!({ "Fn::Select": [2, { "Fn::Split": ["/", { "Ref": "AWS::StackId" }] }] })
}

fn meter_value(name: &str) -> KeyValue {
    KeyValue::Dynamic(json!({ "Fn::Join": ["-", [meter_prefix(), name]] }))
}

fn key_value(gateway: &Gateway, secret: &Secret) -> Result<KeyValue, Refused> {
    match secret {
        Secret::Known { text, .. } => KeyValue::known(text),
        Secret::Reference(_) => Ok(KeyValue::Dynamic(auth::secret_value(gateway, secret))),
    }
}

/// The usage plans.
///
/// # Errors
/// A number or a key that AWS cannot hold.
pub fn plans(
    gateway: &Gateway,
    settings: &spec::Targets,
    methods: &BTreeMap<MethodKey, Throttle>,
) -> Result<Vec<UsagePlan>, Refused> {
    let meter = design::meter(gateway, settings);
    if meter == Meter::None {
        return Ok(Vec::new());
    }
    let of_plan = |name: Option<&str>| -> Result<Vec<(String, KeyValue)>, Refused> {
        let mut keys = Vec::new();
        let consumers = gateway.consumers.values();
        for consumer in consumers.filter(|consumer| consumer.plan.as_deref() == name) {
            keys.extend(keys_of(gateway, meter, consumer)?);
        }
        Ok(keys)
    };
    let mut plans = Vec::new();
    for plan in gateway.plans.values() {
        plans.push(UsagePlan {
            name: plan.name.clone(),
            throttle: throttle(plan)?,
            quota: match &plan.quota {
                Some(asked) => Some(quota(asked.value)?),
                None => None,
            },
            methods: methods.clone(),
            keys: of_plan(Some(&plan.name))?,
        });
    }
    let without = of_plan(None)?;
    if !without.is_empty() {
        plans.push(unlimited("without-plan", methods.clone(), without));
    }
    if meter == Meter::Authorizer {
        let key = (ANONYMOUS.to_owned(), meter_value(ANONYMOUS));
        plans.push(unlimited(ANONYMOUS, BTreeMap::new(), vec![key]));
    }
    Ok(plans)
}

fn unlimited(
    name: &str,
    methods: BTreeMap<MethodKey, Throttle>,
    keys: Vec<(String, KeyValue)>,
) -> UsagePlan {
    UsagePlan {
        name: name.to_owned(),
        throttle: None,
        quota: None,
        methods,
        keys,
    }
}

fn keys_of(
    gateway: &Gateway,
    meter: Meter,
    consumer: &Consumer,
) -> Result<Vec<(String, KeyValue)>, Refused> {
    let name = consumer.name.clone();
    match meter {
        Meter::None => Ok(Vec::new()),
        Meter::Authorizer => Ok(vec![(name, meter_value(&meter_name(&consumer.name)))]),
        Meter::Header => consumer
            .api_keys
            .iter()
            .map(|secret| Ok((name.clone(), key_value(gateway, secret)?)))
            .collect(),
    }
}
