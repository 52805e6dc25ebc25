//! What ECS answers when it refuses a call.

use crate::sandbox::protocol::Refusal;

/// The answer of one operation: its JSON output, or the refusal.
pub(crate) type Outcome = Result<serde_json::Value, Refusal>;

/// `InvalidParameterException`: by far the most common.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

/// `ClientException`: what ECS answers about task definitions.
pub(crate) fn client(message: impl Into<String>) -> Refusal {
    Refusal::new("ClientException", message)
}

/// `UnsupportedFeatureException`: what this sandbox does not emulate is refused aloud, never ignored.
pub(crate) fn unsupported(message: impl Into<String>) -> Refusal {
    Refusal::new("UnsupportedFeatureException", message)
}
