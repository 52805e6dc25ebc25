//! From region, endpoint and environment to clients that are ready to call, or an error that says what the workflow lacks.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    identity::IdentityCache,
    meta::{credentials::CredentialsProviderChain, region::RegionProviderChain},
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_sdk_vpclattice::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{
    access::Access,
    autoscaling::AutoScaling,
    calls::Calls,
    ecs::Ecs,
    error::AwsError,
    fault::{Fault, FaultKind, chain},
    http::Http,
    lattice::Lattice,
    lookups::Lookups,
    meter::Meter,
    metrics::Metrics,
    parameters::Parameters,
    role::{Role, RoleOptions},
    signed::Signer,
};
use crate::{
    rollout::observation::{Refusal, RefusalKind},
    time::Timestamp,
};

/// What the settings say about AWS.
#[derive(Clone, Debug, Default)]
pub struct AwsOptions {
    /// The region; where it is not given, the environment's or the profile's.
    pub region: Option<String>,
    /// Another endpoint than AWS's own, for every service.
    pub endpoint_url: Option<String>,
    /// A role to assume through GitHub's OIDC token, in place of every other source of credentials.
    pub role: Option<RoleOptions>,
    /// When the credentials in the environment end, where it says so.
    pub expires: Option<Timestamp>,
    /// The endpoint is the sandbox's: credentials are looked for in the environment and the profile only, retries wait
    /// milliseconds, and `Date` headers of a world whose clock is not ours never correct signatures.
    pub sandboxed: bool,
}

/// AWS, ready to call.
#[derive(Clone, Debug)]
pub struct Aws {
    /// VPC Lattice: weights, groups, tags.
    pub lattice: Lattice,
    /// Any operation of Lattice or ECS, by its name.
    pub calls: Calls,
    /// ECS: services, task definitions, tasks.
    pub ecs: Ecs,
    /// Application Auto Scaling: what else sets the size of services.
    pub autoscaling: AutoScaling,
    /// CloudWatch: metrics and alarms.
    pub metrics: Metrics,
    /// Systems Manager's parameters, for a lock.
    pub parameters: Parameters,
    /// What definitions refer to: parameters, secrets, stacks, objects.
    pub lookups: Lookups,
    /// Who calls, and what roles may.
    pub access: Access,
    /// The region of all.
    pub region: String,
    /// The endpoint, when it is not AWS's own.
    pub endpoint: Option<String>,
    /// When the credentials end that nobody renews; none where that is not known.
    pub expires: Option<Timestamp>,
    renewed: bool,
    meter: Meter,
}

impl Aws {
    /// A refusal as the rollout's machine reads it: credentials that are renewed are good again at the next try.
    #[must_use]
    pub fn refusal(&self, fault: &Fault) -> Refusal {
        let refusal = fault.refusal();
        let again = self.renewed && fault.kind == FaultKind::Expired;
        if again { Refusal { kind: RefusalKind::Transient, ..refusal } } else { refusal }
    }

    /// AWS's own time: the newest `Date` header of any answer so far; none before the first. Whole seconds.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.meter.date()
    }

    /// Requests sent so far, by operation (`GetRule`); every retry counts.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.meter.calls()
    }
}

