//! The client behind every verb.

use aws_sdk_ecs::Client;

/// ECS of one account and region. Its verbs are in the files beside this one.
#[derive(Clone, Debug)]
pub struct Ecs {
    /// Throttles and failures are repeated by the SDK.
    pub(in crate::aws) client: Client,
}

impl Ecs {
    pub(in crate::aws) const fn new(client: Client) -> Self {
        Self { client }
    }
}
