//! What ECS answers when it refuses a call.

use serde_json::json;

use crate::sandbox::wire::Reply;

/// A modelled ECS error: 400 for the caller's mistakes, 500 for `ServerException`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The shape's name, such as `InvalidParameterException`.
    pub(crate) code: &'static str,
    /// The text for people.
    pub(crate) message: String,
}

/// The answer of one operation: its JSON output, or the refusal.
pub(crate) type Outcome = Result<serde_json::Value, Refusal>;

impl Refusal {
    /// `InvalidParameterException`: by far the most common.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { code: "InvalidParameterException", message: message.into() }
    }

    /// `ClientException`: what ECS answers about task definitions.
    pub(crate) fn client(message: impl Into<String>) -> Self {
        Self { code: "ClientException", message: message.into() }
    }

    /// `UnsupportedFeatureException`: what this sandbox does not emulate is refused aloud, never ignored.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self { code: "UnsupportedFeatureException", message: message.into() }
    }

    /// Any other modelled error by its name.
    pub(crate) fn named(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// As awsJson 1.1 puts it on the wire.
    pub(crate) fn reply(&self) -> Reply {
        let status = if self.code == "ServerException" { 500 } else { 400 };
        Reply::json(status, &json!({ "__type": self.code, "message": self.message }))
            .with("content-type", "application/x-amz-json-1.1")
    }
}
