//! The way out, for AWS and GitHub alike: HTTP/1 on kept connections; TLS for `https` addresses only, through the proxy that the
//! environment names. One client rather than each library's own, so that there is one list of trusted roots and one idea of a
//! proxy, and no HTTP/2, which neither needs and which would be a tenth of the binary's own code.
//!
//! Deliberately absent: repetition, redirects, deadlines of whole calls. Call [`Transport::send`].

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::{
            Client, Error,
            connect::{HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::{Intercept, Matcher},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tower_service::Service;

/// What establishing a connection may take, names, proxy and TLS included: the default of AWS's SDKs.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// What went wrong where no answer came.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A pool of connections. Cheap to clone; clones share it. Nothing is opened, and no trusted root loaded, before it is needed:
/// the sandbox and the metadata services of instances speak plain `http`, and reading the system's roots costs milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<Connector, Full<Bytes>>,
}

impl Transport {
    /// Through the proxy that `HTTPS_PROXY` or `ALL_PROXY` names, for hosts that `NO_PROXY` does not: self-hosted runners behind
    /// a proxy depend on them. Plain `http` never takes a proxy.
    pub(crate) fn new() -> Self {
        Self::through(Matcher::from_env())
    }

    fn through(proxies: Matcher) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = Connector { tcp, tls: Arc::default(), proxies: Arc::new(proxies) };
        Self { client: Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector) }
    }

    /// Sends a request once, and again only where a kept connection turned out to be closed before anything was sent.
    ///
    /// # Errors
    /// When no answer began; [`Error::is_connect`] tells that nothing was sent.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        self.client.request(request).await
    }
}

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

#[derive(Clone)]
struct Connector {
    tcp: HttpConnector,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
    proxies: Arc<Matcher>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Proxies may have passwords.
        f.write_str("Connector")
    }
}

impl Connector {
    async fn connect(mut self, to: Uri) -> Result<Stream, BoxError> {
        if to.scheme_str() != Some("https") {
            return Ok(MaybeHttpsStream::Http(self.tcp.call(to).await?));
        }
        let tls = self.tls.get_or_init(|| Arc::new(trust())).clone();
        match self.proxies.intercept(&to) {
            Some(proxy) => HttpsConnector::from((tunnel(&proxy, self.tcp)?, tls)).call(to).await,
            None => HttpsConnector::from((self.tcp, tls)).call(to).await,
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.clone().connect(to);
        Box::pin(async {
            let late = |_| format!("no connection within {}", humantime::format_duration(CONNECT_TIMEOUT));
            let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(late);
            connected.map_err(|late| io::Error::new(io::ErrorKind::TimedOut, late))?
        })
    }
}

fn tunnel(proxy: &Intercept, tcp: HttpConnector) -> Result<Tunnel<HttpConnector>, BoxError> {
    if let scheme @ ("https" | "socks4" | "socks4a" | "socks5" | "socks5h") = proxy.uri().scheme_str().unwrap_or_default() {
        return Err(format!("a proxy at {scheme}:// is not supported: set HTTPS_PROXY to one that begins with http://").into());
    }
    let tunnel = Tunnel::new(proxy.uri().clone(), tcp);
    Ok(match proxy.basic_auth() {
        Some(authorization) => tunnel.with_auth(authorization.clone()),
        None => tunnel,
    })
}

/// The system's roots (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`) where it has any, otherwise Mozilla's as they were when
/// this was built: minimal container images have none.
fn trust() -> ClientConfig {
    let config = ClientConfig::builder().with_native_roots();
    config.unwrap_or_else(|_| ClientConfig::builder().with_root_certificates(bundled())).with_no_client_auth()
}

/// Names and keys of Mozilla's roots: half of what their certificates take.
fn bundled() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    fn to(url: &str) -> Request<Full<Bytes>> {
        Request::get(url).body(Full::default()).expect("a request")
    }

    /// Everything that a client says at first.
    async fn heard(listener: &TcpListener, answer: &str) -> String {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            said.push(stream.read_u8().await.expect("a byte"));
        }
        stream.write_all(answer.as_bytes()).await.expect("written");
        String::from_utf8(said).expect("text")
    }

    #[test]
    fn the_bundled_roots_can_be_read() {
        assert!(bundled().len() > 100);
    }

    #[tokio::test]
    async fn no_root_is_loaded_and_no_proxy_asked_for_plain_http() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let connector = Connector {
            tcp: HttpConnector::new(),
            tls: Arc::default(),
            proxies: Arc::new(Matcher::builder().all("http://proxy.invalid:1").build()),
        };
        let stream = connector.clone().connect(url.parse().expect("a URL")).await.expect("a connection");
        assert!(matches!(stream, MaybeHttpsStream::Http(_)));
        assert!(connector.tls.get().is_none());
    }

    #[tokio::test]
    async fn https_goes_through_the_proxy_with_its_password() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://ann:secret@{}", proxy.local_addr().expect("an address"));
        let transport = Transport::through(Matcher::builder().https(url).no("direct.invalid").build());
        let refused = "HTTP/1.1 403 Forbidden\r\n\r\n";
        let (said, answer) = tokio::join!(heard(&proxy, refused), transport.send(to("https://ecs.invalid/")));
        assert!(said.starts_with("CONNECT ecs.invalid:443 HTTP/1.1\r\n"), "{said}");
        assert!(said.to_ascii_lowercase().contains("proxy-authorization: basic yw5uonnly3jlda=="), "{said}");
        let error = answer.expect_err("the proxy refused");
        assert!(error.is_connect(), "nothing was sent: {error:?}");
        let words = format!("{:?}", transport.client);
        assert!(!words.contains("secret"), "{words}");
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_spoken_to_in_plain_http_is_refused() {
        let transport = Transport::through(Matcher::builder().all("socks5://127.0.0.1:1").build());
        let error = transport.send(to("https://ecs.invalid/")).await.expect_err("no such proxy");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert_eq!(cause, "a proxy at socks5:// is not supported: set HTTPS_PROXY to one that begins with http://");
    }
}
