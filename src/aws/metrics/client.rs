//! The client behind every verb.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_cloudwatch::{Client, config::retry::RetryPartition};

use crate::aws::meter::Meter;

/// CloudWatch of one account and region. Its verbs are in the files beside this one.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(in crate::aws) client: Client,
}

impl Metrics {
    /// Metrics are read beside what decides about weights at once, which waits for them: they get two tries and six seconds.
    pub(in crate::aws) fn of(sdk: &SdkConfig, meter: &Meter, retry: RetryConfig, partition: RetryPartition) -> Self {
        let timeout = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(4))
            .operation_timeout(Duration::from_secs(6))
            .build();
        let mut config = aws_sdk_cloudwatch::config::Builder::from(sdk)
            .retry_config(retry.with_max_attempts(2))
            .retry_partition(partition)
            .timeout_config(timeout)
            .interceptor(meter.clone());
        if let Some(url) = sdk.endpoint_url() {
            config = config.endpoint_url(url);
        }
        Self { client: Client::from_conf(config.build()) }
    }
}
