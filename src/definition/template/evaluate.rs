//! A template's tree into its text.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    functions::{Function, Functions},
    parse::{Command, Mistake, Node, Operand, Pipeline, parse},
    printf::sprintf,
    references::{Answer, Reference},
    rendered::Rendered,
    value::Value,
};
use crate::definition::finding::{Finding, Place};

/// Everything that a template can ask for.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The variables of the environment, empty ones included.
    pub environment: &'a BTreeMap<String, String>,
    /// What names mean.
    pub functions: &'a Functions,
    /// What was looked up so far.
    pub answers: &'a BTreeMap<Reference, Answer>,
}

/// What came of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// Its text.
    Whole(Rendered),
    /// What has to be looked up first.
    Lacking(BTreeSet<Reference>),
}

/// Fills in the template that messages call `file`.
///
/// # Errors
/// Everything that is wrong with it, with line and column: what is no template, unknown functions, variables that are not set, what
/// was looked up and is not there.
pub fn render(file: &str, template: &str, known: Known<'_>) -> Result<Rendering, Vec<Finding>> {
    let finding = |mistake: Mistake| {
        let finding = Finding::error(file, mistake.message).at(Place::of(template, mistake.at));
        match mistake.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    };
    let nodes = parse(template).map_err(|mistake| vec![finding(mistake)])?;
    let mut evaluation =
        Evaluation { known, variables: Vec::new(), text: Rendered::default(), lacking: BTreeSet::new(), mistakes: Vec::new() };
    evaluation.nodes(&nodes);
    if !evaluation.mistakes.is_empty() {
        return Err(evaluation.mistakes.into_iter().map(finding).collect());
    }
    Ok(if evaluation.lacking.is_empty() { Rendering::Whole(evaluation.text) } else { Rendering::Lacking(evaluation.lacking) })
}

struct Evaluation<'a> {
    known: Known<'a>,
    variables: Vec<(String, Value)>,
    text: Rendered,
    lacking: BTreeSet<Reference>,
    mistakes: Vec<Mistake>,
}