/// Finds region and credentials and makes the clients. Nothing is sent to ECS or Lattice; credentials are resolved, so that a
/// job without them fails here, before it has read or written anything.
///
/// Credentials come from the role that is to be assumed, where there is one, else from, in this order: environment variables, the profile files, a web identity token, the container's
/// endpoint, the instance's metadata. SSO, `aws login` and `credential_process` are not compiled in.
///
/// # Errors
/// When there is no region, or there are no credentials.
pub async fn connect(options: AwsOptions) -> Result<Aws, AwsError> {
    let http = SharedHttpClient::new(Http::default());
    let region = match options.region {
        Some(region) => Region::new(region),
        // The instance's metadata is not asked for a region: where there is none, the question takes seconds.
        None => RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .region()
            .await
            .ok_or(AwsError::NoRegion)?,
    };
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(region.clone()).http_client(http.clone());
    let mut loader = if let Some(url) = &options.endpoint_url { loader.endpoint_url(url) } else { loader };
    let meter = Meter::default();
    let renewed = options.role.is_some();
    if let Some(role) = options.role {
        let sts = aws_config::defaults(BehaviorVersion::latest()).region(region).http_client(http.clone()).no_credentials();
        let sts = if let Some(url) = &options.endpoint_url { sts.endpoint_url(url) } else { sts };
        let role = Role::new(role, http, sts_client(&sts.load().await, &meter, reads(options.sandboxed)), meter.clone());
        // Asked for here, where what is wrong can be said in full.
        role.credentials().await?;
        // Its own cache knows when credentials end; the SDK's goes by this machine's clock.
        loader = loader.credentials_provider(role).identity_cache(IdentityCache::no_cache());
    } else if options.sandboxed {
        let sources = ProviderConfig::default().with_http_client(http);
        loader = loader.credentials_provider(
            CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
                .or_else("Profile", ProfileFileCredentialsProvider::builder().configure(&sources).build()),
        );
    }
    let aws = connect_by(loader, options.sandboxed, meter).await?;
    Ok(Aws { expires: options.expires.filter(|_| !renewed), renewed, ..aws })
}

/// As [`connect`], with everything that comes from outside already in the loader.
#[cfg(test)]
pub(crate) async fn connect_with(loader: ConfigLoader, sandboxed: bool) -> Result<Aws, AwsError> {
    connect_by(loader, sandboxed, Meter::default()).await
}

async fn connect_by(loader: ConfigLoader, sandboxed: bool, meter: Meter) -> Result<Aws, AwsError> {
    // Signatures are corrected by AWS's `Date`; the sandbox's is that of its own clock.
    let loader = if sandboxed { loader.disable_clock_skew_correction(true) } else { loader };
    let sdk = loader.load().await;
    let region = sdk.region().ok_or(AwsError::NoRegion)?.to_string();
    let credentials = sdk.credentials_provider().ok_or_else(|| AwsError::NoCredentials { reason: "no provider".to_owned() })?;
    let first = credentials.provide_credentials().await.map_err(|error| AwsError::NoCredentials { reason: reason(&error) })?;
    let checked = Checked { first: Mutex::new(Some(first)), provider: credentials };
    let credentials = SharedCredentialsProvider::new(checked);
    let http = sdk.http_client().unwrap_or_else(|| SharedHttpClient::new(Http::default()));
    let sdk = sdk.into_builder().credentials_provider(credentials.clone()).build();

    let endpoint = sdk.endpoint_url().map(ToOwned::to_owned);
    let signer = Signer::new(http, credentials, &region, endpoint.as_deref(), (meter.clone(), sandboxed));
    Ok(Aws {
        lattice: Lattice::new(
            lattice_client(&sdk, &meter, reads(sandboxed), read_timeouts()),
            lattice_client(&sdk, &meter, RetryConfig::disabled(), write_timeouts()),
        ),
        ecs: Ecs::new(ecs_client(&sdk, &meter, reads(sandboxed), read_timeouts())),
        parameters: Parameters::new(signer.clone()),
        lookups: Lookups::new(signer.clone()),
        calls: Calls::new(signer.clone()),
        access: Access::new(signer.clone()),
        autoscaling: AutoScaling::new(signer.clone()),
        metrics: Metrics::new(signer),
        region,
        endpoint,
        expires: None,
        renewed: false,
        meter,
    })
}

fn reason(error: &CredentialsError) -> String {
    if let CredentialsError::CredentialsNotLoaded(_) = error {
        return "neither the environment, a profile, a web identity, the container nor the instance has any".to_owned();
    }
    chain(error)
}

