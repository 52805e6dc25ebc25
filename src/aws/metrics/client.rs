//! The client behind every verb.

use aws_sdk_cloudwatch::Client;

/// CloudWatch of one account and region. Its verbs are in the files beside this one.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// It gives up sooner than the other clients: a tick's other readings wait for it.
    pub(in crate::aws) client: Client,
}

impl Metrics {
    pub(in crate::aws) const fn new(client: Client) -> Self {
        Self { client }
    }
}
