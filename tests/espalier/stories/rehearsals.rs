//! The sandbox's own commands, and the demo.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::harness::{CONFIG, Run, Story, espalier, program, root};

#[test]
fn the_scenarios_are_listed_with_what_they_rehearse() {
    let run = Run::of(&mut espalier(&["sandbox", "scenarios"])).ends_with(0);
    let names: Vec<_> = run.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(["promoted", "candidate-unhealthy", "stuck", "bootstrap"].iter().all(|name| names.contains(name)), "{names:?}");
    for name in names {
        Story::within(name).run(&["true"]).ends_with(0);
    }
}

/// What a user sees who tries the scenarios out with the release that the page about them shows.
#[test]
fn the_scenarios_end_with_the_exit_codes_that_are_promised() {
    const METRICS: &str = "tests/fixtures/seed/metrics.yml";
    for (scenario, config, code, reason) in [
        ("error-rate-5pct", METRICS, 3, "analysis-failed"),
        ("slow-candidate", METRICS, 3, "analysis-failed"),
        ("no-traffic", METRICS, 3, "inconclusive"),
        ("metrics-outage", METRICS, 0, "steps-passed"),
        ("drift", CONFIG, 4, "drifted"),
        ("second-deployer", CONFIG, 4, "drifted"),
        ("throttled", CONFIG, 0, "steps-passed"),
        ("cancelled", CONFIG, 3, "cancelled"),
        ("stuck", CONFIG, 4, "not-restored"),
    ] {
        let told = Story::within(scenario).run(&["deploy", "-c", config]);
        assert!(told.run.stdout.contains(&format!("({reason})")), "{scenario} ends otherwise:\n{}", told.run.stdout);
        told.ends_with(code);
    }
}

#[test]
fn a_job_that_somebody_in_the_world_cancels_gets_the_signal_that_github_sends() {
    let quick = ["--steps", "5%:5m,100%:5m", "--settle", "30s"];
    let told = Story::within("cancelled").deploy(&quick).ends_with(3).says("(cancelled)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!(told.world.check().1, "cancelled");
    let story = Story::of(&json!({ "people": [{ "at": 90, "do": "cancel-job" }] }));
    story.script("trap 'exit 7' INT\nlater 60\necho 'not yet'\nlater 60\nexit 8").ends_with(7).says("not yet");
}

#[test]
fn a_command_in_the_sandbox_ends_it_with_its_own_code() {
    let story = Story::within("promoted");
    story.script("exit 7").ends_with(7);
    story.script("kill -TERM $$").ends_with(143);
    let arguments = ["sandbox", "run", "--scenario", "promotd", "--", "true"];
    Run::of(&mut espalier(&arguments)).ends_with(2).complains("`promotd`").complains("`promoted`");
    let arguments = ["sandbox", "run", "--", "no-such-command"];
    Run::of(&mut espalier(&arguments)).ends_with(2).complains("no-such-command").complains("PATH");
}

#[test]
fn serve_tells_where_it_is_and_ends_on_a_signal() {
    let story = Story::within("promoted");
    let file = story.path("sandbox.env");
    let mut served = espalier(&["sandbox", "serve", "--speed", "60", "--env-file"]);
    let mut served = served.arg(&file).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(served.stdout.take().expect("piped")).lines().map(|line| line.expect("UTF-8"));
    let first = lines.next().expect("a first line");
    let address = first.strip_prefix("sandbox ready on http://").expect("it announces its address").to_owned();

    let variables = story.read("sandbox.env");
    assert!(variables.contains(&format!("AWS_ENDPOINT_URL=http://{address}\n")), "{variables}");
    assert!(!variables.contains("ESPALIER_CLOCK"), "its time goes by itself: {variables}");
    // As README.md says it: what the shell starts has to see them too.
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let sourced = readme.lines().find(|line| line.contains(". ./sandbox.env")).expect("a line that reads the file");
    let script = format!("{sourced}\nprintenv AWS_ENDPOINT_URL ESPALIER_DATA_PLANE AWS_ACCESS_KEY_ID");
    let told = Run::of(program("bash").args(["-ec", &script]).current_dir(story.path("")));
    told.ends_with(0).says(&format!("http://{address}\n"));
    let answer = ask(&address, "/_sandbox/world");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"scenario\":\"promoted\""), "{answer}");

    Run::of(program("bash").args(["-c", &format!("kill -TERM {}", served.id())])).ends_with(0);
    assert_eq!(served.wait().expect("it ends").code(), Some(0));
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
}

#[test]
fn a_record_has_every_request_with_its_answer_and_no_token() {
    let story = Story::within("promoted");
    let record = story.path("record.jsonl").to_str().expect("UTF-8").to_owned();
    let arguments = ["sandbox", "run", "--record", &record, "--", "deploy", "-c", CONFIG];
    Run::of(&mut espalier(&arguments)).ends_with(0);
    let text = story.read("record.jsonl");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let asked = |method: &str, path: &str| {
        let mut found = lines.iter().filter(|line| line["request"]["method"] == method);
        found.find(|line| line["request"]["path"].as_str().is_some_and(|given| given.contains(path)))
    };
    let comment = asked("POST", "/issues/7/comments").expect("a comment");
    assert_eq!(
        (&comment["answer"]["status"], &comment["request"]["headers"]["authorization"]),
        (&201.into(), &"Bearer ***".into())
    );
    assert!(comment["request"]["body"]["body"].as_str().is_some_and(|body| body.contains("myservice")), "{comment}");
    let weights = asked("PATCH", "/rules/").expect("weights are written");
    assert!(weights["request"]["headers"]["authorization"].as_str().is_some_and(|scheme| scheme == "AWS4-HMAC-SHA256 ***"));
    assert!(weights["time"].as_str().is_some_and(|time| time.starts_with("2026-11-22T00:")), "{weights}");
    assert!(asked("GET", "/_sandbox/").is_none() && !text.contains("sandbox-token"), "the clock is not in the world");

    let arguments = ["sandbox", "run", "--record", "no/such/folder/record.jsonl", "--", "true"];
    Run::of(&mut espalier(&arguments)).ends_with(1).complains("failed to write").complains("no/such/folder/record.jsonl");
}

fn ask(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("it listens when it says so");
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    answer
}
