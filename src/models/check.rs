//! Holding a value against a shape: everything that does not fit, each with its place.

use std::fmt;

use serde_json::Value;

use super::{
    Operation,
    service::{Kind, Member, Service, Shape},
};

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where: from the outermost member inwards.
    pub path: Vec<Step>,
    /// What stands there; null where nothing does.
    pub given: Value,
    /// What is wrong with it.
    pub problem: Problem,
}

/// One step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of a structure.
    Member(String),
    /// An item of a list, from 0.
    Item(usize),
    /// An entry of a map.
    Key(String),
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A required member is not there.
    Missing,
    /// The structure has no such member; these it has.
    Unknown(Vec<String>),
    /// Another kind of value is wanted.
    Kind(Kind),
    /// A string of fewer or more characters, a list or map of fewer or more entries than these.
    Length {
        /// At least so many.
        min: Option<f64>,
        /// At most so many.
        max: Option<f64>,
        /// So many there are.
        length: usize,
    },
    /// A number outside of this range.
    Range {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
    },
    /// A string that the pattern does not match.
    Pattern(String),
    /// A string that is none of these words.
    Words(Vec<String>),
    /// A union with none or several of these members.
    Union(Vec<String>),
}

impl Finding {
    /// The path as `a.b[0].c`.
    #[must_use]
    pub fn place(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Item(index) => text.push_str(&format!("[{index}]")),
                Step::Member(name) | Step::Key(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
            }
        }
        text
    }

    /// Whether the value is of another kind than the shape, which a service notices before it looks at any constraint.
    #[must_use]
    pub fn is_about_kind(&self) -> bool {
        matches!(self.problem, Problem::Kind(_))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = |f: &mut fmt::Formatter<'_>, what: &str, min: &Option<f64>, max: &Option<f64>| match (min, max) {
            (Some(min), Some(max)) => write!(f, "must be {min} to {max}{what}"),
            (Some(min), None) => write!(f, "must be at least {min}{what}"),
            (None, Some(max)) => write!(f, "must be at most {max}{what}"),
            (None, None) => write!(f, "must be another number{what}"),
        };
        match self {
            Self::Missing => write!(f, "is required"),
            Self::Unknown(known) => write!(f, "is not a member; known are {}", known.join(", ")),
            Self::Kind(kind) => write!(f, "must be {}", described(*kind)),
            Self::Length { min, max, length } => {
                bounds(f, " long", min, max)?;
                write!(f, ", is {length}")
            }
            Self::Range { min, max } => bounds(f, "", min, max),
            Self::Pattern(pattern) => write!(f, "must match {pattern}"),
            Self::Words(words) => write!(f, "must be one of {}", words.join(", ")),
            Self::Union(members) => write!(f, "must have exactly one of {}", members.join(", ")),
        }
    }
}

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure => "a structure",
        Kind::List => "a list",
        Kind::Map => "a map",
        Kind::String => "a string",
        Kind::Boolean => "true or false",
        Kind::Integer | Kind::Long => "an integer",
        Kind::Float | Kind::Double => "a number",
        Kind::Timestamp => "a time",
        Kind::Blob => "base64",
    }
}

/// What is wrong with the request of an operation, all its members in one object.
#[must_use]
pub fn request(service: &Service, operation: &Operation, input: &Value) -> Vec<Finding> {
    operation.input.as_deref().map_or_else(Vec::new, |shape| value(service, shape, input))
}

/// What is wrong with the answer of an operation: members and kinds, not the constraints.
#[must_use]
pub fn answer(service: &Service, operation: &Operation, output: &Value) -> Vec<Finding> {
    let found = operation.output.as_deref().map_or_else(Vec::new, |shape| value(service, shape, output));
    let structural = |finding: &Finding| {
        matches!(finding.problem, Problem::Missing | Problem::Unknown(_) | Problem::Kind(_) | Problem::Words(_))
    };
    found.into_iter().filter(structural).collect()
}

/// What is wrong with a value that is to be of the named shape. A null member counts as absent.
#[must_use]
pub fn value(service: &Service, shape: &str, value: &Value) -> Vec<Finding> {
    let mut check = Check { service, path: Vec::new(), found: Vec::new() };
    check.named(shape, value);
    check.found
}

struct Check<'a> {
    service: &'a Service,
    path: Vec<Step>,
    found: Vec<Finding>,
}

