use serde_json::{Value, json};

use super::*;

fn file() -> State {
    let instance = |key: Value, id: &str| json!({"index_key": key, "attributes": {"id": id, "tags": {"a.b": "c"}}});
    let resource = |module: &str, mode: &str, kind: &str, name: &str, instances: Value| {
        let mut resource = json!({"mode": mode, "type": kind, "name": name, "instances": instances});
        if !module.is_empty() {
            resource["module"] = module.into();
        }
        resource
    };
    let one = |attributes: Value| json!([{"attributes": attributes}]);
    let state = json!({
        "version": 4, "terraform_version": "1.9.5", "serial": 7,
        "outputs": {
            "arn": {"value": "arn:out", "type": "string"},
            "password": {"value": "hunter2", "type": "string", "sensitive": true},
            "map": {"value": {"x": [1, 2]}, "type": ["object", {}]},
        },
        "resources": [
            resource("", "managed", "aws_lb", "m", one(json!({"arn": "arn:m"}))),
            resource("", "managed", "aws_lb", "main", one(json!({"arn": "arn:main", "subnets": ["s-1", "s-2"], "dns_name": null}))),
            resource("module.web[\"x\"]", "managed", "aws_lb", "main", one(json!({"arn": "arn:web"}))),
            resource("", "data", "aws_vpc", "main", one(json!({"id": "vpc-1"}))),
            resource("", "managed", "aws_subnet", "az", json!([instance(json!("a"), "subnet-a"), instance(json!("b"), "subnet-b")])),
            resource("", "managed", "aws_subnet", "n", json!([instance(json!(1), "subnet-1"), instance(json!(0), "subnet-0")])),
        ],
    });
    State::read(&state.to_string()).expect("a state")
}

fn at(state: &State, address: &str) -> Result<Value, String> {
    state.lookup(address).map(|found| found.value)
}

#[test]
fn addresses_lead_to_attributes() {
    let state = file();
    let cases = [
        ("aws_lb.main.arn", json!("arn:main")),
        ("aws_lb.m.arn", json!("arn:m")),
        ("aws_lb.main.subnets[1]", json!("s-2")),
        ("module.web[\"x\"].aws_lb.main.arn", json!("arn:web")),
        ("data.aws_vpc.main.id", json!("vpc-1")),
        ("aws_subnet.az[\"b\"].id", json!("subnet-b")),
        ("aws_subnet.az['b'].tags['a.b']", json!("c")),
        ("aws_subnet.az.[\"b\"].id", json!("subnet-b")),
        ("aws_subnet.n[0].id", json!("subnet-0")),
        ("output.arn", json!("arn:out")),
        ("output.map.x[0]", json!(1)),
        ("aws_lb.m", json!({"arn": "arn:m"})),
    ];
    for (address, expected) in cases {
        assert_eq!(at(&state, address), Ok(expected), "{address}");
    }
    let all = at(&state, "aws_subnet.az").expect("all of them");
    assert_eq!((&all["a"]["id"], &all["b"]["id"]), (&json!("subnet-a"), &json!("subnet-b")));
    assert_eq!(at(&state, "aws_subnet.n").expect("all of them")[0]["id"], "subnet-0");
    let is_secret = |address: &str| state.lookup(address).map(|found| found.is_secret);
    assert_eq!((is_secret("output.password"), is_secret("output.arn")), (Ok(true), Ok(false)));
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let state = file();
    let cases = [
        ("aws_lb.mian.arn", "the state has nothing at aws_lb.mian.arn; did you mean aws_lb.main?"),
        ("aws_lb.main.arm", "aws_lb.main.arm has no `arm`; did you mean `arn`?"),
        ("aws_lb.main.subnets[7]", "aws_lb.main.subnets[7] has no element 7"),
        ("aws_lb.main.dns_name", "aws_lb.main.dns_name is null"),
        ("aws_subnet.az[\"c\"].id", "aws_subnet.az has no instance \"c\"; there are \"a\", \"b\""),
        ("output.nothing", "the state has no output `nothing`; it has `arn`, `password` and `map`"),
        ("aws_lb.main.", "`.` has a point without a name after it"),
        ("aws_lb.main[\"x", "`[\"x` has a `[` that is never closed"),
    ];
    for (address, expected) in cases {
        assert_eq!(at(&state, address), Err(expected.to_owned()), "{address}");
    }
}

#[test]
fn what_terraform_prints_is_a_state_as_well() {
    let shown = json!({
        "format_version": "1.0", "terraform_version": "1.9.5",
        "values": {
            "outputs": {"arn": {"sensitive": false, "type": "string", "value": "arn:out"}},
            "root_module": {
                "resources": [
                    {"address": "aws_lb.main", "mode": "managed", "type": "aws_lb", "name": "main", "values": {"arn": "arn:main"}},
                    {"address": "data.aws_vpc.v", "mode": "data", "type": "aws_vpc", "name": "v", "values": {"id": "vpc-1"}},
                ],
                "child_modules": [{
                    "address": "module.web",
                    "resources": [{"address": "module.web.aws_lb.l[\"a\"]", "mode": "managed", "type": "aws_lb", "name": "l", "index": "a",
                                   "values": {"arn": "arn:web"}}],
                }],
            },
        },
    });
    let state = State::read(&shown.to_string()).expect("a state");
    for (address, expected) in [
        ("aws_lb.main.arn", "arn:main"),
        ("data.aws_vpc.v.id", "vpc-1"),
        ("module.web.aws_lb.l[\"a\"].arn", "arn:web"),
        ("output.arn", "arn:out"),
    ] {
        assert_eq!(at(&state, address), Ok(json!(expected)), "{address}");
    }
    let outputs = json!({"arn": {"sensitive": false, "type": "string", "value": "arn:out"}});
    assert_eq!(at(&State::read(&outputs.to_string()).expect("outputs"), "output.arn"), Ok(json!("arn:out")));
}

#[test]
fn what_is_no_state_is_told() {
    let error = |text: &str| State::read(text).expect_err("no state");
    assert!(error("{").starts_with("it is not JSON"));
    assert_eq!(error("[]"), "it is not a JSON object");
    assert!(error(r#"{"version": 3}"#).contains("only version 4"));
    assert!(error(r#"{"name": "x"}"#).starts_with("it is neither"));
    assert_eq!(
        at(&State::read("{}").expect("no outputs"), "output.x"),
        Err("the state has no output `x`; it has none".to_owned())
    );
}
