//! What holds for every request: the token, outages, the rate limit; and the pull request itself.

use serde_json::{Value, json};

use super::asking::{ask, call, header, request, world};
use crate::sandbox::{github, scenario::GithubMode, wire::Reply};

const PULL: &str = "/repos/octo/myservice/pulls/7";

#[test]
fn a_wrong_token_is_refused_and_without_one_what_is_public_can_be_read() {
    let mut world = world();
    for (token, status) in [
        ("Bearer sandbox-token", 200),
        ("token sandbox-token", 200),
        ("Bearer ", 401),
        ("", 401),
        ("Basic sandbox-token", 401),
        ("Bearer x", 401),
    ] {
        let mut request = request("GET", PULL, &Value::Null);
        request.headers.insert("authorization", token.parse().unwrap());
        let reply = github::handle(&mut world, &request);
        assert_eq!(reply.status, status, "{token}");
        if status == 401 {
            let documentation = "https://docs.github.com/rest";
            assert_eq!(
                reply.value(),
                json!({ "message": "Bad credentials", "documentation_url": documentation, "status": "401" })
            );
        }
    }
    let mut anonymous = |method: &str, path: &str| {
        let mut request = request(method, path, &json!({}));
        request.headers.remove("authorization");
        github::handle(&mut world, &request)
    };
    let read = anonymous("GET", PULL);
    assert_eq!((read.status, header(&read, "x-ratelimit-limit")), (200, Some("60")));
    for (method, path) in [("POST", "/repos/octo/myservice/check-runs"), ("GET", "/user"), ("POST", "/graphql")] {
        let refused = anonymous(method, path);
        assert_eq!((refused.status, &refused.value()["message"]), (401, &json!("Requires authentication")), "{path}");
    }
}

#[test]
fn every_answer_has_the_headers_of_github() {
    let mut world = world();
    let answers = [
        call(&mut world, "GET", "/pulls/7", Value::Null),
        call(&mut world, "GET", "/pulls/8", Value::Null),
        call(&mut world, "POST", "/issues/7/comments", json!({})),
        call(&mut world, "PUT", "/anything", json!({})),
    ];
    for (number, reply) in (1..).zip(&answers) {
        let used = (number.to_string(), (1000 - number).to_string());
        for (name, value) in [
            ("x-ratelimit-limit", "1000"),
            ("x-ratelimit-used", used.0.as_str()),
            ("x-ratelimit-remaining", used.1.as_str()),
            ("x-ratelimit-reset", "3600"),
            ("x-ratelimit-resource", "core"),
            ("x-github-media-type", "github.v3; format=json"),
            ("x-github-api-version-selected", "2022-11-28"),
            ("content-type", "application/json; charset=utf-8"),
        ] {
            assert_eq!(header(reply, name), Some(value), "{name} of answer {number}");
        }
        let id = header(reply, "x-github-request-id").unwrap();
        assert!(
            id.split(':').count() == 5
                && answers.iter().filter(|other| header(other, "x-github-request-id") == Some(id)).count() == 1
        );
    }
    assert_eq!(answers[1].value()["documentation_url"], "https://docs.github.com/rest/pulls/pulls#get-a-pull-request");
    assert_eq!(header(&answers[2], "x-accepted-github-permissions"), Some("issues=write; pull_requests=write"));
    assert_eq!(answers[3].value()["documentation_url"], "https://docs.github.com/rest");
}

#[test]
fn what_the_client_has_is_not_sent_again_and_costs_nothing() {
    let mut world = world();
    let first = call(&mut world, "GET", "/pulls/7", Value::Null);
    let mut again = request("GET", PULL, &Value::Null);
    again.headers.insert("if-none-match", header(&first, "etag").unwrap().parse().unwrap());
    let second = github::handle(&mut world, &again);
    assert_eq!((second.status, second.body.len(), header(&second, "x-ratelimit-used")), (304, 0, Some("1")));
    ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": "now it is another" }));
    assert_eq!(github::handle(&mut world, &again).status, 200);
}

