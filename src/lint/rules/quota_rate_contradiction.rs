//! A plan's limit and its quota do not fit together.
//!
//! ## Why
//! A quota that the limit never lets anybody reach is a promise without meaning. A quota that is used up within a minute
//! at the plan's own rate is a limit of a minute followed by a lockout until the window ends.
//!
//! ## On the targets
//! The numbers mean the same on all of them.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth: { keys: { api_key: { header: X-API-Key } } }
//! consumers: { acme: { plan: basic, api_key: "secret://acme-key" } }
//! plans:
//!   basic: { limit: { rate: 1/min, burst: 1 }, quota: 10000/day }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: keys }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth: { keys: { api_key: { header: X-API-Key } } }
//! consumers: { acme: { plan: basic, api_key: "secret://acme-key" } }
//! plans:
//!   basic: { limit: { rate: 100/s, burst: 50 }, quota: 10000/month }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: keys }
//! ```

use crate::ir::Limit;
use crate::ir::units::{Quota, Window};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `limits/quota-rate-contradiction`
pub const RULE: Rule = Rule {
    code: code!("GG206", "limits/quota-rate-contradiction", "quota_rate_contradiction.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

/// A quota that lasts less than this at full rate is a limit in disguise.
const SHORTEST: u128 = 60;

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for plan in context.gateway.plans.values() {
        let Some(quota) = &plan.quota else { continue };
        for limit in &plan.limits {
            if let Some(message) = contradiction(limit, quota.value) {
                found.push(
                    RULE.finding(Place::value(quota.pointer.clone()), message)
                        .help("change the quota or the limit, or leave one of them out")
                        .related(Place::value(limit.pointer.clone()), "the limit"),
                );
            }
        }
    }
}

fn contradiction(limit: &Limit, quota: Quota) -> Option<String> {
    let per = u128::from(limit.rate.per.seconds());
    let rate = u128::from(limit.rate.count);
    let most = u128::from(limit.burst) + rate * longest(quota.window) / per;
    let count = u128::from(quota.count);
    if most < count {
        return Some(format!(
            "this quota is never reached: the limit of {} lets at most {most} requests through in a {}",
            limit.rate,
            word(quota.window)
        ));
    }
    let seconds = count.saturating_sub(u128::from(limit.burst)) * per / rate;
    (seconds < SHORTEST).then(|| {
        format!(
            "at the full rate of {} this quota is used up after {seconds} s, for the rest of the {}",
            limit.rate,
            word(quota.window)
        )
    })
}

/// The longest such window, in seconds.
fn longest(window: Window) -> u128 {
    let days = match window {
        Window::Day => 1,
        Window::Week => 7,
        Window::Month => 31,
    };
    days * 86_400
}

fn word(window: Window) -> &'static str {
    match window {
        Window::Day => "day",
        Window::Week => "week",
        Window::Month => "month",
    }
}

#[cfg(test)]
mod tests {
    use super::contradiction;
    use crate::ir::{Limit, LimitKey};

    fn of(rate: &str, burst: u64, quota: &str) -> Option<String> {
        let limit = Limit {
            rate: rate.parse().ok()?,
            burst,
            key: LimitKey::Consumer,
        };
        contradiction(&limit, quota.parse().ok()?)
    }

    #[test]
    fn a_quota_is_compared_with_what_the_limit_lets_through() {
        assert!(of("100/s", 50, "10000/month").is_none());
        assert!(of("1/min", 1, "1441/day").is_none());
        assert!(of("1/min", 1, "1442/day").is_some_and(|text| text.contains("never reached")));
        assert!(of("100/s", 50, "1000/month").is_some_and(|text| text.contains("after 9 s")));
    }
}
