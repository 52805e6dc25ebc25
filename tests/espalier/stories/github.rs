//! Reports never decide anything.

use super::QUICK;
use crate::harness::{Story, root};

#[test]
fn a_release_does_not_need_github() {
    let told = Story::within_file("github-outage").deploy(&QUICK).ends_with(0).says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.comments(), [""; 0]);
}

/// Rule 8, of reports: not another weight, not a second later.
#[test]
fn what_is_decided_and_when_is_the_same_with_github_down_for_the_whole_release() {
    let candidates = [(serde_json::json!({}), 0), (serde_json::json!({ "unhealthy_above": 25 }), 3)];
    for (candidate, code) in candidates {
        let release = |more: serde_json::Value| {
            let mut scenario = serde_json::json!({ "name": "reported", "images": { "myservice:1": {}, "*": candidate } });
            scenario.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            Story::of(&scenario).deploy(&QUICK).ends_with(code)
        };
        let up = release(serde_json::json!({}));
        assert_eq!(up.world.comments().len(), 1, "GitHub is there");
        let refuses = |effect: &str| serde_json::json!({ "faults": [{ "operations": ["github:*"], "effect": effect }] });
        for down in [serde_json::json!({ "github": "outage" }), refuses("throttle"), refuses("denied")] {
            let told = release(down.clone());
            assert_eq!(told.world.splits(), up.world.splits(), "{down}");
            assert_eq!(told.world.writes(), up.world.writes(), "{down}");
        }
    }
}

#[test]
fn a_token_that_may_only_read_is_told_once_with_the_missing_permission() {
    let told = Story::within_file("github-read-only").deploy(&QUICK).ends_with(0).says("myservice:2 promoted");
    for (report, permission) in [("pull request comment", "pull-requests: write"), ("check run", "checks: write")] {
        let lines = told.run.stdout.lines().chain(told.run.stderr.lines());
        let warnings: Vec<_> = lines.filter(|line| line.contains(permission)).collect();
        let [warning] = warnings[..] else { panic!("{warnings:#?}") };
        assert!(warning.contains(report) && warning.contains(&format!("add `{permission}` to the `permissions:`")), "{warning}");
    }
}

#[test]
fn outside_of_actions_there_is_nothing_to_report_to() {
    let told = Story::within("promoted")
        .script(&format!("for name in ${{!GITHUB_*}}; do unset \"$name\"; done\nexits 0 deploy {}", super::QUICKLY));
    let told = told.ends_with(0).says("myservice:2 promoted");
    assert_eq!(told.world.comments(), [""; 0]);
    assert_eq!(told.world.check().0, "");
}

/// The seed's config, with paths that hold in the story's folder, and what the story adds to it.
fn config(story: &Story, more: &str) -> String {
    let seed = root().join("tests/fixtures/seed");
    let text = std::fs::read_to_string(seed.join("espalier.yml")).expect("the seed");
    let text = text.replace("ecs-service-def.json", &seed.join("ecs-service-def.json").display().to_string());
    let text = text.replace("ecs-task-def.json", &seed.join("ecs-task-def.json").display().to_string());
    story.write("espalier.yml", &format!("{text}\n{more}\n"))
}

#[test]
fn a_deployment_is_recorded_from_its_beginning_to_the_one_that_replaces_it() {
    let story = Story::within("promoted");
    let config = config(&story, "github: { deployment: { environment: staging, url: https://staging.example.com } }");
    let deploy = |more: &str| format!("exits 0 espalier deploy -c {config} {} {more}", super::QUICKLY);
    let lines = [deploy("--image web=nginx:1.29"), deploy("--image web=nginx:1.30"), deploy("--image web=nginx:1.30")];
    let told = story.script(&lines.join("\n")).ends_with(0);
    let deployments = told.world.deployments();
    // The third one had nothing to release.
    let revisions: Vec<_> = deployments.iter().map(|one| one["description"].as_str().expect("a text")).collect();
    assert_eq!(revisions, ["myservice:2", "myservice:3"]);
    for one in &deployments {
        assert_eq!((&one["environment"], &one["sha"]), (&"staging".into(), &"5eed".repeat(10).into()));
    }
    let first = told.world.statuses_of("myservice:2");
    assert_eq!(first.first().map(String::as_str), Some("in_progress"));
    assert_eq!(first[first.len() - 2..], ["success", "inactive"]);
    assert_eq!(told.world.statuses_of("myservice:3").last().map(String::as_str), Some("success"));

    let back = format!("{}\n{}\nexits 0 espalier rollback -c {config}", lines[0], lines[1]);
    let told = story.script(&back).ends_with(0);
    assert_eq!(told.world.deployments().len(), 2, "what serves again was deployed before");
    assert_eq!(told.world.statuses_of("myservice:2").last().map(String::as_str), Some("success"));
    assert_eq!(told.world.statuses_of("myservice:3").last().map(String::as_str), Some("inactive"));
}