#[test]
fn what_no_client_may_send_is_refused() {
    let mut world = world();
    for (name, value, status, words) in [
        ("user-agent", "", 403, "Request forbidden by administrative rules."),
        ("x-github-api-version", "2020-01-01", 400, "`2020-01-01` is not a supported version"),
        ("accept", "application/vnd.github.diff", 415, "Unsupported 'Accept' header"),
    ] {
        let mut request = request("GET", PULL, &Value::Null);
        request.headers.insert(name, value.parse().unwrap());
        let reply = github::handle(&mut world, &request);
        assert_eq!(reply.status, status, "{name}");
        assert!(reply.value()["message"].as_str().unwrap().starts_with(words), "{}", reply.value());
    }
    for accept in [
        "application/vnd.github+json",
        "application/vnd.github.v3+json",
        "*/*",
        "text/html, application/json;q=0.5",
        "application/vnd.github.ant-man-preview+json",
    ] {
        let mut request = request("GET", PULL, &Value::Null);
        request.headers.insert("accept", accept.parse().unwrap());
        assert_eq!(github::handle(&mut world, &request).status, 200, "{accept}");
    }
}

#[test]
fn an_outage_answers_nothing_useful_and_a_reader_cannot_write() {
    let mut world = world();
    world.scenario.github = GithubMode::ReadOnly;
    ask(&mut world, 200, "GET", "/issues/7/comments", Value::Null);
    let refused = ask(&mut world, 403, "POST", "/issues/7/comments", json!({ "body": "x" }));
    let documentation = "https://docs.github.com/rest/issues/comments#create-an-issue-comment";
    let words = "Resource not accessible by integration";
    assert_eq!(refused, json!({ "message": words, "documentation_url": documentation, "status": "403" }));
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
        world.advance(world.now + std::time::Duration::from_secs(1));
    }
    let reply = call(&mut world, "GET", "/pulls/7", Value::Null);
    assert_eq!((reply.status, left(&reply)), (403, 0));
    assert!(reply.value()["message"].as_str().unwrap().starts_with("API rate limit exceeded for installation ID "));
    assert_eq!((header(&reply, "x-ratelimit-reset"), header(&reply, "retry-after")), (Some("3600"), None));
    let status = github::handle(&mut world, &request("GET", "/rate_limit", &Value::Null));
    assert_eq!((status.status, &status.value()["resources"]["core"]["remaining"]), (200, &json!(0)), "asking costs nothing");
    let hour = world.now + std::time::Duration::from_secs(2600);
    world.advance(hour);
    assert_eq!(left(&call(&mut world, "GET", "/pulls/7", Value::Null)), 999);
}

#[test]
fn a_burst_meets_the_secondary_limits() {
    let mut world = world();
    for _ in 0..80 {
        ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": "b" }));
    }
    let reply = call(&mut world, "POST", "/issues/7/comments", json!({ "body": "b" }));
    assert_eq!((reply.status, header(&reply, "retry-after")), (403, Some("60")));
    assert!(reply.value()["message"].as_str().unwrap().starts_with("You have exceeded a secondary rate limit."));
    ask(&mut world, 200, "GET", "/issues/7/comments", Value::Null);
    let minute = world.now + std::time::Duration::from_secs(60);
    world.advance(minute);
    ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": "b" }));
    // 900 points a minute: the write cost 5.
    for _ in 0..895 {
        ask(&mut world, 200, "GET", "/pulls/7", Value::Null);
    }
    assert_eq!(call(&mut world, "GET", "/pulls/7", Value::Null).status, 403);
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
    let mut status = |path: &str| github::handle(&mut world, &request("GET", path, &Value::Null)).status;
    assert_eq!(
        [status("/repos/octo/other/pulls/7"), status("/repos/octo/myservice2/pulls/7"), status("/repos/octo/myservice")],
        [404; 3]
    );
    assert_eq!([status("/repos/Octo/MyService/pulls/7"), status("/repositories/1000001/pulls/7")], [200; 2]);
    assert_eq!(status("/repositories/1/pulls/7"), 404);
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
