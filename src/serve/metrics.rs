//! Figures for Prometheus, in its text format 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

// Seconds; the last bucket is without end.
const BOUNDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// Counts by route and status, and durations by route. Routes come from the spec, so their number is bounded.
#[derive(Default)]
pub struct Metrics {
    routes: Mutex<BTreeMap<String, Route>>,
}

#[derive(Default)]
struct Route {
    statuses: BTreeMap<u16, u64>,
    reasons: BTreeMap<&'static str, u64>,
    durations: [u64; BOUNDS.len() + 1],
    seconds: f64,
    bytes: u64,
}

/// A target's figures.
#[derive(Clone, Debug)]
pub struct TargetFigure {
    /// The service.
    pub service: String,
    /// The target's address.
    pub target: String,
    /// It is used.
    pub up: bool,
}

impl Metrics {
    /// Counts a request.
    pub fn count(
        &self,
        route: &str,
        status: u16,
        reason: &'static str,
        took: Duration,
        bytes: u64,
    ) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = match routes.get_mut(route) {
            Some(route) => route,
            None => routes.entry(route.to_owned()).or_default(),
        };
        *route.statuses.entry(status).or_default() += 1;
        if !reason.is_empty() {
            *route.reasons.entry(reason).or_default() += 1;
        }
        let seconds = took.as_secs_f64();
        let place = BOUNDS
            .iter()
            .position(|&bound| seconds <= bound)
            .unwrap_or(BOUNDS.len());
        route.durations[place] += 1;
        route.seconds += seconds;
        route.bytes += bytes;
    }

    /// All of them as text.
    #[must_use]
    pub fn text(&self, targets: &[TargetFigure]) -> String {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        head(
            &mut out,
            "gateway_requests_total",
            "counter",
            "Requests answered.",
        );
        for (name, route) in &*routes {
            for (status, count) in &route.statuses {
                let _ = writeln!(
                    out,
                    "gateway_requests_total{{route={},status=\"{status}\"}} {count}",
                    label(name)
                );
            }
        }
        head(
            &mut out,
            "gateway_refusals_total",
            "counter",
            "Requests that the gateway refused.",
        );
        for (name, route) in &*routes {
            for (reason, count) in &route.reasons {
                let _ = writeln!(
                    out,
                    "gateway_refusals_total{{route={},reason={}}} {count}",
                    label(name),
                    label(reason)
                );
            }
        }
        head(
            &mut out,
            "gateway_response_bytes_total",
            "counter",
            "Bytes of answers' bodies.",
        );
        for (name, route) in &*routes {
            let _ = writeln!(
                out,
                "gateway_response_bytes_total{{route={}}} {}",
                label(name),
                route.bytes
            );
        }
        head(
            &mut out,
            "gateway_request_duration_seconds",
            "histogram",
            "From a request's head to its answer's end.",
        );
        for (name, route) in &*routes {
            durations(&mut out, &label(name), route);
        }
        head(
            &mut out,
            "gateway_target_up",
            "gauge",
            "Whether a target is used.",
        );
        for target in targets {
            let (service, address) = (label(&target.service), label(&target.target));
            let _ = writeln!(
                out,
                "gateway_target_up{{service={service},target={address}}} {}",
                u8::from(target.up)
            );
        }
        out
    }
}

fn durations(out: &mut String, name: &str, route: &Route) {
    let mut sum = 0;
    for (bound, count) in BOUNDS.iter().zip(route.durations) {
        sum += count;
        let _ = writeln!(
            out,
            "gateway_request_duration_seconds_bucket{{route={name},le=\"{bound}\"}} {sum}"
        );
    }
    sum += route.durations[BOUNDS.len()];
    let _ = writeln!(
        out,
        "gateway_request_duration_seconds_bucket{{route={name},le=\"+Inf\"}} {sum}"
    );
    let _ = writeln!(
        out,
        "gateway_request_duration_seconds_sum{{route={name}}} {}",
        route.seconds
    );
    let _ = writeln!(
        out,
        "gateway_request_duration_seconds_count{{route={name}}} {sum}"
    );
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn label(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_cumulative_and_labels_are_escaped() {
        let metrics = Metrics::default();
        metrics.count("GET /a\"b", 200, "", Duration::from_millis(2), 10);
        metrics.count("GET /a\"b", 429, "limit", Duration::from_secs(9), 0);
        let text = metrics.text(&[]);
        assert!(text.contains("gateway_requests_total{route=\"GET /a\\\"b\",status=\"200\"} 1\n"));
        assert!(
            text.contains("gateway_refusals_total{route=\"GET /a\\\"b\",reason=\"limit\"} 1\n")
        );
        assert!(text.contains("le=\"0.0025\"} 1\n") && text.contains("le=\"+Inf\"} 2\n"));
    }
}
