//! Loss: one thing the spec asks for that a target keeps otherwise or not at all.

use serde::Serialize;

use crate::source::Pointer;

/// How much of the meaning is lost.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    /// Kept with other numbers or edges: a warning.
    Approximate,
    /// Not kept: an error unless allowed.
    Unsupported,
}

/// Whether losing it opens the gateway.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum LossClass {
    /// Behaviour differs.
    Behaviour,
    /// A check would be missing: where it is allowed, the route answers 501 on that target.
    Security,
}

/// A loss at its place, after `targets.<t>.allow` was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Loss {
    /// Stable id in kebab case, such as `rate-window`.
    pub id: &'static str,
    /// The target's id.
    pub target: &'static str,
    /// Approximate or unsupported.
    pub kind: LossKind,
    /// Behaviour or security.
    pub class: LossClass,
    /// The feature's name, such as `limit`.
    pub feature: &'static str,
    /// Where the spec asks for it.
    pub pointer: Pointer,
    /// The consequence, in numbers.
    pub message: String,
    /// What to do about it, where there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Named in `targets.<t>.allow`.
    pub allowed: bool,
    /// The reason given there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
