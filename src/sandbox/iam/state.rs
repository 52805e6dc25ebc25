//! What IAM and STS remember.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Policy;
use crate::{clock::Timestamp, sandbox::world::World};

/// Sessions by their access key, and every permission that a request was done with.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) used: BTreeSet<Used>,
}

/// Temporary credentials of a role.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The role's name, path included.
    pub(super) role: String,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) expires: Timestamp,
    /// What it may at most, whatever the role may.
    pub(super) policy: Option<Policy>,
}

/// An action on a resource, in whose name it was, and to whom a role was passed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(super) struct Used {
    pub(super) action: String,
    pub(super) resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) passed_to: Option<&'static str>,
}

/// Every permission that the requests so far needed and had: what a policy has to allow, and no more.
pub(crate) fn snapshot(world: &World) -> Value {
    json!({"used": world.iam.used})
}
