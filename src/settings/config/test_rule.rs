//! `lattice.test_rule`: which requests reach the candidate while a release runs, whatever the weights say.

use super::reader::Reader;
use crate::settings::{
    types::TestRule,
    yaml::{self, Node, Tree},
};

/// The most headers that a rule matches (service model, `HeaderMatchList`).
const MOST_HEADERS: usize = 5;
const EXAMPLE: &str = "write `test_rule: { header: { x-espalier-test: \"1\" } }`";

/// The rule, as far as it can be one.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<TestRule> {
    let before = reader.findings.len();
    let (mut headers, mut path, mut rules_per_listener) = (None, None, None);
    for (key, value) in reader.entries(node, "lattice.test_rule.", &["header", "path", "rules_per_listener"]) {
        match key {
            "header" => headers = Some(self::headers(reader, value)),
            "rules_per_listener" => rules_per_listener = quota(reader, value),
            _ => path = reader.text(value, key).map(|given| (given.text, value)),
        }
    }
    if let Some((text, at)) = &path {
        let fits = |character: char| character.is_ascii_alphanumeric() || "@:%_+.~#?&/=-".contains(character);
        if !text.starts_with('/') || text.len() > 200 || !text.chars().all(fits) {
            let hint = "write the start of a path, such as `/api`, in up to 200 of the characters that URLs have";
            reader.refuse(yaml::place(*at), format!("`{text}` is not the start of a path"), hint);
        }
    }
    if headers.is_none() && reader.findings.len() == before {
        // Without one every request would be a test request.
        reader.refuse(yaml::place(node), "`lattice.test_rule` needs a header", EXAMPLE);
    }
    let rule = TestRule { headers: headers?, path: path.map(|(text, _)| text), rules_per_listener };
    (reader.findings.len() == before).then_some(rule)
}

fn quota(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let given = reader.text(node, "rules_per_listener")?;
    let most = given.text.parse().ok().filter(|most| *most > 0);
    if most.is_none() {
        let hint = "write what Service Quotas says of \"Rules per listener\", such as `25`";
        reader.refuse(yaml::place(node), format!("`{}` is not a number of rules", given.text), hint);
    }
    most
}

fn headers(reader: &mut Reader<'_>, node: &Node) -> Vec<(String, String)> {
    let Tree::Map(map) = &node.value else {
        reader.refuse(yaml::place(node), "`header` is a map of names and values", EXAMPLE);
        return Vec::new();
    };
    if map.is_empty() || map.len() > MOST_HEADERS {
        let message = format!("`header` has {} headers", map.len());
        reader.refuse(yaml::place(node), message, format!("a Lattice rule matches 1 to {MOST_HEADERS}"));
    }
    let mut headers = Vec::new();
    for (name, value) in map {
        let is_name = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
        if name.value.is_empty() || name.value.len() > 40 || !name.value.chars().all(is_name) {
            reader.refuse(
                yaml::place(name),
                format!("`{}` is not the name of a header", name.value),
                "write one of up to 40 characters, such as `x-espalier-test`",
            );
        }
        if let Some(given) = reader.text(value, &name.value) {
            if given.text.len() > 200 {
                reader.refuse(
                    yaml::place(value),
                    format!("the value of `{}` is too long", name.value),
                    "a Lattice rule matches up to 200 characters",
                );
            }
            headers.push((name.value.to_ascii_lowercase(), given.text));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use crate::settings::{config::Config, types::TestRule};

    #[test]
    fn a_test_rule_has_headers_and_maybe_a_path() {
        let text = "lattice: { test_rule: { header: { X-Test: \"1\", x-b: two }, path: /api, rules_per_listener: 25 } }";
        let rule = Config::parse("e.yml", text).expect("a config").test_rule;
        let headers = vec![("x-test".to_owned(), "1".to_owned()), ("x-b".to_owned(), "two".to_owned())];
        assert_eq!(rule, Some(TestRule { headers, path: Some("/api".to_owned()), rules_per_listener: Some(25) }));
    }

    #[test]
    fn what_is_wrong_with_a_test_rule_is_told_with_its_place() {
        for (text, told) in [
            ("{}", "e.yml:1:23: `lattice.test_rule` needs a header"),
            ("{ header: x }", "e.yml:1:33: `header` is a map of names and values"),
            ("{ header: {} }", "e.yml:1:33: `header` has 0 headers"),
            ("{ header: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 } }", "e.yml:1:33: `header` has 6 headers"),
            ("{ header: { \"a b\": 1 } }", "e.yml:1:35: `a b` is not the name of a header"),
            ("{ header: { a: 1 }, path: api }", "e.yml:1:49: `api` is not the start of a path"),
            ("{ header: { a: 1 }, rules_per_listener: many }", "e.yml:1:63: `many` is not a number of rules"),
            ("{ headers: { a: 1 } }", "e.yml:1:25: unknown key `lattice.test_rule.headers`"),
        ] {
            let findings = Config::parse("e.yml", &format!("lattice: {{ test_rule: {text} }}")).expect_err(text);
            assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [told], "{text}");
        }
    }
}