fn reads(sandboxed: bool) -> RetryConfig {
    let standard = RetryConfig::standard().with_max_attempts(5);
    if sandboxed {
        standard.with_initial_backoff(Duration::from_millis(2)).with_max_backoff(Duration::from_millis(5))
    } else {
        standard.with_max_backoff(Duration::from_secs(5))
    }
}

fn read_timeouts() -> TimeoutConfig {
    let attempt = Duration::from_secs(5);
    TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(Duration::from_secs(20)).build()
}

/// DESIGN §5: weight writes go out once, with two seconds to be answered. Repeating them is the machine's decision.
pub(super) fn write_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(Duration::from_secs(2)).build()
}

/// The SDK stops retrying once a bucket, shared by all clients of a service in the process, is empty: a throttled listing would
/// then fail the reads that a rollback waits for. Attempts and timeouts bound every call already, so the bucket has no bottom.
fn retries_without_quota() -> RetryPartition {
    RetryPartition::custom("espalier").token_bucket(TokenBucket::unlimited()).build()
}

fn lattice_client(sdk: &SdkConfig, meter: &Meter, retry: RetryConfig, timeout: TimeoutConfig) -> aws_sdk_vpclattice::Client {
    let mut config = aws_sdk_vpclattice::config::Builder::from(sdk)
        .retry_config(retry)
        .retry_partition(retries_without_quota())
        .timeout_config(timeout)
        .interceptor(meter.clone());
    if let Some(url) = sdk.endpoint_url() {
        // The one endpoint that reports name is the one that is called, whatever AWS_ENDPOINT_URL_VPC_LATTICE says.
        config = config.endpoint_url(url);
    }
    aws_sdk_vpclattice::Client::from_conf(config.build())
}

fn ecs_client(sdk: &SdkConfig, meter: &Meter, retry: RetryConfig, timeout: TimeoutConfig) -> aws_sdk_ecs::Client {
    let mut config = aws_sdk_ecs::config::Builder::from(sdk)
        .retry_config(retry)
        .retry_partition(retries_without_quota())
        .timeout_config(timeout)
        .interceptor(meter.clone());
    if let Some(url) = sdk.endpoint_url() {
        config = config.endpoint_url(url);
    }
    aws_sdk_ecs::Client::from_conf(config.build())
}

fn sts_client(sdk: &SdkConfig, meter: &Meter, retry: RetryConfig) -> aws_sdk_sts::Client {
    let mut config =
        aws_sdk_sts::config::Builder::from(sdk).retry_config(retry).timeout_config(read_timeouts()).interceptor(meter.clone());
    if let Some(url) = sdk.endpoint_url() {
        config = config.endpoint_url(url);
    }
    aws_sdk_sts::Client::from_conf(config.build())
}

/// Hands the credentials of the check to the first client that asks, so that the check costs no second call to STS or to the
/// instance's metadata. Later questions, when those have expired, go to the provider.
#[derive(Debug)]
struct Checked {
    first: Mutex<Option<Credentials>>,
    provider: SharedCredentialsProvider,
}

