//! What CloudWatch answers when it refuses a call.

use crate::{
    models::check::Finding,
    sandbox::protocol::{Refusal, said_by_coral},
};

/// `ValidationError`: a request that makes no sense. The model does not name it, the service gives it.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

/// `InvalidNextToken`.
pub(super) fn token() -> Refusal {
    Refusal::new("InvalidNextToken", "The next token specified is invalid.")
}

/// What a request that does not fit its model gets.
pub(crate) fn invalid_request(findings: &[Finding]) -> Refusal {
    said_by_coral("ValidationError", findings)
}

/// Too many requests.
pub(crate) fn throttled() -> Refusal {
    Refusal::new("Throttling", "Rate exceeded")
}
