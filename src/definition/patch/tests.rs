//! The seed's own files, and every way in which a patch is refused.

use super::{PatchRequest, Patched, Seen, Weighted, patch};
use crate::definition::{
    finding::{Finding, Given, Severity},
    read::Document,
};

const SERVICE: &str = include_str!("../../../tests/fixtures/seed/ecs-service-def.json");
const TASK: &str = include_str!("../../../tests/fixtures/seed/ecs-task-def.json");
const TARGET_GROUP: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567";

fn read(text: &str) -> Document {
    Document::read("service.json", text.as_bytes()).expect("JSON")
}

fn task() -> Document {
    Document::read("task.json", TASK.as_bytes()).expect("JSON")
}

fn request(document: &Document) -> PatchRequest<'_> {
    PatchRequest {
        service_definition: document,
        task_definition: None,
        target_group: None,
        infrastructure_role: Some(Given::new("ecsInfrastructureRole", "--infrastructure-role")),
        port_name: None,
        ecs_service: None,
        filters: vec![],
        seen: Seen::default(),
    }
}

fn told(result: Result<Patched, Vec<Finding>>) -> Vec<String> {
    result.expect_err("refused").iter().map(ToString::to_string).collect()
}

#[test]
fn the_seed_is_translated_and_nothing_else_changes() {
    let (document, task) = (read(SERVICE), task());
    let patched = patch(&PatchRequest { task_definition: Some(&task), ..request(&document) }).expect("patched");
    let (head, _) = SERVICE.split_once("  \"vpcLatticeConfiguration\"").expect("the seed has it");
    let expected = format!(
        "{head}  \"vpcLatticeConfigurations\": [\n    {{\n      \"roleArn\": \"arn:aws:iam::123456789012:role/ecsInfrastructureRole\",\n      \"targetGroupArn\": \"{TARGET_GROUP}\",\n      \"portName\": \"http\"\n    }}\n  ]\n}}\n"
    );
    assert_eq!(patched.document.text, expected);
    assert!(patched.changed);
    assert!(patched.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    let told: Vec<String> = patched.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "service.json:32:30: `vpcLatticeConfiguration` is not an ECS field, ECS has the list `vpcLatticeConfigurations`: translated into an entry of it",
            "service.json:34:19: `serviceArn` is left out: ECS registers tasks in the target group, and the Lattice service is found from that",
        ]
    );

    let again = patch(&PatchRequest { infrastructure_role: None, ..request(&patched.document) }).expect("patched again");
    assert!(!again.changed && again.warnings.is_empty());
    assert_eq!(again.document.text, patched.document.text);
    assert_eq!(again.lattice, patched.lattice);
}

#[test]
fn an_entry_of_the_same_port_is_updated_in_place() {
    let document = read(
        r#"{"vpcLatticeConfigurations": [{"portName": "admin", "roleArn": "r", "targetGroupArn": "x"}, {"advancedConfiguration": {"n": 1.0}, "portName": "http", "roleArn": "arn:aws:iam::123456789012:role/old", "targetGroupArn": "y"}]}"#,
    );
    let request = PatchRequest {
        target_group: Some(Given::new(TARGET_GROUP, "--target-group")),
        port_name: Some(Given::new("http", "--port-name")),
        infrastructure_role: None,
        ..request(&document)
    };
    let patched = patch(&request).expect("patched");
    assert_eq!(patched.document.text, document.text.replace("\"y\"", &format!("\"{TARGET_GROUP}\"")));
}

