//! ACCESS LOG -> FORMAT: one JSON object a line, from the variables that API Gateway has.

use super::document::stage;
use crate::ir::{AccessLog, Gateway};
use crate::spec::AwsApi;

/// The access log's format; none: no log.
#[must_use]
pub fn log_format(gateway: &Gateway, api: AwsApi) -> Option<String> {
    if gateway.access_log.value == AccessLog::None {
        return None;
    }
    let (route, upstream_status) = match api {
        AwsApi::Rest => ("$context.resourcePath", "$context.integration.status"),
        AwsApi::Http => ("$context.routeKey", "$context.integrationStatus"),
    };
    let consumer = match api {
        AwsApi::Rest => "$context.authorizer.principalId",
        AwsApi::Http => "$context.authorizer.consumer",
    };
    Some(stage::log_format(&[
        ("time", "$context.requestTimeEpoch"),
        ("request_id", "$context.requestId"),
        ("client_ip", "$context.identity.sourceIp"),
        ("host", "$context.domainName"),
        ("method", "$context.httpMethod"),
        ("path", "$context.path"),
        ("route", route),
        ("consumer", consumer),
        ("status", "$context.status"),
        ("bytes", "$context.responseLength"),
        ("duration_ms", "$context.responseLatency"),
        ("upstream_status", upstream_status),
        ("reason", "$context.error.message"),
    ]))
}
