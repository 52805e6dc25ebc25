//! The SDK's HTTP client: our [`Transport`], with its errors in the SDK's words.

use aws_smithy_runtime_api::client::{
    connection::{CaptureSmithyConnection, ConnectionMetadata},
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::{
    Error,
    connect::{CaptureConnection, capture_connection},
};

use super::fault::causes;
use crate::transport::Transport;

/// Connections to AWS. The time that a connection may take is the transport's; that of an attempt is the client's.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    transport: Transport,
}

impl Default for Http {
    fn default() -> Self {
        Self { transport: Transport::new() }
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.transport.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = body.bytes().map(Bytes::copy_from_slice);
            let body = body.ok_or_else(|| ConnectorError::user("a body that is not in memory".into()))?;
            let mut request = http::Request::from_parts(parts, Full::new(body));
            let connection = capture_connection(&mut request);
            if let Some(asked) = request.extensions().get::<CaptureSmithyConnection>() {
                asked.set_connection_retriever(move || Some(retired_by_request(&connection)));
            }
            let answer = transport.send(request).await.map_err(in_the_sdks_words)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// After a passing error the SDK wants no further request on the same connection: the host behind it may be the reason.
fn retired_by_request(connection: &CaptureConnection) -> ConnectionMetadata {
    let connection = connection.clone();
    let retire = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    ConnectionMetadata::builder().proxied(false).poison_fn(retire).build()
}

/// Which errors are worth a repetition, as the SDK's own client has it: whatever the network did, and an answer cut short.
fn in_the_sdks_words(error: Error) -> ConnectorError {
    let hyper = causes(&error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    let is_io = causes(&error).any(<dyn std::error::Error>::is::<std::io::Error>);
    if error.is_connect() || is_io || hyper.is_some_and(|error| error.is_closed() || error.is_canceled()) {
        ConnectorError::io(error.into())
    } else if hyper.is_some_and(hyper::Error::is_user) {
        ConnectorError::user(error.into())
    } else if hyper.is_some_and(hyper::Error::is_incomplete_message) {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error.into(), None)
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn an_https_endpoint_is_called_with_tls() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let aws = crate::aws::testing::aws_at(&url).await;
        let first_byte = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            tokio::io::AsyncReadExt::read_u8(&mut stream).await.expect("a byte")
        };
        let arn = "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0123456789abcdef0";
        tokio::select! {
            byte = first_byte => assert_eq!(byte, 0x16, "a TLS handshake record"),
            answer = aws.lattice.read_tags(arn) => panic!("nobody answered, and yet: {answer:?}"),
        }
    }
}