#[test]
fn switched_off_means_no_entry_unless_a_target_group_is_given() {
    let document = read(r#"{"serviceName": "s", "vpcLatticeConfiguration": {"enabled": false}}"#);
    let patched = patch(&request(&document)).expect("patched");
    assert_eq!((patched.document.text.as_str(), patched.lattice), (r#"{"serviceName": "s"}"#, None));
    assert!(patched.warnings.iter().any(|warning| warning.message.contains("leaves this ECS service out")));
    let on = PatchRequest {
        target_group: Some(Given::new(TARGET_GROUP, "--target-group")),
        port_name: Some(Given::new("http", "--port-name")),
        ..request(&document)
    };
    assert!(patch(&on).expect("patched").lattice.is_some());
}

#[test]
fn users_filters_run_after_ours_and_see_lattice() {
    let document = read(SERVICE);
    let filters = vec![
        Given::new(".x = .vpcLatticeConfigurations[0].portName", "--jq"),
        Given::new(".y = $lattice.service | del(.serviceConnectConfiguration)", "--jq"),
    ];
    let json = patch(&PatchRequest { filters, ..request(&document) }).expect("patched").document.root.to_json();
    assert_eq!((json["x"].as_str(), json["y"].as_str()), (Some("http"), Some("myservice")));
    assert!(json.get("serviceConnectConfiguration").is_none());

    let task =
        Document::read("t.json", br#"{"containerDefinitions": [{"portMappings": [{"name": "http", "containerPort": 8080}]}]}"#)
            .expect("a task");
    let service = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-1";
    let rules = vec![Weighted {
        arn: format!("{service}/listener/listener-1/rule/rule-1"),
        weights: vec![("tg-a".to_owned(), 100), ("tg-b".to_owned(), 0)],
    }];
    let seen = Seen { rules, ..Seen::default() };
    let filters = vec![Given::new(".x = [$lattice.port, $lattice.service_arn, $lattice.rules[0].weights[\"tg-a\"]]", "--jq")];
    let patched = patch(&PatchRequest { filters: filters.clone(), seen, task_definition: Some(&task), ..request(&document) });
    assert_eq!(patched.expect("patched").document.root.to_json()["x"], serde_json::json!([8080, service, 100]));
    let unasked = patch(&PatchRequest { filters, ..request(&document) }).expect("patched").document.root.to_json();
    assert_eq!(unasked["x"], serde_json::json!([null, null, null]), "nothing is known where nothing was asked");

    let filters = vec![Given::new("del(.vpcLatticeConfigurations)", "--jq")];
    assert_eq!(patch(&PatchRequest { filters, ..request(&document) }).expect("patched").lattice, None);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let document = read(r#"{"serviceName": "s"}"#);
    let nothing = PatchRequest { infrastructure_role: None, ..request(&document) };
    assert_eq!(
        told(patch(&nothing)),
        [
            "service.json: no port name: the definition does not say which port receives the traffic",
            "service.json: no target group: neither a flag nor the definition names one",
            "service.json: no infrastructure role: ECS needs one to register tasks in a target group",
        ]
    );
}

#[test]
fn a_port_that_is_not_there_lists_those_that_are() {
    let (document, task) = (read(SERVICE), task());
    let port_name = Some(Given::new("web", "--port-name"));
    assert_eq!(
        told(patch(&PatchRequest { port_name, task_definition: Some(&task), ..request(&document) })),
        ["--port-name: no port mapping in task.json has the name `web`; the names there are: `http`"]
    );

    let bare = read(&format!(r#"{{"vpcLatticeConfiguration": {{"targetGroupArn": "{TARGET_GROUP}"}}}}"#));
    let two = Document::read("t.json", br#"{"containerDefinitions": [{"portMappings": [{"name": "a"}, {"name": "b"}, {}]}]}"#)
        .expect("JSON");
    assert_eq!(
        told(patch(&PatchRequest { task_definition: Some(&two), ..request(&bare) })),
        ["service.json: which port receives the traffic? There are `a` and `b`"]
    );
    let none =
        Document::read("t.json", br#"{"taskDefinition": {"containerDefinitions": [{"portMappings": [{"containerPort": 80}]}]}}"#)
            .expect("JSON");
    assert_eq!(
        told(patch(&PatchRequest { task_definition: Some(&none), ..request(&bare) })),
        ["t.json: no port mapping has a name, and Lattice needs one"]
    );
}

#[test]
fn a_malformed_arn_is_told_where_it_stands() {
    let document = read(
        "{\n  \"serviceConnectConfiguration\": {\"services\": [{\"portName\": \"http\"}]},\n  \"vpcLatticeConfiguration\": {\"targetGroupArn\": \"tg-1\"}\n}",
    );
    let told = told(patch(&request(&document)));
    assert!(told[0].starts_with("service.json:3:49: `tg-1` is not the ARN of a VPC Lattice target group"), "{told:?}");
}

#[test]
fn contradictions_are_refused() {
    for (text, message) in [
        ("[]", "service.json:1:1: a service definition is an object, this is an array"),
        (
            r#"{"vpcLatticeConfigurations": {}}"#,
            "service.json:1:30: `vpcLatticeConfigurations` is a list of {roleArn, targetGroupArn, portName}, this is an object",
        ),
        (
            r#"{"vpcLatticeConfigurations": [{}]}"#,
            "service.json:1:31: this entry of `vpcLatticeConfigurations` has no `portName`",
        ),
        (
            r#"{"vpcLatticeConfiguration": 1}"#,
            "service.json:1:29: `vpcLatticeConfiguration` is not an ECS field, and a number cannot be translated into one",
        ),
        (
            r#"{"vpcLatticeConfigurations": [{"portName": "a"}, {"portName": "b"}]}"#,
            "service.json:1:31: `vpcLatticeConfigurations` has 2 entries that could be meant, for the ports `a` and `b`",
        ),
        (
            r#"{"vpcLatticeConfigurations": [{"portName": "a", "targetGroupArn": "x"}], "vpcLatticeConfiguration": {"targetGroupArn": "y"}}"#,
            "service.json:1:120: `vpcLatticeConfiguration` and `vpcLatticeConfigurations` name different target groups",
        ),
    ] {
        let told = told(patch(&request(&read(text))));
        assert_eq!(told[0], message);
    }
}

#[test]
fn another_account_or_region_is_a_warning() {
    let (document, task) = (read(SERVICE), task());
    let target_group = Some(Given::new(TARGET_GROUP.replace("123456789012", "210987654321"), "--target-group"));
    let patched = patch(&PatchRequest { target_group, task_definition: Some(&task), ..request(&document) }).expect("patched");
    assert!(
        patched.warnings.iter().any(|warning| {
            warning.to_string().starts_with("task.json:19:23: ")
                && warning.message.ends_with("in the account 123456789012, the target group in 210987654321")
        }),
        "{:?}",
        patched.warnings
    );
}

#[test]
fn containers_and_ports_are_taken_for_the_names_of_ports() {
    let entry =
        |entry: &str| read(&format!(r#"{{"vpcLatticeConfigurations": [{{"targetGroupArn": "{TARGET_GROUP}", {entry}}}]}}"#));
    let task = task();
    let document = entry(r#""containerName": "web", "containerPort": 80"#);
    let patched = patch(&PatchRequest { task_definition: Some(&task), ..request(&document) }).expect("patched");
    let json = patched.document.root.to_json();
    let list = &json["vpcLatticeConfigurations"];
    assert_eq!(
        (&list[0]["portName"], &list[0]["containerName"], list.as_array().map(Vec::len)),
        (&"http".into(), &serde_json::Value::Null, Some(1))
    );
    assert_eq!(
        patched.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "service.json:1:31: `vpcLatticeConfigurations` has no `containerName` and `containerPort`, it names ports: taken for `\"portName\": \"http\"`",
        ]
    );
    let refused = |entry_text: &str, task: Option<&Document>| {
        let document = entry(entry_text);
        told(patch(&PatchRequest { task_definition: task, ..request(&document) }))
    };
    assert!(
        refused(r#""containerName": "web", "containerPort": 81"#, Some(&task))[0]
            .contains("no port mapping in task.json is port 81 of the container `web`")
    );
    assert!(refused(r#""containerPort": 80"#, None)[0].contains("which port mapping is port 80?"));
}
