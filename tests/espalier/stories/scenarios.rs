//! Scenarios: a world under the names of a config, one read from an account, and the same world twice.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use super::QUICK;
use crate::harness::{CONFIG, Run, Story, espalier, program, root};

/// A sandbox that serves until it is dropped.
struct Served {
    child: Child,
    address: String,
    told: String,
}

impl Served {
    fn with(arguments: &[&str], environment: &[(String, String)]) -> Self {
        let mut command = espalier(&[&["sandbox", "serve"], arguments].concat());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("UTF-8"));
        let mut told = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {told}"));
            if let Some(address) = line.strip_prefix("sandbox ready on http://") {
                break address.to_owned();
            }
            told = told + &line + "\n";
        };
        Self { child, address, told }
    }

    /// The variables that point a client at it.
    fn environment(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "AKIASANDBOXSANDBOX00".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "sandbox".to_owned()),
            ("AWS_REGION", "ap-northeast-1".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    fn ask(&self, request: &str, headers: &str, body: &str) -> Value {
        let mut connection = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        write!(
            connection,
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .expect("it reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 20"), "{request}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    fn world(&self) -> Value {
        self.ask("GET /_sandbox/world", "", "")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        Run::of(program("bash").args(["-c", &format!("kill -TERM {}", self.child.id())]));
        let _ended = self.child.wait();
    }
}

/// What of a world is not the moment's: without times, and with tasks counted rather than named.
fn lasting(world: &Value) -> Value {
    fn without_moments(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let passing = |name: &str| {
                    name.ends_with("At")
                        || matches!(
                            name,
                            "events"
                                | "deployments"
                                | "id"
                                | "taskSets"
                                | "log"
                                | "createdBy"
                                | "tasks"
                                | "revisions"
                                | "currentServiceDeployment"
                                | "currentServiceRevisions"
                        )
                };
                members
                    .iter()
                    .filter(|(name, _)| !passing(name))
                    .map(|(name, value)| (name.clone(), without_moments(value)))
                    .collect()
            }
            Value::Array(list) => list.iter().map(without_moments).collect(),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other.clone(),
        }
    }
    let mut lattice = without_moments(&world["lattice"]);
    for group in lattice["target_groups"].as_array_mut().into_iter().flatten() {
        let healthy = group["targets"].as_array().map_or(0, Vec::len);
        group["targets"] = json!(healthy);
    }
    // AWS lists in no order that it promises.
    for list in ["services", "target_groups"] {
        let arn = |one: &Value| one["arn"].as_str().unwrap_or_default().to_owned();
        lattice[list].as_array_mut().expect("a list").sort_by_key(arn);
    }
    for listener in lattice["services"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .flat_map(|service| service["listeners"].as_array_mut().into_iter().flatten())
    {
        listener["rules"].as_array_mut().expect("rules").sort_by_key(|rule| rule["priority"].as_u64());
    }
    let mut services = without_moments(&world["ecs"]["services"]);
    services.as_array_mut().expect("services").sort_by_key(|service| service["serviceArn"].as_str().map(str::to_owned));
    let tasks = world["ecs"]["tasks"].as_array().map_or(0, Vec::len);
    json!({"lattice": lattice, "services": services, "tasks": tasks})
}

