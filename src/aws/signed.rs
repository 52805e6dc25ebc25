//! Requests to services of which a few operations are needed: signed by hand (Signature Version 4), since each SDK would weigh
//! more than the rest of this room.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_async::rt::sleep::{AsyncSleep as _, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    fault::{Fault, FaultKind, chain},
    meter::{Meter, http_date},
    plain::{self, Answer, Request},
    xml,
};
use crate::time::Timestamp;

/// A signature is good for five minutes to either side of AWS's time.
const MOST_SKEW: Duration = Duration::from_secs(4 * 60);

/// How often something is tried, and how long one try may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    pub(super) most: u32,
    pub(super) limit: Duration,
}

impl Tries {
    /// What is asked once, by who decides himself about the next time.
    pub(super) const ONCE: Self = Self { most: 1, limit: Duration::from_secs(5) };
    /// What changes nothing is asked again while AWS throttles it or fails.
    pub(super) const READ: Self = Self { most: 5, limit: Duration::from_secs(4) };
    /// DESIGN §5: what a rollout writes goes out once, with two seconds to be answered. Repeating it is the machine's decision.
    pub(super) const WRITE: Self = Self { most: 1, limit: Duration::from_secs(2) };
}

/// Who signs, and where the services are.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    http: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    region: String,
    endpoint: Option<String>,
    meter: Meter,
    /// The endpoint is the sandbox's: waiting takes milliseconds, and its time is its own.
    sandboxed: bool,
}

