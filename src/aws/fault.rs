//! What went wrong with one AWS call, in our words: the only place that reads the SDK's errors.

use std::{error::Error, fmt};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::{
    client::{
        orchestrator::HttpResponse,
        result::{ConnectorError, SdkError},
    },
    http::StatusCode,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::rollout::observation::{Refusal, RefusalKind};

/// One AWS call that was refused, or that nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// Which sort of failure.
    pub kind: FaultKind,
    /// AWS's own code, such as `ThrottlingException`; none where no answer arrived.
    pub code: Option<String>,
    /// AWS's own message, or what happened instead of an answer.
    pub message: String,
    /// The operation as AWS names it, such as `UpdateRule`.
    pub operation: &'static str,
    /// The call may have taken effect all the same: no answer arrived, or one that does not tell.
    pub may_have_happened: bool,
}

/// The sorts of failure that we tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Too many calls: later the same call can succeed.
    Throttled,
    /// The resource's state does not allow it.
    Conflict {
        /// Waiting does not change that state: a name is taken, a creation failed.
        permanent: bool,
    },
    /// What the call names does not exist.
    NotFound,
    /// The credentials do not allow it, or are not known to AWS.
    Denied,
    /// The request itself is wrong.
    Invalid,
    /// A quota of the account would be exceeded.
    Quota,
    /// The credentials have expired.
    Expired,
    /// No answer in time.
    Timeout,
    /// No connection.
    Unreachable,
    /// AWS failed: 5xx.
    Server,
    /// Anything else: a code that we do not know, an answer that cannot be read.
    Unhandled,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        // ECS gives a reason without any words, now and then.
        let said = self.code.as_deref().into_iter().chain([self.message.as_str()]).filter(|part| !part.is_empty());
        said.into_iter().try_for_each(|part| write!(f, ": {part}"))
    }
}

