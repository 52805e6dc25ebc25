use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::definition::template::{Answer, Found, Functions, Known, Plugin, PluginKind, Reference};

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn evaluated(text: &str) -> Result<Evaluated, String> {
    let plugin = |kind| Plugin { kind, prefix: String::new(), from: "ecspresso.yml:1:1".to_owned() };
    let functions = Functions::of(&[
        plugin(PluginKind::Terraform { state: "s".to_owned(), optional: false }),
        plugin(PluginKind::CloudFormation),
    ])
    .expect("they differ");
    let answers: BTreeMap<Reference, Answer> = [
        (
            Reference::Terraform { state: "s".to_owned(), address: "aws_subnet.all".to_owned(), optional: false },
            Ok(Found { value: json!([{"id": "subnet-1"}, {"id": "subnet-2"}]), is_secret: false }),
        ),
        (Reference::Parameter { name: "/db".to_owned() }, Ok(Found { value: json!("hunter2"), is_secret: true })),
        (Reference::Parameter { name: "/list".to_owned() }, Ok(Found { value: json!(["a", "b"]), is_secret: false })),
        (Reference::Parameter { name: "/gone".to_owned() }, Err("there is no such parameter".to_owned())),
    ]
    .into();
    let environment = owned([("TAG", "v1"), ("EMPTY", "")]);
    let files = [("dir/lib/base.libsonnet".to_owned(), b"{ family: 'web', cpu:: 256 }".to_vec())].into();
    let inputs = Inputs {
        known: Known { environment: &environment, functions: &functions, answers: &answers },
        files: &files,
        texts: &owned([("env", "prod")]),
        codes: &owned([("count", "1 + 2")]),
    };
    evaluate("dir/def.jsonnet", text, inputs).map_err(|finding| finding.to_string())
}

fn json_of(text: &str) -> serde_json::Value {
    match evaluated(text) {
        Ok(Evaluated::Whole { text, .. }) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn natives_variables_and_imports_give_what_ecspressos_give() {
    let cases = [
        ("std.native('must_env')('TAG')", json!("v1")),
        ("std.native('env')('TAG', 'latest')", json!("v1")),
        ("std.native('env')('EMPTY', 'latest')", json!("latest")),
        ("std.native('ssm')('/list')", json!("a,b")),
        ("std.native('ssm_list')('/list', 1)", json!("b")),
        ("[subnet.id for subnet in std.native('tfstate')('aws_subnet.all')]", json!(["subnet-1", "subnet-2"])),
        ("std.extVar('env')", json!("prod")),
        ("std.extVar('count')", json!(3)),
        (
            "(import 'lib/base.libsonnet') { image: 'web:' + std.native('must_env')('TAG') }",
            json!({"family": "web", "image": "web:v1"}),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(json_of(text), expected, "{text}");
    }
    let Ok(Evaluated::Whole { secrets, .. }) = evaluated("std.native('ssm')('/db')") else { panic!("it is known") };
    assert_eq!(secrets.into_iter().collect::<Vec<_>>(), ["hunter2"]);
}

#[test]
fn what_is_missing_is_asked_for() {
    let text = "{ a: std.native('cfn_output')('s', 'k'), b: std.native('secretsmanager_arn')('x') }";
    let Ok(Evaluated::Lacking { references, files }) = evaluated(text) else { panic!("nothing lacks") };
    let references: Vec<_> = references.iter().map(ToString::to_string).collect();
    assert_eq!((references, files.len()), (vec!["the secret x".to_owned(), "the output k of the stack s".to_owned()], 0));
    let Ok(Evaluated::Lacking { files, .. }) = evaluated("import '../other.libsonnet'") else { panic!("nothing lacks") };
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["dir/../other.libsonnet"]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let cases = [
        ("{\n  a: b,\n}", "dir/def.jsonnet:2:6: there is no variable `b`"),
        ("{ a: 1,, }", "dir/def.jsonnet:1:8: here stands comma, where Jsonnet wants "),
        ("{ a: 'x }", "dir/def.jsonnet:1:6: unfinished string"),
        ("error 'no port for ' + 'web'", "dir/def.jsonnet:1:1: no port for web"),
        ("{ a: std.native('must_env')('NO') }", "dir/def.jsonnet:1:6: `std.native('must_env')`: the variable NO is not set"),
        ("std.native('ssm')('/gone')", "`std.native('ssm')`: the parameter /gone cannot be read: there is no such parameter"),
        ("std.extVar('nobody')", "nothing says `nobody`: give it with `--ext-str nobody=…`"),
        ("({}).name", "there is no field `name`"),
        ("[1][7]", "numeric index out of range"),
        ("local f(x) = f(x); f(1)", "stack overflow"),
    ];
    for (text, expected) in cases {
        let error = evaluated(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}
