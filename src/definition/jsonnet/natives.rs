//! What `std.native` gives: ecspresso's functions, under the names that its plugins give them.

use std::collections::BTreeSet;

use rsjsonnet_lang::program::{NativeError, Program, Value};

use crate::definition::template::{Function, Known, Reference};

pub(super) struct Natives<'a> {
    known: Known<'a>,
    /// What was asked for and is not known.
    pub(super) lacking: BTreeSet<Reference>,
    /// What was given and must not be shown.
    pub(super) secrets: BTreeSet<String>,
    /// What went wrong in a call: the library has no words for it.
    pub(super) failed: Option<String>,
}

impl<'a> Natives<'a> {
    pub(super) const fn new(known: Known<'a>) -> Self {
        Self { known, lacking: BTreeSet::new(), secrets: BTreeSet::new(), failed: None }
    }

    pub(super) fn register(&self, program: &mut Program<'_>) {
        let mut register = |name: &str, parameters: &[String]| {
            let parameters: Vec<_> = parameters.iter().map(|name| program.intern_str(name)).collect();
            let name = program.intern_str(name);
            program.register_native_func(name, &parameters);
        };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (name, function) in self.known.functions.all() {
            match function {
                Function::Env => register(name, &named(&["name", "default"])),
                Function::MustEnv | Function::Secret | Function::StackExport => register(name, &named(&["name"])),
                Function::Parameter => {
                    register(name, &named(&["name"]));
                    register(&format!("{name}_list"), &named(&["name", "index"]));
                }
                Function::Terraform { formatted: false, .. } => register(name, &named(&["address"])),
                Function::StackOutput => register(name, &named(&["stack", "key"])),
                Function::External { arguments, .. } => {
                    let names: Vec<String> = (1..=*arguments).map(|number| format!("argument{number}")).collect();
                    register(name, &names);
                }
                // Jsonnet has its own.
                Function::Terraform { formatted: true, .. }
                | Function::JsonEscape
                | Function::And
                | Function::Or
                | Function::Not
                | Function::Equal
                | Function::Differs
                | Function::Less
                | Function::LessOrEqual
                | Function::Greater
                | Function::GreaterOrEqual
                | Function::Len
                | Function::Print
                | Function::PrintLine
                | Function::PrintFormatted => {}
            }
        }
    }

    pub(super) fn call<'p>(
        &mut self,
        program: &mut Program<'p>,
        name: &str,
        arguments: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        match self.answer(name, arguments) {
            Ok(value) => Ok(made(program, &value)),
            Err(why) => {
                self.failed = Some(format!("`std.native('{name}')`: {why}"));
                Err(NativeError)
            }
        }
    }

    fn answer(&mut self, name: &str, arguments: &[Value<'_>]) -> Result<serde_json::Value, String> {
        let text = |index: usize| {
            arguments.get(index).and_then(Value::to_string).ok_or_else(|| format!("argument {} is not a string", index + 1))
        };
        let functions = self.known.functions;
        let (function, index) = match (functions.get(name), name.strip_suffix("_list")) {
            (Some(function), _) => (Some(function), None),
            (None, Some(name)) => {
                let index = arguments.get(1).and_then(Value::as_number).filter(|index| *index >= 0.0);
                (functions.get(name), Some(index.ok_or("argument 2 is not the number of an element")? as usize))
            }
            (None, None) => (None, None),
        };
        let reference = match function {
            Some(Function::Env) => {
                let name = text(0)?;
                let set = self.known.environment.get(&name).filter(|value| !value.is_empty()).cloned();
                return match set {
                    Some(value) => Ok(self.variable(&name, value)),
                    None => text(1).map(Into::into),
                };
            }
            Some(Function::MustEnv) => {
                let name = text(0)?;
                let value = self.known.environment.get(&name).cloned();
                return match value {
                    Some(value) => Ok(self.variable(&name, value)),
                    None => Err(format!("the variable {name} is not set")),
                };
            }
            Some(Function::Terraform { state, optional, .. }) => {
                Reference::Terraform { state: state.clone(), address: text(0)?, optional: *optional }
            }
            Some(Function::Parameter) => Reference::Parameter { name: text(0)? },
            Some(Function::Secret) => Reference::Secret { name: text(0)? },
            Some(Function::StackOutput) => Reference::StackOutput { stack: text(0)?, key: text(1)? },
            Some(Function::StackExport) => Reference::StackExport { name: text(0)? },
            Some(Function::External { command, arguments: count, json, timeout }) => Reference::External {
                command: command.clone(),
                arguments: (0..*count).map(text).collect::<Result<_, _>>()?,
                json: *json,
                timeout: *timeout,
            },
            Some(_) | None => return Err("there is no such function".to_owned()),
        };
        match self.known.answers.get(&reference) {
            None => {
                self.lacking.insert(reference);
                Ok("".into())
            }
            Some(Err(why)) => Err(format!("{reference} cannot be read: {why}")),
            Some(Ok(found)) => {
                let value = match (index, &found.value) {
                    (Some(index), list) => list.get(index).cloned().ok_or_else(|| format!("{reference} has no such element"))?,
                    // A list as `ssm` gives it, joined as Systems Manager stores it.
                    (None, serde_json::Value::Array(list)) if matches!(reference, Reference::Parameter { .. }) => {
                        list.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(",").into()
                    }
                    (None, value) => value.clone(),
                };
                if let (true, Some(text)) = (found.is_secret, value.as_str()) {
                    self.secrets.insert(text.to_owned());
                }
                Ok(value)
            }
        }
    }

    fn variable(&mut self, name: &str, value: String) -> serde_json::Value {
        if crate::definition::template::is_secret(name) && !value.is_empty() {
            self.secrets.insert(value.clone());
        }
        value.into()
    }
}

/// JSON as a value of Jsonnet's.
fn made<'p>(program: &mut Program<'p>, value: &serde_json::Value) -> Value<'p> {
    match value {
        serde_json::Value::Null => Value::null(),
        serde_json::Value::Bool(value) => Value::bool(*value),
        serde_json::Value::Number(number) => Value::number(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(list) => {
            let items: Vec<_> = list.iter().map(|item| made(program, item)).collect();
            program.make_array(&items)
        }
        serde_json::Value::Object(members) => {
            let fields: Vec<_> = members
                .iter()
                .map(|(name, value)| {
                    let value = made(program, value);
                    (program.intern_str(name), value)
                })
                .collect();
            program.make_object(&fields)
        }
    }
}
