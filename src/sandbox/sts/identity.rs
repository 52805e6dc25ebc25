//! `GetCallerIdentity`.

use serde_json::{Value, json};

use crate::sandbox::{
    iam,
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let caller = iam::caller(world, &call.access_key);
    Ok(json!({"Arn": caller.arn(), "UserId": caller.user_id(), "Account": world.scenario.account}))
}