impl ProvideCredentials for Checked {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(credentials) => future::ProvideCredentials::ready(Ok(credentials)),
            None => self.provider.provide_credentials(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ok, refused, with_aws},
        *,
    };

    #[test]
    fn dates_are_kept_newest_first_and_calls_are_counted_with_their_retries() {
        let script = |_: &super::super::testing::Asked, before: usize| {
            Some(match before {
                0 => refused(429, "ThrottlingException", "Rate exceeded").with("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                1 => ok(r#"{"tags":{}}"#).with("date", "Sun, 06 Nov 1994 08:49:40 GMT"),
                _ => ok(r#"{"tags":{}}"#).with("date", "Sun, 06 Nov 1994 08:49:38 GMT"),
            })
        };
        with_aws(script, async |aws, _| {
            assert_eq!(aws.date(), None);
            assert!(aws.endpoint.as_deref().is_some_and(|url| url.starts_with("http://127.0.0.1:")));
            assert_eq!(aws.region, "eu-central-1");
            aws.lattice.read_tags("arn:x").await.expect("tags");
            assert_eq!(aws.date(), Some(Timestamp::from_secs(784_111_780)));
            assert_eq!(aws.calls(), BTreeMap::from([("ListTagsForResource".to_owned(), 2)]));
            aws.lattice.read_tags("arn:x").await.expect("tags");
            assert_eq!(aws.date(), Some(Timestamp::from_secs(784_111_780)), "time does not run backwards");
        });
    }

    #[test]
    fn a_drained_retry_quota_never_fails_a_call() {
        // Each call is throttled four times; the SDK's own bucket of 500 is empty after fewer than 25 such calls.
        let script = |_: &super::super::testing::Asked, before: usize| {
            Some(if before % 5 == 4 { ok(r#"{"tags":{}}"#) } else { refused(429, "ThrottlingException", "Rate exceeded") })
        };
        with_aws(script, async |aws, log| {
            for _ in 0..40 {
                aws.lattice.read_tags("arn:x").await.expect("the fifth attempt");
            }
            assert_eq!(super::super::testing::heard(&log).len(), 200);
        });
    }

    async fn failing(loader: ConfigLoader) -> AwsError {
        connect_with(loader.http_client(Http::default()), false).await.expect_err("nothing to connect with")
    }

    #[tokio::test]
    async fn without_a_region_or_credentials_the_hint_has_the_lines_that_the_workflow_lacks() {
        let none = || aws_config::defaults(BehaviorVersion::latest()).empty_test_environment();
        let no_region = failing(none().region(RegionProviderChain::first_try(None::<Region>))).await;
        assert_eq!(no_region, AwsError::NoRegion);
        assert!(no_region.hint(true).contains("aws-region: "), "{}", no_region.hint(true));
        assert!(no_region.hint(false).contains("--region"), "{}", no_region.hint(false));

        let empty = CredentialsProviderChain::first_try("Nothing", Nothing);
        let no_credentials = failing(none().region(Region::new("eu-central-1")).credentials_provider(empty)).await;
        assert!(no_credentials.to_string().starts_with("no AWS credentials: "), "{no_credentials}");
        for line in ["id-token: write", "aws-actions/configure-aws-credentials@", "role-to-assume: ", "aws-region: "] {
            assert!(no_credentials.hint(true).contains(line), "{line}");
        }
    }

    #[derive(Debug)]
    struct Nothing;

    impl ProvideCredentials for Nothing {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nothing here")))
        }
    }

    #[tokio::test]
    async fn in_the_sandbox_only_the_environment_and_the_profile_are_asked() {
        let endpoint_url = Some("http://127.0.0.1:1".to_owned());
        let region = Some("eu-central-1".to_owned());
        let options = AwsOptions { region, endpoint_url, sandboxed: true, ..AwsOptions::default() };
        // Whether this machine has credentials is not the test's business: that nobody else is asked for them is.
        match connect(options).await {
            Ok(aws) => assert_eq!((aws.region.as_str(), aws.endpoint.as_deref()), ("eu-central-1", Some("http://127.0.0.1:1"))),
            Err(error) => assert!(matches!(error, AwsError::NoCredentials { .. }), "{error}"),
        }
    }

    #[tokio::test]
    async fn the_check_is_the_first_clients_answer() {
        let fresh = Credentials::new("fresh", "secret", None, None, "test");
        let first = Credentials::new("first", "secret", None, None, "test");
        let checked = Checked { first: Mutex::new(Some(first)), provider: SharedCredentialsProvider::new(fresh) };
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(checked.provide_credentials().await.expect("credentials").access_key_id().to_owned());
        }
        assert_eq!(keys, ["first", "fresh", "fresh"]);
    }
}
