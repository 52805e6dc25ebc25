//! What definitions refer to, looked up through the binary: a proxy stands before the world and answers for the services that the
//! sandbox does not emulate. What is secret of it is looked for wherever the release says anything.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use super::QUICK;
use crate::harness::{Open, Run, Story, espalier};

const PARAMETER: &str = "hunter2-of-the-parameter";
const PRINTED: &str = "hunter3-of-the-program";
const SECRET: &str = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-a1b2c3";
const GROUP: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567";

/// What a service answers that the sandbox does not emulate; none where the request is the sandbox's.
fn answer(request: &str) -> Option<String> {
    let has = |text: &str| request.contains(text);
    let lower = request.to_ascii_lowercase();
    if request.starts_with("GET /states/app.tfstate") {
        assert!(lower.contains("x-amz-content-sha256: "), "S3 wants the digest of the body: {request}");
        return Some(format!(
            r#"{{"version": 4, "outputs": {{}}, "resources": [{{"mode": "managed", "type": "aws_vpclattice_target_group", "name": "main", "instances": [{{"attributes": {{"arn": "{GROUP}"}}}}]}}]}}"#
        ));
    }
    if has("Action=DescribeStacks") {
        return Some("<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Outputs><member><OutputKey>Subnet</OutputKey><OutputValue>subnet-0a0a0a0a</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>".to_owned());
    }
    if has("Action=ListExports") {
        return Some("<ListExportsResponse><ListExportsResult><Exports><member><Name>web-group</Name><Value>sg-0b0b0b0b</Value></member></Exports></ListExportsResult></ListExportsResponse>".to_owned());
    }
    if lower.contains("x-amz-target: secretsmanager.describesecret") {
        return Some(format!(r#"{{"ARN": "{SECRET}", "Name": "db"}}"#));
    }
    if lower.contains("x-amz-target: amazonssm.getparameter") {
        return Some(format!(r#"{{"Parameter": {{"Name": "/db/password", "Type": "SecureString", "Value": "{PARAMETER}"}}}}"#));
    }
    None
}

/// One request and no more: its head, and as much of a body as that says.
fn read(from: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let count = from.read(&mut part).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if bytes.len() >= head.len() + 4 + length.unwrap_or(0_usize) {
            return Some(bytes);
        }
    }
}

fn served(mut client: TcpStream, world: &str) -> Option<()> {
    let bytes = read(&mut client)?;
    let request = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(body) = answer(&request) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        client.write_all(format!("{head}{body}").as_bytes()).ok()?;
    } else {
        let mut upstream = TcpStream::connect(world).ok()?;
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        upstream.write_all(&bytes[..end]).ok()?;
        upstream.write_all(b"\r\nConnection: close").ok()?;
        upstream.write_all(&bytes[end..]).ok()?;
        std::io::copy(&mut upstream, &mut client).ok()?;
    }
    client.shutdown(Shutdown::Both).ok()
}

/// The world behind the proxy, which ends with the test's process.
fn behind_a_proxy(story: Story) -> Open {
    let mut open = story.open();
    let url = open.environment().iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").expect("an endpoint").1.clone();
    let world = url.strip_prefix("http://").expect("http").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    open.set("AWS_ENDPOINT_URL", &format!("http://{}", listener.local_addr().expect("an address")));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let world = world.clone();
            thread::spawn(move || served(client, &world));
        }
    });
    open
}

