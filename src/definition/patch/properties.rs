//! What holds for any JSON at all: patching survives it, touches nothing else, and is done after once.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{PatchRequest, Seen, patch};
use crate::definition::{
    casing::{Definition, canonical},
    filter::{self, Bindings},
    finding::Given,
    read::Document,
    write::write,
};

const GROUP: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-0b000000000000000";

/// Names that mean something here, in more than one case, and names that do not.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "vpcLatticeConfigurations", "VpcLatticeConfigurations", "vpcLatticeConfiguration", "portName", "PortName", "roleArn", "targetGroupArn",
            "serviceName", "ServiceName", "serviceConnectConfiguration", "services", "containerName", "containerPort", "enabled", "tags", "options",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Zé\"\\\\ ]{0,6}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        prop_oneof![
            Just("http".to_owned()),
            Just(GROUP.to_owned()),
            Just("arn:aws:iam::123456789012:role/r".to_owned()),
            ".{0,8}"
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Any value, or one that looks more like a definition.
fn definition() -> impl Strategy<Value = Value> {
    let entry = prop_oneof![
        Just(json!({"portName": "http", "roleArn": "arn:r", "targetGroupArn": GROUP})),
        Just(json!({"portName": "admin"})),
        value()
    ];
    let like =
        (prop::collection::vec((name(), value()), 0..5), prop::collection::vec(entry, 0..3)).prop_map(|(members, entries)| {
            let mut object: Map<String, Value> = members.into_iter().collect();
            object.insert("vpcLatticeConfigurations".to_owned(), entries.into());
            Value::Object(object)
        });
    prop_oneof![1 => value(), 3 => like]
}

fn request(document: &Document) -> PatchRequest<'_> {
    PatchRequest {
        service_definition: document,
        task_definition: None,
        target_group: Some(Given::new(GROUP, "--target-group")),
        infrastructure_role: Some(Given::new("ecsInfrastructureRole", "--infrastructure-role")),
        port_name: Some(Given::new("http", "--port-name")),
        ecs_service: None,
        filters: Vec::new(),
        seen: Seen::default(),
    }
}

fn without_lattice(document: &Document) -> Value {
    let mut value = document.root.to_json();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !name.starts_with("vpcLatticeConfiguration"));
    }
    value
}

/// What the built-in edit is said to be, by jaq.
fn by_filter(document: &Document) -> String {
    let object = |text: &str| Document::read("b", text.as_bytes()).expect("JSON").root.value;
    let lattice = json!({"role_arn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole", "target_group_arn": GROUP, "port_name": "http"});
    let bindings = Bindings { lattice: object(&lattice.to_string()), env: object("{}"), git: object("{}") };
    let value =
        filter::run(&Given::new(include_str!("put.jq"), "put.jq"), &document.root.value, &bindings).expect("a definition");
    write(document, &value)
}

proptest! {
    #[test]
    fn any_json_is_survived_and_nothing_else_is_touched(value in definition(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let read = Document::read("f.json", text.as_bytes()).expect("JSON");
        let Ok(document) = canonical(read, Definition::Service) else { return Ok(()) };
        match patch(&request(&document)) {
            Err(findings) => prop_assert!(!findings.is_empty()),
            Ok(patched) => {
                prop_assert_eq!(without_lattice(&document), without_lattice(&patched.document));
                prop_assert_eq!(patched.changed, patched.document.text != text);
                prop_assert_eq!(&patched.document.text, &by_filter(&document));
                let again = patch(&request(&patched.document)).expect("what was patched can be");
                prop_assert!(!again.changed, "{}\n{}", patched.document.text, again.document.text);
            }
        }
    }
}
