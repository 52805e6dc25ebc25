//! The way to GitHub's REST API: octocrab as transport, with our own deadline, repetition and errors around it.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use octocrab::{
    AuthState, OctoBody, Octocrab, OctocrabBuilder,
    service::middleware::{auth_header::AuthHeaderLayer, extra_headers::ExtraHeadersLayer},
};
use serde::{Serialize, de::DeserializeOwned};
use tower_service::Service;

use super::error::{GitHubError, from_answer};
use crate::transport::{BoxError, Transport};

/// Everything that one call may take, its one repetition included.
const CALL_DEADLINE: Duration = Duration::from_secs(10);
/// A page of a hundred comments of 65 536 characters, with room for multi-byte characters and the rest of each comment.
const LARGEST_ANSWER: usize = 32 << 20;

/// A GitHub token. Never printed, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token as it is written, without the space around it.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.trim().to_owned())
    }

    /// Whether it belongs to an app's installation, as `GITHUB_TOKEN` does (prefix `ghs_`; "Behind GitHub's new
    /// authentication token formats"). Such a token may not ask who it is.
    pub(crate) fn is_of_installation(&self) -> bool {
        self.0.starts_with("ghs_")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// One repository of one GitHub, reached with one token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    octocrab: Octocrab,
    base: String,
    repository: String,
    is_of_installation: bool,
}

/// An answer that was a success.
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// Reads the body as `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| GitHubError::Invalid { message: format!("its answer cannot be read: {error}") })
    }

    /// Whether the `Link` header names a next page.
    pub(crate) fn has_next_page(&self) -> bool {
        let links = self.headers.get(http::header::LINK).and_then(|links| links.to_str().ok());
        links.is_some_and(|links| links.contains("rel=\"next\""))
    }
}