impl Fault {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.kind {
            FaultKind::Throttled => {
                "AWS throttles this account: run it again in a minute, with fewer jobs at once if it lasts".to_owned()
            }
            FaultKind::Conflict { permanent: false } => {
                "something else is changing this resource: run it again once that has finished".to_owned()
            }
            FaultKind::Conflict { permanent: true } => {
                "the resource's state does not allow this and will not change by itself: see what AWS says above".to_owned()
            }
            FaultKind::NotFound => "check the name, the account and the region: it does not exist there".to_owned(),
            FaultKind::Denied => format!(
                "let the job's role call `{}`, and check that it is the role you mean: `espalier iam-policy` prints what it needs",
                self.operation
            ),
            FaultKind::Invalid => "correct the value that AWS names above".to_owned(),
            FaultKind::Quota => "remove something that is no longer used, or ask AWS for a higher quota".to_owned(),
            FaultKind::Expired => {
                "let espalier assume the role itself and renew it (`aws: { role: ARN }` in the config), or ask for longer credentials: `role-duration-seconds` of aws-actions/configure-aws-credentials".to_owned()
            }
            FaultKind::Timeout | FaultKind::Unreachable => {
                "check that this machine reaches AWS: region, endpoint, proxy and network".to_owned()
            }
            FaultKind::Server => {
                "AWS failed, not the request: run it again, and look at the AWS Health Dashboard if it lasts".to_owned()
            }
            FaultKind::Unhandled => {
                "this answer is not one that espalier knows: please report it with the message above".to_owned()
            }
        }
    }

    /// The same, as the rollout's machine reads it: whether trying again can help.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let transient = match self.kind {
            _ if self.is_of_the_clock() => true,
            FaultKind::Throttled | FaultKind::Timeout | FaultKind::Unreachable | FaultKind::Server => true,
            FaultKind::Conflict { permanent } => !permanent,
            // An answer that does not tell what happened is asked again; a refusal in words that we do not know is not.
            FaultKind::Unhandled => self.may_have_happened,
            FaultKind::NotFound | FaultKind::Denied | FaultKind::Invalid | FaultKind::Quota | FaultKind::Expired => false,
        };
        let kind = if transient { RefusalKind::Transient } else { RefusalKind::Permanent };
        Refusal { kind, message: self.to_string() }
    }

    /// It was signed by a clock too far from AWS's ("Troubleshoot signed requests", IAM User Guide): the next one goes by the answer's.
    fn is_of_the_clock(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let tells = ["Signature expired", "Signature not yet current"].iter().any(|what| self.message.starts_with(what));
        code == "RequestTimeTooSkewed" || (code == "InvalidSignatureException" && tells)
    }

    /// What the call names does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == FaultKind::NotFound
    }

    /// A request that we do not send because AWS would refuse it, or must.
    pub(crate) fn invalid(operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Invalid, code: None, message: message.into(), operation, may_have_happened: false }
    }

    /// An answer without something that it always has.
    pub(crate) fn unreadable(operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Unhandled, code: None, message: message.into(), operation, may_have_happened: true }
    }

    /// One item of an answer that AWS calls unsuccessful: HTTP 200, with a code and a message beside it.
    pub(crate) fn item(operation: &'static str, code: Option<&str>, message: &str) -> Self {
        Self {
            kind: kind(code, None, message),
            code: code.map(ToOwned::to_owned),
            message: message.to_owned(),
            operation,
            // The items beside it were written.
            may_have_happened: true,
        }
    }

    /// From an answer that no SDK client has read.
    pub(crate) fn answered(operation: &'static str, status: u16, code: Option<&str>, message: &str) -> Self {
        Self {
            kind: kind(code, StatusCode::try_from(status).ok(), message),
            code: code.map(ToOwned::to_owned),
            message: message.to_owned(),
            operation,
            may_have_happened: status >= 500 || status == 408,
        }
    }

    /// Without credentials nothing is sent. A provider that failed may answer the next time; one that has none will not.
    pub(crate) fn unsigned(operation: &'static str, cause: &CredentialsError) -> Self {
        let lasting = matches!(cause, CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_));
        let kind = if lasting { FaultKind::Denied } else { FaultKind::Unreachable };
        Self { kind, code: None, message: format!("no credentials: {}", chain(cause)), operation, may_have_happened: false }
    }

    /// From any operation's error.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let silent = |kind, message: String, may_have_happened| Self { kind, code: None, message, operation, may_have_happened };
        match error {
            SdkError::ServiceError(refused) => {
                let (code, status) = (refused.err().code(), refused.raw().status());
                let message = refused.err().message().unwrap_or("AWS gave no message").to_owned();
                let kind = kind(code, Some(status), &message);
                let may_have_happened = status.is_server_error() || status.as_u16() == 408;
                Self { kind, code: code.map(ToOwned::to_owned), message, operation, may_have_happened }
            }
            SdkError::TimeoutError(_) => silent(FaultKind::Timeout, "no answer in time".to_owned(), true),
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if let Some(cause) = credentials(error) => {
                Self::unsigned(operation, cause)
            }
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error();
                let kind = if failure.is_timeout() { FaultKind::Timeout } else { FaultKind::Unreachable };
                let sent = !(failure.is_user() || cause.is_some_and(never_connected));
                silent(kind, cause.map_or_else(|| chain(error), |cause| chain(cause)), sent)
            }
            SdkError::ConstructionFailure(_) => silent(FaultKind::Invalid, chain(error), false),
            SdkError::ResponseError(answer) => {
                let kind = if answer.raw().status().is_server_error() { FaultKind::Server } else { FaultKind::Unhandled };
                silent(kind, format!("the answer (HTTP {}) cannot be read", answer.raw().status().as_u16()), true)
            }
            // `SdkError` is not exhaustive: a case that this version does not know may have been sent.
            _ => silent(FaultKind::Unhandled, chain(error), true),
        }
    }
}

