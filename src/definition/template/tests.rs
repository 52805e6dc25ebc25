use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn plugin(kind: PluginKind, prefix: &str) -> Plugin {
    Plugin { kind, prefix: prefix.to_owned(), from: "ecspresso.yml:7:5".to_owned() }
}

fn functions() -> Functions {
    let state = |path: &str| PluginKind::Terraform { state: path.to_owned(), optional: false };
    let external = PluginKind::External {
        name: "answer".to_owned(),
        command: vec!["./answer".to_owned()],
        arguments: 1,
        json: false,
        timeout: None,
    };
    let plugins = [
        plugin(state("terraform.tfstate"), ""),
        plugin(state("other.tfstate"), "other_"),
        plugin(PluginKind::CloudFormation, ""),
        plugin(external, ""),
    ];
    Functions::of(&plugins).expect("no two names are the same")
}

fn address(state: &str, address: &str) -> Reference {
    Reference::Terraform { state: state.to_owned(), address: address.to_owned(), optional: false }
}

fn answers() -> BTreeMap<Reference, Answer> {
    let found = |value| Ok(Found { value, is_secret: false });
    let parameter = |name: &str| Reference::Parameter { name: name.to_owned() };
    [
        (address("terraform.tfstate", "aws_lb.main.arn"), found(json!("arn:lb"))),
        (address("terraform.tfstate", r#"aws_subnet.az["a"].id"#), found(json!("subnet-a"))),
        (address("other.tfstate", "output.ids"), found(json!({"a": [1, 2]}))),
        (parameter("/plain"), found(json!("plain"))),
        (parameter("/list"), found(json!(["one", "two"]))),
        (parameter("/password"), Ok(Found { value: json!("hunter\"2"), is_secret: true })),
        (parameter("/gone"), Err("there is no such parameter".to_owned())),
    ]
    .into()
}

fn rendering(template: &str) -> Result<Rendering, Vec<String>> {
    let environment = [("TAG", "v1.2"), ("EMPTY", ""), ("API_TOKEN", "tok\"en"), ("N", "3")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let known = Known { environment: &environment, functions: &functions(), answers: &answers() };
    render("def.json", template, known).map_err(|findings| {
        let told = |finding: &crate::definition::Finding| match &finding.hint {
            Some(hint) => format!("{finding} | {hint}"),
            None => finding.to_string(),
        };
        findings.iter().map(told).collect()
    })
}

fn whole(template: &str) -> Rendered {
    match rendering(template) {
        Ok(Rendering::Whole(rendered)) => rendered,
        other => panic!("{template}: {other:?}"),
    }
}

#[test]
fn what_ecspressos_users_write_is_filled_in_as_go_does() {
    let cases = [
        ("plain text", "plain text"),
        (r#"{{ must_env "TAG" }}"#, "v1.2"),
        ("{{ must_env `TAG` }}", "v1.2"),
        ("{{must_env `EMPTY`}}|", "|"),
        ("{{ env `TAG` `latest` }}", "v1.2"),
        ("{{ env `UNSET` `latest` }}", "latest"),
        ("{{ env `EMPTY` `TAG` `latest` }}", "v1.2"),
        // The last argument is taken literally, also where it looks like a variable.
        ("{{ env `UNSET` }}", "UNSET"),
        (r#""{{ must_env `API_TOKEN` | json_escape }}""#, r#""tok\"en""#),
        ("{{ tfstate `aws_lb.main.arn` }}", "arn:lb"),
        ("{{ tfstate `aws_subnet.az['a'].id` }}", "subnet-a"),
        ("{{ tfstatef `aws_subnet.az['%s'].id` `a` }}", "subnet-a"),
        ("{{ other_tfstate `output.ids` }}", r#"{"a":[1,2]}"#),
        ("{{ ssm `/plain` }} {{ ssm `/list` }} {{ ssm `/list` 1 }}", "plain one,two two"),
        ("{{ or (env `UNSET` ``) (tfstate `aws_lb.main.arn`) }}", "arn:lb"),
        ("{{ and true `` `x` }}|{{ not `` }}", "|true"),
        ("a {{- /* gone */ -}} b", "ab"),
        ("a  {{- `x` -}}  b", "axb"),
        ("{{ $tag := must_env `TAG` }}{{ $tag }}-{{ $tag }}", "v1.2-v1.2"),
        ("{{ if eq (must_env `TAG`) `v1` `v1.2` }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if false }}a{{ else if env `EMPTY` `` }}b{{ else }}c{{ end }}", "c"),
        ("{{ if true }}a{{ else if true }}b{{ else }}c{{ end }}", "a"),
        ("{{ $x := `a` }}{{ if true }}{{ $x = `b` }}{{ end }}{{ $x }}", "b"),
        ("{{ printf `%s:%03d:%q:%v:%5.1f%%` `a` 7 `b` true 2.25 }}", "a:007:\"b\":true:  2.2%"),
        ("{{ print 1 2 `a` 3 }}", "1 2a3"),
        ("{{ len `four` }} {{ lt 1 2 }} {{ ge `b` `a` }} {{ ne 1 2 }}", "4 true true true"),
        (r#"{{ "tab\tquote\"é" }}"#, "tab\tquote\"é"),
        ("{{ nil | print }}", "<no value>"),
    ];
    for (template, expected) in cases {
        assert_eq!(whole(template).text, expected, "{template}");
    }
}

#[test]
fn what_is_not_known_yet_is_asked_for_all_at_once() {
    let template = "{{ ssm `/a` }} {{ secretsmanager_arn (ssm `/b`) }} {{ cfn_output `s` `k` }} {{ cfn_export `e` }} {{ answer `x` }}\
                    {{ tfstate `new.one` }} {{ or (ssm `/plain`) (ssm `/never`) }}";
    let Ok(Rendering::Lacking(lacking)) = rendering(template) else { panic!("nothing is lacking") };
    let lacking: Vec<_> = lacking.iter().map(ToString::to_string).collect();
    assert_eq!(
        lacking,
        [
            "new.one of the Terraform state terraform.tfstate",
            "the parameter /a",
            "the parameter /b",
            "the output k of the stack s",
            "the export e",
            "what `./answer x` prints",
        ]
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let cases: [(&str, &[&str]); 17] = [
        (
            "{{ must_env `NO` }}\n {{ must_env `NEITHER` }}",
            &[
                "def.json:1:4: the variable NO is not set | set it, also where this is run by hand: NO=…",
                "def.json:2:5: the variable NEITHER is not set | set it, also where this is run by hand: NEITHER=…",
            ],
        ),
        ("{{ musst_env `A` }}", &["def.json:1:4: there is no function `musst_env` | did you mean `must_env`?"]),
        ("{{ ssm `/gone` }}", &["def.json:1:4: the parameter /gone cannot be read: there is no such parameter"]),
        ("{{ ssm `/list` 7 }}", &["def.json:1:4: the parameter /list has no such value"]),
        ("{{ must_env }}", &["def.json:1:4: `must_env` takes 1 argument, not 0"]),
        ("{{ must_env 1 }}", &["def.json:1:4: `must_env` takes strings, not an integer"]),
        ("{{ `a` `b` }}", &["def.json:1:4: only a function takes arguments"]),
        ("{{ \"a }}", &["def.json:1:4: this string is never closed | strings in double quotes end on their own line"]),
        ("{{ env `A", &["def.json:1:8: this string is never closed"]),
        ("a {{ env `A`", &["def.json:1:3: this `{{` is never closed | close it with `}}`"]),
        ("{{ (env `A` }}", &["def.json:1:4: this `(` is never closed"]),
        (
            "{{ .Name }}",
            &[
                "def.json:1:4: `.Name` is nothing: templates of definitions have no data | take values with `must_env`, `env`, `ssm` or `tfstate`",
            ],
        ),
        (
            "{{ range $x := 1 }}{{ end }}",
            &[
                "def.json:1:1: `range` of Go's templates is not supported | render the file with ecspresso first: ecspresso render",
            ],
        ),
        ("{{ if true }}", &["def.json:1:1: this `if` has no `{{ end }}`"]),
        ("{{ end }}", &["def.json:1:1: this ends nothing: there is no `{{ if … }}` before it"]),
        ("{{ $x }}", &["def.json:1:4: the variable `$x` has no value | give it one before: `{{ $x := … }}`"]),
        ("{{}}", &["def.json:1:1: there is nothing between these braces"]),
    ];
    for (template, expected) in cases {
        assert_eq!(rendering(template), Err(expected.iter().map(|line| (*line).to_owned()).collect()), "{template}");
    }
}

#[test]
fn what_must_not_be_shown_is_known() {
    let rendered = whole("{{ ssm `/password` | json_escape }} {{ must_env `API_TOKEN` }} {{ must_env `TAG` }}");
    let secrets: Vec<_> = rendered.secrets.iter().map(String::as_str).collect();
    assert_eq!(secrets, ["hunter\"2", "hunter\\\"2", "tok\"en"]);
}

#[test]
fn a_place_in_the_text_is_one_in_the_template() {
    let template = "{\n  \"tag\": \"{{ must_env `TAG` }}\", \"next\": 1\n}";
    let rendered = whole(template);
    assert!(rendered.is_filled_in() && !whole("{}").is_filled_in());
    let place = |text: &str| {
        let place = rendered.place(template, rendered.text.find(text).expect("it is there"));
        (place.line, place.column)
    };
    assert_eq!((place("{"), place("\"tag"), place("v1.2"), place("next")), ((1, 1), (2, 3), (2, 11), (2, 35)));
}

#[test]
fn a_reference_without_a_state_is_about_the_one_that_tfstate_is_about() {
    assert_eq!(functions().terraform_states(), ["terraform.tfstate"]);
    let other = |path: &str, prefix: &str| plugin(PluginKind::Terraform { state: path.to_owned(), optional: false }, prefix);
    let both = Functions::of(&[other("a", "a_"), other("b", "b_")]).expect("they differ");
    assert_eq!(both.terraform_states(), ["a", "b"], "neither is the one");
}

#[test]
fn two_plugins_cannot_have_one_name() {
    let state = |path: &str| plugin(PluginKind::Terraform { state: path.to_owned(), optional: false }, "");
    let findings = Functions::of(&[state("a"), state("b")]).expect_err("both are tfstate");
    let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["ecspresso.yml:7:5: there is a function `tfstate` already", "ecspresso.yml:7:5: there is a function `tfstatef` already",]
    );
}
