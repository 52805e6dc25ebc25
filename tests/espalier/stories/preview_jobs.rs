//! Previews and jobs: killed at each call, two at once, closed meanwhile; forks, sweeps, a hundred of them.

use std::{sync::Mutex, thread};

use serde_json::{Value, json};

use super::previews::{config, everything, head, is_as_before, production_is_apart, script, set, world};
use crate::{
    harness::{Story, Told},
    world::World,
};

/// How many of the calls a job is killed at where nobody asks for all of them (`ESPALIER_TEST_KILLS=all`).
const SAMPLE: usize = 8;

fn killed(nth: usize, (effect, awaited): (&str, &str), reach: &str, (first, then): (&str, &str)) -> Told {
    let fault = if effect == "hang" { json!("hang") } else { json!({ "late-write": 0 }) };
    let faults = json!([{ "operations": ["vpc-lattice:*", "ecs:*"], "nth": nth, "effect": fault }]);
    let story = Story::of(&world(&json!({ "faults": faults })));
    let config = config(&story, &json!({ "reach": reach }));
    let prepared = if first == "down" { "exits 0 up --image web=myservice:2\n" } else { "" };
    let arguments = if first == "down" { "" } else { "--image web=myservice:2" };
    script(
        &story,
        &config,
        &format!(
            "{prepared}AWAITED={awaited} begins preview {first} -c {config} --pull-request 12 {arguments}\n\
             kill -KILL $!\nexits 137 ends\nexits 0 {then}"
        ),
    )
}

/// How many calls a verb makes that nobody disturbs.
fn calls(reach: &str, text: &str) -> usize {
    let story = Story::of(&world(&json!({})));
    let config = config(&story, &json!({ "reach": reach }));
    let world = script(&story, &config, text).ends_with(0).world;
    let of_aws = |what: &String| what.starts_with("vpc-lattice:") || what.starts_with("ecs:");
    world.calls().iter().filter(|what| of_aws(what)).count()
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many")]
fn sample(from: usize, to: usize) -> Vec<usize> {
    if std::env::var("ESPALIER_TEST_KILLS").is_ok_and(|kills| kills == "all") {
        return (from..=to).collect();
    }
    (0..SAMPLE).map(|place| from + place * (to - from) / (SAMPLE - 1)).collect()
}

#[test]
fn killed_at_any_call_the_next_up_and_the_next_down_reach_their_ends() {
    let before = Story::of(&world(&json!({}))).untold();
    let up = "exits 0 up --image web=myservice:2";
    let again = "up --image web=myservice:3";
    let effects = [("hang", "Hang"), ("late", "LateWrite")];
    let mut cases = Vec::new();
    for reach in ["header", "service"] {
        let of_up = calls(reach, up);
        let of_both = calls(reach, &format!("{up}\nexits 0 down"));
        assert!(of_up > 20 && of_both > of_up + 10, "{of_up} {of_both}");
        for (place, nth) in sample(1, of_up).into_iter().enumerate() {
            let (effect, then) = (effects[place % 2], if place % 4 < 2 { "down" } else { again });
            cases.push((nth, effect, reach, ("up", then)));
        }
        for (place, nth) in sample(of_up + 1, of_both).into_iter().enumerate() {
            let (effect, then) = (effects[place % 2], if place % 4 < 2 { "down" } else { again });
            cases.push((nth, effect, reach, ("down", then)));
        }
    }
    let cases = Mutex::new(cases);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((nth, effect, reach, verbs)) = cases.lock().expect("nobody panics").pop() else { break };
                    let what = format!("{reach}: {} killed at call {nth} ({effect:?}), then {}", verbs.0, verbs.1);
                    let told = killed(nth, effect, reach, verbs);
                    assert_eq!(told.run.code, 0, "{what}\n{}{}", told.run.stdout, told.run.stderr);
                    production_is_apart(&told.world);
                    if verbs.1 == "down" {
                        is_as_before(&told, &before, &what);
                    } else {
                        assert_eq!(told.world.tasks("myservice-pr-12"), 1, "{what}");
                    }
                }
            });
        }
    });
}

