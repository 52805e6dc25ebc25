//! `GetCallerIdentity`.

use serde_json::{Value, json};

use crate::sandbox::{
    protocol::{Call, Perform, Refusal},
    world::World,
};

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[("GetCallerIdentity", identity)];

fn identity(world: &mut World, _call: &Call) -> Result<Value, Refusal> {
    let account = &world.scenario.account;
    let arn = format!("arn:aws:sts::{account}:assumed-role/deployer/GitHubActions");
    Ok(json!({"Arn": arn, "UserId": "AROA3XFRBF535ESPALIER:GitHubActions", "Account": account}))
}