#[test]
fn a_world_read_from_an_account_is_that_accounts_world() {
    let live = Served::with(&["--scenario", "tests/fixtures/scenarios/three-services.yml", "--speed", "1"], &[]);
    let service = "/services/svc-12345678901234567";
    let json_type = "Content-Type: application/json\r\n";
    let rule = format!("{service}/listeners/listener-12345678901234567/rules/rule-12345678901234567");
    let groups = json!([{"targetGroupIdentifier": "tg-12345678901234567", "weight": 90}, {"targetGroupIdentifier": "tg-0000000000000good", "weight": 10}]);
    live.ask(&format!("PATCH {rule}"), json_type, &json!({"action": {"forward": {"targetGroups": groups}}}).to_string());
    let added = json!({
        "name": "maintenance", "priority": 5, "match": {"httpMatch": {"method": "POST"}},
        "action": {"fixedResponse": {"statusCode": 404}}, "tags": {"owner": "ops"},
    });
    live.ask(&format!("POST {service}/listeners/listener-12345678901234567/rules"), json_type, &added.to_string());
    let target = "X-Amz-Target: AmazonEC2ContainerServiceV20141113.UpdateService\r\nContent-Type: application/x-amz-json-1.1\r\n";
    live.ask("POST /", target, &json!({"cluster": "my-cluster", "service": "leaky", "desiredCount": 0}).to_string());
    let before = live.world();

    let copy = Served::with(&["--from-live", "--cluster", "my-cluster", "--speed", "1"], &live.environment());
    assert!(copy.told.contains("none of which writes"), "{}", copy.told);
    let after = live.world();
    let writes = |world: &Value| {
        let reading = ["Get", "List", "Describe"];
        let lines = world["log"].as_array().expect("a log").iter().filter_map(|line| line["what"].as_str().map(str::to_owned));
        let asked = lines.filter(|what| what.starts_with("ecs:") || what.starts_with("vpc-lattice:"));
        asked.filter(|what| !reading.iter().any(|word| what.contains(&format!(":{word}")))).collect::<Vec<_>>()
    };
    assert_eq!(writes(&before), writes(&after), "the look has written nothing");

    let (mut live, mut copy) = (lasting(&after), lasting(&copy.world()));
    // The data plane follows a write after half a minute; what is read is taken to have been there for long.
    for world in [&mut live, &mut copy] {
        for service in world["lattice"]["services"].as_array_mut().expect("services") {
            for rule in service["listeners"]
                .as_array_mut()
                .into_iter()
                .flatten()
                .flat_map(|it| it["rules"].as_array_mut().into_iter().flatten())
            {
                rule["data_plane"] = Value::Null;
            }
        }
        for group in world["lattice"]["target_groups"].as_array_mut().expect("groups") {
            group["share"] = Value::Null;
        }
        world["tasks"] = Value::Null;
        for service in world["services"].as_array_mut().expect("services") {
            // Tasks of the service that was just made smaller may still be stopping.
            service["runningCount"] = Value::Null;
        }
        for group in world["lattice"]["target_groups"].as_array_mut().expect("groups").iter_mut() {
            if group["name"] == "leaky" {
                group["targets"] = Value::Null;
            }
        }
    }
    for (of, member) in [("lattice", "services"), ("lattice", "target_groups")] {
        assert_eq!(live[of][member], copy[of][member], "{member}");
    }
    assert_eq!(live, copy);
}

#[test]
fn a_config_is_rehearsed_under_its_own_names() {
    let story = Story::within("candidate-unhealthy");
    let definition = |name: &str| root().join("tests/fixtures/seed").join(name).display().to_string();
    let config = story.write(
        "shop.yml",
        &format!(
            "region: eu-central-1
cluster: arn:aws:ecs:eu-central-1:210987654321:cluster/prod
service: shop
service_definition: {}
task_definition: {}
jq: del(.serviceConnectConfiguration)
lattice:
  service: shop-lattice
  listener: public
  rules: [checkout, search]
  infrastructure_role: latticeRole
  slots:
    a: {{ ecs_service: shop-blue, target_group: shop-blue-tg }}
    b: {{ ecs_service: shop-green, target_group: shop-green-tg }}
rollout: {{ steps: [{{ weight: 5%, bake: 1m }}, {{ weight: 25%, bake: 1m }}, {{ weight: 100%, bake: 1m }}] }}
",
            definition("ecs-service-def.json"),
            definition("ecs-task-def.json"),
        ),
    );
    let snapshot = story.path("world.json").display().to_string();
    let rehearse = |scenario: &str| {
        let arguments = ["sandbox", "run", "--config", &config, "--scenario", scenario, "--snapshot", &snapshot, "--", "deploy"];
        Run::of(&mut espalier(&arguments))
    };
    rehearse("candidate-unhealthy").ends_with(3);
    let world: Value = serde_json::from_str(&story.read("world.json")).expect("JSON");
    let service = &world["lattice"]["services"][0];
    let arn = service["arn"].as_str().expect("an ARN");
    assert!(
        service["name"] == "shop-lattice" && arn.starts_with("arn:aws:vpc-lattice:eu-central-1:210987654321:"),
        "{service:#}"
    );
    let rules: Vec<_> = service["listeners"][0]["rules"].as_array().expect("rules").iter().map(|rule| &rule["name"]).collect();
    assert_eq!(rules, ["default", "checkout", "search"]);
    assert_eq!(service["listeners"][0]["rules"][1]["action"], json!({"forward": {"shop-blue-tg": 100}}));
    let stable = &world["ecs"]["services"][0];
    assert_eq!((&stable["serviceName"], &stable["desiredCount"]), (&json!("shop-blue"), &json!(3)));
    assert!(stable["serviceConnectConfiguration"].is_null(), "the filters of the config count");

    rehearse("promoted").ends_with(0);
    rehearse("drift").ends_with(4);
    rehearse("bootstrap").ends_with(0);
    // The default action beside them, and alone.
    for rules in ["[checkout, default]", "[default]"] {
        story.write("shop.yml", &story.read("shop.yml").replace("[checkout, search]", rules));
        rehearse("promoted").ends_with(0);
        story.write("shop.yml", &story.read("shop.yml").replace(rules, "[checkout, search]"));
    }
    let missing = ["sandbox", "run", "--config", "no-such.yml", "--", "true"];
    Run::of(&mut espalier(&missing)).ends_with(2).complains("no-such.yml: there is no such file");
}

