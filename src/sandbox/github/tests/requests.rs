//! What holds for every request: the token, outages, the rate limit; and the pull request itself.

use serde_json::{Value, json};

use super::asking::{ask, call, header, request, world};
use crate::sandbox::{github, scenario::GithubMode, wire::Reply};

#[test]
fn a_request_without_a_token_is_refused() {
    let mut world = world();
    for (token, status) in [("Bearer t", 200), ("token t", 200), ("Bearer ", 401), ("", 401), ("Basic t", 401)] {
        let mut request = request("GET", "/repos/octo/myservice/pulls/7", &Value::Null);
        request.headers.insert("authorization", token.parse().unwrap());
        assert_eq!(github::handle(&mut world, &request).status, status, "{token}");
    }
    let mut request = request("GET", "/repos/octo/myservice/pulls/7", &Value::Null);
    request.headers.remove("authorization");
    assert_eq!(github::handle(&mut world, &request).value()["message"], "Requires authentication");
}

#[test]
fn an_outage_answers_nothing_useful_and_a_reader_cannot_write() {
    let mut world = world();
    world.scenario.github = GithubMode::ReadOnly;
    ask(&mut world, 200, "GET", "/issues/7/comments", Value::Null);
    let refused = ask(&mut world, 403, "POST", "/issues/7/comments", json!({ "body": "x" }));
    assert_eq!(refused["message"], "Resource not accessible by integration");
    let viewer = json!({ "query": "query {\n  viewer { login }\n}" });
    assert_eq!(github::handle(&mut world, &request("POST", "/graphql", &viewer)).status, 200);
    world.scenario.github = GithubMode::Outage;
    let reply = call(&mut world, "GET", "/issues/7/comments", Value::Null);
    assert_eq!((reply.status, header(&reply, "content-type")), (503, Some("text/html")));
}

#[test]
fn the_rate_limit_counts_down_and_is_given_back_after_an_hour() {
    let mut world = world();
    let left = |reply: &Reply| header(reply, "x-ratelimit-remaining").unwrap().parse::<u64>().unwrap();
    for expected in (0..1000).rev() {
        let reply = call(&mut world, "GET", "/pulls/7", Value::Null);
        assert_eq!((reply.status, left(&reply)), (200, expected));
    }
    let reply = call(&mut world, "GET", "/pulls/7", Value::Null);
    assert_eq!((reply.status, left(&reply)), (403, 0));
    assert_eq!(header(&reply, "x-ratelimit-reset"), Some("3600"));
    let hour = world.now + std::time::Duration::from_secs(3600);
    world.advance(hour);
    assert_eq!(left(&call(&mut world, "GET", "/pulls/7", Value::Null)), 999);
}

#[test]
fn the_pull_request_is_found_by_number_and_by_commit() {
    let mut world = world();
    let pull = ask(&mut world, 200, "GET", "/pulls/7", Value::Null);
    assert_eq!((&pull["number"], &pull["state"]), (&json!(7), &json!("open")));
    assert_eq!(pull["html_url"], "http://127.0.0.1:8080/octo/myservice/pull/7");
    assert_eq!(pull["head"]["repo"]["full_name"], "octo/myservice");
    let sha = pull["head"]["sha"].as_str().unwrap();
    assert_eq!(sha.len(), 40);
    let found = ask(&mut world, 200, "GET", &format!("/commits/{sha}/pulls"), Value::Null);
    assert_eq!(found[0]["number"], 7);
    assert_eq!(ask(&mut world, 200, "GET", "/commits/release/pulls", Value::Null)[0]["number"], 7);
    assert_eq!(ask(&mut world, 200, "GET", "/commits/main/pulls", Value::Null), json!([]));
    ask(&mut world, 422, "GET", "/commits/nowhere/pulls", Value::Null);
    ask(&mut world, 404, "GET", "/pulls/8", Value::Null);
    assert_eq!(github::handle(&mut world, &request("GET", "/repos/octo/other/pulls/7", &Value::Null)).status, 404);
    assert_eq!(github::handle(&mut world, &request("GET", "/user", &Value::Null)).status, 403);
}

#[test]
fn graphql_knows_who_calls_and_nothing_else() {
    let mut world = world();
    let mut ask = |query: &str| github::handle(&mut world, &request("POST", "/graphql", &json!({ "query": query }))).value();
    for query in ["{viewer{login}}", "query { viewer { login } }", "query Who{viewer{login}}"] {
        assert_eq!(ask(query)["data"]["viewer"]["login"], "github-actions[bot]", "{query}");
    }
    assert!(ask("{ viewer { email } }")["errors"].is_array());
}
