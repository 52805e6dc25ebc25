//! What would change, for people and programs: both sides of it, as a unified diff and as a JSON patch.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};
use similar::{
    DiffOp,
    algorithms::{Capture, Compact, Replace, myers},
    group_diff_ops,
    udiff::UnifiedHunkHeader,
};

use super::compare::Difference;

/// A definition as it is and as it would be, with nothing on the one side that the other does not speak of.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What it is, such as `task definition myservice:41`.
    pub name: String,
    /// What runs, as far as the file speaks of it; null where nothing runs.
    pub before: Value,
    /// What the file says.
    pub after: Value,
    /// Where they differ.
    pub differences: Vec<Difference>,
}

impl Change {
    /// From what the file says and where what runs differs. `secrets` in either are masked.
    #[must_use]
    pub fn new(name: String, given: &Value, differences: Vec<Difference>, secrets: &BTreeSet<String>) -> Self {
        let mut before = given.clone();
        for difference in &differences {
            replace(&mut before, &difference.pointer, difference.described.clone());
        }
        let mask = |value: &Value| masked(value, secrets);
        let differences = differences.into_iter().map(|difference| Difference {
            given: mask(&difference.given),
            described: difference.described.as_ref().map(mask),
            ..difference
        });
        Self { name, before: mask(&before), after: mask(given), differences: differences.collect() }
    }

    /// Whether anything would change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// A unified diff with three lines around each change; empty where nothing would change.
    #[must_use]
    pub fn unified(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let pretty = |value: &Value| if value.is_null() { String::new() } else { format!("{value:#}\n") };
        let (before, after) = (pretty(&self.before), pretty(&self.after));
        let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let mut unified = format!("--- {} (runs)\n+++ the file", self.name);
        for hunk in group_diff_ops(differing_lines(&before, &after), 3) {
            write!(unified, "\n{}", UnifiedHunkHeader::new(&hunk)).expect("a text takes everything");
            for change in hunk.iter().flat_map(|lines| lines.iter_changes(&before[..], &after[..])) {
                write!(unified, "\n{}{}", change.tag(), change.value()).expect("a text takes everything");
            }
        }
        unified
    }

    /// A JSON patch (RFC 6902) from what runs to what the file says.
    #[must_use]
    pub fn patch(&self) -> Value {
        let operation = |difference: &Difference| match (&difference.given, &difference.described) {
            (Value::Null, Some(_)) => json!({"op": "remove", "path": difference.pointer}),
            (given, None) => json!({"op": "add", "path": difference.pointer, "value": given}),
            (given, Some(_)) => json!({"op": "replace", "path": difference.pointer, "value": given}),
        };
        self.differences.iter().map(operation).collect()
    }
}

/// By the one algorithm, named: whoever leaves the choice to the library has all of them in the binary, two hundred kilobytes.
fn differing_lines(before: &[&str], after: &[&str]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), before, after);
    let Ok(()) = myers::diff(&mut found, before, 0..before.len(), after, 0..after.len());
    found.into_inner().into_inner().into_ops()
}

/// Puts `value` in the place of what stands at a JSON pointer, or removes that.
fn replace(root: &mut Value, pointer: &str, value: Option<Value>) {
    let Some(value) = value else {
        let Some((parent, name)) = pointer.rsplit_once('/') else {
            *root = Value::Null;
            return;
        };
        if let Some(Value::Object(members)) = root.pointer_mut(parent) {
            members.shift_remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        return;
    };
    if let Some(place) = root.pointer_mut(pointer) {
        *place = value;
    } else if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(members)) = root.pointer_mut(parent)
    {
        members.insert(name.replace("~1", "/").replace("~0", "~"), value);
    }
}

fn masked(value: &Value, secrets: &BTreeSet<String>) -> Value {
    match value {
        Value::String(text) => {
            // The longest first: one may be part of another.
            let mut longest: Vec<&String> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
            longest.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
            longest.into_iter().fold(text.clone(), |text, secret| text.replace(secret.as_str(), "***")).into()
        }
        Value::Array(elements) => elements.iter().map(|element| masked(element, secrets)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), masked(value, secrets))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::compare::says;

    #[test]
    fn only_what_would_change_is_shown_and_secrets_are_not() {
        let given = json!({"family": "web", "cpu": ".5 vCPU", "containerDefinitions": [
            {"name": "web", "image": "nginx:2", "environment": [{"name": "DB", "value": "user:hunter2@db"}], "command": ["run"]}]});
        let described = json!({"family": "web", "cpu": "512", "revision": 41, "containerDefinitions": [
            {"name": "web", "image": "nginx:1", "cpu": 0, "environment": [{"name": "DB", "value": "user:hunter1@db"}]}]});
        let secrets = ["hunter2".to_owned()].into();
        let change = Change::new("task definition web:41".to_owned(), &given, says(&given, &described), &secrets);
        let unified = change.unified();
        let lines: Vec<&str> = unified.lines().filter(|line| line.starts_with(['+', '-'])).map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "--- task definition web:41 (runs)",
                "+++ the file",
                "-      \"image\": \"nginx:1\",",
                "+      \"image\": \"nginx:2\",",
                "-          \"value\": \"user:hunter1@db\"",
                "+          \"value\": \"user:***@db\"",
                "+      ],",
                "+      \"command\": [",
                "+        \"run\"",
            ],
            "{unified}"
        );
        assert_eq!(
            change.patch(),
            json!([
                {"op": "replace", "path": "/containerDefinitions/0/image", "value": "nginx:2"},
                {"op": "replace", "path": "/containerDefinitions/0/environment/0/value", "value": "user:***@db"},
                {"op": "add", "path": "/containerDefinitions/0/command", "value": ["run"]},
            ])
        );
        let same = Change::new("x".to_owned(), &given, says(&given, &given), &secrets);
        assert!(same.is_empty() && same.unified().is_empty() && same.patch() == json!([]));
    }
}
