//! action.yml, as the runner runs it.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use serde_json::Value;

use crate::{
    harness::{BINARY, CONFIG, Story},
    runner::{Job, Started, action, step},
    stories::QUICK,
};

/// A quick release of the seed.
fn quick(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let quick = [("steps", QUICK[1]), ("settle", QUICK[3]), ("retire-after", QUICK[5])];
    [&[("binary-path", BINARY), ("config", CONFIG), ("image", "web=nginx:1.29")], &quick[..], more].concat()
}

/// Whether the world has left a call without an answer, so that a release stands still.
fn stands_still(world: &str) -> bool {
    world.contains(": Hang")
}

/// The job's main step, begun and left without an answer.
fn until_it_stands_still(job: &mut Job) -> Started {
    job.step("binary").expect("it runs").ends_with(0);
    let mut started = job.start("espalier");
    job.until(&mut started, stands_still);
    started
}

#[test]
fn the_action_releases_writes_its_outputs_and_passes_the_exit_code_on() {
    let mut job = Job::begin(Story::within("promoted"), &quick(&[]));
    let runs = job.run();
    assert_eq!(runs.keys().collect::<Vec<_>>(), ["binary", "espalier"], "nothing is there to recover");
    assert_eq!(runs["espalier"].code, 0, "{}", runs["espalier"].stdout);
    let declared = action()["outputs"].as_object().expect("outputs").clone();
    for name in ["outcome", "reason", "rollout-id", "weights", "task-definition", "comment-url"] {
        assert_ne!(job.output("espalier", name), "", "{name}");
    }
    for name in job.outputs_of("espalier") {
        assert_eq!(declared[name]["value"], format!("${{{{ steps.espalier.outputs.{name} }}}}"));
    }
    assert!(job.summary("espalier").contains("promoted"), "{}", job.summary("espalier"));
    assert_eq!(job.end().check().1, "success");

    let mut job = Job::begin(Story::within("never-healthy"), &quick(&[]));
    let runs = job.run();
    assert_eq!((runs["espalier"].code, runs["recover"].code), (3, 0), "{}", runs["recover"].stdout);
    assert_eq!(job.output("espalier", "outcome"), "rolled-back");
}

#[test]
fn an_input_that_is_wrong_is_refused_before_anything_is_written() {
    let mut job = Job::begin(Story::within("promoted"), &[("binary-path", BINARY), ("config", CONFIG), ("steps", "5%:1m")]);
    let mut runs = job.run();
    runs.remove("espalier").expect("it ran").ends_with(2).complains("ESPALIER_STEPS: the last step is 5%");
    assert_eq!(runs["recover"].code, 0);
    assert_eq!(job.end().writes(), [""; 0]);
}

#[test]
fn a_job_that_is_cancelled_during_a_canary_leaves_the_baseline() {
    let story = Story::within_file("blocked-at-5");
    let before = story.untold();
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG)]);
    let started = until_it_stands_still(&mut job);
    let (run, last) = job.cancel(started);
    assert_eq!((run.code, last), (3, "INT"), "it ends by itself, in the time that SIGINT gives\n{}{}", run.stdout, run.stderr);
    assert_eq!((job.output("espalier", "outcome"), job.output("espalier", "reason")), ("rolled-back", "cancelled"));
    job.step("recover").expect("it runs").ends_with(0);
    let world = job.end();
    assert_eq!(world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(world.actions(), before.actions());
    assert_eq!(world.check().1, "cancelled");
}

#[test]
fn the_last_step_recovers_what_a_killed_one_left_and_nothing_else() {
    let story = Story::within_file("blocked-at-5");
    let before = story.untold();
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG)]);
    let started = until_it_stands_still(&mut job);
    job.kill(started);
    job.step("recover").expect("it runs").ends_with(0).says("rolled-back (cancelled)");
    job.step("recover").expect("it runs").ends_with(0).says("it is over");
    let world = job.end();
    assert_eq!(world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(world.actions(), before.actions());
    assert_eq!((world.tasks("myservice-green"), world.tasks("myservice")), (0, 3));
}

