//! Comments: written, paged, edited.

use serde_json::{Value, json};

use super::asking::{ask, call, header, refused, request, world};
use crate::sandbox::github;

#[test]
fn a_comment_is_written_read_edited_and_deleted() {
    let mut world = world();
    let made = ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": "<!-- marker -->\nhello" }));
    let path = format!("/issues/comments/{}", made["id"]);
    assert_eq!(made["url"], format!("http://127.0.0.1:8080/api/v3/repos/octo/myservice{path}"));
    assert_eq!(made["html_url"], format!("http://127.0.0.1:8080/octo/myservice/pull/7#issuecomment-{}", made["id"]));
    assert_eq!((&made["user"]["login"], &made["user"]["type"]), (&json!("github-actions[bot]"), &json!("Bot")));
    assert!(made["node_id"].is_string() && made["created_at"] == made["updated_at"]);
    let later = world.now + std::time::Duration::from_secs(60);
    world.advance(later);
    let edited = ask(&mut world, 200, "PATCH", &path, json!({ "body": "bye" }));
    assert_eq!((&edited["body"], &edited["created_at"]), (&json!("bye"), &made["created_at"]));
    assert_eq!(edited["updated_at"], "1970-01-01T00:01:00Z");
    assert_eq!(ask(&mut world, 200, "GET", &path, Value::Null), edited);
    ask(&mut world, 204, "DELETE", &path, Value::Null);
    ask(&mut world, 404, "GET", &path, Value::Null);
    ask(&mut world, 404, "PATCH", &path, json!({ "body": "x" }));
    ask(&mut world, 404, "POST", "/issues/8/comments", json!({ "body": "x" }));
}

#[test]
fn pages_ascend_by_id_and_link_to_each_other() {
    let mut world = world();
    for number in 0..5 {
        ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": format!("{number}") }));
    }
    let (mut path, mut bodies) = ("/issues/7/comments?per_page=2".to_owned(), Vec::new());
    for visit in 1.. {
        let reply = call(&mut world, "GET", &path, Value::Null);
        bodies.extend(reply.value().as_array().unwrap().iter().map(|comment| comment["body"].clone()));
        let links = header(&reply, "link").unwrap().split(", ").map(str::to_owned).collect::<Vec<_>>();
        let link = |relation: &str| {
            let link = links.iter().find(|link| link.ends_with(&format!("rel=\"{relation}\"")))?;
            Some(link.split(['<', '>']).nth(1).unwrap().to_owned())
        };
        assert_eq!(link("prev").is_some(), visit > 1);
        assert_eq!(link("last").is_some(), visit < 3);
        let Some(next) = link("next") else { break };
        path = next.strip_prefix("http://127.0.0.1:8080/api/v3/repositories/1000001").unwrap().to_owned();
    }
    assert_eq!(bodies, ["0", "1", "2", "3", "4"]);
    let whole = call(&mut world, "GET", "/issues/7/comments", Value::Null);
    assert_eq!((whole.value().as_array().unwrap().len(), header(&whole, "link")), (5, None));
    let odd = call(&mut world, "GET", "/issues/7/comments?per_page=1000&page=0", Value::Null);
    assert_eq!((odd.value().as_array().unwrap().len(), header(&odd, "link")), (5, None), "100 at most, and from the first page");
    let beyond = call(&mut world, "GET", "/issues/7/comments?per_page=3&page=9", Value::Null);
    let links = "<http://127.0.0.1:8080/api/v3/repositories/1000001/issues/7/comments?per_page=3&page=2>; rel=\"prev\", \
         <http://127.0.0.1:8080/api/v3/repositories/1000001/issues/7/comments?per_page=3&page=1>; rel=\"first\"";
    assert_eq!((beyond.value(), header(&beyond, "link")), (json!([]), Some(links)));
}

#[test]
fn a_body_has_to_be_there_and_at_most_65536_characters() {
    let mut world = world();
    // Characters, not bytes.
    ask(&mut world, 201, "POST", "/issues/7/comments", json!({ "body": "é".repeat(65536) }));
    let long = ask(&mut world, 422, "POST", "/issues/7/comments", json!({ "body": "x".repeat(65537) }));
    let error = &long["errors"][0];
    assert_eq!(
        (&error["resource"], &error["code"], &error["field"]),
        (&json!("IssueComment"), &json!("unprocessable"), &json!("data"))
    );
    assert_eq!(error["message"], "Body is too long (maximum is 65536 characters)");
    for (body, words) in [
        (json!({}), "\"body\" wasn't supplied."),
        (json!({ "body": null }), "For 'properties/body', nil is not a string."),
        (json!({ "body": 7 }), "For 'properties/body', 7 is not a string."),
        (json!({ "body": "  " }), "Validation Failed"),
    ] {
        assert_eq!(refused(&mut world, 422, "POST", "/issues/7/comments", body), words);
    }
    assert_eq!(refused(&mut world, 400, "POST", "/issues/7/comments", json!("text")), "Body should be a JSON object");
    let mut malformed = request("POST", "/repos/octo/myservice/issues/7/comments", &Value::Null);
    malformed.body = "{".into();
    let reply = github::handle(&mut world, &malformed);
    assert_eq!((reply.status, &reply.value()["message"]), (400, &json!("Problems parsing JSON")));
}
