//! JSON values that know where they stood.

use std::ops::Range;

use crate::definition::number;

/// A JSON value. Numbers keep their digits, objects their order.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was spelled.
    Number(String),
    /// A string, decoded.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object; no name occurs twice.
    Object(Vec<Member>),
}

/// A value and the bytes it stood in; an empty range for one that never stood anywhere.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its bytes in the document's text.
    pub span: Range<usize>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// The decoded name.
    pub name: String,
    /// The bytes of the name, quotes included.
    pub span: Range<usize>,
    /// The value.
    pub node: Node,
}

/// Equal by content: places do not count, nor the order of members, nor how a number is spelled.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => number::same(one, other),
            (Self::String(one), Self::String(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Object(one), Self::Object(others)) => {
                one.len() == others.len()
                    && one.iter().enumerate().all(|(index, member)| {
                        // Members mostly stand in the same order, so look there first.
                        let same_place = others.get(index).filter(|other| other.name == member.name);
                        same_place
                            .or_else(|| others.iter().find(|other| other.name == member.name))
                            .is_some_and(|other| other.node == member.node)
                    })
            }
            (Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) | Self::Object(_), _) => false,
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, span: 0..0 }
    }
}

impl Node {
    /// The member of that name, if this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            Value::Object(members) => members.iter().find(|member| member.name == name).map(|member| &member.node),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        }
    }

    /// The elements, if this is an array; otherwise none.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        if let Value::Array(elements) = &self.value { elements } else { &[] }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What kind of value this is, with its article.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// The same as a `serde_json` value, in the same order.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            // The reader has refused numbers that a double cannot hold, so this always succeeds for what it read.
            Value::Number(text) => text.parse::<serde_json::Number>().map_or(serde_json::Value::Null, Into::into),
            Value::String(text) => text.as_str().into(),
            Value::Array(elements) => elements.iter().map(Self::to_json).collect(),
            Value::Object(members) => members
                .iter()
                .map(|member| (member.name.clone(), member.node.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}