impl Evaluation<'_> {
    fn nodes(&mut self, nodes: &[Node<'_>]) {
        let scope = self.variables.len();
        for node in nodes {
            match node {
                Node::Text { text, at } => self.text.copy(text, *at),
                Node::Output { pipeline, at } => {
                    let value = self.value(pipeline);
                    self.text.fill(&value.print(), *at);
                }
                Node::Assign { name, pipeline } => {
                    let value = self.value(pipeline);
                    match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
                        Some((_, known)) => *known = value,
                        None => self.variables.push((name.clone(), value)),
                    }
                }
                Node::If { condition, then, otherwise } => {
                    let condition = self.value(condition);
                    self.nodes(if condition.is_true() { then } else { otherwise });
                }
            }
        }
        self.variables.truncate(scope);
    }

    /// The value of a pipeline; unknown where it is wrong or something has to be looked up.
    fn value(&mut self, pipeline: &Pipeline) -> Value {
        let mut piped = None;
        for command in pipeline {
            piped = Some(match self.command(command, piped) {
                Ok(value) => value,
                Err(mistake) => {
                    self.mistakes.push(mistake);
                    Value::Unknown
                }
            });
        }
        piped.unwrap_or(Value::Nil)
    }

    fn command(&mut self, command: &Command, piped: Option<Value>) -> Result<Value, Mistake> {
        let Operand::Function { name, at } = &command.first else { return self.operand(&command.first) };
        let functions = self.known.functions;
        let Some(function) = functions.get(name) else {
            let mistake = Mistake::new(*at, format!("there is no function `{name}`"));
            return Err(mistake.hint(functions.unknown(name)));
        };
        // Go stops at the first argument that decides; what comes after it is not looked up.
        if matches!(function, Function::And | Function::Or) {
            return self.first_that_decides(*function == Function::Or, &command.arguments, piped, *at);
        }
        let mut arguments = Vec::new();
        for argument in &command.arguments {
            arguments.push(self.operand(argument)?);
        }
        arguments.extend(piped);
        if arguments.contains(&Value::Unknown) {
            return Ok(Value::Unknown);
        }
        self.call(name, function, &arguments).map_err(|(message, hint)| {
            let mistake = Mistake::new(*at, message);
            if hint.is_empty() { mistake } else { mistake.hint(hint) }
        })
    }

    fn first_that_decides(
        &mut self,
        wanted: bool,
        arguments: &[Operand],
        piped: Option<Value>,
        at: usize,
    ) -> Result<Value, Mistake> {
        let mut last = None;
        for argument in arguments {
            let value = self.operand(argument)?;
            if value == Value::Unknown || value.is_true() == wanted {
                return Ok(value);
            }
            last = Some(value);
        }
        piped.or(last).ok_or_else(|| Mistake::new(at, "it needs arguments"))
    }

    fn operand(&mut self, operand: &Operand) -> Result<Value, Mistake> {
        match operand {
            Operand::Function { .. } => {
                let command = Command { at: 0, first: operand.clone(), arguments: Vec::new() };
                self.command(&command, None)
            }
            Operand::Variable { name, at } => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.map(|(_, value)| value.clone()).ok_or_else(|| {
                    Mistake::new(*at, format!("the variable `${name}` has no value"))
                        .hint(format!("give it one before: `{{{{ ${name} := … }}}}`"))
                })
            }
            Operand::Text(text) => Ok(Value::Text(text.clone())),
            Operand::Number { text, at } => {
                let int = text.replace('_', "").parse().map(Value::Int);
                int.or_else(|_| text.parse().map(Value::Float))
                    .map_err(|_| Mistake::new(*at, format!("`{text}` is not a number")))
            }
            Operand::Bool(value) => Ok(Value::Bool(*value)),
            Operand::Nil => Ok(Value::Nil),
            Operand::Pipeline(pipeline) => Ok(self.value(pipeline)),
        }
    }

    /// What a function gives; or what is wrong, and what to do.
    fn call(&mut self, name: &str, function: &Function, arguments: &[Value]) -> Result<Value, (String, String)> {
        let plain = |message: String| (message, String::new());
        let texts = || {
            let text = |value: &Value| {
                let Value::Text(text) = value else { return Err(plain(format!("`{name}` takes strings, not {}", value.kind()))) };
                Ok(text.clone())
            };
            arguments.iter().map(text).collect::<Result<Vec<String>, _>>()
        };
        let some = |count: usize| {
            if arguments.len() == count {
                return Ok(());
            }
            let them = if count == 1 { "argument" } else { "arguments" };
            Err(plain(format!("`{name}` takes {count} {them}, not {}", arguments.len())))
        };
        let pair = || {
            some(2)?;
            compared(&arguments[0], &arguments[1])
                .ok_or_else(|| plain(format!("`{name}` cannot compare {} with {}", arguments[0].kind(), arguments[1].kind())))
        };
        match function {
            Function::Env => {
                let names = texts()?;
                let Some(last) = names.last() else { return Err(plain("`env` takes the name of a variable".to_owned())) };
                let set =
                    names.iter().find_map(|name| Some((name, self.known.environment.get(name)?)).filter(|(_, v)| !v.is_empty()));
                Ok(Value::Text(set.map_or_else(|| last.clone(), |(name, value)| self.variable(name, value))))
            }
            Function::MustEnv => {
                some(1)?;
                let name = texts()?.swap_remove(0);
                let value = self.known.environment.get(&name).cloned();
                let value = value.ok_or_else(|| {
                    (format!("the variable {name} is not set"), format!("set it, also where this is run by hand: {name}=…"))
                })?;
                Ok(Value::Text(self.variable(&name, &value)))
            }
            Function::JsonEscape => {
                some(1)?;
                let text = arguments[0].print();
                let quoted = serde_json::to_string(&text).unwrap_or_default();
                let escaped = quoted.trim_start_matches('"');
                let escaped = escaped.strip_suffix('"').unwrap_or(escaped).to_owned();
                if self.text.secrets.contains(&text) {
                    self.text.secrets.insert(escaped.clone());
                }
                Ok(Value::Text(escaped))
            }
            Function::Terraform { state, optional, formatted } => {
                let address = if *formatted {
                    let [Value::Text(format), rest @ ..] = arguments else {
                        return Err(plain(format!("`{name}` takes a format and its arguments")));
                    };
                    sprintf(format, rest).map_err(plain)?
                } else {
                    some(1)?;
                    texts()?.swap_remove(0)
                };
                // ecspresso's: in a JSON text quotes would have to be escaped.
                let address = address.replace('\'', "\"");
                self.found(Reference::Terraform { state: state.clone(), address, optional: *optional })
            }
            Function::Parameter => match arguments {
                [Value::Text(name)] => self.found(Reference::Parameter { name: name.clone() }),
                [Value::Text(name), Value::Int(index)] => self.element(Reference::Parameter { name: name.clone() }, *index),
                _ => {
                    Err(plain(format!("`{name}` takes the name of a parameter, and the number of an element where it is a list")))
                }
            },
            Function::Secret => {
                some(1)?;
                self.found(Reference::Secret { name: texts()?.swap_remove(0) })
            }
            Function::StackOutput => {
                some(2)?;
                let mut texts = texts()?;
                let key = texts.pop().unwrap_or_default();
                self.found(Reference::StackOutput { stack: texts.pop().unwrap_or_default(), key })
            }
            Function::StackExport => {
                some(1)?;
                self.found(Reference::StackExport { name: texts()?.swap_remove(0) })
            }
            Function::External { command, arguments: count, json, timeout } => {
                some(*count)?;
                let arguments = arguments.iter().map(Value::print).collect();
                self.found(Reference::External { command: command.clone(), arguments, json: *json, timeout: *timeout })
            }
            // Decided before their arguments are taken.
            Function::And | Function::Or => Ok(Value::Nil),
            Function::Not => {
                some(1)?;
                Ok(Value::Bool(!arguments[0].is_true()))
            }
            Function::Equal => {
                let [first, others @ ..] = arguments else { return Err(plain("`eq` compares two values".to_owned())) };
                if others.is_empty() {
                    return Err(plain("`eq` compares two values".to_owned()));
                }
                Ok(Value::Bool(others.iter().any(|other| compared(first, other) == Some(Ordering::Equal))))
            }
            Function::Differs => Ok(Value::Bool(pair()? != Ordering::Equal)),
            Function::Less => Ok(Value::Bool(pair()?.is_lt())),
            Function::LessOrEqual => Ok(Value::Bool(pair()?.is_le())),
            Function::Greater => Ok(Value::Bool(pair()?.is_gt())),
            Function::GreaterOrEqual => Ok(Value::Bool(pair()?.is_ge())),
            Function::Len => {
                some(1)?;
                Ok(Value::Int(i64::try_from(texts()?[0].len()).unwrap_or(i64::MAX)))
            }
            Function::Print => Ok(Value::Text(printed(arguments))),
            Function::PrintLine => Ok(Value::Text(arguments.iter().map(Value::print).collect::<Vec<_>>().join(" ") + "\n")),
            Function::PrintFormatted => match arguments {
                [Value::Text(format), rest @ ..] => sprintf(format, rest).map(Value::Text).map_err(plain),
                _ => Err(plain("`printf` takes a format and its arguments".to_owned())),
            },
        }
    }

    /// A variable's value; noted as one that must not be shown where its name says so.
    fn variable(&mut self, name: &str, value: &str) -> String {
        if is_secret(name) && !value.is_empty() {
            self.text.secrets.insert(value.to_owned());
        }
        value.to_owned()
    }

    /// What was looked up, as templates print it.
    fn found(&mut self, reference: Reference) -> Result<Value, (String, String)> {
        self.looked_up(reference, |value| match value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Null => None,
            serde_json::Value::Array(list) if list.iter().all(serde_json::Value::is_string) => {
                Some(list.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(","))
            }
            serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => Some(value.to_string()),
        })
    }

    /// An element of a list that was looked up, counted from 0.
    fn element(&mut self, reference: Reference, index: i64) -> Result<Value, (String, String)> {
        self.looked_up(reference, |value| value.get(usize::try_from(index).ok()?)?.as_str().map(str::to_owned))
    }

    fn looked_up(
        &mut self,
        reference: Reference,
        text_of: impl Fn(&serde_json::Value) -> Option<String>,
    ) -> Result<Value, (String, String)> {
        match self.known.answers.get(&reference) {
            None => {
                self.lacking.insert(reference);
                Ok(Value::Unknown)
            }
            Some(Err(why)) => Err((format!("{reference} cannot be read: {why}"), String::new())),
            Some(Ok(found)) => {
                let text = text_of(&found.value).ok_or_else(|| (format!("{reference} has no such value"), String::new()))?;
                if found.is_secret && !text.is_empty() {
                    self.text.secrets.insert(text.clone());
                }
                Ok(Value::Text(text))
            }
        }
    }
}

/// `fmt.Sprint`: a space between two values neither of which is a string.
fn printed(arguments: &[Value]) -> String {
    let mut text = String::new();
    for (index, argument) in arguments.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| arguments.get(before));
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if before.is_some_and(|before| !is_text(before) && !is_text(argument)) {
            text.push(' ');
        }
        text.push_str(&argument.print());
    }
    text
}

fn compared(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Nil, Value::Nil) => Some(Ordering::Equal),
        (Value::Unknown | Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_), _) => None,
    }
}

/// Names by which people call what must not be seen.
pub(in crate::definition) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "APIKEY", "ACCESS_KEY"]
        .iter()
        .any(|word| name.contains(word))
}
