//! Definitions as teams have them: projects of ecspresso's, templates, Jsonnet, Terraform states.

use serde_json::Value;

use super::QUICK;
use crate::harness::{Run, Story, espalier};

const PROJECT: &str = "tests/fixtures/definitions/ecspresso/ecspresso.yml";
const VARIABLES: [(&str, &str); 4] = [
    ("SERVICE", "myservice"),
    ("GREETING", "say \"hello\"\nto all"),
    ("DATABASE_PASSWORD", "hunter2-of-the-database"),
    ("TAG", "1.30"),
];

#[test]
fn a_project_of_ecspressos_is_patched_as_it_is() {
    let run = Run::of(espalier(&["patch", "--ecspresso", PROJECT]).envs(VARIABLES)).ends_with(0);
    let patched: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(patched["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"][0], "sg-12345678");
    assert_eq!(patched["networkConfiguration"]["awsvpcConfiguration"]["subnets"][1], "subnet-87654321");
    let entry = &patched["vpcLatticeConfigurations"][0];
    assert_eq!(entry["targetGroupArn"], "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567");
    assert_eq!(entry["roleArn"], "arn:aws:iam::123456789012:role/ecsInfrastructureRole");

    // The other group, by its address in the state.
    let run = Run::of(
        espalier(&[
            "patch",
            "--ecspresso",
            PROJECT,
            "--tfstate",
            "tests/fixtures/definitions/ecspresso/terraform.tfstate",
            "--target-group",
            "tfstate:aws_vpclattice_target_group.this['b'].arn",
        ])
        .envs(VARIABLES),
    );
    assert!(run.ends_with(0).stdout.contains("targetgroup/tg-0b000000000000000"));
}

#[test]
fn a_project_of_ecspressos_is_released_and_its_secrets_are_told_to_nobody() {
    let story = Story::within("promoted");
    let (outputs, summary, temp) = (story.path("outputs"), story.path("summary.md"), story.path(""));
    let mut story = story.with("GITHUB_OUTPUT", &outputs).with("GITHUB_STEP_SUMMARY", &summary).with("RUNNER_TEMP", &temp);
    for (name, value) in VARIABLES {
        story = story.with(name, value);
    }
    let arguments = [
        "deploy",
        "--ecspresso",
        PROJECT,
        "--tfstate",
        "tests/fixtures/definitions/ecspresso/terraform.tfstate",
        "--lattice-service",
        "tfstate:aws_vpclattice_service.main.arn",
        "--listener",
        "http-80",
        "--slot",
        "a=myservice:myservice-a",
        "--slot",
        "b=myservice-green:myservice-b",
    ];
    let told = story.run(&[&arguments[..], &QUICK].concat()).ends_with(0).says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);

    let secret = "hunter2-of-the-database";
    let seen = [
        ("standard output", told.run.stdout.clone()),
        ("standard error", told.run.stderr.clone()),
        ("the outputs", story.read("outputs")),
        ("the summary", story.read("summary.md")),
        ("the journal", story.read("espalier-journal.jsonl")),
        ("the comment", told.world.comments().join("\n")),
    ];
    for (place, text) in seen {
        assert!(!text.is_empty() || place == "standard error", "{place} is empty");
        assert!(!text.contains(secret), "the secret is in {place}:\n{text}");
    }
}

#[test]
fn what_a_project_lacks_is_told_at_once_where_it_stands() {
    let run = Run::of(espalier(&["patch", "--ecspresso", PROJECT]).env("SERVICE", "myservice")).ends_with(2);
    let run = run.complains("ecspresso/ecs-task-def.json:9:44: the variable GREETING is not set");
    run.complains("ecspresso/ecs-task-def.json:10:44: the variable DATABASE_PASSWORD is not set").complains("hint: set it");
}

#[test]
fn parameters_are_looked_up_before_anything_begins() {
    let story = Story::within("promoted").with("SERVICE", "myservice").with("GREETING", "hello").with("DATABASE_PASSWORD", "x");
    let told = story.script(
        r#"
        put() {
          local host="${AWS_ENDPOINT_URL#http://}"
          exec 7<>"/dev/tcp/${host%:*}/${host#*:}"
          printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonSSM.PutParameter\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$host" "${#1}" "$1" >&7
          cat <&7 >/dev/null
          exec 7<&-
        }
        project=tests/fixtures/definitions/ecspresso/ecspresso.yml
        exits 2 espalier patch --ecspresso "$project" --target-group ssm:/myservice/group
        put '{"Name":"/myservice/group","Type":"String","Value":"arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-0c000000000000000"}'
        exits 0 espalier patch --ecspresso "$project" --target-group ssm:/myservice/group
        "#,
    );
    let told = told.ends_with(0).says("targetgroup/tg-0c000000000000000");
    told.complains("the parameter /myservice/group cannot be read: there is none of that name");
}

#[test]
fn what_a_release_would_change_is_shown_and_nothing_else() {
    let told = Story::within("promoted").script(
        r#"
        seed=tests/fixtures/seed/espalier.yml
        exits 0 espalier diff -c "$seed" --image web=nginx:1.27 >"$FOLDER/text"
        exits 3 espalier diff -c "$seed" --image web=nginx:1.27 --exit-code --format json >"$FOLDER/patch"
        exits 0 deploy --image web=nginx:1.27 --steps 100%:30s --settle 30s --retire-after never
        exits 0 espalier diff -c "$seed" --image web=nginx:1.27 --exit-code
        cat "$FOLDER/text" "$FOLDER/patch"
        "#,
    );
    let told = told.ends_with(0).says("nothing would change");
    let told = told.says("--- task definition myservice:1 (runs)").says("+      \"image\": \"nginx:1.27\",");
    told.says("\"path\": \"/containerDefinitions/0/image\"");
}

#[test]
fn what_a_definition_does_not_name_any_more_is_taken_away() {
    let told = Story::within("promoted").script(
        r#"
        config=tests/fixtures/seed/espalier.yml
        release() { deploy --steps 100%:30s --settle 30s --retire-after 30s "$@"; }
        exits 0 release --image web=nginx:1.27 --jq 'del(.serviceConnectConfiguration) | .enableExecuteCommand = true' --env LOG=1
        exits 3 espalier diff -c "$config" --image web=nginx:1.27 --exit-code --format json
        exits 0 release --image web=nginx:1.27
        exits 0 espalier diff -c "$config" --image web=nginx:1.27 --exit-code
        # Slot b has had the switch on before.
        exits 0 release --image web=nginx:1.28
        exits 0 espalier diff -c "$config" --image web=nginx:1.28 --exit-code
        exits 0 release --image web=nginx:1.28
        "#,
    );
    let told = told.ends_with(0).says("\"op\": \"remove\"").says("\"path\": \"/enableExecuteCommand\"");
    let told =
        told.says("\"path\": \"/containerDefinitions/0/environment\"").says("nothing would change").says("(nothing-changed)");
    assert_eq!(told.world.revision("myservice-green"), "myservice:4");
}
