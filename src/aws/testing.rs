//! A server on loopback for this room's tests: canned answers out, what was asked for in.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

use super::{
    connect::{Aws, connect_with},
    http::Http,
};
use crate::{
    clock::{Clock as _, Stepped},
    sandbox::{
        scenario,
        serve::{self, Mode, Serve},
    },
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, path and query; or the operation for ECS, which has one path.
    pub(crate) what: String,
    /// Its headers.
    pub(crate) headers: http::HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What is answered: a status, headers, a body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// It is sent once this is told.
    held: Option<Arc<Notify>>,
}

/// An answer that the operation understands.
pub(crate) fn ok(body: impl ToString) -> Answer {
    Answer { status: 200, headers: Vec::new(), body: body.to_string(), held: None }
}

/// An error as both services write it.
pub(crate) fn refused(status: u16, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "__type": code, "message": message, "resourceId": "x", "resourceType": "X" });
    ok(body).with("x-amzn-errortype", code).status(status)
}

impl Answer {
    pub(crate) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub(crate) fn held(mut self, until: Arc<Notify>) -> Self {
        self.held = Some(until);
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// What was asked, in order.
pub(crate) type Log = Arc<Mutex<Vec<Asked>>>;

/// What was asked so far.
pub(crate) fn asked(log: &Log) -> Vec<Asked> {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Only what, without headers and bodies.
pub(crate) fn heard(log: &Log) -> Vec<String> {
    asked(log).into_iter().map(|asked| asked.what).collect()
}

/// Runs `test` with an [`Aws`] whose endpoint answers by `script`: what was asked and how many times it had been asked before.
/// No answer closes the connection.
pub(crate) fn with_aws<Test>(script: impl Fn(&Asked, usize) -> Option<Answer> + 'static, test: Test)
where
    Test: AsyncFnOnce(Aws, Log),
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let log = Log::default();
        tokio::task::spawn_local(serve(listener, std::rc::Rc::new(script), Arc::clone(&log)));
        test(aws_at(&url).await, log).await;
    });
}

/// Runs `test` with an [`Aws`] in a sandbox of its own, whose time stands still until [`pass`]; `scenario` says how its world differs
/// from the built-in one.
pub(crate) fn in_sandbox<Test>(scenario: &str, test: Test)
where
    Test: AsyncFnOnce(Aws, Stepped),
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let scenario = scenario::read("test", scenario).and_then(scenario::Draft::finish).expect("a scenario");
        let options = Serve { port: 0, env_file: None, record: None, scenario, mode: Mode::Stepped };
        let running = serve::start(options).await.expect("a sandbox");
        let url = format!("http://{}", running.addr);
        let clock = Stepped::connect(&format!("{url}/_sandbox/clock")).await.expect("a clock");
        test(aws_at(&url).await, clock).await;
        running.shutdown().await;
    });
}

/// Lets so many seconds of the sandbox's time pass.
pub(crate) async fn pass(clock: &Stepped, secs: u64) {
    clock.sleep_until(clock.now() + std::time::Duration::from_secs(secs)).await;
}

/// The access key's secret.
pub(crate) const SECRET: &str = "secret";

/// An [`Aws`] with that endpoint.
pub(crate) async fn aws_at(url: &str) -> Aws {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .empty_test_environment()
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test"))
        .http_client(Http::default())
        .endpoint_url(url);
    connect_with(loader, true).await.expect("connected")
}

async fn serve(listener: TcpListener, script: std::rc::Rc<impl Fn(&Asked, usize) -> Option<Answer> + 'static>, log: Log) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (script, log) = (std::rc::Rc::clone(&script), Arc::clone(&log));
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| answer(request, &*script, &log));
            // A connection that the script closes is what the test is about.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the script closes the connection")]
struct Closed;

async fn answer(
    request: Request<Incoming>,
    script: &impl Fn(&Asked, usize) -> Option<Answer>,
    log: &Log,
) -> Result<Response<Full<Bytes>>, Closed> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let target =
        head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).and_then(|target| target.split('.').nth(1));
    let what = target.map_or_else(|| format!("{} {}", head.method, head.uri), ToOwned::to_owned);
    let asked = Asked { what, headers: head.headers, body };
    let before = {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let before = log.iter().filter(|earlier| earlier.what == asked.what).count();
        log.push(asked.clone());
        before
    };
    let Some(answer) = script(&asked, before) else { return Err(Closed) };
    if let Some(held) = answer.held {
        held.notified().await;
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(answer.body))).expect("an answer"))
}
