//! A role that is assumed through GitHub's OIDC token, and assumed again before it ends, for as long as a rollout runs.
//!
//! The token of a run lasts minutes (GitHub Docs, "OpenID Connect reference": `exp`): a new one is asked for each time. What
//! time it is, AWS's answers say: a runner's clock may be wrong, and a rehearsal's time is the sandbox's.

use std::{fmt, sync::Arc, time::Duration};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use aws_sdk_sts::{Client, error::ProvideErrorMetadata as _};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    error::AwsError,
    fault::Fault,
    meter::{Meter, timestamp},
    plain::{self, Request},
};
use crate::time::Timestamp;

/// The audience that the identity provider of an account knows (AWS IAM User Guide, "Create an OpenID Connect identity provider").
const AUDIENCE: &str = "sts.amazonaws.com";
/// So long before they end credentials are asked for again: longer than any pause between two calls of a rollout.
const MARGIN: Duration = Duration::from_secs(600);
/// The pause after new ones could not be had.
const AGAIN: Duration = Duration::from_secs(30);
/// How long GitHub may take to give a token.
const TOKEN_LIMIT: Duration = Duration::from_secs(5);
/// The provider as IAM's conditions name it.
const PROVIDER: &str = "token.actions.githubusercontent.com";

/// Which role, and where the run gets its tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct RoleOptions {
    /// Its ARN.
    pub arn: String,
    /// The session's name, as CloudTrail shows it: 2 to 64 letters, digits and `_+=,.@-`.
    pub session: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`; none where the job may not have tokens.
    pub tokens: Option<(String, String)>,
}

impl fmt::Debug for RoleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleOptions").field("arn", &self.arn).field("session", &self.session).finish_non_exhaustive()
    }
}

/// Credentials of the role, kept until they are about to end.
#[derive(Debug)]
pub(super) struct Role {
    source: Arc<Source>,
    kept: Arc<Mutex<Kept>>,
}

/// What new credentials are had from.
#[derive(Debug)]
struct Source {
    options: RoleOptions,
    http: SharedHttpClient,
    sts: Client,
    meter: Meter,
}

#[derive(Debug, Default)]
struct Kept {
    /// With when they end.
    credentials: Option<(Credentials, Timestamp)>,
    /// New ones are being asked for.
    renewing: bool,
    /// Not before then again.
    again: Timestamp,
}

impl Role {
    pub(super) fn new(options: RoleOptions, http: SharedHttpClient, sts: Client, meter: Meter) -> Self {
        Self { source: Arc::new(Source { options, http, sts, meter }), kept: Arc::default() }
    }

    /// The credentials that are kept, or new ones where these have ended. Where they are about to end, new ones are asked for beside: no
    /// call waits for that as long as the old ones last, and an outage of GitHub's or of STS is bridged.
    ///
    /// # Errors
    /// When there are none, and none can be had.
    pub(super) async fn credentials(&self) -> Result<Credentials, AwsError> {
        let mut kept = self.kept.lock().await;
        let now = self.source.meter.date();
        let left = |ends: Timestamp| now.map_or(Duration::MAX, |now| ends.since(now));
        if let Some((credentials, ends)) = kept.credentials.clone()
            && left(ends) > Duration::ZERO
        {
            if left(ends) <= MARGIN && !kept.renewing && now >= Some(kept.again) {
                kept.renewing = true;
                tokio::spawn(renew(Arc::clone(&self.source), Arc::clone(&self.kept)));
            }
            return Ok(credentials);
        }
        let (credentials, ends) = self.source.assume().await?;
        kept.credentials = Some((credentials.clone(), ends));
        Ok(credentials)
    }
}

async fn renew(source: Arc<Source>, kept: Arc<Mutex<Kept>>) {
    let renewed = source.assume().await;
    let mut kept = kept.lock().await;
    kept.renewing = false;
    match renewed {
        Ok(new) => kept.credentials = Some(new),
        // Told when the old ones have ended, by the call that needs them.
        Err(_) => kept.again = source.meter.date().unwrap_or_default() + AGAIN,
    }
}

impl Source {
    async fn assume(&self) -> Result<(Credentials, Timestamp), AwsError> {
        let token = self.token().await?;
        let call = self.sts.assume_role_with_web_identity().role_arn(&self.options.arn);
        let call = call.role_session_name(&self.options.session).web_identity_token(&token);
        let answer = call.send().await.map_err(|error| {
            let code = error.code().unwrap_or_default().to_owned();
            self.not_assumed(&code, Fault::from_sdk("AssumeRoleWithWebIdentity", &error).to_string(), &token)
        })?;
        let unreadable = || self.not_assumed("", "the answer has no credentials".to_owned(), &token);
        let given = answer.credentials.ok_or_else(unreadable)?;
        let ends = timestamp(&given.expiration).ok_or_else(unreadable)?;
        // Without an end: when they end is ours to know, the SDK would go by this machine's clock.
        let credentials =
            Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "GitHubOidc");
        Ok((credentials, ends))
    }

    /// A new token of this run.
    async fn token(&self) -> Result<String, AwsError> {
        let role = || self.options.arn.clone();
        let Some((url, secret)) = &self.options.tokens else { return Err(AwsError::NoIdToken { role: role() }) };
        let refused = |reason: String| AwsError::IdTokenRefused { role: role(), reason };
        let separator = if url.contains('?') { '&' } else { '?' };
        let request = Request {
            url: format!("{url}{separator}audience={AUDIENCE}"),
            headers: vec![("authorization", format!("bearer {secret}")), ("accept", "application/json".to_owned())],
            ..Request::default()
        };
        let answer = plain::send(&self.http, "AssumeRoleWithWebIdentity", request, TOKEN_LIMIT)
            .await
            .map_err(|fault| refused(fault.message))?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != 200 {
            let said = body["message"].as_str().unwrap_or("without a message");
            return Err(refused(format!("HTTP {}, {said}", answer.status)));
        }
        body["value"].as_str().map(ToOwned::to_owned).ok_or_else(|| refused("the answer has no token".to_owned()))
    }

    fn not_assumed(&self, code: &str, reason: String, token: &str) -> AwsError {
        let subject = claim(token, "sub").unwrap_or_else(|| "unknown".to_owned());
        let what = match code {
            "AccessDenied" | "AccessDeniedException" => format!(
                "the role's trust policy has to allow `sts:AssumeRoleWithWebIdentity` to the provider {PROVIDER} where `{PROVIDER}:aud` is `{AUDIENCE}` and `{PROVIDER}:sub` is `{subject}`, which is what this job's token says"
            ),
            "InvalidIdentityToken" | "InvalidIdentityTokenException" => format!(
                "the account needs an OIDC identity provider for https://{PROVIDER} with the audience `{AUDIENCE}`; this job's token says `{subject}`"
            ),
            _ => format!("check the ARN in `aws.role`; this job's token says `{subject}`"),
        };
        AwsError::NotAssumed { role: self.options.arn.clone(), reason, what }
    }
}

impl ProvideCredentials for Role {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        // Whatever it is may pass: the call that needed them is tried again.
        future::ProvideCredentials::new(async { self.credentials().await.map_err(CredentialsError::provider_error) })
    }
}

/// A claim of a token, unverified: for messages.
fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&payload).ok()?[name].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::aws::http::Http;

    #[test]
    fn a_claim_is_read_for_messages_only() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"repo:octo/myservice:environment:production"}"#);
        let token = format!("head.{payload}.signature");
        assert_eq!(claim(&token, "sub").as_deref(), Some("repo:octo/myservice:environment:production"));
        for odd in ["", "a.b", "a.!.c", &format!("a.{}.c", URL_SAFE_NO_PAD.encode("[]"))] {
            assert_eq!(claim(odd, "sub"), None, "{odd}");
        }
    }

    #[test]
    fn no_call_waits_for_new_credentials_as_long_as_the_old_ones_last() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            // It takes connections and never answers.
            let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let tokens = Some((format!("http://{}", silent.local_addr().expect("an address")), "secret".to_owned()));
            let options = RoleOptions { arn: "arn".to_owned(), session: "espalier".to_owned(), tokens };
            let sts = aws_sdk_sts::Config::builder().behavior_version(aws_sdk_sts::config::BehaviorVersion::latest()).build();
            let meter = Meter::default();
            meter.hears("Fri, 27 Nov 2026 12:00:00 GMT");
            let role = Role::new(options, SharedHttpClient::new(Http::default()), Client::from_conf(sts), meter.clone());
            let now = meter.date().expect("a date");
            let old = Credentials::new("OLD", "secret", None, None, "test");
            role.kept.lock().await.credentials = Some((old, now + MARGIN / 2));
            for _ in 0..2 {
                let asked = std::pin::pin!(role.credentials());
                let at_once = asked.poll(&mut Context::from_waker(Waker::noop()));
                assert!(matches!(at_once, Poll::Ready(Ok(kept)) if kept.access_key_id() == "OLD"));
            }
            assert!(role.kept.lock().await.renewing, "they are asked for beside");
        });
    }

    #[test]
    fn secrets_do_not_print() {
        let tokens = Some(("https://example.com/?x".to_owned(), "secret-of-the-run".to_owned()));
        let options = RoleOptions { arn: "arn".to_owned(), session: "espalier".to_owned(), tokens };
        assert!(!format!("{options:?}").contains("secret-of-the-run"));
    }
}
