//! Commands in comments: carried out for whoever may, answered in the thread.

use serde_json::{Value, json};

use super::QUICKLY;
use crate::harness::{CONFIG, Story, Told};

/// The event of a comment on the pull request.
fn said(author: &str, body: &str) -> Value {
    json!({
        "action": "created",
        "issue": { "number": 7, "pull_request": { "url": "https://api.github.com/repos/octo/myservice/pulls/7" } },
        "comment": { "id": 5, "body": body, "user": { "login": author, "type": "User" } },
        "repository": { "full_name": "octo/myservice" },
    })
}

/// What `answer` makes of an event, after what happened before.
fn answered(scenario: Story, before: &str, event: &Value, code: i32) -> Told {
    let path = scenario.write("event.json", &event.to_string());
    let script = format!(
        "{before}\nexport GITHUB_EVENT_NAME=issue_comment GITHUB_EVENT_PATH={path}\nexits {code} espalier answer -c {CONFIG}"
    );
    scenario.script(&script).ends_with(0)
}

/// The only answer in the thread, below its marker.
fn answer(told: &Told) -> String {
    let comments = told.world.comments();
    let mut answers = comments.iter().filter_map(|comment| comment.strip_prefix("<!-- espalier-answer:5 -->\n"));
    let answer = answers.next().unwrap_or_else(|| panic!("no answer among {comments:#?}\n{}", told.run.stdout));
    assert_eq!(answers.next(), None);
    answer.to_owned()
}

fn assert_says(told: &Told, expected: &str, reactions: &[&str]) {
    let answer = answer(told);
    assert!(answer.contains(expected), "`{expected}` is not in\n{answer}");
    assert_eq!(told.world.reactions(), reactions, "{answer}");
}

/// What AWS was asked: nothing, where nobody may ask.
fn of_aws(told: &Told) -> Vec<String> {
    told.world.calls().into_iter().filter(|call| !call.starts_with("github:")).collect()
}

const HELD: &str = "export ESPALIER_STEPS=5%:30s,hold:4h,100%:30s ESPALIER_SETTLE=30s ESPALIER_RETIRE_AFTER=30s\nexits 0 deploy";

#[test]
fn status_shows_what_is_live_and_writes_nothing() {
    let told = answered(Story::within("promoted"), "", &said("octocat", "/espalier status\n\nthanks!"), 0);
    assert_says(&told, "**status: what is live**", &["eyes", "rocket"]);
    assert!(answer(&told).contains("\n  default action of http-80: myservice-a 100"), "{}", answer(&told));
    assert_eq!(told.world.writes(), [""; 0]);
}

#[test]
fn a_held_rollout_is_promoted_or_aborted_by_comment() {
    let told = answered(Story::within("promoted"), HELD, &said("octocat", "/espalier promote --step 2"), 0);
    assert_says(&told, "✅ **promote: promoted**", &["eyes", "rocket"]);
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);

    let story = Story::within("promoted");
    let before = story.untold();
    let told = answered(story, HELD, &said("octocat", "/espalier abort --reason \"it is slow\""), 0);
    assert_says(&told, "↩️ **abort: rolled back** Aborted by octocat: it is slow", &["eyes", "rocket"]);
    assert_eq!(told.world.actions(), before.actions());
}

#[test]
fn a_release_that_runs_is_aborted_by_comment_while_it_runs() {
    let story = Story::within_file("blocked-at-5");
    let before = story.untold();
    let event = story.write("event.json", &said("octocat", "/espalier abort --reason \"errors\"").to_string());
    let told = story.script(&format!(
        r#"
        begins deploy -c {CONFIG}
        GITHUB_EVENT_NAME=issue_comment GITHUB_EVENT_PATH={event} exits 0 espalier answer -c {CONFIG}
        exits 5 ends
        "#
    ));
    let told = told.ends_with(0).says("superseded");
    assert_says(&told, "↩️ **abort: rolled back** Aborted by octocat: errors", &["eyes", "rocket"]);
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), before.actions());
}