/// The kind by code, and by HTTP status where the code says nothing. Codes: VPC Lattice's and ECS's service models, and the
/// common errors of AWS's API references. ECS answers 400 to nearly everything, so the code goes first.
fn kind(code: Option<&str>, status: Option<StatusCode>, message: &str) -> FaultKind {
    match code.unwrap_or_default() {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => FaultKind::Throttled,
        "ConflictException"
        | "UpdateInProgressException"
        | "ResourceInUseException"
        | "ConcurrentUpdateException"
        | "InvalidStateTransitionException"
        | "PriorRequestNotComplete" => FaultKind::Conflict { permanent: stays(message) },
        // ECS says so when a task definition does not exist.
        "ClientException" if message.starts_with("Unable to describe task definition") => FaultKind::NotFound,
        "ServiceNotActiveException" | "ObjectNotFoundException" | "ParameterNotFound" | "UnknownResourceException" => {
            FaultKind::NotFound
        }
        code if code.ends_with("NotFoundException") => FaultKind::NotFound,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "BlockedException" => FaultKind::Denied,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => FaultKind::Expired,
        "ValidationException"
        | "ValidationError"
        | "InvalidParameterException"
        | "ClientException"
        | "SerializationException"
        | "UnsupportedFeatureException"
        | "PlatformUnknownException"
        | "PlatformTaskDefinitionIncompatibilityException"
        | "UnknownOperationException"
        | "InvalidAction" => FaultKind::Invalid,
        "ServiceQuotaExceededException"
        | "LimitExceededException"
        | "AttributeLimitExceededException"
        | "ResourceShareLimitExceededException"
        | "TagLimitExceededException" => FaultKind::Quota,
        "RequestTimeout" | "RequestTimeoutException" => FaultKind::Timeout,
        "InternalServerException"
        | "ServerException"
        | "InternalServiceException"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => FaultKind::Server,
        _ => match status.map_or(0, StatusCode::as_u16) {
            400 | 405 | 413 | 422 => FaultKind::Invalid,
            401 | 403 => FaultKind::Denied,
            402 => FaultKind::Quota,
            404 => FaultKind::NotFound,
            408 => FaultKind::Timeout,
            409 => FaultKind::Conflict { permanent: stays(message) },
            429 => FaultKind::Throttled,
            500..=599 => FaultKind::Server,
            _ => FaultKind::Unhandled,
        },
    }
}

/// A conflict that waiting does not end. AWS gives one code for both sorts, only the message tells; what it does not tell counts
/// as passing, because a wrong "try again" ends at a deadline and a wrong "never" ends a rollout.
fn stays(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["already exists", "already used", "already in use", "used by another", "create_failed", "delete_failed"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// The connection was never made, so nothing was sent.
fn never_connected(error: &ConnectorError) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()))
}

fn credentials<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// An error and its causes in one line, each said once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in causes(error).map(ToString::to_string) {
        if !said.iter().any(|before| before.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}

