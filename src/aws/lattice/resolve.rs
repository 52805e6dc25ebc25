//! From what a person wrote to the one resource it names, or an error that says what there is instead.

use std::fmt::Write as _;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Lattice,
    ids::{Given, IdError, Resource, home},
};
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
    /// Several have it: names are unique in an account, and other accounts share theirs; tags are never unique.
    #[error("several {resource}s are `{given}`: write the ARN of one of {}", .candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        resource: Resource,
        /// By which name or tag.
        given: String,
        /// Those that have it: the ARN of each, and what tells it apart.
        candidates: Vec<String>,
    },
    /// It lies where it cannot be used.
    #[error("{resource} `{given}`: {why}")]
    Elsewhere {
        /// What was looked for.
        resource: Resource,
        /// By which ARN or name.
        given: String,
        /// Where it is, and why that does not go.
        why: String,
    },
    /// AWS was asked and refused, or did not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl ResolveError {
    /// The name, id or ARN that it is about, as it was given; none where AWS's refusal is about something else.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        match self {
            Self::Malformed(IdError { given, .. })
            | Self::Absent { given, .. }
            | Self::Ambiguous { given, .. }
            | Self::Elsewhere { given, .. } => Some(given),
            Self::Fault(_) => None,
        }
    }

    /// What a person can do about it, where the message does not say so already.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Fault(fault) => Some(fault.hint()),
            Self::Absent { .. } => Some("check the name, the account and the region".to_owned()),
            Self::Malformed(_) | Self::Ambiguous { .. } | Self::Elsewhere { .. } => None,
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
    /// What tells it apart from others, in words; empty where nothing does.
    pub(in crate::aws) about: String,
}

impl Listed {
    /// Members that AWS leaves out are empty, and named by nobody.
    pub(in crate::aws) fn new(id: Option<String>, name: Option<String>, arn: Option<String>) -> Self {
        let (id, name, arn) = (id.unwrap_or_default(), name.unwrap_or_default(), arn.unwrap_or_default());
        Self { id, name, arn, about: String::new() }
    }

    /// With what tells it apart.
    pub(in crate::aws) fn about(self, about: &[Option<&str>]) -> Self {
        Self { about: about.iter().flatten().copied().collect::<Vec<_>>().join(", "), ..self }
    }

    fn told(&self) -> String {
        let about = if self.about.is_empty() { String::new() } else { format!(", {}", self.about) };
        format!("{} ({}{about})", self.arn, self.name)
    }
}

/// Calls in flight at once while tags are looked at.
const AT_ONCE: usize = 8;

impl Lattice {
    /// The one of `listed` that `given` names. For a tag every one is asked for its tags.
    pub(in crate::aws) async fn choose(
        &self,
        resource: Resource,
        given: &str,
        listed: Vec<Listed>,
    ) -> Result<Listed, ResolveError> {
        let wanted = Given::parse(resource, given)?;
        if !matches!(wanted, Given::Tag(..)) {
            return pick(resource, given, listed);
        }
        let tagged = stream::iter(listed).map(async |item: Listed| Ok::<_, Fault>((self.read_tags(&item.arn).await?, item)));
        let tagged: Vec<_> = tagged.buffered(AT_ONCE).try_collect().await?;
        let (found, others) = tagged.into_iter().partition::<Vec<_>, _>(|(tags, _)| wanted.is_tag_of(tags));
        let items = |list: Vec<(_, Listed)>| list.into_iter().map(|(_, item)| item).collect();
        one_of(resource, given, items(found), items(others))
    }
}

/// The one of `listed` that `given` names.
pub(in crate::aws) fn pick(resource: Resource, given: &str, listed: Vec<Listed>) -> Result<Listed, ResolveError> {
    let wanted = Given::parse(resource, given)?;
    let there = |arn: &str| listed.iter().any(|item| home(&item.arn) == home(arn));
    if let (Given::Arn(arn), Some(one)) = (&wanted, listed.first())
        && !there(arn)
        && let Some(why) = elsewhere(arn, &one.arn)
    {
        return Err(ResolveError::Elsewhere { resource, given: given.to_owned(), why });
    }
    let (found, others) = listed.into_iter().partition(|item| wanted.names(&item.id, &item.name));
    one_of(resource, given, found, others)
}

/// Why an ARN cannot be meant where everything else lies `here`; none where it lies there too.
pub(in crate::aws) fn elsewhere(arn: &str, here: &str) -> Option<String> {
    let ((region, account), (our_region, our_account)) = (home(arn)?, home(here)?);
    if account != our_account {
        return Some(format!("its ARN names account {account}, and this is account {our_account}"));
    }
    (region != our_region).then(|| format!("its ARN names region {region}, and this is region {our_region}"))
}

fn one_of(resource: Resource, given: &str, mut found: Vec<Listed>, others: Vec<Listed>) -> Result<Listed, ResolveError> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let mut candidates: Vec<String> = found.iter().chain([&last]).map(Listed::told).collect();
            candidates.sort();
            Err(ResolveError::Ambiguous { resource, given: given.to_owned(), candidates })
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
            let face = |(id, name, arn): (&str, &str, &str)| {
                Listed::new(Some(id.to_owned()), Some(name.to_owned()), Some(arn.to_owned()))
            };
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
            "several Lattice services are `shared`: write the ARN of one of arn:3 (shared), arn:4 (shared)"
        );
        assert!(matches!(pick("Not A Name"), Err(ResolveError::Malformed(_))));
    }
}
