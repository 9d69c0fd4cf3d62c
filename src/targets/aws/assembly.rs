//! TEMPLATE -> CLOUD ASSEMBLY: what `cdk deploy --app` reads, without a CDK application.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::targets::Artefact;

/// The schema's version: every CDK command line reads one this low.
const VERSION: &str = "36.0.0";

/// Larger templates have to be uploaded before they are deployed
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
pub const INLINE_BYTES: usize = 50 * 1024;

/// Largest template that may be uploaded.
pub const LARGEST_BYTES: usize = 1_000_000;

/// The stack's name: the gateway's in letters and digits, starting with a letter.
#[must_use]
pub fn stack_name(gateway: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let words = gateway.split(|c: char| !c.is_ascii_alphanumeric());
    let name: String = words.map(capital).collect();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) {
        "Gateway"
    } else {
        ""
    };
    format!("{start}{name}Stack").chars().take(128).collect()
}

/// The assembly's files.
#[must_use]
pub fn files(gateway: &str, template: &[u8]) -> Vec<Artefact> {
    let stack = stack_name(gateway);
    let template_file = format!("{stack}.template.json");
    let mut properties = json!({ "templateFile": template_file });
    let mut artifacts = serde_json::Map::new();
    let mut files = vec![artefact(&template_file, template.to_vec())];
    let mut dependencies = None;
    if template.len() > INLINE_BYTES {
        let assets = format!("{stack}.assets");
        let digest: String = Sha256::digest(template)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // The bucket that `cdk bootstrap` makes; the command line fills in account and region.
        let bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}";
        properties["stackTemplateAssetObjectUrl"] = json!(format!("s3://{bucket}/{digest}.json"));
        let manifest = json!({ "type": "cdk:asset-manifest", "properties": { "file": format!("{assets}.json") } });
        artifacts.insert(assets.clone(), manifest);
        let asset = json!({
            "version": VERSION,
            "files": { digest.clone(): {
                "displayName": format!("{stack} Template"),
                "source": { "path": template_file, "packaging": "file" },
                "destinations": { "current": { "bucketName": bucket, "objectKey": format!("{digest}.json") } },
            } },
        });
        files.push(artefact(&format!("{assets}.json"), print(&asset)));
        dependencies = Some(json!([assets]));
    }
    let mut artifact = json!({
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": properties,
    });
    if let Some(dependencies) = dependencies {
        artifact["dependencies"] = dependencies;
    }
    artifacts.insert(stack, artifact);
    let manifest = json!({ "version": VERSION, "artifacts": artifacts });
    files.insert(0, artefact("manifest.json", print(&manifest)));
    files
}

fn artefact(name: &str, content: Vec<u8>) -> Artefact {
    Artefact {
        path: format!("aws/cdk.out/{name}"),
        content,
    }
}

fn print(value: &Value) -> Vec<u8> {
    // Printing a JSON value cannot fail.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}