#[test]
fn a_scenario_with_mistakes_is_told_before_anything_runs() {
    let story = Story::within("promoted");
    let path =
        story.write("mine.yml", "images: { '*': { unhealthy_abov: 25 } }\npeople:\n  - { listener: https, do: delete-rule }\n");
    let run = Run::of(&mut espalier(&["sandbox", "run", "--scenario", &path, "--", "touch", "/nowhere/x"])).ends_with(2);
    let run = run.complains(&format!("error: {path}:1:18: unknown key `images.*.unhealthy_abov`"));
    run.complains("hint: did you mean `unhealthy_above`?");
    let path = story.write("mine.yml", "people:\n  - { listener: https, do: delete-rule }\n");
    let serve = Run::of(&mut espalier(&["sandbox", "serve", "--scenario", &path])).ends_with(2);
    serve.complains(&format!("error: {path}:2:17: there is no listener `https`\nhint: write `http-80`"));
}

#[test]
fn there_is_a_schema_of_the_config_and_one_of_scenarios() {
    for (arguments, title) in [
        (&["schema"][..], "The config of espalier: espalier.yml"),
        (&["schema", "--scenario"][..], "A scenario of the espalier sandbox"),
    ] {
        let run = Run::of(&mut espalier(arguments)).ends_with(0);
        let schema: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["title"], title);
    }
}

/// What happened, one line each, without what is made up anew: tokens, ids, ports.
fn transcript(story: &Story, arguments: &[&str]) -> String {
    let snapshot = story.path("world.json");
    let mut sandbox = espalier(&["sandbox", "run", "--scenario", "candidate-unhealthy", "--snapshot"]);
    Run::of(sandbox.arg(&snapshot).args(["--", "deploy", "-c", CONFIG]).args(arguments)).ends_with(3);
    let world: Value = serde_json::from_str(&story.read("world.json")).expect("JSON");
    let text = |line: &Value, member: &str| line[member].as_str().unwrap_or_default().to_owned();
    let (mut events, mut reports) = (Vec::new(), Vec::new());
    for line in world["log"].as_array().expect("a log") {
        let (what, summary) = (text(line, "what"), text(line, "summary"));
        // Reading is no event.
        if ["Get", "List", "Describe", "GET"].iter().any(|word| what.contains(&format!(":{word}"))) {
            continue;
        }
        if what.starts_with("github") {
            // Comment and check are written at once, and each new thing has the next id.
            let without_ids = |text: &str| text.chars().filter(|one| !one.is_ascii_digit()).collect::<String>();
            reports.push(format!("{} {} {}", line["at"], without_ids(&what), without_ids(&summary)));
        } else {
            events.push(format!("{} {what} {summary}", line["at"]));
        }
    }
    // Beside the release, not within it: both in the order of the world's time, and what is written at once in any.
    reports.sort();
    format!("{}\n{}\n{:#}\n{:#}", events.join("\n"), reports.join("\n"), world["weights"], world["lattice"])
}

#[test]
fn the_same_scenario_and_commands_give_the_same_transcript_to_the_byte() {
    let story = Story::within("candidate-unhealthy");
    let (one, other) = (transcript(&story, &QUICK), transcript(&story, &QUICK));
    assert!(one.contains("vpc-lattice:UpdateRule") && one.contains("ecs:UpdateService"), "{one}");
    let different = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(different, None);
    assert_eq!(one.len(), other.len());
}
