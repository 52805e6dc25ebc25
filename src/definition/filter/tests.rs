//! What a filter may do, and how it is told what it may not.

use super::{Bindings, run};
use crate::definition::{finding::Given, read::Document};

fn filtered(filter: &str, input: &str) -> Result<String, String> {
    let document = Document::read("f", input.as_bytes()).expect("JSON");
    let value = |text: &str| Document::read("b", text.as_bytes()).expect("JSON").root.value;
    let bindings = Bindings {
        lattice: value(r#"{"target_group_arn":"tg"}"#),
        env: value(r#"{"TAG":"v1"}"#),
        git: value(r#"{"sha":"4f2b"}"#),
    };
    run(&Given::new(filter, "--jq"), &document.root.value, &bindings)
        .map(|value| crate::definition::write::write(&document, &value))
        .map_err(|findings| findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn values_that_are_not_touched_keep_their_digits() {
    let input = r#"{"a": 12345678901234567890, "b": 1.50, "c": -0, "d": 1E2, "e": 0.1000000000000000055511151231257827}"#;
    assert_eq!(filtered(".", input).as_deref(), Ok(input));
    let rest = r#"{"b": 1.50, "c": -0, "d": 1E2, "e": 0.1000000000000000055511151231257827, "f": 1.50}"#;
    assert_eq!(filtered("del(.a) | .f = .b", input).as_deref(), Ok(rest));
}

#[test]
fn the_standard_definitions_are_there() {
    for filter in [
        "with_entries(.)",
        "walk(.)",
        ".a |= tostring",
        "to_entries | from_entries",
        ".b = (@base64 \"\\(.a)\")",
        "if has(\"a\") then . else empty end",
        ".b = ([1,2] | add)",
        ".b = ([1,[2]] | flatten)",
        ".b = (\"x-1\" | test(\"^x\"))",
        ".b = (\"x-1\" | sub(\"x\"; \"y\"))",
        ".b = $lattice.target_group_arn",
        ".b = $env.TAG + $git.sha",
        ".b = (1 | debug)",
        ".b = (1 | debug(\"here\") | stderr)",
        ".b = ([3,1] | sort_by(.) | join(\",\"))",
        ".b = (try error(\"x\") catch .)",
        "reduce range(3) as $i (.; .b += $i)",
        "[.] | first",
        "..|=.",
        "if .a then . end",
        ".b = (\"1\"|tonumber)",
        "def f: .; f",
    ] {
        let result = filtered(filter, r#"{"a":1}"#);
        assert!(result.is_ok(), "{filter}: {result:?}");
    }
}

/// The reader takes whatever a filter may yield.
#[test]
fn nesting_is_bounded_where_the_readers_is() {
    let nested = |levels: u32| filtered(&format!(".a = (reduce range({levels}) as $i ([]; [.]))"), "{}");
    let deepest = nested(126).expect("as deep as can be");
    assert!(Document::read("f", deepest.as_bytes()).is_ok());
    assert!(nested(127).is_err());
}

#[test]
fn mistakes_point_into_the_filter() {
    for (filter, told) in [
        (".a = (1", "--jq:1:8: a closing parenthesis is missing before the end in the filter `.a = (1`"),
        (".a = ", "--jq:1:6: `term` is missing before the end in the filter `.a =`"),
        (".a\n| frist", "--jq:2:3: unknown filter `frist` in the filter `| frist`"),
        (".a = $latice", "--jq:1:6: unknown variable `$latice` in the filter `.a = $latice`"),
        (".a = env.HOME", "--jq:1:6: unknown filter `env` in the filter `.a = env.HOME`"),
        (".a = now", "--jq:1:6: unknown filter `now` in the filter `.a = now`"),
        ("input", "--jq:1:1: unknown filter `input` in the filter `input`"),
        ("halt", "--jq:1:1: unknown filter `halt` in the filter `halt`"),
        (
            "import \"x\" as x; .",
            "--jq:1:9: the module `x` cannot be loaded: filters have no modules here in the filter `import \"x\" as x; .`",
        ),
        ("., .", "--jq: the filter yields 2 values, it must yield exactly one object"),
        ("repeat(.)", "--jq: the filter yields 1000 or more values, it must yield exactly one object"),
        ("empty", "--jq: the filter yields nothing, it must yield exactly one object"),
        (".a", "--jq: the filter yields 1, not an object"),
        (".a.b", "--jq: the filter fails: cannot index 1 with \"b\""),
        (".a = (reduce range(200) as $i (.; [.]))", "--jq: the filter yields more than 128 levels of nesting"),
        (".a = nan", "--jq: the filter yields the number NaN"),
        ("{(1|tojson): 1} | .[\"1\"] = infinite", "--jq: the filter yields the number inf"),
    ] {
        assert_eq!(filtered(filter, r#"{"a":1}"#).expect_err(filter), told);
    }
}
