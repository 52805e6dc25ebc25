//! `init`: what it finds of a project, what it writes for it, and that this is good for a release.

use serde_json::{Value, json};

use super::QUICKLY;
use crate::harness::{Story, Told};

/// Runs in a folder of its own in the same world as `init` does; then everything that it wrote is used.
const USED: &str = r"
    exits 0 espalier verify
    exits 0 espalier deploy";

fn project(story: &Story, files: &[(&str, &str)]) {
    std::fs::create_dir_all(story.path("project/.git")).expect("a folder");
    for (name, text) in files {
        story.write(&format!("project/{name}"), text);
    }
}

/// A script in the project.
fn there(story: &Story, script: &str) -> Told {
    story.script(&format!("cd \"$FOLDER/project\"\n{script}"))
}

#[track_caller]
fn writes(told: &Told, names: &[&str]) {
    for name in names {
        assert!(told.run.stdout.contains(&format!("wrote {name}\n")), "{name}: {}", told.run.stdout);
    }
}

#[test]
fn from_a_service_that_runs_everything_is_written_and_good_for_a_release() {
    let story = Story::within("promoted");
    project(&story, &[(".git/config", "[remote \"origin\"]\n\turl = git@github.com:octo/shop.git\n")]);
    let told = there(&story, &format!("GITHUB_REPOSITORY= exits 0 espalier init\n{USED} {QUICKLY} --image web=myservice:2"));
    let told = told.ends_with(0);
    let names = [
        "espalier.yml",
        "ecs-service-def.json",
        "ecs-task-def.json",
        ".github/workflows/release.yml",
        ".github/workflows/rollback.yml",
        ".github/workflows/sweep.yml",
        ".github/workflows/command.yml",
        "trust-policy.json",
        "iam-policy.json",
    ];
    writes(&told, &names);
    told.says(
        "found the cluster my-cluster: the only one\n\
         found the ECS service myservice: the only one of the cluster\n\
         found 3 tasks of myservice:1, wanted are 3\n\
         found the target group myservice-a: its tasks register in it, by the port http\n\
         found the infrastructure role ecsInfrastructureRole: ECS registers them with it\n\
         found the Lattice service myservice, which forwards to it: rule api (priority 10) of http-80, default action of http-80\n",
    )
    .says("to do: make the role espalier-myservice with iam-policy.json, trusted by trust-policy.json\n")
    .says("myservice:2 promoted");
    let config = "\
# From the ECS service myservice of the cluster my-cluster, by `espalier init`. All keys: `espalier schema`.
region: ap-northeast-1
cluster: my-cluster
service: myservice
service_definition: ecs-service-def.json
task_definition: ecs-task-def.json

lattice:
  service: myservice
  listener: http-80
  infrastructure_role: ecsInfrastructureRole
  port_name: http
  slots:
    a: { ecs_service: myservice, target_group: myservice-a }   # runs
    b: { ecs_service: myservice-b, target_group: myservice-b }   # is made by the first release

rollout:
  steps: [{ weight: 5%, bake: 2m }, { weight: 25%, bake: 5m }, { weight: 100%, bake: 10m }]
";
    assert_eq!(story.read("project/espalier.yml"), config);
    let service: Value = serde_json::from_str(&story.read("project/ecs-service-def.json")).expect("JSON");
    assert_eq!((&service["desiredCount"], &service["launchType"]), (&json!(3), &json!("FARGATE")));
    for gone in ["serviceName", "serviceArn", "runningCount", "deployments", "vpcLatticeConfigurations"] {
        assert!(service.get(gone).is_none(), "{gone}: {service}");
    }
    let task: Value = serde_json::from_str(&story.read("project/ecs-task-def.json")).expect("JSON");
    assert!(task.get("revision").is_none() && task["family"] == "myservice", "{task}");
    let release = story.read("project/.github/workflows/release.yml");
    assert!(release.contains("      aws-role: arn:aws:iam::123456789012:role/espalier-myservice\n"), "{release}");
    assert!(release.contains("      image: web=myservice:${{ github.sha }}\n"), "{release}");
    let trust: Value = serde_json::from_str(&story.read("project/trust-policy.json")).expect("JSON");
    let subjects = &trust["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"];
    assert_eq!(*subjects, json!(["repo:octo/shop:environment:production", "repo:octo/shop:ref:refs/heads/main"]));
    assert!(story.read("project/iam-policy.json").contains("role/espalier-myservice"));
}

