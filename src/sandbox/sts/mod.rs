//! STS.

use super::{wire::Reply, world::World};

pub(crate) fn handle(_world: &mut World, _form: &[(String, String)]) -> Reply {
    Reply::empty(400)
}
