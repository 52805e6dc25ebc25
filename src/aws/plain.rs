//! One HTTP request that no SDK client makes, over the same connections, trust roots and proxies as theirs.

use std::time::Duration;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::SharedHttpClient,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    },
};
use aws_smithy_types::{
    body::SdkBody,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
    timeout::TimeoutConfig,
};

use super::fault::Fault;

/// What goes out. The URL is whole; `host` is set from it.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: http::Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// What restJson1 calls an error, where it is one.
    pub(super) error_type: Option<String>,
    /// Its `Date` header.
    pub(super) date: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Sends it once; whatever is answered is an answer. `operation` is who it is for.
///
/// # Errors
/// What happened instead of one.
pub(super) async fn send(
    http: &SharedHttpClient,
    operation: &'static str,
    request: Request,
    limit: Duration,
) -> Result<Answer, Fault> {
    let unsent = |message: String| Fault::invalid(operation, message);
    let uri: http::Uri = request.url.parse().map_err(|error| unsent(format!("{} is no address: {error}", request.url)))?;
    let endpoint = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
        _ => return Err(unsent(format!("{} is no address", request.url))),
    };
    let mut built = http::Request::builder().method(request.method).uri(uri.path_and_query().map_or("/", |path| path.as_str()));
    for (name, value) in &request.headers {
        built = built.header(*name, value);
    }
    let built = built.body(SdkBody::from(request.body)).map_err(|error| unsent(error.to_string()))?;
    let built = HttpRequest::try_from(built).map_err(|error| unsent(error.to_string()))?;
    let asked = Operation::builder()
        .service_name("plain")
        .operation_name("plain")
        .http_client(http.clone())
        .endpoint_url(&endpoint)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .serializer(|request: HttpRequest| Ok::<_, BoxError>(request))
        .deserializer::<Answer, Never>(|response: &HttpResponse| {
            let header = |name| response.headers().get(name).map(ToOwned::to_owned);
            Ok::<_, OrchestratorError<Never>>(Answer {
                status: response.status().as_u16(),
                error_type: header("x-amzn-errortype"),
                date: header("date"),
                body: response.body().bytes().unwrap_or_default().to_vec(),
            })
        })
        .build();
    asked.invoke(built).await.map_err(|error| Fault::from_sdk(operation, &error))
}

/// An error that the deserialiser never gives.
#[derive(Debug, thiserror::Error)]
enum Never {}

impl ProvideErrorMetadata for Never {
    fn meta(&self) -> &ErrorMetadata {
        match *self {}
    }
}
