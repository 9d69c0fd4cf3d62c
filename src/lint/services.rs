//! What several rules ask of a service.

use serde_json::Value;

use super::Context;
use super::zone::{Zone, zone};
use crate::ir::Service;
use crate::report::Edit;
use crate::source::Pointer;

/// Whether the service runs as a function wherever it is built, so that the cloud looks after its instances.
#[must_use]
pub fn is_managed(context: &Context<'_>, service: &Service) -> bool {
    let function = matches!(service.via.aws, Some(crate::ir::ViaAws::Lambda(_)));
    function && context.is_managed_only()
}

/// Whether every target lives on the gateway's own machine, and so lives and dies with it.
#[must_use]
pub fn is_local(service: &Service) -> bool {
    let mut targets = service.targets.iter();
    targets.all(|target| zone(&target.address.host) == Zone::Loopback)
}

/// An edit that gives the service a key, also where it is written as a bare URL.
#[must_use]
pub fn with_key(
    context: &Context<'_>,
    service: &Service,
    key: &str,
    value: &Value,
) -> Option<Vec<Edit>> {
    let pointer: &Pointer = &service.pointer;
    match context.document.text(pointer) {
        Some(url) => {
            let whole = serde_json::json!({ "url": url, key: value });
            context.editor().replace(pointer, &whole)
        }
        None => context.editor().insert(pointer, key, value),
    }
}