#[test]
fn what_is_there_is_kept_and_a_dry_run_writes_nothing() {
    let story = Story::within("promoted");
    project(&story, &[("ecs-task-def.json", "mine")]);
    let told = there(&story, "exits 0 espalier init --dry-run").ends_with(0);
    told.says("would write espalier.yml\n    # From the ECS service myservice").says("kept ecs-task-def.json: it is there");
    assert_eq!(story.read("project/espalier.yml"), "");
    assert_eq!(story.read("project/ecs-task-def.json"), "mine");
    let script = "exits 0 espalier init --force >/dev/null\necho mine >.github/workflows/sweep.yml\nexits 0 espalier init";
    let told = there(&story, script).ends_with(0);
    let told = told.says("kept espalier.yml").says("kept .github/workflows/sweep.yml").says("kept iam-policy.json");
    assert!(!told.run.stdout.contains("wrote"), "{}", told.run.stdout);
    assert_eq!(story.read("project/.github/workflows/sweep.yml"), "mine\n");
    assert!(story.read("project/ecs-task-def.json").contains("\"family\": \"myservice\""), "forced");
    assert!(told.world.writes().is_empty(), "AWS is only looked at: {:?}", told.world.writes());
}

#[test]
fn a_project_of_ecspressos_keeps_its_definitions() {
    let story = Story::within("promoted");
    let service = json!({
        "launchType": "FARGATE", "desiredCount": 3,
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"], "securityGroups": ["sg-12345678"] } },
    });
    let task = json!({
        "family": "myservice", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        "containerDefinitions": [{
            "name": "web", "image": "myservice:{{ must_env `TAG` }}", "essential": true,
            "portMappings": [{ "name": "http", "containerPort": 80, "protocol": "tcp", "appProtocol": "http" }],
        }],
    });
    let ecspresso = "region: ap-northeast-1\ncluster: my-cluster\nservice: myservice\nservice_definition: service.json\n\
                     task_definition: task.json\n";
    let files = [("ecspresso.yml", ecspresso), ("service.json", &service.to_string()), ("task.json", &task.to_string())];
    project(&story, &files);
    let told = there(&story, &format!("export TAG=2\nexits 0 espalier init\n{USED} {QUICKLY}")).ends_with(0);
    writes(&told, &["espalier.yml", "iam-policy.json"]);
    told.says("myservice:2 promoted");
    let config = story.read("project/espalier.yml");
    assert!(config.contains("\necspresso: ecspresso.yml   # cluster, service and definitions\n\nlattice:\n"), "{config}");
    assert_eq!(story.read("project/ecs-service-def.json"), "", "ecspresso's are used");
}