#[test]
fn of_two_pushes_at_once_the_newer_one_stays() {
    let faults = json!([{ "operations": ["vpc-lattice:ListTargetGroups"], "nth": 5, "effect": "hang" }]);
    let story = Story::of(&world(&json!({ "faults": faults })));
    let config = config(&story, &json!({}));
    let pushed = set(&json!({ "number": 12, "head": head('b') }));
    let told = script(
        &story,
        &config,
        &format!(
            "begins preview up -c {config} --pull-request 12 --image web=old:1\n{pushed}\
             exits 0 up --image web=new:1\nexits 5 ends"
        ),
    );
    let told = told.ends_with(0);
    let said = told.run.stdout.clone() + &told.run.stderr;
    assert!(said.contains("a newer job brings it up"), "{said}");
    assert_eq!(told.world.tasks("myservice-pr-12"), 1);
    production_is_apart(&told.world);
    let comment = told.world.comments()[0].clone();
    assert!(comment.contains("`bbbbbbb`") && comment.contains(": up"), "{comment}");
}

#[test]
fn one_that_is_closed_while_it_comes_up_is_gone_in_the_end() {
    let closed = json!({ "number": 12, "open": false, "head": head('a') });
    let people = json!([{ "at": 8, "do": { "set-pull-request": closed } }]);
    let story = Story::of(&world(&json!({ "people": people })));
    let before = story.untold();
    let path = config(&story, &json!({}));
    let told = script(&story, &path, "exits 5 up --image web=myservice:2").ends_with(0);
    let told = told.complains("pull request 12 was closed meanwhile: its preview is taken away");
    is_as_before(&told, &before, "closed while it came up");

    // Its own job takes it away meanwhile.
    let faults = json!([{ "operations": ["vpc-lattice:ListTargetGroups"], "nth": 6, "effect": "hang" }]);
    let story = Story::of(&world(&json!({ "faults": faults })));
    let path = config(&story, &json!({}));
    let text = format!(
        "begins preview up -c {path} --pull-request 12 --image web=old:1\n{}exits 0 down\nexits 5 ends\nexits 0 preview sweep",
        set(&closed)
    );
    let told = script(&story, &path, &text).ends_with(0);
    is_as_before(&told, &before, "taken away while it came up");
}

#[test]
fn one_that_is_reopened_comes_up_again() {
    let story = Story::of(&world(&json!({})));
    let path = config(&story, &json!({}));
    let state = |open: bool| set(&json!({ "number": 12, "open": open, "head": head('a') }));
    let up = "exits 0 up --image web=myservice:2\n";
    let text = format!("{up}{}exits 5 up --image web=myservice:2\nexits 0 down\n{}{up}", state(false), state(true));
    let told = script(&story, &path, &text).ends_with(0).complains("pull request 12 is closed");
    assert_eq!(told.world.tasks("myservice-pr-12"), 1);
    assert!(told.world.comments()[0].contains(": up"), "{:?}", told.world.comments());
    production_is_apart(&told.world);
}

