//! action.yml's one step, as the runner runs it: its script in a file, its inputs as variables.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::{
    harness::{BINARY, CONFIG, Story, Told, root},
    stories::QUICK,
};

fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    serde_saphyr::from_str(&text).expect("YAML")
}

/// The step's variables: what is given, else the input's default, else an empty text, as GitHub does it.
fn variables(action: &Value, given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let inputs = action["inputs"].as_object().expect("inputs");
    for (name, _) in given {
        assert!(inputs.contains_key(*name), "there is no input `{name}`");
    }
    let value = |input: &str| {
        let given = given.iter().find(|(name, _)| *name == input).map(|(_, value)| (*value).to_owned());
        let default = || inputs[input]["default"].as_str().unwrap_or_default().replace("${{ github.token }}", "sandbox-token");
        given.unwrap_or_else(default)
    };
    let step = action["runs"]["steps"][0]["env"].as_object().expect("env");
    let input = |text: &Value| {
        let text = text.as_str()?.strip_prefix("${{ inputs.")?.strip_suffix(" }}")?;
        Some(value(text))
    };
    step.iter().map(|(name, text)| (name.clone(), input(text).unwrap_or_else(|| panic!("{name}: {text}")))).collect()
}

fn run(story: Story, given: &[(&str, &str)]) -> (Story, Told) {
    let action = action();
    let step = &action["runs"]["steps"][0];
    assert_eq!(step["shell"], "bash");
    let script = story.write("step.sh", step["run"].as_str().expect("a script"));
    let (outputs, folder) = (story.path("outputs"), story.path(""));
    let mut story = story.with("GITHUB_OUTPUT", outputs).with("GITHUB_ACTION_PATH", folder).with("GITHUB_ACTIONS", "true");
    for (name, value) in variables(&action, given) {
        story = story.with(&name, value);
    }
    let told = story.run(&["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", &script]);
    (story, told)
}

#[test]
fn the_step_releases_writes_its_outputs_and_passes_the_exit_code_on() {
    let quick = [("steps", QUICK[1]), ("settle", QUICK[3]), ("retire-after", QUICK[5])];
    let given = [&[("binary-path", BINARY), ("config", CONFIG), ("image", "web=nginx:1.29")], &quick[..]].concat();
    let (story, told) = run(Story::within("promoted"), &given);
    let told = told.ends_with(0);
    assert_eq!(told.world.check().1, "success");
    let declared = action()["outputs"].as_object().expect("outputs").clone();
    let outputs = story.read("outputs");
    let written: Vec<_> = outputs.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    for name in ["outcome", "reason", "rollout-id", "weights", "task-definition", "comment-url"] {
        assert!(written.contains(&name), "{name} is not in\n{outputs}");
    }
    // What the action's own last step needs is nobody else's.
    for name in written.into_iter().filter(|name| *name != "binary") {
        assert!(declared.contains_key(name), "action.yml does not declare the output {name}");
    }

    let (story, told) = run(Story::within("never-healthy"), &given);
    told.ends_with(3);
    assert!(story.read("outputs").contains("outcome=rolled-back\n"));
}

#[test]
fn the_step_says_what_to_do_where_there_is_no_binary() {
    run(Story::within("promoted"), &[]).1.ends_with(1).says("::error title=espalier::").says("cargo build --release --locked");
    let missing = [("binary-path", "not there")];
    run(Story::within("promoted"), &missing).1.ends_with(2).says("::error title=espalier::").says("not\\ there");
}

#[test]
fn an_input_that_is_wrong_is_refused_before_anything_is_written() {
    let given = [("binary-path", BINARY), ("config", CONFIG), ("steps", "5%:1m")];
    let (_, told) = run(Story::within("promoted"), &given);
    assert_eq!(told.ends_with(2).complains("ESPALIER_STEPS: the last step is 5%").world.writes(), [""; 0]);
}

#[test]
fn every_input_arrives_as_the_variable_of_its_name() {
    let action = action();
    let names: Vec<_> = action["inputs"].as_object().expect("inputs").keys().collect();
    let variables = variables(&action, &[]);
    let expected: Vec<_> = names.iter().map(|name| format!("ESPALIER_{}", name.to_uppercase().replace('-', "_"))).collect();
    assert_eq!(variables.len(), expected.len());
    for name in expected {
        assert!(variables.contains_key(&name), "{name} is not in the step's env");
    }
}

/// The last step as the runner would run it after one that was killed: its inputs, and what the first step had written.
fn recover_script() -> String {
    let action = action();
    let step = &action["runs"]["steps"][1];
    assert_eq!((step["id"].as_str(), step["if"].as_str()), (Some("recover"), Some("cancelled() || failure()")));
    let outputs: Vec<_> = step["env"].as_object().expect("env").values().filter_map(Value::as_str).collect();
    assert!(
        outputs.contains(&"${{ steps.espalier.outputs.rollout-id }}")
            && outputs.contains(&"${{ steps.espalier.outputs.binary }}")
    );
    step["run"].as_str().expect("a script").to_owned()
}

#[test]
fn the_last_step_recovers_what_a_killed_one_left_and_nothing_else() {
    let story = Story::within_file("blocked-at-5");
    let script = story.write("recover.sh", &recover_script());
    let outputs = story.path("outputs").to_str().expect("UTF-8").to_owned();
    let recover =
        format!("env ESPALIER_BINARY=\"$ESPALIER\" ESPALIER_CONFIG={CONFIG} ESPALIER_ROLLOUT_ID=\"$id\" bash -e {script}");
    let told = story.script(&format!(
        r#"
        export GITHUB_OUTPUT={outputs}
        id=""
        exits 0 {recover}
        begins deploy -c {CONFIG}
        kill -KILL $!
        exits 137 ends
        id="$(sed -n 's/^rollout-id=//p' {outputs})"
        exits 0 {recover}
        exits 0 {recover}
        id=another
        exits 0 {recover}
        "#
    ));
    let told = told.ends_with(0).says("rolled-back (cancelled)").says("nothing to recover from");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    assert_eq!(told.world.actions(), story.untold().actions());
    assert_eq!((told.world.tasks("myservice-green"), told.world.tasks("myservice")), (0, 3));
}