#[test]
fn a_terraform_state_gives_the_names_that_follow_it() {
    let story = Story::within("promoted");
    let home = "arn:aws:vpc-lattice:ap-northeast-1:123456789012";
    let made = |kind: &str, name: &str, attributes: Value| json!({ "mode": "managed", "type": kind, "name": name, "instances": [{ "attributes": attributes }] });
    let arn = |path: &str| json!({ "arn": format!("{home}:{path}") });
    let state = json!({ "version": 4, "resources": [
        made("aws_ecs_service", "web", json!({ "name": "myservice", "cluster": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/my-cluster" })),
        made("aws_vpclattice_service", "main", arn("service/svc-12345678901234567")),
        made("aws_vpclattice_listener", "http", arn("service/svc-12345678901234567/listener/listener-12345678901234567")),
        made("aws_vpclattice_target_group", "a", arn("targetgroup/tg-12345678901234567")),
        made("aws_iam_role", "lattice", json!({ "arn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole" })),
    ] });
    project(&story, &[("terraform.tfstate", &state.to_string())]);
    let told = there(&story, &format!("exits 0 espalier init\n{USED} {QUICKLY} --image web=myservice:2")).ends_with(0);
    told.says("found the ECS service myservice: as the Terraform state has it").says("myservice:2 promoted");
    let config = story.read("project/espalier.yml");
    for line in [
        "tfstate: terraform.tfstate   # where `tfstate:…` is looked up",
        "  service: tfstate:aws_vpclattice_service.main.arn",
        "  listener: tfstate:aws_vpclattice_listener.http.arn",
        "  infrastructure_role: tfstate:aws_iam_role.lattice.arn",
        "    a: { ecs_service: myservice, target_group: tfstate:aws_vpclattice_target_group.a.arn }   # runs",
        "    b: { ecs_service: myservice-b, target_group: myservice-b }   # is made by the first release",
    ] {
        assert!(config.contains(&format!("\n{line}\n")), "{line}: {config}");
    }
}

#[test]
fn what_cannot_be_begun_with_says_what_is_missing() {
    let story = Story::of(&json!({ "ecs_services": [] }));
    project(&story, &[]);
    there(&story, "exits 2 espalier init").ends_with(0).complains("there are no ECS services in the cluster my-cluster");
    let task = json!({
        "family": "x", "containerDefinitions": [{ "name": "web", "image": "x:1", "essential": true }], "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
    });
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-12345678"] } });
    let service = |name: &str| {
        json!({ "name": name, "desired": 1, "task_definition": task,
            "definition": { "launchType": "FARGATE", "networkConfiguration": network } })
    };
    let story = Story::of(&json!({ "ecs_services": [service("one"), service("two")] }));
    project(&story, &[]);
    let several = there(&story, "exits 2 espalier init").ends_with(0);
    several.complains("there are several ECS services in the cluster my-cluster: one, two").complains("`--service one`");
    let bare = there(&story, "exits 2 espalier init --service two").ends_with(0);
    bare.complains("the ECS service two registers in no VPC Lattice target group").complains("`espalier up` makes");
    there(&story, "exits 2 espalier init --service three").ends_with(0).complains("there are one, two");
}

#[test]
fn the_printed_trust_lets_the_jobs_in_that_it_names_and_no_others() {
    let printed = |arguments: &[&str]| {
        let told = Story::within("promoted").run(&[&["iam-policy", "--trust"], arguments].concat()).ends_with(0);
        serde_json::from_str::<Value>(&told.run.stdout).expect("JSON")
    };
    let world = |trust: &Value, oidc: &Value| {
        let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
        let roles = json!({ "nobody": { "policies": [] }, "releaser": { "policies": [all], "trust": trust } });
        Story::of(&json!({ "iam": { "role": "nobody", "roles": roles }, "oidc": oidc }))
    };
    let role = "arn:aws:iam::123456789012:role/releaser";
    let status = ["status", "--lattice-service", "myservice", "--aws-role", role];
    // The repository is that of the environment: octo/myservice.
    let trust = printed(&["--environment", "production"]);
    world(&trust, &json!({ "environment": "production" })).run(&status).ends_with(0);
    world(&trust, &json!({})).run(&status).ends_with(1).complains("Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let pulls = printed(&["--pull-requests", "--repository", "octo/myservice"]);
    world(&pulls, &json!({})).run(&status).ends_with(0);
    world(&printed(&["--pull-requests", "--repository", "octo/other"]), &json!({})).run(&status).ends_with(1);
    let wrong = Story::within("promoted").run(&["iam-policy", "--trust", "--repository", "octo"]).ends_with(2);
    wrong.complains("`octo` is no repository on GitHub");
}
