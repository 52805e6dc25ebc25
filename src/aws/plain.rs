//! One HTTP request that no SDK client makes, over the same connections, trust roots and proxies as theirs.

use std::time::Duration;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::SharedHttpClient,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        result::SdkError,
    },
};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};

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
    pub(super) body: Vec<u8>,
}

/// Sends it once; whatever is answered is an answer.
///
/// # Errors
/// What happened instead of one, in words, and whether the request may have been received.
pub(super) async fn send(http: &SharedHttpClient, request: Request, limit: Duration) -> Result<Answer, Unanswered> {
    let unsent = |message: String| Unanswered { message, may_have_happened: false };
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
    let operation = Operation::builder()
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
            Ok::<_, OrchestratorError<Never>>(Answer {
                status: response.status().as_u16(),
                error_type: response.headers().get("x-amzn-errortype").map(ToOwned::to_owned),
                body: response.body().bytes().unwrap_or_default().to_vec(),
            })
        })
        .build();
    operation.invoke(built).await.map_err(|error| Unanswered {
        may_have_happened: !matches!(&error, SdkError::ConstructionFailure(_)),
        message: if matches!(&error, SdkError::TimeoutError(_)) {
            "no answer in time".to_owned()
        } else {
            super::fault::chain(&error)
        },
    })
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered {
    pub(super) message: String,
    pub(super) may_have_happened: bool,
}

/// An error that the deserialiser never gives.
#[derive(Debug, thiserror::Error)]
pub(super) enum Never {}
