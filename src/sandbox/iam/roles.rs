//! `GetRole`: a role as IAM prints it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::credentials::role_id;
use crate::sandbox::{
    oidc,
    protocol::{Call, Refusal},
    scenario::RoleSeed,
    world::World,
};

/// Policies are printed as RFC 3986 encodes them (API reference, `GetRole`).
const PRINTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A role by its name without a path: its name with the path, and what the scenario says of it. Where the scenario has no roles at
/// all there is every one.
pub(super) fn find<'w>(world: &'w World, name: &str) -> Option<(String, Option<&'w RoleSeed>)> {
    let roles = &world.scenario.iam.roles;
    if roles.is_empty() {
        return Some((name.to_owned(), None));
    }
    let found = roles.iter().find(|(known, _)| known.rsplit('/').next() == Some(name));
    found.map(|(known, seed)| (known.clone(), Some(seed)))
}

/// What IAM says of a role that is not there.
pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new("NoSuchEntityException", format!("The role with name {name} cannot be found."))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let name = call.text("RoleName");
    let (full, seed) = find(world, name).ok_or_else(|| missing(name))?;
    let account = &world.scenario.account;
    let trust = seed.and_then(|seed| seed.trust.clone()).map_or_else(|| open(account), Value::from);
    let path = full.rsplit_once('/').map_or_else(|| "/".to_owned(), |(path, _)| format!("/{path}/"));
    Ok(json!({"Role": {
        "Path": path,
        "RoleName": name,
        "RoleId": role_id(&full),
        "Arn": format!("arn:aws:iam::{account}:role/{full}"),
        "CreateDate": world.scenario.start.as_secs(),
        "AssumeRolePolicyDocument": utf8_percent_encode(&trust.to_string(), PRINTED).to_string(),
        "MaxSessionDuration": seed.map_or(3600, |seed| seed.max_session),
    }}))
}

/// The trust of a role to which the scenario gives none: ECS, its tasks, and every token of the run.
fn open(account: &str) -> Value {
    let provider = format!("arn:aws:iam::{account}:oidc-provider/{}", oidc::PROVIDER);
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.amazonaws.com", "ecs-tasks.amazonaws.com"]}},
        {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}},
    ]})
}