pub(super) fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use aws_sdk_vpclattice::{error::ErrorMetadata, operation::update_rule::UpdateRuleError};
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answered(status: u16, code: &str, message: &str) -> Fault {
        let error = UpdateRuleError::generic(ErrorMetadata::builder().code(code).message(message).build());
        let status = StatusCode::try_from(status).expect("a status");
        Fault::from_sdk("UpdateRule", &SdkError::service_error(error, HttpResponse::new(status, SdkBody::empty())))
    }

    #[test]
    fn gateway_8_codes_and_statuses_become_kinds_and_kinds_become_refusals() {
        use FaultKind::{Conflict, Denied, Expired, Invalid, NotFound, Quota, Server, Throttled, Timeout, Unhandled};
        use RefusalKind::{Permanent, Transient};
        let cases = [
            (429, "ThrottlingException", "Rate exceeded", Throttled, Transient, false),
            (400, "ThrottlingException", "Rate exceeded", Throttled, Transient, false),
            (409, "ConflictException", "status: CREATE_IN_PROGRESS.", Conflict { permanent: false }, Transient, false),
            (409, "ConflictException", "Name already exists.", Conflict { permanent: true }, Permanent, false),
            (404, "ResourceNotFoundException", "", NotFound, Permanent, false),
            (400, "ClusterNotFoundException", "Cluster not found.", NotFound, Permanent, false),
            (400, "ClientException", "Unable to describe task definition.", NotFound, Permanent, false),
            (400, "ClientException", "Container.image should not be null", Invalid, Permanent, false),
            (400, "AccessDeniedException", "", Denied, Permanent, false),
            (403, "UnrecognizedClientException", "", Denied, Permanent, false),
            (403, "InvalidSignatureException", "The request signature we calculated does not match.", Denied, Permanent, false),
            (403, "InvalidSignatureException", "Signature expired: 20261127T100000Z is now earlier.", Denied, Transient, false),
            (400, "ExpiredTokenException", "", Expired, Permanent, false),
            (402, "ServiceQuotaExceededException", "", Quota, Permanent, false),
            (400, "LimitExceededException", "", Quota, Permanent, false),
            (400, "ResourceShareLimitExceededException", "", Quota, Permanent, false),
            (400, "UnknownResourceException", "", NotFound, Permanent, false),
            (400, "InvalidStateTransitionException", "", Conflict { permanent: false }, Transient, false),
            (400, "PriorRequestNotComplete", "", Conflict { permanent: false }, Transient, false),
            (404, "NoSuchHostedZone", "", NotFound, Permanent, false),
            (500, "InternalServerException", "", Server, Transient, true),
            (503, "SomethingNew", "", Server, Transient, true),
            (408, "SomethingNew", "", Timeout, Transient, true),
            (418, "SomethingNew", "", Unhandled, Permanent, false),
        ];
        for (status, code, message, kind, refusal, may_have_happened) in cases {
            let fault = answered(status, code, message);
            assert_eq!((fault.kind, fault.may_have_happened), (kind, may_have_happened), "{status} {code}");
            assert_eq!(fault.refusal().kind, refusal, "{status} {code}");
            assert!(!fault.hint().is_empty());
        }
    }

    #[test]
    fn a_fault_tells_operation_code_and_message() {
        let fault = answered(409, "ConflictException", "Creation is in progress.");
        assert_eq!(fault.to_string(), "UpdateRule: ConflictException: Creation is in progress.");
        assert_eq!(fault.refusal().message, fault.to_string());
    }

    #[test]
    fn what_was_not_answered_may_have_happened_unless_it_was_never_sent() {
        type Failed = SdkError<UpdateRuleError, HttpResponse>;
        let cases: [(Failed, FaultKind, bool); 7] = [
            (Failed::construction_failure(CredentialsError::not_loaded("none")), FaultKind::Denied, false),
            (Failed::construction_failure(CredentialsError::provider_error("STS is down")), FaultKind::Unreachable, false),
            (Failed::timeout_error("late"), FaultKind::Timeout, true),
            (Failed::dispatch_failure(ConnectorError::timeout("late".into())), FaultKind::Timeout, true),
            (Failed::dispatch_failure(ConnectorError::io("reset by peer".into())), FaultKind::Unreachable, true),
            (Failed::dispatch_failure(ConnectorError::user("no URI".into())), FaultKind::Unreachable, false),
            (Failed::construction_failure("a field is missing"), FaultKind::Invalid, false),
        ];
        for (error, kind, may_have_happened) in cases {
            let fault = Fault::from_sdk("UpdateRule", &error);
            assert_eq!((fault.kind, fault.may_have_happened), (kind, may_have_happened), "{fault}");
        }
    }

    #[test]
    fn an_unsuccessful_item_with_an_unknown_code_is_tried_again() {
        let fault = Fault::item("BatchUpdateRule", Some("Hiccup"), "try later");
        assert_eq!((fault.kind, fault.refusal().kind), (FaultKind::Unhandled, RefusalKind::Transient));
    }
}
