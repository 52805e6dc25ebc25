//! What is refused before anything is written: the exit code, the place, what to write instead, and an untouched world.

use crate::harness::{CONFIG, Run, Story, espalier, program, root};

/// Where the seed is, from the package's folder.
const SEED: &str = "tests/fixtures/seed";
/// What `patch` needs beside a target group.
const PATCH: &str = "patch tests/fixtures/seed/ecs-service-def.json --task-definition tests/fixtures/seed/ecs-task-def.json \
                     --infrastructure-role arn:aws:iam::123456789012:role/r";
const SHIFT: &str = "shift --lattice-service myservice --from myservice-a";

/// A command, split at spaces; `DEPLOY` is the seed's deploy, `_` in an argument a space, `FOLDER/` the story's own. Then what standard
/// error has to say: the place, what is wrong, what to do.
const REFUSED: [(&str, &[&str]); 41] = [
    ("DEPLOY --service-definition nope.json", &["nope.json: there is no such file", "relative paths start from"]),
    ("deploy -c nope.yml", &["nope.yml: there is no such file", "relative paths start from"]),
    (
        "DEPLOY --service-definition FOLDER/broken.json",
        &["broken.json:2:3: a member's name is missing here", "names stand in double quotes"],
    ),
    ("deploy -c FOLDER/unknown-key.yml", &["unknown-key.yml:3:1: unknown key `latice`", "did you mean `lattice`?"]),
    ("deploy -c FOLDER/broken.yml", &["broken.yml:2"]),
    (
        "DEPLOY --port-name grpc",
        &[
            "--port-name: no port mapping in tests/fixtures/seed/ecs-task-def.json has the name `grpc`",
            "the names there are: `http`",
        ],
    ),
    (
        "PATCH --target-group arn:aws:vpc-lattice:x",
        &[
            "--target-group: `arn:aws:vpc-lattice:x` is not the ARN of a VPC Lattice target group",
            "it looks like arn:aws:vpc-lattice:REGION",
        ],
    ),
    (
        "DEPLOY --infrastructure-role arn:aws:iam::12:role/x",
        &["--infrastructure-role: `arn:aws:iam::12:role/x`", "or arn:aws:iam::ACCOUNT:role/NAME"],
    ),
    (
        "DEPLOY --slot a=myservice:nope --slot b=myservice-green:myservice-b",
        &["nothing in myservice forwards to nope or myservice-b", "Name the ones to use with `rules`"],
    ),
    ("SHIFT --to nope", &["there is no target group nope"]),
    (
        "SHIFT --to myservice-a",
        &["--to: `myservice-a` is the target group that the traffic is to leave", "two different target groups"],
    ),
    (
        "DEPLOY --listener http-81",
        &["there is no listener `http-81`: there is http-80", "check the name: the sandbox has those of its scenario"],
    ),
    ("DEPLOY --lattice-service nope", &["there is no Lattice service `nope`: there is myservice", "check the name"]),
    ("DEPLOY --rules nope", &["there is no traffic target `nope` in myservice: there are rule api (priority 10) of http-80"]),
    ("DEPLOY --jq .a_|", &["--jq:1:5: `term` is missing before the end in the filter `.a |`"]),
    ("DEPLOY --jq empty", &["--jq: the filter yields nothing", "yields the whole definition"]),
    ("DEPLOY --jq .,_.", &["--jq: the filter yields 2 values", "join edits with `|`, not with `,`"]),
    ("DEPLOY --jq .desiredCount", &["--jq: the filter yields 3, not an object", "write `.a = 1` rather than `.a`"]),
    ("DEPLOY --on-cancel stay", &["--on-cancel: `stay` is not one of `rollback` and `hold`"]),
    ("DEPLOY --steps 5%:1m,hold:4h", &["--steps: a hold stands at the end", "write the hold before the step"]),
    ("DEPLOY --steps 5%:1m,hold,100%:1m", &["`hold` would wait for ever: say how long, such as `hold:4h`"]),
    ("DEPLOY --steps 5%:1m,hold:400d,100%:1m", &["the hold before step 2 lasts", "give it a time from `1m` to `366d`"]),
    ("DEPLOY --strategy canary:5%", &["--strategy: `5%` is not a step"]),
    ("DEPLOY --on-existing wait", &["--on-existing: `wait` is not one of `refuse`, `resume` and `rollback-first`"]),
    ("resume --all --traffic-target x", &["--all: it is about every rollout, and another flag names one"]),
    ("promote --lattice-service myservice --step first", &["--step: `first` is not the number of a step"]),
    ("DEPLOY --steps 25%:1m,5%:1m,100%:1m", &["--steps: step 2 (5%) does not climb above step 1 (25%)", "weights climb"]),
    ("DEPLOY --steps 5%:1m,25%:1m", &["--steps: the last step is 25%, not 100%", "add a step such as `100%:10m`"]),
    (
        "DEPLOY --steps 33.333%:1m,100%:1m",
        &[
            "--steps: step 1 has 33.333%, which no pair of Lattice weights (0 to 999) represents exactly",
            "the nearest are 499/1498 and 1/3",
        ],
    ),
    (
        "DEPLOY --steps 0.05%:1m,100%:1m",
        &["which no pair of Lattice weights (0 to 999) represents exactly", "the nearest is 0.1%"],
    ),
    ("DEPLOY --steps 1/0:1m", &["--steps: `1/0` is not a share of traffic", "or a fraction, such as `1/3`"]),
    ("DEPLOY --settle soon", &["--settle: `soon` is not a length of time", "write `30s`"]),
    ("DEPLOY --timeout 10m", &["10m", "timeout"]),
    ("DEPLOY --image web", &["--image: `web` does not say which container", "write `CONTAINER=IMAGE`"]),
    ("DEPLOY --image nope=nginx:1", &["--image: no container", "has the name `nope`; the names there are: `web`"]),
    ("DEPLOY --stepps 100%:1m", &["unexpected argument '--stepps'", "a similar argument exists: '--steps'"]),
    ("DEPLOY --force=perhaps", &["perhaps"]),
    (
        "abort --lattice-service a --traffic-target b",
        &["'--lattice-service <SERVICE>' cannot be used with '--traffic-target <ARN>'"],
    ),
    ("PATCH --output x --in-place", &["'--output <FILE>' cannot be used with '--in-place"]),
    ("abort --traffic-target arn:aws:vpc-lattice:eu-west-1:123456789012:service/x", &["is not the ARN of a rule or a listener"]),
    (
        "deploy --cluster c",
        &[
            "--service: it is needed",
            "--service-definition: it is needed",
            "--task-definition: it is needed",
            "the variable ESPALIER_LATTICE_SERVICE, or `lattice.service:` in espalier.yml",
        ],
    ),
];

