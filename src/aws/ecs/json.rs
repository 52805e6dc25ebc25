//! JSON out and in as it is: the SDK signs, sends and repeats, and its types neither drop a field that they do not know nor
//! demand one that we do not send.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::{AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{interceptors::Intercept, runtime_components::RuntimeComponents},
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use serde_json::Value;

/// Puts our body in place of the SDK's, before it is signed. For one call.
#[derive(Debug)]
pub(super) struct SendExactly(Vec<u8>);

impl SendExactly {
    pub(super) fn new(body: &Value) -> Self {
        Self(body.to_string().into_bytes())
    }
}

impl Intercept for SendExactly {
    fn name(&self) -> &'static str {
        "SendExactly"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.clone());
        Ok(())
    }
}

/// Keeps the answer's body as it came. For one call.
#[derive(Clone, Debug, Default)]
pub(in crate::aws) struct KeepAnswer(Arc<Mutex<Option<Value>>>);

impl KeepAnswer {
    /// The whole answer; null where it is not JSON.
    pub(in crate::aws) fn whole(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// The answer's member of that name; null where it has none.
    pub(in crate::aws) fn member(&self, name: &str) -> Value {
        let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answer.as_mut().and_then(|answer| answer.get_mut(name)).map_or(Value::Null, Value::take)
    }
}

impl Intercept for KeepAnswer {
    fn name(&self) -> &'static str {
        "KeepAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The body of an answer that is not a stream is in memory by now.
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = serde_json::from_slice(body).ok();
        Ok(())
    }
}
