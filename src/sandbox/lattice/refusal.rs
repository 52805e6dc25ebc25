//! How VPC Lattice says no: the errors of its model. Throttling and denied access are faults' doing.

use serde_json::json;

use crate::sandbox::protocol::Refusal;

/// One member that does not pass, as it stands in `fieldList`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) name: String,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into() }
    }
}

/// Members that break a constraint; at least one.
pub(super) fn fields(findings: Vec<Finding>) -> Refusal {
    let all: Vec<_> = findings.iter().map(|finding| format!("{}: {}", finding.name, finding.message)).collect();
    let list: Vec<_> = findings.iter().map(|finding| json!({"name": finding.name, "message": finding.message})).collect();
    Refusal::new("ValidationException", format!("{} validation error(s) detected: {}", list.len(), all.join("; ")))
        .with("reason", "fieldValidationFailed")
        .with("fieldList", list)
}

/// One member that breaks a constraint.
pub(super) fn field(name: &str, message: impl Into<String>) -> Refusal {
    fields(vec![Finding::new(name, message)])
}

/// Invalid as a whole.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message).with("reason", "other")
}

/// There is no such resource. An ARN is told by its id.
pub(super) fn not_found(kind: &str, id_or_arn: &str) -> Refusal {
    let id = id_or_arn.rsplit('/').next().unwrap_or_default();
    Refusal::new("ResourceNotFoundException", format!("{kind} {id} not found.")).with("resourceId", id).with("resourceType", kind)
}

/// The state of the resource does not allow it.
pub(super) fn conflict(kind: &str, id: &str, message: impl Into<String>) -> Refusal {
    Refusal::new("ConflictException", message).with("resourceId", id).with("resourceType", kind)
}

/// There are too many of them already.
pub(super) fn quota(kind: &str, code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new("ServiceQuotaExceededException", message)
        .with("resourceType", kind)
        .with("serviceCode", "vpc-lattice")
        .with("quotaCode", code)
}

/// What cannot happen.
pub(super) fn internal() -> Refusal {
    Refusal::new("InternalServerException", "An unexpected error occurred while processing the request.")
}