#[test]
fn an_abort_of_what_has_ended_says_so() {
    let before = format!("exits 0 deploy {QUICKLY}");
    let told = answered(Story::within("promoted"), &before, &said("octocat", "/espalier abort"), 0);
    assert_says(&told, "➖ **abort: nothing was changed** It has ended: there is nothing to abort;", &["eyes", "rocket"]);
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

#[test]
fn what_does_not_fit_the_rollout_is_refused_with_its_reason() {
    // The rollout began with other steps than the config has.
    let before = "exits 0 deploy --steps 5%:30s,hold:4h,100%:30s --settle 30s";
    let told = answered(Story::within("promoted"), before, &said("octocat", "/espalier promote"), 5);
    assert_says(&told, "✋ **refused, nothing was done** (promote, exit code 5)", &["eyes", "confused"]);
    assert!(answer(&told).contains("this config plans something else"), "{}", answer(&told));

    let told = answered(Story::within("promoted"), HELD, &said("octocat", "/espalier promote --step 3"), 5);
    assert_says(&told, "it waits before step 2, not before step 3", &["eyes", "confused"]);

    let told = answered(Story::within("promoted"), "", &said("octocat", "/espalier abort"), 5);
    assert_says(&told, "refused, nothing was done", &["eyes", "confused"]);
}

#[test]
fn a_rollback_goes_to_the_revision_before_and_to_no_other() {
    let before = format!("exits 0 deploy {QUICKLY}");
    let wrong = said("octocat", "/espalier rollback --revision myservice:9");
    let told = answered(Story::within("promoted"), &before, &wrong, 5);
    assert_says(&told, "goes back to myservice:1, not to myservice:9; nothing was done", &["eyes", "confused"]);
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);

    let right = said("octocat", "/espalier rollback --revision myservice:1 --reason broken");
    let told = answered(Story::within("promoted"), &before, &right, 0);
    assert_says(&told, "↩️ **rollback: rolled back** Rolled back to myservice:1 by request.", &["eyes", "rocket"]);
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
}