/// Two jobs on one rollout: the last step of the one that lost it would take it from the one that has it.
#[test]
fn the_last_step_leaves_a_rollout_alone_that_another_job_has_taken() {
    let story = Story::within_file("blocked-at-5");
    let before = story.untold();
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG)]);
    let started = until_it_stands_still(&mut job);
    job.script("exits 0 espalier abort --lattice-service myservice").ends_with(0);
    let run = job.wait(started);
    assert_eq!((run.code, job.output("espalier", "outcome")), (5, "superseded"), "{}{}", run.stdout, run.stderr);
    assert!(job.step("recover").is_none(), "the other job has seen to it");
    assert_eq!(job.end().actions(), before.actions());
}

#[test]
fn the_last_step_goes_by_the_config_that_a_comment_asked_for() {
    let story = Story::within_file("blocked-at-5");
    let before = story.untold();
    let event = serde_json::json!({
        "action": "created", "issue": { "number": 7, "pull_request": {} },
        "comment": { "id": 5, "body": "/espalier promote --service myservice", "user": { "login": "octocat" } },
    });
    let event = story.write("event.json", &event.to_string());
    let other = story.write("other.yml", "service: other\nlattice: { service: other }\n");
    let configs = format!("{CONFIG}\n{other}\n");
    let steps = ("steps", "1%:30s,hold:4h,100%:30s");
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG), steps]);
    assert_eq!(job.run()["espalier"].code, 0);
    assert_eq!(job.output("espalier", "outcome"), "held");

    let given = [("binary-path", BINARY), ("config", configs.as_str()), ("command", "answer"), steps];
    let mut job = job.next(&given).with("GITHUB_EVENT_NAME", "issue_comment").with("GITHUB_EVENT_PATH", &event);
    let started = until_it_stands_still(&mut job);
    job.kill(started);
    assert_eq!(job.output("espalier", "config"), CONFIG);
    job.step("recover").expect("it runs").ends_with(0).says("rolled-back (cancelled)");
    assert_eq!(job.end().actions(), before.actions());
}

/// An abort that is at work when the job of the release ends is that abort's to end.
#[test]
fn the_last_step_leaves_an_abort_that_is_at_work_to_its_own_job() {
    let story = Story::of(&serde_json::json!({
        "faults": [
            { "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" },
            { "operations": ["ecs:UpdateService"], "nth": 1, "effect": { "late-write": 0 } },
        ],
    }));
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG)]);
    let started = until_it_stands_still(&mut job);
    job.kill(started);
    let aborted = job.script(
        r#"
        AWAITED=LateWrite begins abort --lattice-service myservice
        kill -KILL $!
        exits 137 ends
        "#,
    );
    aborted.ends_with(0);
    job.step("recover").expect("it runs").ends_with(0).says("another job holds it until");
    assert_eq!(job.end().weights_of("myservice-b"), [0, 5, 0]);
}

/// A sweep's rollouts are on any Lattice service, and no config names it: its last step finds what the step was at.
#[test]
fn the_last_step_of_a_sweep_recovers_the_rollout_that_it_was_at() {
    let story = Story::of(&serde_json::json!({
        "faults": [
            { "operations": ["ecs:DescribeTasks"], "share_at_least": 5, "nth": 2, "effect": "hang" },
            { "operations": ["vpc-lattice:UpdateListener"], "after": 600, "nth": 1, "effect": { "late-write": 0 } },
        ],
    }));
    let before = story.untold();
    let mut job = Job::begin(story, &[("binary-path", BINARY), ("config", CONFIG)]);
    let started = until_it_stands_still(&mut job);
    job.kill(started);
    job.script("later 700").ends_with(0);
    let mut job = job.next(&[("binary-path", BINARY), ("command", "resume"), ("all", "true")]);
    job.step("binary").expect("it runs").ends_with(0);
    let mut started = job.start("espalier");
    job.until(&mut started, |world| world.contains(": LateWrite"));
    job.kill(started);
    job.step("recover").expect("it runs").ends_with(0).says("rolled-back (cancelled)");
    assert_eq!(job.end().actions(), before.actions());
}

