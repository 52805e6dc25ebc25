//! The client behind every verb.

use std::time::Duration;

use serde_json::Value;

use crate::{
    aws::{
        fault::Fault,
        signed::{Signer, Tries},
    },
    time::Timestamp,
};

/// Metrics are read beside what decides about weights at once, which waits for them: they get two tries and six seconds.
const TRIES: Tries = Tries { most: 2, limit: Duration::from_secs(3) };

/// CloudWatch of one account and region. Its verbs are in the files beside this one.
#[derive(Clone, Debug)]
pub struct Metrics(Signer);

impl Metrics {
    pub(in crate::aws) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    pub(super) async fn ask(&self, operation: &'static str, body: &Value, now: Timestamp) -> Result<Value, Fault> {
        self.0.json_tried(("monitoring", "GraniteServiceVersion20100801"), operation, body, TRIES, now).await
    }
}