#[test]
fn a_fork_is_refused_unless_its_label_allows_it() {
    let fork = |labels: &Value| json!({ "number": 12, "fork": true, "head": head('a'), "labels": labels });
    let pulls = json!([fork(&json!(["bug"])), { "number": 7, "fork": true, "labels": ["preview"] }]);
    let story = Story::of(&world(&json!({ "pull_requests": pulls })));
    let before = story.untold();
    let none = config(&story, &json!({}));
    let told = script(&story, &none, "exits 5 up --image web=myservice:2").ends_with(0);
    is_as_before(&told, &before, "no label is named");
    let told = told.complains("pull request 12 comes from a fork").complains("`preview: { fork_label: preview }`");
    assert_eq!((told.world.comments(), told.world.deployments()), (Vec::new(), Vec::new()));

    let label = config(&story, &json!({ "fork_label": "preview" }));
    let labelled = set(&fork(&json!(["preview"])));
    let text = format!("exits 5 up --image web=myservice:2\n{labelled}exits 0 up --image web=myservice:2");
    script(&story, &label, &text).ends_with(0).says("preview pr-12 of myservice (aaaaaaa) is up and healthy");

    // The event of the job is a push: whoever put the label there has not seen it.
    let told = script(&story, &label, "exits 5 preview up --image web=myservice:2").ends_with(0);
    is_as_before(&told, &before, "a push to a fork");
    told.complains("got new commits").complains("take the label `preview` off and put it on again");
}

#[test]
fn a_job_of_an_older_commit_is_refused() {
    let story = Story::of(&world(&json!({ "pull_requests": [{ "number": 7, "head": head('c') }] })));
    let path = config(&story, &json!({}));
    let told = script(&story, &path, "exits 5 preview up --image web=myservice:2").ends_with(0);
    let told = told.complains("pull request 7 has a newer commit than 5eed5ee: ccccccc");
    assert_eq!(told.world.writes(), [""; 0]);
}

fn pulls(numbers: std::ops::RangeInclusive<u64>) -> Value {
    numbers.map(|number| json!({ "number": number, "head": head('a') })).collect()
}

#[test]
fn a_sweep_takes_the_closed_and_the_overdue_and_leaves_the_others() {
    let story = Story::of(&world(&json!({ "pull_requests": pulls(11..=14) })));
    let before = story.untold();
    let path = config(&story, &json!({ "ttl": "2d" }));
    let mut text = String::new();
    for number in 11..=14 {
        text += &format!("exits 0 preview up --pull-request {number} --image web=myservice:2\n");
    }
    text += &set(&json!({ "number": 11, "open": false, "head": head('a') }));
    text += "exits 0 preview sweep --dry-run\nexits 0 preview sweep\n";
    let told = script(&story, &path, &text).ends_with(0).says("would take away pr-11: its pull request is closed");
    let [groups, ..] = everything(&told.world);
    assert_eq!(groups.iter().filter(|name| name.contains("-pr-")).count(), 3, "{groups:?}");

    // A day later one is pushed to; another day later the others have had their time.
    text += "later 86400\nexits 0 preview up --pull-request 12 --image web=myservice:3\nlater 90000\nexits 0 preview sweep\n";
    let told =
        script(&story, &path, &text).ends_with(0).says("preview pr-13 of myservice is taken away: its time to live ended at");
    let [groups, ..] = everything(&told.world);
    let left: Vec<_> = groups.iter().filter(|name| name.contains("-pr-")).collect();
    assert_eq!(left, ["myservice-pr-12"]);
    production_is_apart(&told.world);

    // Without GitHub's word nothing goes that has time left.
    let outage = json!({ "faults": [{ "operations": ["github:*"], "effect": "denied" }] });
    let silent = format!("asks POST events '{outage}' >/dev/null\nexits 0 preview sweep\n");
    let told = script(&story, &path, &format!("{text}{silent}")).ends_with(0).complains("GitHub does not say");
    assert_eq!(everything(&told.world)[0].iter().filter(|name| name.contains("-pr-")).count(), 1);

    text += &set(&json!({ "number": 12, "open": false, "head": head('a') }));
    let told = script(&story, &path, &format!("{text}exits 0 preview sweep")).ends_with(0);
    is_as_before(&told, &before, "all are closed or overdue");
}