impl Client {
    /// A client for `owner/name` at `api_url`, which is `GITHUB_API_URL` (`https://api.github.com`, or
    /// `https://HOST/api/v3` on GitHub Enterprise Server). Must be called inside a tokio runtime. Nothing is sent yet.
    ///
    /// The trust roots are the system's, else bundled ones; none are loaded for an `http` URL. The environment's proxy is taken; redirects are not followed.
    ///
    /// # Errors
    /// [`GitHubError::Invalid`] when the URL, the repository or the token cannot be what they say they are.
    pub fn new(api_url: &str, repository: &str, token: &Token) -> Result<Self, GitHubError> {
        let invalid = |message: String| GitHubError::Invalid { message };
        let base = api_url.trim().trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| invalid(format!("`{base}` is not a URL: set GITHUB_API_URL to the API's")))?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err(invalid(format!("`{base}` does not begin with https://: set GITHUB_API_URL to the API's URL")));
        }
        let repository_is_well_formed =
            repository.split_once('/').is_some_and(|(owner, name)| is_path_part(owner) && is_path_part(name));
        if !repository_is_well_formed {
            return Err(invalid(format!("`{repository}` is not a repository: write owner/name")));
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.0))
            .map_err(|_| invalid("the token contains characters that no token has".to_owned()))?;
        bearer.set_sensitive(true);
        let authentication = AuthHeaderLayer::new(Some(bearer), uri.clone(), uri);
        let agent = HeaderValue::from_static(concat!("espalier/", env!("CARGO_PKG_VERSION")));
        let headers = ExtraHeadersLayer::new(std::sync::Arc::new(vec![(http::header::USER_AGENT, agent)]));

        let octocrab = OctocrabBuilder::new_empty()
            .with_service(Through(Transport::new()))
            .with_layer(&headers)
            .with_layer(&authentication)
            .with_auth(AuthState::None)
            .build()
            .unwrap_or_else(|never: Infallible| match never {});
        Ok(Self {
            octocrab,
            base: base.to_owned(),
            repository: repository.to_owned(),
            is_of_installation: token.is_of_installation(),
        })
    }

    /// `owner/name`.
    pub(crate) fn repository(&self) -> &str {
        &self.repository
    }

    pub(crate) const fn is_of_installation(&self) -> bool {
        self.is_of_installation
    }

    /// GETs `path` below the API's root; repeated once.
    pub(crate) async fn get(&self, path: &str, permission: &'static str, what: &str) -> Result<Answer, GitHubError> {
        self.call(Method::GET, format!("{}{path}", self.base), None::<&()>, permission, what).await
    }

    /// The login that the token writes under, `github-actions[bot]`. Only GraphQL tells it to an installation's token. None where
    /// it does not either.
    pub(crate) async fn login(&self) -> Result<Option<String>, GitHubError> {
        // On GitHub Enterprise Server it stands beside `/api/v3`, not below it.
        let root = self.base.strip_suffix("/v3").unwrap_or(&self.base);
        let query = serde_json::json!({ "query": "query { viewer { login } }" });
        let answer = self.call(Method::POST, format!("{root}/graphql"), Some(&query), "contents: read", "GraphQL").await;
        match answer.and_then(|answer| answer.json::<serde_json::Value>()) {
            Ok(answer) => Ok(answer.pointer("/data/viewer/login").and_then(serde_json::Value::as_str).map(str::to_owned)),
            Err(error) if error.is_passing() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// GETs `path` below the repository; repeated once.
    pub(crate) async fn get_here(&self, path: &str, permission: &'static str, what: &str) -> Result<Answer, GitHubError> {
        self.call(Method::GET, self.here(path), None::<&()>, permission, what).await
    }

    /// PATCHes `path` below the repository, once: it adds to what is there.
    pub(crate) async fn patch_once_here(
        &self,
        path: &str,
        body: &impl Serialize,
        permission: &'static str,
        what: &str,
    ) -> Result<Answer, GitHubError> {
        within_deadline(self.attempt(&Method::PATCH, &self.here(path), Some(body), permission, what)).await
    }

    /// PATCHes `path` below the repository; repeated once, since absolutes are sent.
    pub(crate) async fn patch_here(
        &self,
        path: &str,
        body: &impl Serialize,
        permission: &'static str,
        what: &str,
    ) -> Result<Answer, GitHubError> {
        self.call(Method::PATCH, self.here(path), Some(body), permission, what).await
    }

    /// POSTs to `path` below the repository, once: look for what it creates before calling this again.
    pub(crate) async fn post_here(
        &self,
        path: &str,
        body: &impl Serialize,
        permission: &'static str,
        what: &str,
    ) -> Result<Answer, GitHubError> {
        self.call(Method::POST, self.here(path), Some(body), permission, what).await
    }

    /// DELETEs `path` below the repository; repeated once.
    pub(crate) async fn delete_here(&self, path: &str, permission: &'static str, what: &str) -> Result<Answer, GitHubError> {
        self.call(Method::DELETE, self.here(path), None::<&()>, permission, what).await
    }

    fn here(&self, path: &str) -> String {
        format!("{}/repos/{}{path}", self.base, self.repository)
    }

    async fn call(
        &self,
        method: Method,
        url: String,
        body: Option<&impl Serialize>,
        permission: &'static str,
        what: &str,
    ) -> Result<Answer, GitHubError> {
        let attempts = async {
            let first = self.attempt(&method, &url, body, permission, what).await;
            match first {
                Err(GitHubError::Unreachable { .. }) if method != Method::POST => {
                    self.attempt(&method, &url, body, permission, what).await
                }
                other => other,
            }
        };
        within_deadline(attempts).await
    }

    async fn attempt(
        &self,
        method: &Method,
        url: &str,
        body: Option<&impl Serialize>,
        permission: &'static str,
        what: &str,
    ) -> Result<Answer, GitHubError> {
        let unreachable = |error: &dyn std::error::Error| GitHubError::Unreachable { message: chain(error) };
        let request = Request::builder().method(method).uri(url);
        let request = self
            .octocrab
            .build_request(request, body)
            .map_err(|error| GitHubError::Invalid { message: format!("the request cannot be written: {}", chain(&error)) })?;
        let response = self.octocrab.send(request).await.map_err(|error| unreachable(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|error| unreachable(error.as_ref()))?.to_bytes();
        if parts.status.is_success() {
            Ok(Answer { headers: parts.headers, body: body.to_vec() })
        } else {
            Err(from_answer(parts.status, &parts.headers, &body, permission, what))
        }
    }
}

async fn within_deadline(attempts: impl Future<Output = Result<Answer, GitHubError>>) -> Result<Answer, GitHubError> {
    tokio::time::timeout(CALL_DEADLINE, attempts).await.unwrap_or_else(|_| {
        Err(GitHubError::Unreachable { message: format!("no answer within {}", humantime::format_duration(CALL_DEADLINE)) })
    })
}

/// What octocrab sends through.
#[derive(Clone)]
struct Through(Transport);

impl Service<Request<OctoBody>> for Through {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let transport = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = Full::new(body.collect().await?.to_bytes());
            Ok(transport.send(Request::from_parts(parts, body)).await?)
        })
    }
}

fn is_path_part(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && text != ".."
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// An error with its causes, since the transport's own message says only "client error (Connect)".
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ").lines().next().unwrap_or_default().chars().take(300).collect()
}
