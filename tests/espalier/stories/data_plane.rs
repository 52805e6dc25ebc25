//! Requests through the data plane of `sandbox serve`, as anybody with curl would make them.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{Run, espalier, program};

/// A sandbox that serves until it is dropped.
struct Served {
    child: Child,
    variables: BTreeMap<String, String>,
}

impl Served {
    /// A built-in scenario, a thousand times as fast as the world outside.
    fn within(scenario: &str) -> Self {
        let mut command = espalier(&["sandbox", "serve", "--speed", "1000", "--scenario", scenario]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut variables = BTreeMap::new();
        for line in said {
            let line = line.expect("UTF-8");
            if let Some((name, value)) = line.strip_prefix("export ").and_then(|set| set.split_once('=')) {
                variables.insert(name.to_owned(), value.to_owned());
                // The last one that is said.
                if name == "GITHUB_RUN_ATTEMPT" {
                    break;
                }
            }
        }
        Self { child, variables }
    }

    fn address(&self, variable: &str) -> &str {
        self.variables[variable].strip_prefix("http://").expect("an HTTP URL")
    }

    /// What a service of this name says; head and body.
    fn get(&self, host: &str, path: &str) -> (String, String) {
        exchange(self.address("ESPALIER_DATA_PLANE"), "GET", host, path, "")
    }

    /// What VPC Lattice says.
    fn lattice(&self, method: &str, path: &str, body: &Value) -> Value {
        let address = self.address("AWS_ENDPOINT_URL");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (head, body) = exchange(address, method, address, path, &body);
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {head}\n{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Asks for a resource until it is as wanted; the sandbox's time is a thousand times as fast as the one in which this waits.
    fn becomes(&self, method: &str, path: &str, pointer: &str, wanted: &str) {
        let reached = (0..20_000).any(|_| self.lattice(method, path, &Value::Null).pointer(pointer) == Some(&json!(wanted)));
        assert!(reached, "{path} never had {wanted} at {pointer}: {}", self.lattice(method, path, &Value::Null));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn exchange(address: &str, method: &str, host: &str, path: &str, body: &str) -> (String, String) {
    let mut connection = TcpStream::connect(address).expect("it listens when it says so");
    let length = body.len();
    write!(connection, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .expect("it reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

const INSTANCE: &str = "Hello from the instance";
const FUNCTION: &str = "\"Hello from the function\"";

#[test]
fn the_walkthrough_can_be_walked_through() {
    let served = Served::within("walkthrough");
    let listed = served.lattice("GET", "/services", &Value::Null);
    let host = listed["items"][0]["dnsEntry"]["domainName"].as_str().expect("a domain name").to_owned();
    let answers: Vec<_> = (0..30).map(|_| served.get(&host, "/").1).collect();
    let count = |wanted: &str| answers.iter().filter(|answer| *answer == wanted).count();
    assert_eq!((count(INSTANCE), count(FUNCTION)), (20, 10), "two thirds and one third: {answers:?}");
    assert_eq!(served.get(&host, "/to-instance").1, "Hello from the instance at path \"to-instance\"");
    assert_eq!(served.get(&host, "/to-function").1, FUNCTION);
    let (head, body) = served.get("nobody.example", "/");
    assert!(head.starts_with("HTTP/1.1 404") && body.contains("nobody.example"), "{head}\n{body}");
    let (head, _) = served.get(&format!("{host}:443"), "/");
    assert!(head.contains("\r\nx-amzn-lattice-target: ServiceArn=arn:aws:vpc-lattice:"), "{head}");
    assert!(head.contains(";ServiceNetworkArn=arn:aws:vpc-lattice:"), "{head}");
}

/// What whoever starts curl finds in the environment is enough.
#[test]
fn curl_finds_the_service_by_its_name_as_through_a_proxy() {
    let served = Served::within("walkthrough");
    let url = "http://my-service-03e92ee54968d87ca.7d67968.vpc-lattice-svcs.ap-northeast-1.on.aws/to-function";
    let (_, body) = exchange(served.address("ESPALIER_DATA_PLANE"), "GET", url.split('/').nth(2).unwrap_or_default(), url, "");
    assert_eq!(body, FUNCTION);
    let plane = &served.variables["ESPALIER_DATA_PLANE"];
    let told = Run::of(program("bash").args(["-c", "command -v curl || true"])).stdout;
    if !told.is_empty() {
        Run::of(program("curl").args(["--silent", "--proxy", plane, url])).ends_with(0).says(FUNCTION);
    }
}

/// The same by hand, in a world that knows nothing of it: an instance and a function answer who they are.
#[test]
fn what_is_made_by_hand_routes_like_what_was_there() {
    let served = Served::within("promoted");
    let group = |name: &str, kind: &str, config: Value, target: &str| {
        let body = json!({"name": name, "type": kind, "config": config});
        let made = served.lattice("POST", "/targetgroups", &body);
        let id = made["id"].as_str().expect("an id").to_owned();
        served.becomes("GET", &format!("/targetgroups/{id}"), "/status", "ACTIVE");
        let body = json!({ "targets": [{ "id": target }] });
        let registered = served.lattice("POST", &format!("/targetgroups/{id}/registertargets"), &body);
        assert_eq!(registered["unsuccessful"], json!([]), "{registered}");
        id
    };
    let config = json!({"port": 8080, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
    let instances = group("my-instances", "INSTANCE", config, "i-0123456789abcdef0");
    let arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:my-function";
    let functions = group("my-functions", "LAMBDA", Value::Null, arn);
    let service = served.lattice("POST", "/services", &json!({ "name": "my-service" }));
    let path = format!("/services/{}", service["id"].as_str().expect("an id"));
    served.becomes("GET", &path, "/status", "ACTIVE");
    let forward = |weights: &[(&str, u32)]| {
        let groups = weights.iter().map(|(id, weight)| json!({"targetGroupIdentifier": id, "weight": weight}));
        json!({ "forward": { "targetGroups": groups.collect::<Vec<_>>() } })
    };
    let action = forward(&[(&instances, 20), (&functions, 10)]);
    let listener = json!({"name": "https", "protocol": "HTTPS", "defaultAction": action});
    let listener = served.lattice("POST", &format!("{path}/listeners"), &listener);
    let rules = format!("{path}/listeners/{}/rules", listener["id"].as_str().expect("an id"));
    for (name, priority, group) in [("to-instance", 10, &instances), ("to-function", 20, &functions)] {
        let matching = json!({"httpMatch": {"pathMatch": {"match": {"exact": format!("/{name}")}}}});
        let rule = json!({"name": name, "priority": priority, "match": matching, "action": forward(&[(group, 100)])});
        served.lattice("POST", &rules, &rule);
    }
    served.becomes("POST", &format!("/targetgroups/{instances}/listtargets"), "/items/0/status", "HEALTHY");
    let host = service["dnsEntry"]["domainName"].as_str().expect("a domain name");
    let who = |path: &str| {
        let (_, body) = served.get(host, path);
        let told: Value = serde_json::from_str(&body).unwrap_or_default();
        told["target_group"].as_str().unwrap_or_default().to_owned()
    };
    // The propagation delay, 30 s, is over in a moment.
    assert!((0..20_000).any(|_| who("/to-function") == "my-functions"));
    assert_eq!(who("/to-instance"), "my-instances");
    let answers: Vec<_> = (0..30).map(|_| who("/")).collect();
    let count = |wanted: &str| answers.iter().filter(|answer| *answer == wanted).count();
    assert_eq!((count("my-instances"), count("my-functions")), (20, 10), "{answers:?}");
}
