//! A small GitHub on a loopback port, for the tests of this room and of the reports: comments and check runs, kept in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

#[derive(Default)]
struct State {
    comments: Vec<Value>,
    check_runs: Vec<Value>,
    forbidden: Vec<String>,
    lost: Option<String>,
    hanging: bool,
    failing: u32,
    /// A comment that another job makes just before the next one is made.
    earlier: Option<Value>,
    annotations: Vec<Value>,
    deployments: Vec<Value>,
    statuses: Vec<Value>,
    requests: Vec<(String, String)>,
}

/// The server; it lives as long as the test's runtime.
pub(crate) struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { port, state }
    }

    /// With a path below the host, as on GitHub Enterprise Server.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v3", self.port)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a comment there that somebody wrote before.
    pub(crate) fn add_comment(&self, login: &str, kind: &str, body: &str) -> u64 {
        let mut state = self.state();
        let comment = comment(state.comments.len() as u64 + 1, login, kind, body);
        state.comments.push(comment);
        state.comments.len() as u64
    }

    /// Puts one there when the next is made, before it.
    pub(crate) fn add_comment_before_the_next(&self, login: &str, kind: &str, body: &str) {
        let mut state = self.state();
        state.earlier = Some(comment(state.comments.len() as u64 + 1, login, kind, body));
    }

    /// Puts a deployment there that somebody made before.
    pub(crate) fn add_deployment(&self, environment: &str, payload: &Value) -> u64 {
        let mut state = self.state();
        let id = state.deployments.len() as u64 + 1;
        state.deployments.push(json!({ "id": id, "environment": environment, "payload": payload }));
        id
    }

    /// Says something of a deployment.
    pub(crate) fn add_status(&self, deployment: u64, status: &str) {
        self.state().statuses.push(json!({ "deployment": deployment.to_string(), "state": status }));
    }

    pub(crate) fn deployments(&self) -> Vec<Value> {
        self.state().deployments.clone()
    }

    /// Deployment and state of each status, oldest first.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.state().statuses.iter().map(|status| (text(&status["deployment"]), text(&status["state"]))).collect()
    }

    pub(crate) fn comments(&self) -> Vec<Value> {
        self.state().comments.clone()
    }

    /// The lines of all annotations of the first check run.
    pub(crate) fn annotations(&self) -> Vec<u64> {
        let state = self.state();
        let annotations = state.annotations.iter().filter_map(|annotation| annotation["start_line"].as_u64());
        annotations.collect()
    }

    pub(crate) fn check_runs(&self) -> Vec<Value> {
        self.state().check_runs.clone()
    }

    /// Answers 403 wherever the path contains `part`.
    pub(crate) fn forbid(&self, part: &str) {
        self.state().forbidden.push(part.to_owned());
    }

    /// Takes the next request of `method` and drops the connection instead of answering.
    pub(crate) fn lose_answer_of(&self, method: &str) {
        self.state().lost = Some(method.to_owned());
    }

    /// From now on nothing is ever answered.
    pub(crate) fn hang(&self) {
        self.state().hanging = true;
    }

    /// Answers 502 to the next `count` requests.
    pub(crate) fn fail(&self, count: u32) {
        self.state().failing = count;
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.state().requests.iter().map(|(method, _)| method.clone()).collect()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.state().requests.iter().map(|(_, path)| path.clone()).collect()
    }
}

fn comment(id: u64, login: &str, kind: &str, body: &str) -> Value {
    json!({
        "id": id,
        "body": body,
        "user": { "login": login, "type": kind },
        "html_url": format!("https://github.test/o/r/pull/7#issuecomment-{id}"),
    })
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let path = parts.uri.path().to_owned();
    let body: Value =
        serde_json::from_slice(&body.collect().await.map_err(std::io::Error::other)?.to_bytes()).unwrap_or_default();
    assert_eq!(parts.headers["x-github-api-version"], "2022-11-28");
    assert_eq!(parts.headers["authorization"], "Bearer ghs_secret");

    let hanging = state.lock().unwrap_or_else(PoisonError::into_inner).hanging;
    if hanging {
        std::future::pending::<()>().await;
    }
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if path == "/api/graphql" {
        // Who the token is; no request that anything is counted by.
        return Ok(reply(StatusCode::OK, &json!({"data": {"viewer": {"login": "github-actions"}}}), false));
    }
    state.requests.push((method.clone(), format!("{path}?{query}").trim_end_matches('?').to_owned()));
    if state.failing > 0 {
        state.failing -= 1;
        return Ok(reply(StatusCode::BAD_GATEWAY, &json!({"message": "Server Error"}), false));
    }
    if state.forbidden.iter().any(|part| path.contains(part)) {
        return Ok(reply(StatusCode::FORBIDDEN, &json!({"message": "Resource not accessible by integration"}), false));
    }
    let lost = state.lost.take_if(|lost| *lost == method).is_some();
    let response = route(&mut state, &method, &path, &query, &body);
    if lost { Err(std::io::Error::other("the answer is lost")) } else { Ok(response) }
}

