//! `patch --slot`: ecspresso deploys, espalier only shifts.

use serde_json::Value;

use crate::{
    harness::{BINARY, CONFIG, Run, Story, root},
    runner::Job,
};

const QUICK: [(&str, &str); 2] = [("steps", "5%:30s,100%:30s"), ("settle", "30s")];
const PATCH: [&str; 5] = ["patch", "-c", CONFIG, "--slot", "idle"];

/// `ecspresso deploy` as far as it matters here: ECS gets the patched definition under the name in ECS_SERVICE, and some time. It is
/// no ecspresso: what that does to a definition is not shown by this.
const ECSPRESSO_DEPLOY: &str = r#"
fill='.cluster = "my-cluster" | .taskDefinition = "myservice" | .desiredCount = 3'
body() { espalier patch "$FOLDER/patched.json" --jq "$fill | $1"; }
if [ "$VERB" = CreateService ]; then
  ecs CreateService "$(body ".serviceName = \"$ECS_SERVICE\"")"
else
  ecs UpdateService "$(body ".service = \"$ECS_SERVICE\" | del(.serviceName, .launchType)")"
fi
later 180
"#;

/// The steps that README.md shows.
fn shown() -> Vec<Value> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let section = readme.split("\n### With ecspresso\n").nth(1).expect("the section");
    let block = section.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    serde_saphyr::from_str(block).expect("YAML")
}

/// The inputs of a step, with what an expression stands for.
fn inputs(step: &Value, outputs: &[(&str, &str)]) -> Vec<(String, String)> {
    let with = step["with"].as_object().expect("inputs");
    let value = |text: &Value| {
        let text = text.as_str().expect("a text");
        let output = text.strip_prefix("${{ steps.slot.outputs.").and_then(|rest| rest.strip_suffix(" }}"));
        let known = |name| outputs.iter().find(|(output, _)| *output == name).expect("such an output").1;
        output.map_or(text, known).to_owned()
    };
    with.iter().map(|(name, text)| (name.clone(), value(text))).collect()
}