#[test]
fn a_rehearsal_touches_nothing_but_its_own_sandbox() {
    let mut job =
        Job::begin(Story::within("promoted"), &quick(&[("scenario", "candidate-unhealthy"), ("github-token", "ghs_real")]));
    let runs = job.run();
    assert_eq!((runs["espalier"].code, runs["recover"].code), (3, 0), "{}", runs["espalier"].stdout);
    assert_eq!(job.output("espalier", "outcome"), "rolled-back");
    assert_ne!(job.output("espalier", "comment-url"), "", "the sandbox's GitHub is told, with the sandbox's token");
    assert_eq!(job.end().calls(), [""; 0], "not even the last step asks the account");
}

#[test]
fn a_rehearsal_has_the_names_of_the_project() {
    let seed = |file: &str| crate::harness::root().join("tests/fixtures/seed").join(file).display().to_string();
    let (service, task) = (seed("ecs-service-def.json"), seed("ecs-task-def.json"));
    let lattice = "lattice: { service: shop-of-ours, listener: web, infrastructure_role: ecsInfrastructureRole }";
    let config = format!(
        "cluster: shops\nservice: shop\nservice_definition: {service}\ntask_definition: {task}\njq: del(.serviceConnectConfiguration)\n{lattice}\n"
    );
    let rehearsed = |given: &[(&str, &str)]| {
        let story = Story::within("promoted");
        let config = story.write("shop.yml", &config);
        let given: Vec<_> =
            given.iter().map(|(input, value)| (*input, if *value == "shop.yml" { &config } else { *value })).collect();
        let mut job = Job::begin(story, &[&[("binary-path", BINARY), ("scenario", "promoted")], &given[..]].concat());
        let run = job.run().remove("espalier").expect("it ran");
        assert_eq!(job.end().calls(), [""; 0]);
        run
    };
    let [steps, settle, retire] = [("steps", QUICK[1]), ("settle", QUICK[3]), ("retire-after", QUICK[5])];
    rehearsed(&[("config", "shop.yml"), steps, settle, retire]).ends_with(0).says("promoted");
    // Inputs alone say it too.
    let inputs = [
        ("cluster", "shops"),
        ("service", "shop"),
        ("service-definition", service.as_str()),
        ("task-definition", task.as_str()),
        ("jq", "del(.serviceConnectConfiguration)"),
        ("lattice-service", "shop-of-ours"),
        ("listener", "web"),
        ("infrastructure-role", "ecsInfrastructureRole"),
    ];
    rehearsed(&[&inputs[..], &[steps, settle, retire]].concat()).ends_with(0).says("promoted");
    // What is wrong is told by the command that was asked for, in its own form; what `up` makes is not there before.
    rehearsed(&[("command", "verify"), ("config", "tests/fixtures/resources/espalier.yml"), ("format", "sarif")])
        .ends_with(2)
        .says("\"version\": \"2.1.0\"");
    rehearsed(&[("command", "up"), ("config", "tests/fixtures/resources/release.yml")])
        .ends_with(0)
        .says("Lattice service shop made");
}

#[test]
fn every_command_can_be_given_and_none_is_a_shells() {
    let mut job = Job::begin(Story::within("promoted"), &[("binary-path", BINARY), ("command", "sandbox scenarios")]);
    job.run().remove("espalier").expect("it ran").ends_with(0).says("candidate-unhealthy");
    for command in ["deploy; touch harm", "$(touch harm)", "`touch harm`", "no-such-command", ""] {
        let mut job = Job::begin(Story::within("promoted"), &[("binary-path", BINARY), ("command", command)]);
        assert_eq!(job.run()["espalier"].code, 2, "{command}");
        assert_eq!(job.end().writes(), [""; 0]);
    }
    assert!(!crate::harness::root().join("harm").exists());
}