fn route(state: &mut State, method: &str, path: &str, query: &str, body: &Value) -> Response<Full<Bytes>> {
    let parts: Vec<_> = path.trim_start_matches("/api/v3/repos/o/r/").split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["issues", "7", "comments"]) => {
            let page: usize = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
            let from = (page - 1) * 100;
            let some: Vec<_> = state.comments.iter().skip(from).take(100).cloned().collect();
            reply(StatusCode::OK, &Value::Array(some), state.comments.len() > from + 100)
        }
        ("POST", ["issues", "7", "comments"]) => {
            let earlier = state.earlier.take();
            state.comments.extend(earlier);
            let id = state.comments.len() as u64 + 1;
            let new = comment(id, "github-actions[bot]", "Bot", body["body"].as_str().expect("a body"));
            state.comments.push(new.clone());
            reply(StatusCode::CREATED, &new, false)
        }
        ("GET", ["issues", "comments", id]) => {
            match state.comments.iter().find(|comment| comment["id"].as_u64() == id.parse().ok()) {
                Some(comment) => reply(StatusCode::OK, comment, false),
                None => reply(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}), false),
            }
        }
        ("PATCH", ["issues", "comments", id]) => {
            match state.comments.iter_mut().find(|comment| comment["id"].as_u64() == id.parse().ok()) {
                Some(comment) => {
                    comment["body"] = body["body"].clone();
                    reply(StatusCode::OK, comment, false)
                }
                None => reply(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}), false),
            }
        }
        ("DELETE", ["issues", "comments", id]) => {
            state.comments.retain(|comment| comment["id"].as_u64() != id.parse().ok());
            reply(StatusCode::NO_CONTENT, &Value::Null, false)
        }
        ("GET", ["deployments"]) => {
            let wanted = query.split('&').find_map(|pair| pair.strip_prefix("environment=")).unwrap_or_default();
            let some: Vec<_> = state.deployments.iter().rev().filter(|found| found["environment"] == wanted).cloned().collect();
            reply(StatusCode::OK, &Value::Array(some), false)
        }
        ("POST", ["deployments"]) => {
            let mut made = body.clone();
            made["id"] = json!(state.deployments.len() + 1);
            state.deployments.push(made.clone());
            reply(StatusCode::CREATED, &made, false)
        }
        ("GET", ["deployments", id, "statuses"]) => {
            let some: Vec<_> = state.statuses.iter().rev().filter(|found| found["deployment"] == *id).cloned().collect();
            reply(StatusCode::OK, &Value::Array(some), false)
        }
        ("POST", ["deployments", id, "statuses"]) => {
            let mut made = body.clone();
            made["deployment"] = json!(id);
            state.statuses.push(made.clone());
            reply(StatusCode::CREATED, &made, false)
        }
        ("GET", ["commits", "abc123", "pulls"]) => {
            let pull = |number: u64, state: &str, merged: &str, head: &str| json!({"number": number, "state": state, "merge_commit_sha": merged, "head": {"sha": head}});
            reply(StatusCode::OK, &json!([pull(6, "open", "other", "other"), pull(7, "open", "test-merge", "abc123")]), false)
        }
        ("GET", ["pulls", "7"]) => reply(StatusCode::OK, &json!({"number": 7, "head": {"sha": "abc123"}}), false),
        ("GET", ["commits", sha, "check-runs"]) => {
            let runs: Vec<_> = state.check_runs.iter().filter(|run| run["head_sha"] == *sha).cloned().collect();
            reply(StatusCode::OK, &json!({"total_count": runs.len(), "check_runs": runs}), false)
        }
        ("POST", ["check-runs"]) => {
            let mut run = body.clone();
            let id = state.check_runs.len() + 1;
            run["id"] = json!(id);
            run["html_url"] = json!(format!("https://github.test/o/r/runs/{id}"));
            state.check_runs.push(run.clone());
            reply(StatusCode::CREATED, &run, false)
        }
        ("PATCH", ["check-runs", id]) => match state.check_runs.iter_mut().find(|run| run["id"].as_u64() == id.parse().ok()) {
            Some(run) => {
                state.annotations.extend(body["output"]["annotations"].as_array().into_iter().flatten().cloned());
                for (name, value) in body.as_object().expect("an object") {
                    run[name] = value.clone();
                }
                run["output"]["annotations_count"] = json!(state.annotations.len());
                reply(StatusCode::OK, run, false)
            }
            None => reply(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}), false),
        },
        _ => reply(StatusCode::NOT_FOUND, &json!({"message": "Not Found"}), false),
    }
}

fn reply(status: StatusCode, body: &Value, more: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    if more {
        let link = http::HeaderValue::from_static("<https://github.test/next>; rel=\"next\"");
        response.headers_mut().insert(http::header::LINK, link);
    }
    response
}
