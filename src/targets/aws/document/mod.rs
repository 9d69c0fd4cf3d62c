//! RESOURCES -> TEMPLATE: a typed model of what is deployed, which cannot hold the mistakes that template checkers miss.

pub mod domain;
pub mod firewall;
pub mod function;
pub mod http;
pub mod integration;
pub mod mapping;
pub mod openapi;
pub mod path;
pub mod plan;
#[cfg(test)]
mod refusal_tests;
pub mod rest;
pub mod stage;

use std::fmt;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Why a value cannot stand in a template: a sentence for people, without the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A resource's name inside the template: letters and digits, at most 255.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogicalId(String);

impl LogicalId {
    /// From words: each starts with a capital, everything but letters and digits is left out.
    #[must_use]
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        let parts = words
            .into_iter()
            .flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()));
        for part in parts {
            let mut letters = part.chars();
            text.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            text.extend(letters);
        }
        text.truncate(200);
        Self(text)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `{ "Ref": .. }`.
    #[must_use]
    pub fn reference(&self) -> Value {
        json!({ "Ref": self.0 })
    }

    /// `{ "Fn::GetAtt": .. }`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Value {
        json!({ "Fn::GetAtt": [self.0, name] })
    }
}

/// One resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Such as `AWS::ApiGateway::RestApi`.
    pub kind: String,
    /// Its properties, in the order printed.
    pub properties: Value,
    /// Resources that must exist before; references say so themselves.
    pub after: Vec<LogicalId>,
    /// It outlives the stack, because other stacks of the account may rely on it.
    pub retain: bool,
}

impl Resource {
    /// Of a type, with properties.
    #[must_use]
    pub fn new(kind: &str, properties: Value) -> Self {
        Self {
            kind: kind.to_owned(),
            properties,
            after: Vec::new(),
            retain: false,
        }
    }

    fn print(&self) -> Value {
        let mut members = Map::new();
        members.insert("Type".into(), json!(self.kind));
        if !self.after.is_empty() {
            let ids: Vec<_> = self.after.iter().map(LogicalId::as_str).collect();
            members.insert("DependsOn".into(), json!(ids));
        }
        if self.retain {
            members.insert("DeletionPolicy".into(), json!("Retain"));
            members.insert("UpdateReplacePolicy".into(), json!("Retain"));
        }
        members.insert("Properties".into(), self.properties.clone());
        Value::Object(members)
    }
}

/// A CloudFormation template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// Shown by the console.
    pub description: String,
    /// In the order added.
    pub resources: IndexMap<LogicalId, Resource>,
    /// Resources of the spec, as they are.
    pub raw: Map<String, Value>,
    /// Name, description and value.
    pub outputs: Vec<(&'static str, &'static str, Value)>,
}

impl Template {
    /// Adds a resource; where the name is taken a number follows it.
    pub fn add(&mut self, id: LogicalId, resource: Resource) -> LogicalId {
        let mut free = id.clone();
        let mut number = 2;
        while self.resources.contains_key(&free) || self.raw.contains_key(free.as_str()) {
            free = LogicalId(format!("{}{number}", id.0));
            number += 1;
        }
        self.resources.insert(free.clone(), resource);
        free
    }

    /// JSON with two spaces and a newline at its end.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut resources = Map::new();
        for (id, resource) in &self.resources {
            resources.insert(id.0.clone(), resource.print());
        }
        resources.extend(self.raw.clone());
        let outputs: Map<_, _> = self
            .outputs
            .iter()
            .map(|(name, why, value)| {
                let output = json!({ "Description": why, "Value": value });
                ((*name).to_owned(), output)
            })
            .collect();
        let document = json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": self.description,
            "Resources": resources,
            "Outputs": outputs,
        });
        // Printing a JSON value cannot fail.
        let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

/// Text with `${..}` filled in by CloudFormation.
#[must_use]
pub fn sub(text: &str) -> Value {
    json!({ "Fn::Sub": text })
}

/// Text that stands inside [`sub`] and is not to be filled in.
#[must_use]
pub fn sub_escaped(text: &str) -> String {
    text.replace("${", "${!")
}

/// An object of the members that have a value.
#[must_use]
pub fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(present.collect())
}