fn variables(step: &Value) -> BTreeSet<(String, String)> {
    let env = step["env"].as_object().expect("env");
    env.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}

/// The variable of an input, and how it gets its value.
fn variable(input: &str) -> (String, String) {
    (format!("ESPALIER_{}", input.to_uppercase().replace('-', "_")), format!("${{{{ inputs.{input} }}}}"))
}

#[test]
fn every_input_arrives_as_the_variable_of_its_name() {
    let action = action();
    let [first, main, last] = ["binary", "espalier", "recover"].map(|id| variables(step(&action, id)));
    for (input, described) in action["inputs"].as_object().expect("inputs") {
        let step = if matches!(input.as_str(), "binary-path" | "download-url") { &first } else { &main };
        assert!(step.contains(&variable(input)), "{input} is not in the step's env");
        assert!(described["description"].as_str().is_some_and(|text| text.len() > 20), "{input} is not described");
    }
    let of_inputs = |step: &BTreeSet<(String, String)>| -> BTreeSet<_> {
        step.iter().filter(|(_, value)| value.contains("inputs.")).cloned().collect()
    };
    // What `recover` does it does as the same role, in the same region, with the same project: it gets all that it understands.
    let mut cli = espalier::cli::Cli::command();
    cli.build();
    let recover = cli.find_subcommand("recover").expect("the command");
    let flags = recover.get_arguments().filter_map(clap::Arg::get_long);
    let mut takes: BTreeSet<_> =
        flags.filter(|flag| !["help", "config", "rollout-id", "traffic-target"].contains(flag)).collect();
    // Names that the config does not say may come from the service's; and a rehearsal has nothing to recover.
    takes.extend(["service", "scenario"]);
    let (config, _) = variable("config");
    let asked = (config, "${{ steps.espalier.outputs.config || inputs.config }}".to_owned());
    // A sweep's own rollouts are on any Lattice service.
    let found = "${{ steps.espalier.outputs.traffic-target || inputs.traffic-target }}".to_owned();
    let found = (variable("traffic-target").0, found);
    assert_eq!(of_inputs(&last), takes.into_iter().map(variable).chain([asked, found]).collect());
    assert!(last.contains(&("ESPALIER_ROLLOUT_ID".to_owned(), "${{ steps.espalier.outputs.rollout-id }}".to_owned())));
}

#[test]
fn every_flag_has_an_input() {
    let inputs = action()["inputs"].as_object().expect("inputs").clone();
    // What sets a repository up is asked for where one edits it, not in its jobs; `schema` is for editors.
    let is_for_desks = |command: &str, flag: &str| {
        let of_trust = ["trust", "repository", "environment", "branch", "pull-requests"].contains(&flag);
        matches!(command, "schema" | "init") || (command == "iam-policy" && of_trust)
    };
    let mut cli = espalier::cli::Cli::command();
    cli.build();
    let verbs = cli.get_subcommands().filter(|command| !["sandbox", "help"].contains(&command.get_name()));
    let verbs = verbs.flat_map(|command| std::iter::once(command).chain(command.get_subcommands()));
    for command in verbs.filter(|command| command.get_name() != "help") {
        for flag in command.get_arguments().filter_map(clap::Arg::get_long).filter(|flag| *flag != "help") {
            let name = command.get_name();
            assert!(inputs.contains_key(flag) || is_for_desks(name, flag), "{name} --{flag}");
        }
    }
}

#[test]
fn steps_end_in_the_binary_itself_and_no_input_is_part_of_a_script() {
    for step in action()["runs"]["steps"].as_array().expect("steps") {
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "{script}");
        let last = script.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("exec ") && !last.contains('|'), "the runner's signals reach only what is exec'd: {last}");
    }
}