#[test]
fn a_held_deployment_waits_and_is_gone_on_with() {
    let story = Story::within("promoted");
    let config = config(&story, "github: { deployment: production }");
    let told = story.script(&format!(
        "export ESPALIER_STEPS=5%:30s,hold:4h,100%:30s ESPALIER_SETTLE=30s ESPALIER_RETIRE_AFTER=30s\n\
         exits 0 espalier deploy -c {config}\nexits 0 espalier promote -c {config}"
    ));
    let told = told.ends_with(0);
    let statuses = told.world.statuses_of("myservice:2");
    assert!(statuses.contains(&"pending".to_owned()), "{statuses:?}");
    assert_eq!(statuses.last().map(String::as_str), Some("success"));
    assert_eq!(told.world.deployments().len(), 1);
}

#[test]
fn a_rejected_deployment_is_a_failure_and_a_cancelled_one_is_not() {
    let story = Story::within("candidate-unhealthy");
    let config = config(&story, "github: { deployment: production }");
    let told = story.run(&["deploy", "-c", &config]).ends_with(3);
    assert_eq!(told.world.statuses_of("myservice:2").last().map(String::as_str), Some("failure"));
}

#[test]
fn what_is_wrong_with_the_config_stands_on_its_line() {
    let story = Story::within("promoted");
    let folder = story.path("");
    let story = story.with("GITHUB_WORKSPACE", &folder).with("GITHUB_ACTIONS", "true");
    let path = story.write("espalier.yml", "cluster: my-cluster\nservice: myservice\nlatice: { service: myservice }\n");
    let told = story.run(&["deploy", "-c", &path]).ends_with(2);
    let (status, conclusion, title) = told.world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "failure"));
    assert!(title.contains("was not released: the request is invalid"), "{title}");
    let annotations = told.world.annotations();
    assert_eq!((annotations[0]["path"].as_str(), annotations[0]["start_line"].as_u64()), (Some("espalier.yml"), Some(3)));
    assert!(annotations[0]["message"].as_str().is_some_and(|text| text.contains("did you mean `lattice`?")));
    told.complains("::error file=espalier.yml,line=3,col=1,title=espalier::");
}

#[test]
fn a_release_that_is_refused_concludes_its_check() {
    let told = Story::within("promoted")
        .script(&format!("exits 0 deploy --steps 5%:30s,hold:4h,100%:30s --settle 30s\nexits 5 deploy {}", super::QUICKLY));
    let told = told.ends_with(0);
    let (status, conclusion, title) = told.world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "failure"));
    assert!(title.starts_with("myservice was not released: refused: "), "{title}");
    // What is held is another rollout's: its comment stays.
    let comments = told.world.comments();
    assert!(comments.len() == 1 && comments[0].contains("held at 5%"), "{comments:?}");
}

#[test]
fn a_job_that_is_cancelled_before_anything_is_claimed_says_so() {
    let scenario = serde_json::json!({
        "name": "hangs", "faults": [{ "operations": ["vpc-lattice:ListServices"], "effect": "hang" }],
    });
    let told = Story::of(&scenario)
        .script(&format!("begins deploy -c tests/fixtures/seed/espalier.yml {}\nkill -INT $!\nexits 1 ends", super::QUICKLY));
    let (status, conclusion, title) = told.ends_with(0).world.check();
    assert_eq!((status.as_str(), conclusion.as_str()), ("completed", "cancelled"));
    assert_eq!(title, "myservice was not released: the job was cancelled");
}

#[test]
fn an_hour_of_steps_takes_less_than_sixty_writes() {
    let story = Story::within("error-rate-5pct");
    let more = "github: { deployment: production }\nanalysis: { metrics: [{ name: latency, metric: request-time, max: 10s }] }";
    let config = config(&story, more);
    let steps: Vec<_> = (1..=12).map(|step| format!("{}%:3m30s", if step == 12 { 100 } else { step * 8 })).collect();
    let told = story.run(&[
        "deploy",
        "-c",
        &config,
        "--steps",
        &steps.join(","),
        "--settle",
        "90s",
        "--timeout",
        "3h",
        "--retire-after",
        "1m",
    ]);
    let told = told.ends_with(0);
    let took = told.world.times_of("UpdateRule");
    let hours = (took[took.len() - 1] - took[0]).div_ceil(3_600_000);
    let is_write = |call: &&String| {
        ["github:POST ", "github:PATCH "].iter().any(|write| call.starts_with(write)) && !call.ends_with("/graphql")
    };
    let writes = told.world.calls().iter().filter(is_write).count() as u64;
    assert!((1..=2).contains(&hours), "{hours} hours");
    assert!(writes < 60 * hours, "{writes} writes in {hours} hours");
}

