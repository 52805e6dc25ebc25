//! What a member may be, and finding everything in a request that it may not. The constraints themselves are in `members`.

use serde_json::Value;

use super::refusal::Finding;

/// A shape of the service model with its constraints.
pub(super) enum Shape {
    /// Length in characters, and a pattern when there is one.
    Text {
        min: usize,
        max: usize,
        pattern: Option<Pattern>,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    Number {
        min: i64,
        max: i64,
    },
    Flag,
    Struct(&'static [Member]),
    /// Exactly one of the members.
    Union(&'static [Member]),
    List {
        of: &'static Self,
        min: usize,
        max: usize,
    },
    Map {
        key: &'static Self,
        value: &'static Self,
        max: usize,
    },
}

/// A pattern: a predicate, and the words that say what passes it.
pub(super) struct Pattern {
    pub(super) holds: fn(&str) -> bool,
    pub(super) says: &'static str,
}

/// A member of a structure.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: &'static Shape,
}

/// A member that must be there.
pub(super) const fn req(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, shape }
}

/// A member that may be left out.
pub(super) const fn opt(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, shape }
}

/// Everything about `value` that `shape` does not allow, each under the path of its member.
pub(super) fn check(shape: &Shape, value: &Value, path: &str, found: &mut Vec<Finding>) {
    match shape {
        Shape::Text { min, max, pattern } => match value.as_str() {
            Some(text) => check_text(text, (*min, *max), pattern.as_ref(), path, found),
            None => found.push(Finding::new(path, "must be a string")),
        },
        Shape::Choice(words) => {
            if !value.as_str().is_some_and(|word| words.contains(&word)) {
                found.push(Finding::new(path, format!("must be one of {}", words.join(", "))));
            }
        }
        Shape::Number { min, max } => {
            if !value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)) {
                found.push(Finding::new(path, format!("must be an integer from {min} to {max}")));
            }
        }
        Shape::Flag => {
            if !value.is_boolean() {
                found.push(Finding::new(path, "must be true or false"));
            }
        }
        Shape::Struct(members) => check_members(members, value, path, found),
        Shape::Union(members) => {
            check_members(members, value, path, found);
            let given = value.as_object().map_or(0, |given| given.values().filter(|value| !value.is_null()).count());
            if given != 1 {
                let names: Vec<_> = members.iter().map(|member| member.name).collect();
                found.push(Finding::new(path, format!("must have exactly one of {}", names.join(", "))));
            }
        }
        Shape::List { of, min, max } => match value.as_array() {
            Some(items) => {
                if !(*min..=*max).contains(&items.len()) {
                    found.push(Finding::new(path, format!("must have {min} to {max} items, has {}", items.len())));
                }
                for (index, item) in items.iter().enumerate() {
                    check(of, item, &format!("{path}[{index}]"), found);
                }
            }
            None => found.push(Finding::new(path, "must be a list")),
        },
        Shape::Map { key, value: of, max } => match value.as_object() {
            Some(entries) => {
                if entries.len() > *max {
                    found.push(Finding::new(path, format!("must have at most {max} entries, has {}", entries.len())));
                }
                for (name, entry) in entries {
                    check(key, &Value::String(name.clone()), &format!("{path}.{name}"), found);
                    check(of, entry, &format!("{path}.{name}"), found);
                }
            }
            None => found.push(Finding::new(path, "must be a map")),
        },
    }
}

fn check_text(text: &str, (min, max): (usize, usize), pattern: Option<&Pattern>, path: &str, found: &mut Vec<Finding>) {
    let length = text.chars().count();
    if !(min..=max).contains(&length) {
        found.push(Finding::new(path, format!("must be {min} to {max} characters long, is {length}")));
    } else if let Some(pattern) = pattern.filter(|pattern| !(pattern.holds)(text)) {
        found.push(Finding::new(path, format!("must be {}", pattern.says)));
    }
}

fn check_members(members: &[Member], value: &Value, path: &str, found: &mut Vec<Finding>) {
    let Some(given) = value.as_object() else {
        found.push(Finding::new(path, "must be a structure"));
        return;
    };
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, value) in given {
        match members.iter().find(|member| member.name == name) {
            // A null is a member left out.
            Some(member) if !value.is_null() => check(member.shape, value, &below(name), found),
            Some(_) => {}
            None => found.push(Finding::new(below(name), "is not a member of this structure")),
        }
    }
    for member in members.iter().filter(|member| member.required) {
        if given.get(member.name).is_none_or(Value::is_null) {
            found.push(Finding::new(below(member.name), "is required"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Shape, check, opt, req};

    const WORD: Shape = Shape::Text { min: 2, max: 3, pattern: None };
    const ONE: Shape = Shape::Union(&[opt("left", &WORD), opt("right", &WORD)]);
    const WHOLE: Shape = Shape::Struct(&[
        req("word", &WORD),
        opt("one", &ONE),
        opt("many", &Shape::List { of: &Shape::Number { min: 0, max: 9 }, min: 1, max: 2 }),
    ]);

    fn paths(value: serde_json::Value) -> Vec<String> {
        let mut found = Vec::new();
        check(&WHOLE, &value, "", &mut found);
        found.into_iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn everything_wrong_is_found_at_once_and_under_its_path() {
        assert!(paths(json!({"word": "abc", "one": {"left": "ab"}, "many": [1, 2]})).is_empty());
        assert_eq!(paths(json!({"more": 1})), ["more", "word"]);
        assert_eq!(
            paths(json!({"word": "a", "one": {"left": "ab", "right": "cd"}, "many": [10, "1"]})),
            ["word", "one", "many[0]", "many[1]"]
        );
        assert_eq!(paths(json!({"word": null, "many": []})), ["many", "word"]);
    }
}
