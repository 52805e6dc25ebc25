//! The page of whole worlds.

use std::time::Duration;

use super::{
    answer,
    chart::requests,
    is_asked_for,
    traffic::{Point, Series},
};
use crate::clock::Timestamp;
use crate::sandbox::{
    route::{self, Outcome},
    scenario::{self, Fault},
    wire::Request,
    world::World,
};

fn request(method: &str, path: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
    let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: String::new(),
        headers: headers.collect(),
        body: body.to_owned().into(),
    }
}

fn page(world: &World) -> String {
    String::from_utf8(answer(world).body).unwrap()
}

/// The text of a page, without tags, style and script, a line for each block.
fn stripped(html: &str) -> String {
    // The folded log has a line for everything, whoever changes it.
    let body = html.split_once("<header>").unwrap().1.split_once("<summary>All ").unwrap().0;
    let (mut out, mut in_tag) = (String::new(), false);
    for char in body.chars() {
        match char {
            '<' => {
                in_tag = true;
                out.push('\u{1}');
            }
            '>' => in_tag = false,
            char if !in_tag => out.push(char),
            _ => {}
        }
    }
    let lines = out.split(['\u{1}', '\n']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_shows_the_world_and_its_pull_request() {
    let mut world = World::new(scenario::load("promoted").unwrap());
    world.advance(world.now + Duration::from_secs(90));
    world.faults.add(Fault { operations: vec!["ecs:*".to_owned()], nth: Some(1), ..Fault::default() });
    let github = [("host", "127.0.0.1:1"), ("authorization", "Bearer sandbox-token"), ("user-agent", "test")];
    let comment = r####"{"body": "### `myservice:2` promoted\n\n<details><summary>Log</summary>\n\nx\n\n</details>"}"####;
    let run = r#"{"name": "espalier", "head_sha": "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed", "conclusion": "success",
        "output": {"title": "promoted", "summary": "**all** of it"}}"#;
    let target = [("x-amz-target", "AmazonEC2ContainerServiceV20141113.DescribeServices")];
    for request in [
        request("POST", "/api/v3/repos/octo/myservice/issues/7/comments", &github, comment),
        request("POST", "/api/v3/repos/octo/myservice/check-runs", &github, run),
        request("POST", "/", &target, r#"{"services": ["myservice"]}"#),
    ] {
        assert!(matches!(route::answer(&mut world, &request), Outcome::Reply(_)));
    }
    insta::with_settings!({ snapshot_path => "../../../tests/fixtures/words", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("sandbox-page", stripped(&page(&world)));
    });
}

#[test]
fn the_plot_of_requests_has_a_line_for_each_group_and_one_for_errors() {
    let point = |minute: u64, requests: u64, errors: u64| Point { at: Timestamp::from_secs(minute * 60), requests, errors };
    let one = Series { group: "a".to_owned(), points: vec![point(0, 100, 0), point(1, 50, 25)] };
    let other = Series { group: "b".to_owned(), points: vec![point(1, 50, 0)] };
    let colours = [("a".to_owned(), 0), ("b".to_owned(), 1)].into_iter().collect();
    let html = requests(&[one, other], Timestamp::from_secs(120), &colours);
    for line in [
        "<polyline class=\"s0\" points=\"38.0,10.0 213.0,68.0\"/>",
        "<polyline class=\"se\" points=\"38.0,126.0 213.0,97.0\"/>",
        "<polyline class=\"s1\" points=\"213.0,68.0 213.0,68.0\"/>",
        ">+02:00</text>",
    ] {
        assert!(html.contains(line), "{line}: {html}");
    }
}

#[test]
fn nothing_of_the_world_is_markup() {
    let mut scenario = scenario::load("promoted").unwrap();
    "</title><script>alert(1)</script>".clone_into(&mut scenario.name);
    "\"><img src=x onerror=alert(2)>".clone_into(&mut scenario.description);
    let mut world = World::new(scenario);
    world.note("person", "<svg onload=alert(3)>");
    let html = page(&world);
    assert_eq!(html.matches("<script>").count(), 1, "its own");
    assert!(!html.contains("<img") && !html.contains("<svg onload"), "{html}");
    assert!(html.contains("&lt;svg onload=alert(3)&gt;"));
}

#[test]
fn it_is_for_browsers_at_the_sandboxs_own_address_and_forbids_itself_everything() {
    let html = ("accept", "text/html,application/xhtml+xml");
    let own = ("host", "127.0.0.1:8080");
    for (asked, method, path, headers) in [
        (true, "GET", "/", vec![html, own]),
        (true, "GET", "/", vec![html, ("host", "localhost:8080")]),
        (true, "GET", "/_sandbox/", vec![]),
        (false, "GET", "/", vec![own]),
        (false, "GET", "/", vec![html, ("host", "myservice-1.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws")]),
        (false, "POST", "/", vec![html, own]),
        (false, "GET", "/services", vec![html, own]),
    ] {
        assert_eq!(is_asked_for(&request(method, path, &headers, "")), asked, "{method} {path} {headers:?}");
    }
    let world = World::new(scenario::load("bootstrap").unwrap());
    let reply = answer(&world);
    let policy =
        reply.headers.iter().find(|(name, _)| name == "content-security-policy").map(|(_, value)| value.clone()).unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(!page(&world).contains("style=\""), "the policy forbids style attributes");
}