#[test]
fn invalid_requests_end_with_2_and_say_where_and_what_instead() {
    let story = Story::within("promoted");
    story.write("broken.json", "{\n  ");
    story.write("broken.yml", "cluster: c\nservice: [a\n");
    story.write("unknown-key.yml", "cluster: my-cluster\nservice: myservice\nlatice: { service: myservice }\n");
    let untouched = story.untold().state();
    let folder = story.path("");
    let mut wrong = Vec::new();
    for (command, expected) in REFUSED {
        let line = command
            .replace("DEPLOY", &format!("deploy -c {CONFIG}"))
            .replace("PATCH", PATCH)
            .replace("SHIFT", SHIFT)
            .replace("FOLDER/", folder.to_str().expect("UTF-8"));
        let arguments: Vec<String> = line.split_whitespace().map(|argument| argument.replace('_', " ")).collect();
        let told = story.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let missing: Vec<_> = expected.iter().filter(|text| !told.run.stderr.contains(**text)).collect();
        if told.run.code != 2 || !missing.is_empty() || told.world.state() != untouched || !told.world.writes().is_empty() {
            let writes = told.world.writes();
            wrong.push(format!(
                "{command}\n  exit code {}, missing {missing:?}, writes {writes:?}\n{}",
                told.run.code, told.run.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sandboxs_clock_never_drives_a_release_of_real_traffic() {
    let variables = [("ESPALIER_CLOCK", "http://127.0.0.1:9/_sandbox/clock"), ("AWS_REGION", "eu-central-1")];
    let deploy = || {
        let mut deploy = espalier(&["deploy", "-c", CONFIG]);
        deploy.envs(variables);
        deploy
    };
    let why = "may only drive what is on this machine";
    Run::of(&mut deploy()).ends_with(2).complains("AWS_ENDPOINT_URL: it is not set").complains(why);
    Run::of(deploy().env("AWS_ENDPOINT_URL", "https://vpc-lattice.eu-central-1.amazonaws.com")).ends_with(2).complains(why);
    let github = "https://api.github.com";
    Run::of(deploy().env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("GITHUB_API_URL", github))
        .ends_with(2)
        .complains("GITHUB_API_URL")
        .complains(why);
}

#[test]
fn without_credentials_or_region_a_workflow_is_told_its_missing_lines_and_a_shell_what_to_run() {
    let story = Story::within("promoted");
    let without = |names: &[&str]| {
        let unset: String = names.iter().map(|name| format!("unset {name}\n")).collect();
        let status = format!("{unset}espalier status --lattice-service myservice");
        let job = story.script(&format!("export GITHUB_ACTIONS=true\n{status}")).ends_with(1).run;
        let shell = story.script(&status).ends_with(1);
        assert!(!shell.run.stderr.contains("uses: "), "{}", shell.run.stderr);
        (format!("{}{}", job.stdout, job.stderr), shell)
    };
    let all = |text: &str, parts: &[&str]| parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
    let (job, shell) = without(&["AWS_ACCESS_KEY_ID"]);
    let step = "      - uses: aws-actions/configure-aws-credentials@";
    all(&job, &["no AWS credentials", "      id-token: write", step, "          role-to-assume: arn:aws:iam::"]);
    shell.complains("error: no AWS credentials").complains("AWS_PROFILE").complains("aws configure export-credentials");
    let (job, shell) = without(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    all(&job, &["no AWS region", "          aws-region: ", "set `region` in espalier.yml"]);
    shell.complains("error: no AWS region").complains("--region").complains("AWS_REGION");
}

#[test]
fn without_arguments_the_help_is_shown() {
    Run::of(&mut espalier(&[])).ends_with(2).complains("Usage: espalier <COMMAND>");
    Run::of(&mut espalier(&["--version"])).ends_with(0).says(concat!("espalier ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_file_that_is_refused_stays_as_it_was() {
    let story = Story::within("promoted");
    let text = std::fs::read_to_string(root().join(SEED).join("ecs-service-def.json")).expect("the seed");
    let path = story.write("ecs-service-def.json", &text);
    let patch = ["patch", &path, "--in-place", "--target-group", "arn:aws:vpc-lattice:x"];
    Run::of(&mut espalier(&patch)).ends_with(2);
    assert_eq!(story.read("ecs-service-def.json"), text);
    assert_eq!(Run::of(program("ls").arg(story.path(""))).stdout, "ecs-service-def.json\n", "nothing beside it either");
}