/// A project of ecspresso's that refers to everything there is.
fn project(story: &Story) -> String {
    story.write(
        "service.json",
        &format!(
            r#"{{"launchType": "FARGATE", "networkConfiguration": {{"awsvpcConfiguration": {{
  "subnets": ["{{{{ cfn_output `network` `Subnet` }}}}"], "securityGroups": ["{{{{ cfn_export `web-group` }}}}"], "assignPublicIp": "DISABLED"}}}},
  "vpcLatticeConfigurations": [{{"roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole", "targetGroupArn": "{}", "portName": "http"}}]}}"#,
            "{{ tfstate `aws_vpclattice_target_group.main.arn` }}"
        ),
    );
    story.write(
        "task.json",
        r#"{"family": "myservice", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
  "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
  "containerDefinitions": [{"name": "web", "image": "nginx:1.30", "essential": true,
    "environment": [{"name": "PASSWORD", "value": "{{ ssm `/db/password` }}"}, {"name": "TOKEN", "value": "{{ token }}"}],
    "secrets": [{"name": "DATABASE", "valueFrom": "{{ secretsmanager_arn `db` }}"}],
    "portMappings": [{"name": "http", "containerPort": 80, "protocol": "tcp", "appProtocol": "http"}]}]}"#,
    );
    story.write(
        "ecspresso.yml",
        &format!(
            r"region: ap-northeast-1
cluster: my-cluster
service: myservice
service_definition: service.json
task_definition: task.json
plugins:
  - name: ssm
  - name: secretsmanager
  - name: cloudformation
  - {{ name: tfstate, config: {{ url: 's3://states/app.tfstate' }} }}
  - {{ name: external, config: {{ name: token, command: [printf, {PRINTED}], num_args: 0, parser: string }} }}
"
        ),
    )
}

#[test]
fn everything_that_a_project_refers_to_is_looked_up_and_its_secrets_are_told_to_nobody() {
    let story = Story::within("promoted");
    let ecspresso = project(&story);
    let [outputs, summary, folder] =
        ["outputs", "summary.md", ""].map(|name| story.path(name).to_str().expect("UTF-8").to_owned());
    let mut open = behind_a_proxy(story);
    for (name, value) in [("GITHUB_OUTPUT", &outputs), ("GITHUB_STEP_SUMMARY", &summary), ("RUNNER_TEMP", &folder)] {
        open.set(name, value);
    }
    let slots = ["--slot", "a=myservice:myservice-a", "--slot", "b=myservice-green:myservice-b"];
    let project = [&["--ecspresso", &ecspresso, "--lattice-service", "myservice"][..], &slots].concat();
    let run = |arguments: &[&str]| {
        Run::of(espalier(arguments).env_clear().envs(open.environment().iter().map(|(name, value)| (name, value))))
    };
    let patched = run(&["patch", "--ecspresso", &ecspresso]).ends_with(0);
    let patched = patched.says("subnet-0a0a0a0a").says("sg-0b0b0b0b").says(GROUP);
    let diff = run(&[&["diff"][..], &project].concat()).ends_with(0).says(SECRET);
    let dry = run(&[&["deploy", "--dry-run"][..], &project, &QUICK].concat()).ends_with(0);
    let verified = run(&[&["verify"][..], &project].concat()).ends_with(0);
    let release = run(&[&["deploy"][..], &project, &QUICK].concat()).ends_with(0).says("myservice:2 promoted");

    // They are used.
    let registered = open.script(r#"ecs DescribeTaskDefinition '{"taskDefinition": "myservice:2"}'"#);
    registered.says(PARAMETER).says(PRINTED).says(SECRET);
    let story = &open.story;
    let mut seen: Vec<(&str, String)> =
        [("patch", patched), ("diff", diff), ("dry run", dry), ("verify", verified), ("deploy", release)]
            .into_iter()
            .map(|(name, Run { stdout, stderr, .. })| (name, stdout + &stderr))
            .collect();
    for file in ["outputs", "summary.md", "espalier-journal.jsonl"] {
        seen.push((file, story.read(file)));
    }
    let world = open.close();
    seen.push(("the comment", world.comments().join("\n")));
    for (place, text) in seen {
        assert!(!text.is_empty(), "{place} is empty");
        for secret in [PARAMETER, PRINTED] {
            assert!(!text.contains(secret), "{secret} is in {place}:\n{text}");
        }
    }
}
