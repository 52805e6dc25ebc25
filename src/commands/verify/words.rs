//! Errors of other rooms as findings.

use crate::{
    aws::{Fault, FaultKind, lattice::resolve::ResolveError, survey::RolesError},
    definition::Finding,
    exit::Error,
    verify::{Code, Found, Spot},
};

/// What a finding is about: an ARN or a name.
pub(super) fn thing(name: &str) -> Spot {
    if name.is_empty() { Spot::Request } else { Spot::Thing(name.to_owned()) }
}

/// A call that a release makes too was refused.
pub(super) fn refused(fault: &Fault, about: &str) -> Found {
    let code = match fault.kind {
        FaultKind::Denied => Code::PermissionDenied,
        FaultKind::NotFound => Code::NotFound,
        FaultKind::Throttled
        | FaultKind::Conflict { .. }
        | FaultKind::Invalid
        | FaultKind::Quota
        | FaultKind::Expired
        | FaultKind::Timeout
        | FaultKind::Unreachable
        | FaultKind::Server
        | FaultKind::Unhandled => Code::AwsRefused,
    };
    Found::error(code, thing(about), fault.to_string()).hint(fault.hint())
}

/// A call that only this command makes was refused: a release would not notice.
pub(super) fn unchecked(what: &str, fault: &Fault, about: &str) -> Found {
    Found::note(Code::NotChecked, thing(about), format!("{what}: {fault}")).hint(fault.hint())
}

/// A name that leads nowhere, or to several.
pub(super) fn unresolved(error: &ResolveError, about: &str) -> Found {
    let code = match error {
        ResolveError::Fault(fault) => return refused(fault, about),
        ResolveError::Malformed(_) => Code::Malformed,
        ResolveError::Absent { .. } => Code::NotFound,
        ResolveError::Ambiguous { .. } => Code::Ambiguous,
        ResolveError::Elsewhere { .. } => Code::OtherAccount,
    };
    Found { hint: error.hint(), ..Found::error(code, thing(about), error.to_string()) }
}

/// The same about the place where it was said, where that is known.
pub(super) fn said_at(place: Option<&str>, found: Found) -> Found {
    let Some(place) = place else { return found };
    let finding = Finding::error(place, found.message.as_str());
    Found { spot: Found::of(found.code, &finding).spot, ..found }
}

/// Why it cannot be told which slot serves.
pub(super) fn roleless(error: &RolesError) -> Found {
    let code = match error {
        RolesError::Split { .. } => Code::Split,
        RolesError::ThirdGroup { .. } => Code::ThirdGroup,
        RolesError::Unknown { .. } => Code::UnknownAction,
        RolesError::Disagree { .. } => Code::Disagree,
        RolesError::Nowhere { .. } => Code::Nowhere,
        RolesError::AmbiguousRule { .. } => Code::Ambiguous,
        RolesError::NoSuchRule { .. } => Code::NotFound,
    };
    Found::error(code, Spot::Request, error.to_string())
}

/// Every problem of an error, as findings of one kind.
pub(super) fn problems(error: &Error, code: Code, about: &str) -> Vec<Found> {
    let of = |problem: &crate::exit::Problem| {
        let found = Found::said(code, &problem.message, problem.hint.as_deref());
        if found.spot == Spot::Request { Found { spot: thing(about), ..found } } else { found }
    };
    error.problems.iter().map(of).collect()
}