#[test]
fn ecspresso_deploys_and_espalier_only_shifts_as_the_readme_shows() {
    let steps = shown();
    let [patch, deploy, shift] = steps.as_slice() else { panic!("three steps: {steps:?}") };
    assert_eq!(deploy["run"], "ecspresso deploy");
    assert_eq!(deploy["env"]["ECS_SERVICE"], "${{ steps.slot.outputs.ecs-service }}");

    let story = Story::within("promoted");
    let file = story.path("patched.json").display().to_string();
    let given = |step: &Value, outputs: &[(&str, &str)]| -> Vec<(String, String)> {
        let mut given = inputs(step, outputs);
        given.extend([("binary-path", BINARY), ("config", CONFIG)].map(|(name, text)| (name.to_owned(), text.to_owned())));
        for (name, text) in &mut given {
            if name == "output" {
                text.clone_from(&file);
            }
        }
        given
    };
    fn pairs(given: &[(String, String)]) -> Vec<(&str, &str)> {
        given.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    let first = given(patch, &[]);
    let mut job = Job::begin(story, &pairs(&first));
    for (slot, group, live, verb) in [
        ("myservice-green", "myservice-b", "myservice:1", "CreateService"),
        ("myservice", "myservice-a", "myservice:1", "UpdateService"),
    ] {
        let runs = job.run();
        assert_eq!(runs["espalier"].code, 0, "{}", runs["espalier"].stderr);
        let outputs = ["ecs-service", "target-group", "stable-revision"].map(|name| job.output("espalier", name).to_owned());
        assert_eq!(outputs, [slot, group, live]);
        let deployed = job.script(&format!("VERB={verb} ECS_SERVICE={slot}\n{ECSPRESSO_DEPLOY}"));
        assert!(deployed.stdout.contains("HTTP/1.1 200"), "{}{}", deployed.stdout, deployed.stderr);

        let last = given(shift, &[("target-group", group)]);
        job = job.next(&[&pairs(&last)[..], &QUICK].concat());
        let runs = job.run();
        runs.into_iter().find(|(id, _)| id == "espalier").expect("it ran").1.ends_with(0).says(&format!("{group} promoted"));
        // The same again moves nothing.
        job = job.next(&[&pairs(&last)[..], &QUICK].concat());
        job.run().remove("espalier").expect("it ran").ends_with(0).says("(nothing-changed)");
        job = job.next(&pairs(&first));
    }
    let world = job.end();
    world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!(world.weights_of("myservice-b"), [0, 5, 100, 95, 0]);
}

#[test]
fn ecs_2853_lattice_6_the_idle_group_is_put_there_once_and_at_weight_0() {
    let story = Story::within("promoted");
    let out = story.path("out.json").display().to_string();
    let told = story.run(&[&PATCH[..], &["--dry-run"]].concat()).ends_with(0);
    let told = told.complains("would create target group myservice-b like myservice-a, for the definition to name");
    assert_eq!(told.world.writes(), [""; 0]);
    let told = story.run(&[&PATCH[..], &["--check"]].concat()).ends_with(3);
    assert_eq!(told.world.writes(), [""; 0]);

    let told = story.script(&format!(
        r#"
        exits 0 espalier patch -c {CONFIG} --slot idle -o {out}
        exits 0 espalier patch -c {CONFIG} --slot b {out} --check
        exits 0 espalier patch -c {CONFIG} --slot idle -o {out}
        exits 0 espalier patch -c {CONFIG} --slot live >"$FOLDER/live.json"
        "#
    ));
    let told = told.ends_with(0).complains("myservice-b is put into rule api (priority 10) of http-80 at weight 0");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    // Rules and listeners are written at the same time: either may be the first to arrive.
    let mut writes = told.world.writes();
    writes[1..].sort();
    assert_eq!(writes, ["vpc-lattice:CreateTargetGroup", "vpc-lattice:UpdateListener", "vpc-lattice:UpdateRule"]);
    let entry = |name: &str| {
        let patched: Value = serde_json::from_str(&story.read(name)).expect("JSON");
        (patched["serviceName"].clone(), patched["vpcLatticeConfigurations"][0]["targetGroupArn"].as_str().map(str::to_owned))
    };
    let (idle, live) = (entry("out.json"), entry("live.json"));
    assert_eq!((&idle.0, &live.0), (&"myservice-green".into(), &"myservice".into()));
    assert!(live.1.as_ref().is_some_and(|arn| arn.ends_with("/tg-12345678901234567")), "{:?}", live.1);
    assert_ne!(idle.1, live.1);
}

#[test]
fn a_rollout_under_way_is_left_alone() {
    let told = Story::within("promoted").script(&format!(
        r#"
        exits 0 deploy --steps 5%:30s,hold:4h,100%:30s --settle 30s
        exits 5 espalier patch -c {CONFIG} --slot idle
        "#
    ));
    let told = told.ends_with(0).complains("is held");
    told.world.forwards(&[("myservice-a", 95), ("myservice-b", 5)]);
}

#[test]
fn the_service_that_is_live_gets_no_other_group() {
    let story = Story::within("promoted");
    let refused = |run: Run, why: &str| run.ends_with(2).complains(why);
    let told = story.run(&["patch", "-c", CONFIG, "--slot", "live", "--target-group", "myservice-b"]);
    refused(told.run, "--target-group: it names the target group `myservice-b`, and --slot takes the slot's own");
    assert_eq!(told.world.writes(), [""; 0]);

    let slots = ["--slot", "a=other:myservice-a", "--slot", "b=myservice:myservice-b"];
    let told = story.run(&[&PATCH[..], &slots].concat());
    refused(told.run, "the ECS service myservice is live: its tasks stand in myservice-a, which has the traffic");
    assert_eq!(told.world.writes(), [""; 0]);

    let seed = root().join("tests/fixtures/seed");
    let project = |service: &str| {
        let text = format!(
            "region: ap-northeast-1\ncluster: my-cluster\nservice: {service}\nservice_definition: {0}/ecs-service-def.json\ntask_definition: {0}/ecs-task-def.json\n",
            seed.display()
        );
        story.write("ecspresso.yml", &text)
    };
    let told = |project: &str| {
        let jq = ["--jq", "del(.serviceConnectConfiguration)", "--infrastructure-role", "ecsInfrastructureRole"];
        let lattice = ["--lattice-service", "myservice", "--slot", "b=green:myservice-b"];
        story.run(&[&["patch", "--slot", "idle", "--ecspresso", project][..], &jq, &lattice].concat())
    };
    let refusal = told(&project("myservice"));
    assert_eq!(refusal.world.writes(), [""; 0]);
    let refusal = refused(refusal.run, "ecspresso.yml:3:10: ecspresso would deploy it to myservice, which is live");
    refusal.complains("hint: write `service: \"{{ env `ECS_SERVICE` `myservice` }}\"`");
    let fine = told(&project("\"{{ env `ECS_SERVICE` `myservice` }}\"")).ends_with(0);
    fine.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
}

#[test]
fn what_would_bring_traffic_past_the_weights_is_refused() {
    let slots = ["--slot", "idle", "--infrastructure-role", "ecsInfrastructureRole", "--lattice-service", "myservice"];
    let seed =
        ["--service", "myservice", "--cluster", "my-cluster", "--task-definition", "tests/fixtures/seed/ecs-task-def.json"];
    let told =
        Story::within("promoted").run(&[&["patch", "tests/fixtures/seed/ecs-service-def.json"][..], &slots, &seed].concat());
    assert_eq!(told.world.writes(), [""; 0]);
    told.ends_with(2).complains("`serviceConnectConfiguration` brings traffic to the candidate past the weights");
}
