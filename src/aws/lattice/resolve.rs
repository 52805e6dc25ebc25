//! From what a person wrote to the one resource it names, or an error that says what there is instead.

use std::fmt::Write as _;

use super::ids::{Given, IdError, Resource};
use crate::aws::fault::Fault;

/// Why a name does not lead to a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// It cannot be a name, an id or an ARN.
    #[error(transparent)]
    Malformed(#[from] IdError),
    /// Nothing has it.
    #[error("there is no {resource} `{given}`{}", there_are(.candidates))]
    Absent {
        /// What was looked for.
        resource: Resource,
        /// By which name, id or ARN.
        given: String,
        /// The names there are.
        candidates: Vec<String>,
    },
    /// Several have it: names are unique in an account, and other accounts share theirs.
    #[error("several {resource}s are called `{given}`: write the ARN of one of {}", .arns.join(", "))]
    Ambiguous {
        /// What was looked for.
        resource: Resource,
        /// By which name.
        given: String,
        /// The ARNs of those that have it.
        arns: Vec<String>,
    },
    /// AWS was asked and refused, or did not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl ResolveError {
    /// What a person can do about it, where the message does not say so already.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Fault(fault) => Some(fault.hint()),
            Self::Absent { .. } => Some("check the name, the account and the region".to_owned()),
            Self::Malformed(_) | Self::Ambiguous { .. } => None,
        }
    }
}

/// The nearest names first, and not more than a person reads.
fn there_are(names: &[String]) -> String {
    const SHOWN: usize = 10;
    if names.is_empty() {
        return ": there is none at all".to_owned();
    }
    let mut text =
        format!(": there {} {}", if names.len() == 1 { "is" } else { "are" }, names[..names.len().min(SHOWN)].join(", "));
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    text
}

/// What a listing says of a resource that matters for finding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::aws) struct Listed {
    pub(in crate::aws) id: String,
    pub(in crate::aws) name: String,
    pub(in crate::aws) arn: String,
}

impl Listed {
    /// Members that AWS leaves out are empty, and named by nobody.
    pub(in crate::aws) fn new(id: Option<String>, name: Option<String>, arn: Option<String>) -> Self {
        Self { id: id.unwrap_or_default(), name: name.unwrap_or_default(), arn: arn.unwrap_or_default() }
    }
}

/// The one of `listed` that `given` names.
pub(in crate::aws) fn pick(resource: Resource, given: &str, listed: Vec<Listed>) -> Result<Listed, ResolveError> {
    let wanted = Given::parse(resource, given)?;
    let (mut found, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|item| wanted.names(&item.id, &item.name));
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let mut arns: Vec<String> = found.iter().chain([&last]).map(|item| item.arn.clone()).collect();
            arns.sort();
            Err(ResolveError::Ambiguous { resource, given: given.to_owned(), arns })
        }
        (None, _) => {
            let mut candidates: Vec<String> = others.iter().map(|item| item.name.clone()).collect();
            candidates.sort_by(|one, other| {
                let near = |name: &str| strsim::jaro_winkler(given, name);
                near(other).total_cmp(&near(one)).then_with(|| one.cmp(other))
            });
            Err(ResolveError::Absent { resource, given: given.to_owned(), candidates })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_found_none_lists_the_nearest_and_two_list_their_arns() {
        let listed = || -> Vec<Listed> {
            let face =
                |(id, name, arn): (&str, &str, &str)| Listed { id: id.to_owned(), name: name.to_owned(), arn: arn.to_owned() };
            let all = [
                ("svc-1", "other", "arn:1"),
                ("svc-2", "myservice", "arn:2"),
                ("svc-3", "shared", "arn:3"),
                ("svc-4", "shared", "arn:4"),
            ];
            all.map(face).into()
        };
        let pick = |given: &str| pick(Resource::Service, given, listed());
        assert_eq!(pick("myservice").map(|found| found.id), Ok("svc-2".to_owned()));
        assert_eq!(
            pick("myservise").expect_err("absent").to_string(),
            "there is no Lattice service `myservise`: there are myservice, other, shared, shared"
        );
        assert_eq!(
            pick("shared").expect_err("ambiguous").to_string(),
            "several Lattice services are called `shared`: write the ARN of one of arn:3, arn:4"
        );
        assert!(matches!(pick("Not A Name"), Err(ResolveError::Malformed(_))));
    }
}
