//! An upstream's checks as Kong's file writes them: probes, and the failures of real requests.

use serde::{Deserialize, Serialize};

/// Active and passive checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Healthchecks {
    /// Probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveCheck>,
    /// Real requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passive: Option<PassiveCheck>,
}

/// Probes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActiveCheck {
    /// `http`, `https` or `tcp`.
    pub r#type: String,
    /// The certificate is checked; only with `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_verify_certificate: Option<bool>,
    /// The path asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_path: Option<String>,
    /// Seconds.
    pub timeout: u64,
    /// What lets a target in.
    pub healthy: Healthy,
    /// What takes it out.
    pub unhealthy: Unhealthy,
}

/// Real requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PassiveCheck {
    /// `http` or `https`.
    pub r#type: String,
    /// What starts the count of failures again.
    pub healthy: Healthy,
    /// What takes a target out.
    pub unhealthy: Unhealthy,
}

/// What lets a target in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Healthy {
    /// Seconds between probes of a target that is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// In a row, 0 to 255.
    pub successes: u32,
    /// These count.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "flow")]
    pub http_statuses: Vec<u16>,
}

/// What takes a target out; 0 for never.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unhealthy {
    /// Seconds between probes of a target that is out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// Answers of `http_statuses`, 0 to 255.
    pub http_failures: u32,
    /// Refused connections, 0 to 255.
    pub tcp_failures: u32,
    /// Timeouts, 0 to 255.
    pub timeouts: u32,
    /// These count.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "flow")]
    pub http_statuses: Vec<u16>,
}

fn flow<S: serde::Serializer>(statuses: &Vec<u16>, serializer: S) -> Result<S::Ok, S::Error> {
    // Three hundred lines of numbers would hide the rest.
    serde_saphyr::FlowSeq(statuses).serialize(serializer)
}