impl Check<'_> {
    fn report(&mut self, given: &Value, problem: Problem) {
        self.found.push(Finding { path: self.path.clone(), given: given.clone(), problem });
    }

    fn at(&mut self, step: Step, member: &Member, value: &Value) {
        self.path.push(step);
        self.named(&member.shape, value);
        self.path.pop();
    }

    fn named(&mut self, shape: &str, value: &Value) {
        // Every name has its shape; a test of the models holds that.
        let Some(shape) = self.service.shape(shape) else { return };
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(given)) => self.structure(shape, given, value),
            (Kind::List, Value::Array(items)) => {
                self.length(shape, items.len(), value);
                if let Some(member) = &shape.member {
                    items.iter().enumerate().for_each(|(index, item)| self.at(Step::Item(index), member, item));
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                self.length(shape, entries.len(), value);
                for (name, entry) in entries {
                    if let Some(key) = &shape.key {
                        self.at(Step::Key(name.clone()), key, &Value::String(name.clone()));
                    }
                    if let Some(of) = &shape.value {
                        self.at(Step::Key(name.clone()), of, entry);
                    }
                }
            }
            (Kind::String, Value::String(text)) => self.text(shape, text, value),
            (Kind::Integer | Kind::Long, Value::Number(number)) => match number.as_i64() {
                Some(whole) if shape.kind == Kind::Long || i32::try_from(whole).is_ok() => {
                    self.range(shape, number.as_f64().unwrap_or_default(), value);
                }
                Some(_) | None => self.report(value, Problem::Kind(shape.kind)),
            },
            (Kind::Float | Kind::Double, Value::Number(number)) => {
                self.range(shape, number.as_f64().unwrap_or_default(), value);
            }
            (Kind::Boolean, Value::Bool(_))
            | (Kind::Timestamp, Value::Number(_) | Value::String(_))
            | (Kind::Blob, Value::String(_)) => {}
            _ => self.report(value, Problem::Kind(shape.kind)),
        }
    }

    fn structure(&mut self, shape: &Shape, given: &serde_json::Map<String, Value>, value: &Value) {
        for name in shape.required.iter().filter(|name| given.get(*name).is_none_or(Value::is_null)) {
            self.path.push(Step::Member(name.clone()));
            self.report(&Value::Null, Problem::Missing);
            self.path.pop();
        }
        for (name, entry) in given {
            match shape.members.get(name) {
                Some(member) if !entry.is_null() => self.at(Step::Member(name.clone()), member, entry),
                Some(_) => {}
                None => {
                    self.path.push(Step::Member(name.clone()));
                    self.report(entry, Problem::Unknown(shape.members.keys().cloned().collect()));
                    self.path.pop();
                }
            }
        }
        if shape.union && given.values().filter(|entry| !entry.is_null()).count() != 1 {
            self.report(value, Problem::Union(shape.members.keys().cloned().collect()));
        }
    }

    fn text(&mut self, shape: &Shape, text: &str, value: &Value) {
        if !shape.words.is_empty() && !shape.words.iter().any(|word| word == text) {
            self.report(value, Problem::Words(shape.words.clone()));
        }
        self.length(shape, text.chars().count(), value);
        if let Some(pattern) = shape.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            self.report(value, Problem::Pattern(pattern.text().to_owned()));
        }
    }

    fn length(&mut self, shape: &Shape, length: usize, value: &Value) {
        if !within(shape, f64::from(u32::try_from(length).unwrap_or(u32::MAX))) {
            self.report(value, Problem::Length { min: shape.min, max: shape.max, length });
        }
    }

    fn range(&mut self, shape: &Shape, number: f64, value: &Value) {
        if !within(shape, number) {
            self.report(value, Problem::Range { min: shape.min, max: shape.max });
        }
    }
}

fn within(shape: &Shape, number: f64) -> bool {
    shape.min.is_none_or(|min| number >= min) && shape.max.is_none_or(|max| number <= max)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::service, answer, request, value};

    fn told(operation: &str, input: &Value) -> Vec<String> {
        let lattice = service("vpc-lattice").unwrap();
        let found = request(lattice, &lattice.operations[operation], input);
        found.iter().map(|finding| format!("{} {}", finding.place(), finding.problem)).collect()
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let input = json!({
            "serviceIdentifier": "svc-12345678901234567", "listenerIdentifier": "http-80", "name": "a", "priority": 0, "weight": 1,
            "match": {"httpMatch": {"headerMatches": [{"name": "x", "match": {"exact": "a", "prefix": "b"}}]}},
            "action": {"forward": {"targetGroups": [{"targetGroupIdentifier": "tg-12345678901234567", "weight": 1000}]}},
            "tags": {"k": 1, "none": null},
        });
        let mut told = told("CreateRule", &input);
        told.sort();
        assert_eq!(told.len(), 9, "{told:#?}");
        assert_eq!(told[0], "action.forward.targetGroups[0].weight must be 0 to 999");
        assert_eq!(told[1], "listenerIdentifier must be 20 to 2048 long, is 7");
        assert!(told[2].starts_with("listenerIdentifier must match ((listener-"), "{told:?}");
        assert_eq!(told[3], "match.httpMatch.headerMatches[0].match must have exactly one of contains, exact, prefix");
        assert_eq!(told[4], "name must be 3 to 63 long, is 1");
        assert_eq!(told[5], "priority must be 1 to 2000");
        assert_eq!(told[6], "tags.k must be a string");
        assert_eq!(told[7], "tags.none must be a string", "a map has no absent members");
        assert!(told[8].starts_with("weight is not a member; known are action, clientToken,"), "{told:?}");
    }

    #[test]
    fn a_null_is_an_absent_member() {
        assert_eq!(told("CreateService", &json!({"name": null})), ["name is required"]);
        assert_eq!(told("CreateService", &json!({"name": "mine", "tags": null})), [""; 0]);
    }

    #[test]
    fn integers_have_a_width() {
        let ecs = service("ecs").unwrap();
        let wide = json!({"service": "x", "desiredCount": 3_000_000_000_u64});
        let found = request(ecs, &ecs.operations["UpdateService"], &wide);
        assert!(found.len() == 1 && found[0].is_about_kind(), "{found:?}");
        assert_eq!(request(ecs, &ecs.operations["UpdateService"], &json!({"service": "x", "desiredCount": 3})), []);
    }

    #[test]
    fn an_answer_is_held_to_members_and_kinds() {
        let lattice = service("vpc-lattice").unwrap();
        let found = answer(lattice, &lattice.operations["GetRule"], &json!({"name": "x", "extra": 1, "isDefault": "yes"}));
        assert_eq!(found.iter().map(super::Finding::place).collect::<Vec<_>>(), ["extra", "isDefault"]);
        assert_eq!(value(lattice, "TargetGroupStatus", &json!("ACTIVE")), []);
    }
}