/// What is asked. The path begins with a slash and is encoded already.
#[derive(Debug, Default)]
pub(super) struct Ask<'a> {
    pub(super) operation: &'static str,
    /// The service's name in signatures and in addresses.
    pub(super) service: &'static str,
    /// Another region than the signer's.
    pub(super) region: Option<&'a str>,
    pub(super) method: http::Method,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Signer {
    pub(super) fn new(
        http: SharedHttpClient,
        credentials: SharedCredentialsProvider,
        region: &str,
        endpoint: Option<&str>,
        (meter, sandboxed): (Meter, bool),
    ) -> Self {
        let endpoint = endpoint.map(|url| url.trim_end_matches('/').to_owned());
        Self { http, credentials, region: region.to_owned(), endpoint, meter, sandboxed }
    }

    /// Sends it once. An answer is an answer, whatever its status. `now` is for the signature; where AWS's own time turns out to be
    /// another one, it is signed by that and sent again.
    ///
    /// # Errors
    /// No credentials, or no answer.
    pub(super) async fn send(&self, ask: Ask<'_>, now: Timestamp) -> Result<Answer, Fault> {
        self.send_within(&ask, Tries::ONCE.limit, now).await
    }

    async fn send_within(&self, ask: &Ask<'_>, limit: Duration, now: Timestamp) -> Result<Answer, Fault> {
        let answer = self.once(ask, limit, now).await?;
        let theirs = answer.date.as_deref().and_then(http_date).unwrap_or(now);
        let skew = theirs.since(now).max(now.since(theirs));
        if (answer.status == 403 || answer.status == 400) && skew > MOST_SKEW && !self.sandboxed {
            return self.once(ask, limit, theirs).await;
        }
        Ok(answer)
    }

    async fn once(&self, ask: &Ask<'_>, limit: Duration, now: Timestamp) -> Result<Answer, Fault> {
        let request = self.signed(ask, now).await?;
        self.meter.sends(ask.operation);
        let answer = plain::send(&self.http, ask.operation, request, limit).await?;
        if let Some(date) = &answer.date {
            self.meter.hears(date);
        }
        Ok(answer)
    }

    /// Asks so many times, until there is an answer that asking again would not change.
    ///
    /// # Errors
    /// The last one's.
    pub(super) async fn repeated<T>(
        &self,
        most: u32,
        is_passing: fn(FaultKind) -> bool,
        ask: impl AsyncFn() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut pause = if self.sandboxed { Duration::from_millis(2) } else { Duration::from_millis(200) };
        for _ in 1..most {
            match ask().await {
                Err(fault) if is_passing(fault.kind) => {}
                answer => return answer,
            }
            TokioSleep::new().sleep(pause).await;
            pause *= 2;
        }
        ask().await
    }

    /// An operation of a service that speaks AWS JSON, named by `x-amz-target`; its answer's members. Once.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub(super) async fn json(
        &self,
        (service, prefix): (&'static str, &str),
        operation: &'static str,
        body: &Value,
        now: Timestamp,
    ) -> Result<Value, Fault> {
        self.json_tried((service, prefix), operation, body, Tries::ONCE, now).await
    }

    /// The same, so many times.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub(super) async fn json_tried(
        &self,
        (service, prefix): (&'static str, &str),
        operation: &'static str,
        body: &Value,
        tries: Tries,
        now: Timestamp,
    ) -> Result<Value, Fault> {
        // CloudWatch alone speaks version 1.0 of these; nothing that is sent differs.
        let version = if service == "monitoring" { "1.0" } else { "1.1" };
        let headers = vec![
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", format!("{prefix}.{operation}")),
        ];
        let ask = Ask {
            operation,
            service,
            method: http::Method::POST,
            path: "/".to_owned(),
            headers,
            body: body.to_string().into_bytes(),
            ..Ask::default()
        };
        self.repeated(tries.most, is_passing, async || {
            let answer = self.send_within(&ask, tries.limit, now).await?;
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status == 200 {
                return Ok(said);
            }
            let code = said["__type"].as_str().map(|code| code.rsplit('#').next().unwrap_or(code));
            let message = ["message", "Message"].into_iter().find_map(|name| said[name].as_str());
            Err(Fault::answered(operation, answer.status, code, message.unwrap_or("AWS gave no message")))
        })
        .await
    }

    /// An operation of a service that speaks the query protocol: a form, answered in XML.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub(super) async fn query(
        &self,
        (service, version): (&'static str, &str),
        operation: &'static str,
        fields: &[(String, &str)],
        now: Timestamp,
    ) -> Result<String, Fault> {
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let ask = Ask {
            operation,
            service,
            method: http::Method::POST,
            path: "/".to_owned(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: body.into_bytes(),
            ..Ask::default()
        };
        let answer = self.send(ask, now).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == 200 {
            return Ok(text);
        }
        let said = |name: &str| xml::texts(&text, &[name]).pop().map(|(_, text)| text);
        let message = said("Message").unwrap_or_else(|| "AWS gave no message".to_owned());
        Err(Fault::answered(operation, answer.status, said("Code").as_deref(), &message))
    }

    async fn signed(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Request, Fault> {
        let wrong = |error: &(dyn std::error::Error + 'static)| Fault::invalid(ask.operation, chain(error));
        let (region, host) = home(ask.service, ask.region.unwrap_or(&self.region));
        let base = self.endpoint.clone().unwrap_or_else(|| format!("https://{host}"));
        let url = format!("{base}{}", ask.path);
        let credentials = self.credentials.provide_credentials().await.map_err(|error| Fault::unsigned(ask.operation, &error))?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        if ask.service == "s3" {
            // S3 alone signs the path as it is sent, and wants the digest of the body beside the signature.
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(ask.service)
            .time(UNIX_EPOCH + Duration::from_millis(now.as_millis()))
            .settings(settings)
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        let plain = ask.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(ask.method.as_str(), url.as_str(), plain, SignableBody::Bytes(&ask.body));
        let signed = signable.and_then(|signable| sign(signable, &params)).map_err(|error| wrong(&error))?;
        let (instructions, _signature) = signed.into_parts();
        let mut headers = ask.headers.clone();
        headers.extend(instructions.headers().map(|(name, value)| (known(name), value.to_owned())));
        Ok(Request { method: ask.method.clone(), url, headers, body: ask.body.clone() })
    }
}

/// What the next try may do better, of what changes nothing or is refused in its last try anyway.
pub(super) const fn is_passing(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Throttled | FaultKind::Server | FaultKind::Timeout | FaultKind::Unreachable)
}

/// The region that a request is signed for, and its host, in the partitions that VPC Lattice is in: AWS, GovCloud, China. IAM and
/// Route 53 have one address in each (botocore, `endpoints.json`).
fn home<'r>(service: &str, region: &'r str) -> (&'r str, String) {
    let is_china = region.starts_with("cn-");
    if service == "iam" {
        return match region {
            _ if is_china => ("cn-north-1", "iam.cn-north-1.amazonaws.com.cn".to_owned()),
            _ if region.starts_with("us-gov-") => ("us-gov-west-1", "iam.us-gov.amazonaws.com".to_owned()),
            _ => ("us-east-1", "iam.amazonaws.com".to_owned()),
        };
    }
    if service == "route53" {
        return match region {
            _ if is_china => ("cn-northwest-1", "route53.amazonaws.com.cn".to_owned()),
            _ if region.starts_with("us-gov-") => ("us-gov-west-1", "route53.us-gov.amazonaws.com".to_owned()),
            _ => ("us-east-1", "route53.amazonaws.com".to_owned()),
        };
    }
    let suffix = if is_china { "amazonaws.com.cn" } else { "amazonaws.com" };
    (region, format!("{service}.{region}.{suffix}"))
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

#[cfg(test)]
mod tests {
    use super::home;

    #[test]
    fn a_global_service_has_one_home_in_each_partition() {
        let table = [
            ("ram", "eu-central-1", "eu-central-1", "ram.eu-central-1.amazonaws.com"),
            ("ram", "cn-north-1", "cn-north-1", "ram.cn-north-1.amazonaws.com.cn"),
            ("route53", "eu-central-1", "us-east-1", "route53.amazonaws.com"),
            ("route53", "cn-north-1", "cn-northwest-1", "route53.amazonaws.com.cn"),
            ("route53", "us-gov-east-1", "us-gov-west-1", "route53.us-gov.amazonaws.com"),
            ("iam", "eu-central-1", "us-east-1", "iam.amazonaws.com"),
            ("iam", "us-gov-east-1", "us-gov-west-1", "iam.us-gov.amazonaws.com"),
        ];
        for (service, region, signed_for, host) in table {
            assert_eq!(home(service, region), (signed_for, host.to_owned()), "{service} in {region}");
        }
    }
}