#[test]
fn somebody_without_write_permission_is_refused_politely() {
    for author in ["mallory", "..", "../../octo/myservice/collaborators/octocat", "@octo/team <b>`x`|", "a\n::error::x"] {
        let told = answered(Story::within("promoted"), "", &said(author, "/espalier abort"), 0);
        assert_says(&told, "Only people with write permission to this repository", &["eyes", "confused"]);
        assert_eq!(of_aws(&told), [""; 0]);
        let answer = answer(&told);
        assert!(!answer.contains("<b>") && !answer.contains(" @octo"), "{answer}");
        assert!(!told.run.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{}", told.run.stdout);
    }
}

#[test]
fn what_is_no_command_gets_the_list_of_those_that_are() {
    for (body, why) in [
        ("/espalier", "it says nothing after /espalier"),
        ("/espalier deploy", "there is no command &#96;deploy&#96; in comments"),
        ("/espalier abort --force", "abort takes no &#96;--force&#96;"),
        ("/espalier status --service web", "there is no service &#96;web&#96; here"),
        ("/espalier $(touch harm) @octo/team <img src=x> ::error::x ##[error]y", "there is no command &#96;&#36;(touch&#96;"),
    ] {
        let told = answered(Story::within("promoted"), "", &said("octocat", body), 0);
        assert_says(&told, why, &["eyes", "confused"]);
        assert_says(&told, "- `/espalier rollback`", &["eyes", "confused"]);
        assert_eq!(of_aws(&told), [""; 0]);
        // The log is no Markdown.
        assert!(!told.run.stdout.contains("&#96;") && told.run.stdout.contains("that is no command: "), "{}", told.run.stdout);
        assert!(!told.run.stdout.contains("##[") && !told.run.stdout.contains("\n::"), "{}", told.run.stdout);
    }
}

#[test]
fn what_a_reason_says_stays_text_everywhere() {
    let nasty = r#"/espalier abort --reason "@octo/team <img src=x> **b** --> ::error::x ##[error]y""#;
    let told = answered(Story::within("promoted"), HELD, &said("octocat", nasty), 0);
    for comment in told.world.comments() {
        let outside: String = comment.split("```").step_by(2).collect();
        assert!(!outside.contains("<img") && !outside.contains("@octo") && !outside.contains("**b**"), "{comment}");
    }
    let lines = told.run.stdout.lines();
    assert!(!lines.clone().any(|line| line.starts_with("::error::x") || line.contains("##[error]")), "{}", told.run.stdout);
}

#[test]
fn comments_elsewhere_are_told_where_to_go_and_others_are_left_alone() {
    let mut on_issue = said("octocat", "/espalier status");
    on_issue["issue"] = json!({ "number": 6 });
    let told = answered(Story::within("promoted"), "", &on_issue, 0);
    assert_says(&told, "in the thread of their pull request, and this is an issue", &["eyes", "confused"]);
    assert_eq!(of_aws(&told), [""; 0]);

    let mut edited = said("octocat", "/espalier abort");
    edited["action"] = json!("edited");
    for event in
        [edited, said("octocat", "I would /espalier abort"), said("octocat", "see:\n/espalier abort"), said("octocat", "")]
    {
        let told = answered(Story::within("promoted"), "", &event, 0).says("nothing to answer");
        assert_eq!((told.world.comments().len(), told.world.reactions().len()), (0, 0));
        assert_eq!(of_aws(&told), [""; 0]);
    }
}

#[test]
fn several_services_are_told_apart_by_name() {
    let answered = |body: &str| {
        let story = Story::within("promoted");
        let event = story.write("event.json", &said("octocat", body).to_string());
        let other = story.write("other.yml", "service: other\nlattice: { service: other }\n");
        let script = format!(
            "export GITHUB_EVENT_NAME=issue_comment GITHUB_EVENT_PATH={event} ESPALIER_CONFIG=$'{CONFIG}\\n{other}\\n'\nespalier answer"
        );
        story.script(&script).ends_with(0)
    };
    let told = answered("/espalier status");
    assert_says(&told, "`--service NAME` says for which one: `myservice`, `other`.", &["eyes", "confused"]);
    let told = answered("/espalier status --service myservice");
    assert_says(&told, "**status: what is live**", &["eyes", "rocket"]);
}

#[test]
fn a_job_that_runs_again_answers_once() {
    let again = format!("espalier answer -c {CONFIG}");
    let event = said("octocat", "/espalier status");
    let story = Story::within("promoted");
    let path = story.write("event.json", &event.to_string());
    let told =
        story.script(&format!("export GITHUB_EVENT_NAME=issue_comment GITHUB_EVENT_PATH={path}\n{again}\n{again}")).ends_with(0);
    assert_says(&told, "**status: what is live**", &["eyes", "rocket"]);
}

#[test]
fn without_github_nobody_knows_who_asks_so_nothing_is_done() {
    let before = format!("exits 0 deploy {QUICKLY}");
    let told = answered(Story::within_file("github-outage"), &before, &said("octocat", "/espalier rollback"), 1);
    let told = told.complains("nothing was done: GitHub does not say whether the author may do this");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

#[test]
fn an_answer_that_cannot_be_written_is_said_in_the_log() {
    let told = answered(Story::within_file("github-read-only"), HELD, &said("octocat", "/espalier abort"), 0);
    let told = told.says("the answer could not be written").says("pull-requests: write").says("abort: rolled back");
    assert_eq!(told.world.comments(), [""; 0]);
}

#[test]
fn events_that_are_not_what_they_say_are_refused() {
    for (name, event, complaint) in [
        ("issue_comment", "{", "is not a JSON object"),
        ("issue_comment", r#"{"action":"created"}"#, "has no `comment.id`"),
        ("pull_request", "{}", "`pull_request` is not the event issue_comment"),
    ] {
        let story = Story::within("promoted");
        let path = story.write("event.json", event);
        let script = format!("export GITHUB_EVENT_NAME={name} GITHUB_EVENT_PATH={path}\nexits 2 espalier answer -c {CONFIG}");
        let told = story.script(&script).ends_with(0).complains(complaint);
        assert_eq!((told.world.calls().len(), told.world.comments().len()), (0, 0));
    }
}
