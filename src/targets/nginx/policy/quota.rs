//! QUOTAS -> NJS: admitted requests counted per consumer in calendar windows, behind the limits of a route.

use super::super::build::Build;
use super::super::document::Block;
use crate::ir::Route;
use crate::ir::units::Window;

/// Whether a caller of the route can have a quota.
#[must_use]
pub fn applies(build: &Build<'_>, route: &Route) -> bool {
    let plans = build
        .gateway
        .plans
        .values()
        .filter(|plan| plan.quota.is_some());
    plans
        .into_iter()
        .any(|plan| super::auth::reaches_plan(build, route, &plan.name))
}

/// The content of a stage that counts and goes on to `$gw_next`.
pub fn stage(build: &mut Build<'_>, out: &mut Block) {
    build.modules.insert("quota");
    if !build.settings.shared_dictionaries() {
        // njs has no name for nginx's folder; a location's root is made absolute.
        out.put("root", ["counters"]);
    }
    out.put("js_content", ["quota.admit"]);
}

/// Who has which quota, and where it is counted.
pub fn maps(build: &Build<'_>) -> Block {
    let mut out = Block::new();
    if !build.modules.contains("quota") {
        return out;
    }
    out.comment("Quotas: plan, window and count of a caller.");
    let mut table = Block::new();
    table.pair("default", "");
    for (id, consumer) in build.consumers() {
        let plan = consumer
            .plan
            .as_ref()
            .and_then(|name| build.gateway.plans.get_full(name));
        if let Some((index, _, plan)) = plan
            && let Some(quota) = &plan.quota
        {
            let window = match quota.window {
                Window::Day => "day",
                Window::Week => "week",
                Window::Month => "month",
            };
            table.pair(id, format!("plan{index} {window} {}", quota.count));
        }
    }
    out.open("map", ["$gw_who", "$gw_quota"], table);
    if build.settings.shared_dictionaries() {
        out.put(
            "js_shared_dict_zone",
            ["zone=gw_quota:4m", "timeout=45d", "type=number", "evict"],
        );
    } else {
        // The folder of a module that is not used: nginx makes it at start and gives it to its workers.
        out.put("scgi_temp_path", ["counters"]);
    }
    out
}
