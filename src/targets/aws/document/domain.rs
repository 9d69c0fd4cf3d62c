//! HOSTS -> CUSTOM DOMAINS: names and the TLS that is spoken there.

use serde_json::{Value, json};

use super::{LogicalId, Resource, Template, object};

/// Lowest TLS version of a custom domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityPolicy {
    /// 1.2 and newer.
    Tls12,
    /// 1.3 alone.
    Tls13,
}

/// Which API a domain leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// A REST API.
    Rest,
    /// An HTTP API.
    Http,
}

/// A custom domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name, `*.example` for all below.
    pub name: String,
    /// The certificate's ARN.
    pub certificate: String,
    /// Lowest TLS version.
    pub policy: SecurityPolicy,
}

impl Domain {
    /// Adds it and maps its root to the stage.
    pub fn print(&self, kind: Api, api: &LogicalId, stage: &LogicalId, template: &mut Template) {
        let policy = match self.policy {
            SecurityPolicy::Tls12 => "TLS_1_2",
            SecurityPolicy::Tls13 => "SecurityPolicy_TLS13_1_3_2025_09",
        };
        let word = self.name.replace('*', "Any");
        let id = LogicalId::new(["Domain", &word]);
        let mapping = LogicalId::new(["DomainPath", &word]);
        match kind {
            Api::Rest => {
                let properties = json!({
                    "DomainName": self.name,
                    "RegionalCertificateArn": self.certificate,
                    "EndpointConfiguration": { "Types": ["REGIONAL"] },
                    "SecurityPolicy": policy,
                });
                let properties = with_access_mode(properties, self.policy);
                let domain =
                    template.add(id, Resource::new("AWS::ApiGateway::DomainName", properties));
                let to = json!({ "DomainName": domain.reference(), "RestApiId": api.reference(), "Stage": stage.reference() });
                template.add(
                    mapping,
                    Resource::new("AWS::ApiGateway::BasePathMapping", to),
                );
            }
            Api::Http => {
                let configuration = json!({ "CertificateArn": self.certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2" });
                let properties = object([
                    ("DomainName", Some(json!(self.name))),
                    ("DomainNameConfigurations", Some(json!([configuration]))),
                ]);
                let domain = template.add(
                    id,
                    Resource::new("AWS::ApiGatewayV2::DomainName", properties),
                );
                let to = json!({ "DomainName": domain.reference(), "ApiId": api.reference(), "Stage": stage.reference() });
                template.add(mapping, Resource::new("AWS::ApiGatewayV2::ApiMapping", to));
            }
        }
    }
}

/// The newer policies must be told what happens to requests whose TLS name and Host differ.
fn with_access_mode(mut properties: Value, policy: SecurityPolicy) -> Value {
    if policy == SecurityPolicy::Tls13 {
        properties["EndpointAccessMode"] = json!("STRICT");
    }
    properties
}
