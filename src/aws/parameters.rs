//! Three operations of Systems Manager's parameters, as plain signed requests: all that a lock needs. An SDK would weigh more than
//! the rest of this room.
//!
//! A parameter that is put without `Overwrite` is created or refused (API reference, `PutParameter`): true exclusion.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::{Value, json};

use super::{
    fault::{Fault, FaultKind, chain},
    plain::{self, Request},
};
use crate::time::Timestamp;

/// How long one of these may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The parameters of one account and region.
#[derive(Clone, Debug)]
pub struct Parameters {
    http: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    region: String,
    url: String,
}

impl Parameters {
    pub(super) fn new(
        http: SharedHttpClient,
        credentials: SharedCredentialsProvider,
        region: &str,
        endpoint: Option<&str>,
    ) -> Self {
        // The partitions that VPC Lattice is in: AWS, GovCloud, China (botocore, `partitions.json`).
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url =
            endpoint.map_or_else(|| format!("https://ssm.{region}.{suffix}/"), |url| format!("{}/", url.trim_end_matches('/')));
        Self { http, credentials, region: region.to_owned(), url }
    }

    /// Creates a parameter, or writes it again where that is asked for. `now` is for the signature.
    ///
    /// # Errors
    /// AWS's refusal; with the code `ParameterAlreadyExists` where there is one and it is not to be overwritten.
    pub async fn put(&self, name: &str, value: &str, overwrite: bool, now: Timestamp) -> Result<(), Fault> {
        let body = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": overwrite });
        self.ask("PutParameter", &body, now).await.map(drop)
    }

    /// Its value; none where there is no such parameter.
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
        let failed = |kind, message: String, may_have_happened| Fault { kind, code: None, message, operation, may_have_happened };
        let body = body.to_string().into_bytes();
        let headers = self.signed(operation, &body, now).await.map_err(|why| failed(FaultKind::Denied, why, false))?;
        let request = Request { method: http::Method::POST, url: self.url.clone(), headers, body };
        let answer = plain::send(&self.http, request, LIMIT).await;
        let answer = answer.map_err(|none| failed(FaultKind::Unreachable, none.message, none.may_have_happened))?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(said);
        }
        let code = said["__type"].as_str().map(|code| code.rsplit('#').next().unwrap_or(code));
        let message = ["message", "Message"].into_iter().find_map(|name| said[name].as_str());
        Err(Fault::answered(operation, answer.status, code, message.unwrap_or("AWS gave no message")))
    }

    async fn signed(&self, operation: &str, body: &[u8], now: Timestamp) -> Result<Vec<(&'static str, String)>, String> {
        let credentials = self.credentials.provide_credentials().await.map_err(|error| chain(&error))?;
        let mut headers =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", format!("AmazonSSM.{operation}"))];
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ssm")
            .time(UNIX_EPOCH + Duration::from_millis(now.as_millis()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| chain(&error))?
            .into();
        let plain = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new("POST", self.url.as_str(), plain, SignableBody::Bytes(body));
        let signed = signable.and_then(|signable| sign(signable, &params)).map_err(|error| chain(&error))?;
        let (instructions, _signature) = signed.into_parts();
        headers.extend(instructions.headers().map(|(name, value)| (known(name), value.to_owned())));
        Ok(headers)
    }
}

/// The headers that a signature consists of.
fn known(name: &str) -> &'static str {
    match name {
        "authorization" => "authorization",
        "x-amz-date" => "x-amz-date",
        "x-amz-security-token" => "x-amz-security-token",
        _ => "x-amz-content-sha256",
    }
}