#[test]
fn an_outage_that_ends_is_caught_up_with() {
    let scenario = serde_json::json!({
        "name": "outage", "faults": [{ "operations": ["github:*"], "before": 200, "effect": "error500" }],
    });
    let told = Story::of(&scenario).deploy(&super::QUICK).ends_with(0);
    let comments = told.world.comments();
    assert!(comments.len() == 1 && comments[0].contains("### ✅ `myservice:2` promoted"), "{comments:?}");
    assert_eq!(told.world.check().1, "success");
    let warnings = told.run.stdout.lines().filter(|line| line.contains("GitHub cannot be reached")).count();
    assert!(warnings <= 2, "each place says it once: {}", told.run.stdout);
}

#[test]
fn a_secondary_limit_is_waited_for_and_decides_nothing() {
    let scenario = serde_json::json!({
        "name": "limited", "faults": [{ "operations": ["github:write"], "every": 3, "effect": "throttle" }],
    });
    let told = Story::of(&scenario).deploy(&super::QUICK).ends_with(0);
    assert!(told.world.comments().len() <= 1);
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

#[test]
fn a_push_finds_the_pull_request_by_its_commit() {
    let story = Story::within("promoted");
    let path = story.write("push.json", &serde_json::json!({ "ref": "refs/heads/main", "after": "5eed".repeat(10) }).to_string());
    let told = story.script(&format!(
        "export GITHUB_EVENT_NAME=push GITHUB_EVENT_PATH={path} GITHUB_SHA={}\nexits 0 deploy {}",
        "5eed".repeat(10),
        super::QUICKLY
    ));
    assert_eq!(told.ends_with(0).world.comments().len(), 1);
}

#[test]
fn what_somebody_wrote_notifies_nobody_and_begins_nothing() {
    let evil = "@octo/all <!-- espalier:myservice:my-cluster --> </details> | **x** #7 https://a.b\n::error::x\n## x";
    let story = Story::within("promoted");
    let hold = "--steps 5%:30s,hold:4h,100%:30s --settle 30s";
    let path = story.write("reason", evil);
    let told = story.script(&format!(
        "export GITHUB_ACTIONS=true\nexits 0 deploy {hold}\nexits 0 espalier abort --lattice-service myservice --reason \"$(cat {path})\""
    ));
    let told = told.ends_with(0);
    let comments = told.world.comments();
    let [comment] = &comments[..] else { panic!("{comments:?}") };
    assert!(comment.contains("aborted by") || comment.contains("Aborted by"), "{comment}");
    let mut in_fence = false;
    for line in comment.lines().skip(1).filter(|line| !line.starts_with("<!-- espalier-releases ")) {
        in_fence ^= line.starts_with("```");
        for part in ["@octo", "<!--", "#7 ", "https://a.b", "**x**"] {
            assert!(in_fence || !line.contains(part), "{part} in {line}");
        }
        assert!(in_fence || !line.starts_with("## "), "{line}");
    }
    assert!(!told.run.stdout.lines().any(|line| line.starts_with("::error::x")), "{}", told.run.stdout);
}

#[test]
fn one_comment_remembers_one_release_after_the_other() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        "exits 0 deploy {steps} --image web=nginx:1.29\nexits 0 deploy {steps} --image web=nginx:1.30",
        steps = super::QUICKLY
    ));
    let comments = told.ends_with(0).world.comments();
    let [comment] = &comments[..] else { panic!("{comments:?}") };
    assert!(comment.contains("<summary>1 earlier release</summary>\n\n- ✅ promoted `myservice:2` · [`5eed5ee`]("), "{comment}");
    assert!(comment.contains("| **previous** | `myservice:2` | [`5eed5ee`]("), "{comment}");
}

#[test]
fn a_comment_with_our_marker_by_somebody_else_is_left_alone() {
    let told = Story::within("promoted").script(&format!(
        "exits 0 deploy {steps} --image web=nginx:1.29 --github-token sandbox-personal-token\nexits 0 deploy {steps} --image web=nginx:1.30",
        steps = super::QUICKLY
    ));
    // A person's token may write comments, and no check runs.
    let told = told.ends_with(0).says("checks: write");
    let comments = told.world.comments();
    let [persons, ours] = &comments[..] else { panic!("{comments:#?}") };
    assert_eq!(persons.lines().next(), ours.lines().next(), "the same marker");
    assert!(persons.contains("myservice:2") && !persons.contains("myservice:3"), "{persons}");
    assert!(ours.contains("myservice:3") && !ours.contains("Earlier"), "{ours}");
}