#[test]
fn c20_what_has_the_name_of_a_preview_and_not_its_tags_is_left_alone() {
    let taken = json!({ "name": "myservice-pr-12", "id": "tg-99999999999999999", "config": { "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678" } });
    let seed: Value = {
        let groups = Story::within("promoted").untold().state()["lattice"]["target_groups"].clone();
        json!({ "name": "myservice-a", "id": "tg-12345678901234567", "config": groups[0]["config"] })
    };
    let story = Story::of(&world(&json!({ "lattice": { "target_groups": [seed, taken] } })));
    let before = story.untold();
    let path = config(&story, &json!({}));
    let text = "exits 5 up --image web=myservice:2\nexits 0 down\nexits 0 preview sweep\nexits 0 preview list";
    let told = script(&story, &path, text).ends_with(0);
    let told = told
        .complains("the target group myservice-pr-12 is there and is not this preview's")
        .complains("`preview: { prefix: … }`");
    assert_eq!(told.world.writes(), [""; 0]);
    is_as_before(&told, &before, "somebody else's");
}

/// Some by a rule, the others each with a service of its own.
#[test]
fn a_hundred_pull_requests_have_their_previews() {
    let story = Story::of(&world(&json!({ "pull_requests": pulls(101..=200) })));
    let before = story.untold();
    let path = config(&story, &json!({}));
    let closed: Vec<Value> =
        (101..=200).map(|number| json!({ "do": { "set-pull-request": { "number": number, "open": false } } })).collect();
    let closed = story.write("closed.json", &json!({ "people": closed }).to_string());
    // GitHub lets a job's token ask a thousand times an hour.
    let told = script(
        &story,
        &path,
        &format!(
            "for number in $(seq 101 200); do\n\
             exits 0 preview up --pull-request \"$number\" --image web=myservice:2 >\"$FOLDER/said\" 2>&1\n\
             [ $((number % 25)) -ne 0 ] || later 3600\n\
             done\nexits 0 preview list\nlater 3600\n\
             asks POST events \"$(cat {closed})\" >/dev/null\nexits 0 preview sweep >\"$FOLDER/said\" 2>&1"
        ),
    );
    let told = told.ends_with(0);
    assert_eq!(told.run.stdout.matches("1 of 1").count(), 100, "{}", told.run.stdout);
    let by = |way: &str| told.run.stdout.lines().filter(|line| line.contains(&format!("  {way}  "))).count();
    assert!(by("header") > 3 && by("header") + by("service") == 100, "{}", told.run.stdout);
    production_is_apart(&told.world);
    is_as_before(&told, &before, "all hundred are closed");
}

#[test]
fn nothing_is_written_where_only_a_look_was_asked_for() {
    let story = Story::of(&world(&json!({})));
    let path = config(&story, &json!({}));
    let told = script(&story, &path, "exits 0 up --image web=myservice:2 --dry-run\nexits 0 down --dry-run").ends_with(0);
    let told = told.says("would be reached by `x-espalier-preview: pr-12`").says("would run as the ECS service myservice-pr-12");
    assert_eq!((told.world.writes(), told.world.comments()), (Vec::new(), Vec::new()));
    let told = script(&story, &path, "exits 0 up --image web=myservice:2\nexits 0 down --dry-run").ends_with(0);
    told.says("would take away ECS service arn:aws:ecs:").says("would take away target group arn:aws:vpc-lattice:");
}

/// The outputs, for the steps after it.
#[test]
fn the_steps_after_it_are_told_where_it_is() {
    let story = Story::of(&world(&json!({})));
    let path = config(&story, &json!({}));
    let text = "export GITHUB_OUTPUT=\"$FOLDER/outputs\"\nexits 0 up --image web=myservice:2";
    let told: Told = script(&story, &path, text).ends_with(0);
    let outputs = story.read("outputs");
    for line in [
        "preview-url=http://myservice-",
        "preview-header=x-espalier-preview: pr-12\n",
        "ecs-service=myservice-pr-12\n",
        "comment-url=http",
    ] {
        assert!(outputs.contains(line), "{line}: {outputs}");
    }
    let _world: &World = &told.world;
}
