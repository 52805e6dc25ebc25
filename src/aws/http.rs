//! The connection to AWS: TLS only for `https`, with the system's trust roots or, where there are none, bundled ones.

use std::{
    fs,
    sync::{Arc, OnceLock},
};

use aws_sdk_vpclattice::config::SharedAsyncSleep;
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::base64;

/// A client that loads trust roots when the first `https` request is made and not before: the sandbox and the metadata
/// services of instances and containers speak plain `http`, and reading the system's roots costs milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    plain: SharedHttpClient,
    tls: Arc<OnceLock<SharedHttpClient>>,
}

impl Default for Http {
    fn default() -> Self {
        Self { plain: Builder::new().build_http(), tls: Arc::default() }
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme { http: self.clone(), settings: settings.clone(), components: components.clone() })
    }
}

/// Which connector a request takes is known only by its address.
#[derive(Debug)]
struct ByScheme {
    http: Http,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("http://") { &self.http.plain } else { self.http.tls.get_or_init(https) };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}

fn https() -> SharedHttpClient {
    let context = TlsContext::builder().with_trust_store(trust()).build().unwrap_or_default();
    Builder::new().build_with_connector_fn(move |settings, components| {
        connector(&context, settings.cloned(), components.and_then(RuntimeComponents::sleep_impl))
    })
}

fn connector(context: &TlsContext, settings: Option<HttpConnectorSettings>, sleep: Option<SharedAsyncSleep>) -> Connector {
    let mut connector = Connector::builder();
    connector.set_connector_settings(settings).set_sleep_impl(sleep);
    // The proxy variables are the SDK's to read: self-hosted runners behind a proxy depend on them.
    let connector = connector.proxy_config(ProxyConfig::from_env());
    connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context.clone()).build()
}

/// Where Linux distributions and macOS keep their trust roots (the list of openssl-probe).
const SYSTEM_BUNDLES: [&str; 9] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem",
    "/opt/etc/ssl/certs/ca-certificates.crt",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/System/Library/Keychains/SystemRootCertificates.keychain",
];

/// The system's roots where the system has some (then `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured too, by the library that
/// reads them), otherwise Mozilla's, bundled: minimal container images have none.
fn trust() -> TrustStore {
    let filled = |path: &str| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if SYSTEM_BUNDLES.into_iter().any(filled) {
        return TrustStore::default();
    }
    TrustStore::empty().with_pem_certificate(bundled())
}

fn bundled() -> Vec<u8> {
    let pem =
        |root: &[u8]| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", wrapped(&base64::encode(root)));
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| pem(root)).collect::<String>().into_bytes()
}

/// PEM bodies have lines of 64 characters (RFC 7468).
fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The connector parses every certificate, and panics on one that it cannot read.
    fn connects_with(store: TrustStore) {
        let context = TlsContext::builder().with_trust_store(store).build().expect("a context");
        let _connector = connector(&context, None, None);
    }

    #[test]
    fn bundled_roots_and_those_of_this_system_can_be_read() {
        connects_with(TrustStore::empty().with_pem_certificate(bundled()));
        connects_with(trust());
        assert!(webpki_root_certs::TLS_SERVER_ROOT_CERTS.len() > 50);
    }

    #[test]
    fn nothing_is_loaded_before_the_first_https_request() {
        assert!(Http::default().tls.get().is_none());
    }

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
