//! How VPC Lattice says no: the errors of its model, as restJson1 writes them. Throttling and denied access are faults' doing.

use serde_json::{Value, json};

use crate::sandbox::wire::Reply;

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

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Members that break a constraint; at least one.
    Fields(Vec<Finding>),
    /// Invalid as a whole.
    Invalid(String),
    /// The body is not JSON.
    Unreadable,
    NotFound {
        kind: &'static str,
        id: String,
    },
    Conflict {
        kind: &'static str,
        id: String,
        message: String,
    },
    Quota {
        kind: &'static str,
        code: &'static str,
        message: String,
    },
    Internal,
    /// An operation that the sandbox does not speak. No AWS error: it must be noticed.
    Unknown(String),
}

impl Refusal {
    pub(super) fn field(name: &str, message: impl Into<String>) -> Self {
        Self::Fields(vec![Finding::new(name, message)])
    }

    pub(super) fn conflict(kind: &'static str, id: &str, message: impl Into<String>) -> Self {
        Self::Conflict { kind, id: id.to_owned(), message: message.into() }
    }

    /// The error's name in the service model.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) | Self::Invalid(_) | Self::Unreadable => "ValidationException",
            Self::NotFound { .. } => "ResourceNotFoundException",
            Self::Conflict { .. } => "ConflictException",
            Self::Quota { .. } => "ServiceQuotaExceededException",
            Self::Internal => "InternalServerException",
            Self::Unknown(_) => "UnknownOperationException",
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Fields(findings) => {
                let all: Vec<_> = findings.iter().map(|finding| format!("{}: {}", finding.name, finding.message)).collect();
                format!("{} validation error(s) detected: {}", findings.len(), all.join("; "))
            }
            Self::Invalid(message) | Self::Conflict { message, .. } | Self::Quota { message, .. } => message.clone(),
            Self::Unreadable => "The request body cannot be parsed as JSON.".to_owned(),
            Self::NotFound { kind, id } => format!("{kind} {id} not found."),
            Self::Internal => "An unexpected error occurred while processing the request.".to_owned(),
            Self::Unknown(what) => format!("The sandbox does not speak {what}."),
        }
    }

    pub(super) fn reply(&self) -> Reply {
        let (status, mut body): (u16, Value) = match self {
            Self::Fields(findings) => {
                let list: Vec<_> =
                    findings.iter().map(|finding| json!({"name": finding.name, "message": finding.message})).collect();
                (400, json!({"reason": "fieldValidationFailed", "fieldList": list}))
            }
            Self::Invalid(_) => (400, json!({"reason": "other"})),
            Self::Unreadable => (400, json!({"reason": "cannotParse"})),
            Self::NotFound { kind, id } => (404, json!({"resourceId": id, "resourceType": kind})),
            Self::Conflict { kind, id, .. } => (409, json!({"resourceId": id, "resourceType": kind})),
            Self::Quota { kind, code, .. } => {
                (402, json!({"resourceType": kind, "serviceCode": "vpc-lattice", "quotaCode": code}))
            }
            Self::Internal => (500, json!({})),
            Self::Unknown(_) => (404, json!({})),
        };
        if let Some(members) = body.as_object_mut() {
            members.insert("message".to_owned(), Value::String(self.message()));
        }
        Reply::json(status, &body).with("x-amzn-errortype", self.code())
    }
}
