//! Three operations of Systems Manager's parameters: all that a lock needs.
//!
//! A parameter that is put without `Overwrite` is created or refused (API reference, `PutParameter`): true exclusion.

use serde_json::{Value, json};

use super::{fault::Fault, signed::Signer};
use crate::time::Timestamp;

/// The parameters of one account and region.
#[derive(Clone, Debug)]
pub struct Parameters(Signer);

impl Parameters {
    pub(super) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// Creates a parameter, or writes it again where that is asked for, and gives the version that it has now: 1 when it was created, one
    /// more for each time that it was written again (API reference, `PutParameter`). `now` is for the signature.
    ///
    /// # Errors
    /// AWS's refusal; with the code `ParameterAlreadyExists` where there is one and it is not to be overwritten.
    pub async fn put(&self, name: &str, value: &str, overwrite: bool, now: Timestamp) -> Result<u64, Fault> {
        let body = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": overwrite });
        Ok(self.ask("PutParameter", &body, now).await?["Version"].as_u64().unwrap_or_default())
    }

    /// Its value, or that of `NAME:VERSION`; none where there is no such parameter.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn get(&self, name: &str, now: Timestamp) -> Result<Option<String>, Fault> {
        match self.ask("GetParameter", &json!({ "Name": name }), now).await {
            Err(fault) if fault.is_not_found() => Ok(None),
            answer => Ok(answer?.pointer("/Parameter/Value").and_then(Value::as_str).map(ToOwned::to_owned)),
        }
    }

    /// Deletes it. One that is not there is deleted.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn delete(&self, name: &str, now: Timestamp) -> Result<(), Fault> {
        match self.ask("DeleteParameter", &json!({ "Name": name }), now).await {
            Err(fault) if fault.is_not_found() => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn ask(&self, operation: &'static str, body: &Value, now: Timestamp) -> Result<Value, Fault> {
        self.0.json(("ssm", "AmazonSSM"), operation, body, now).await
    }
}
