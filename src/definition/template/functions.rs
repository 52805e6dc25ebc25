//! Which name does what: Go's own functions, ecspresso's, and those of its plugins.

use std::collections::BTreeMap;

use crate::definition::finding::Finding;

/// What a function of that name does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::definition) enum Function {
    Env,
    MustEnv,
    JsonEscape,
    /// An attribute in a Terraform state, by its address; or by a format and arguments.
    Terraform {
        state: String,
        optional: bool,
        formatted: bool,
    },
    Parameter,
    Secret,
    StackOutput,
    StackExport,
    External {
        command: Vec<String>,
        arguments: usize,
        json: bool,
        timeout: Option<u64>,
    },
    And,
    Or,
    Not,
    Equal,
    Differs,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Len,
    Print,
    PrintLine,
    PrintFormatted,
}

/// A plugin of ecspresso's, as its config names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// What it does.
    pub kind: PluginKind,
    /// What stands before the name of each of its functions (`func_prefix`).
    pub prefix: String,
    /// Where the config says so: `ecspresso.yml:12:5`.
    pub from: String,
}

/// What a plugin does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginKind {
    /// `tfstate`: a Terraform state at a path or URL.
    Terraform {
        /// The path or URL.
        state: String,
        /// A state that is not there is an empty one.
        optional: bool,
    },
    /// `cloudformation`
    CloudFormation,
    /// `ssm`
    Parameters,
    /// `secretsmanager`
    Secrets,
    /// `external`: a program.
    External {
        /// The function's name.
        name: String,
        /// The program and its fixed arguments.
        command: Vec<String>,
        /// How many arguments the function takes.
        arguments: usize,
        /// Whether it prints JSON, or text.
        json: bool,
        /// How long it may take, in seconds.
        timeout: Option<u64>,
    },
}

/// The functions that a definition can call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functions {
    by_name: BTreeMap<String, Function>,
}

impl Default for Functions {
    /// Those that are there without any plugin: ecspresso loads `ssm` and `secretsmanager` by itself.
    fn default() -> Self {
        let own = [
            ("env", Function::Env),
            ("must_env", Function::MustEnv),
            ("json_escape", Function::JsonEscape),
            ("ssm", Function::Parameter),
            ("secretsmanager_arn", Function::Secret),
            ("and", Function::And),
            ("or", Function::Or),
            ("not", Function::Not),
            ("eq", Function::Equal),
            ("ne", Function::Differs),
            ("lt", Function::Less),
            ("le", Function::LessOrEqual),
            ("gt", Function::Greater),
            ("ge", Function::GreaterOrEqual),
            ("len", Function::Len),
            ("print", Function::Print),
            ("println", Function::PrintLine),
            ("printf", Function::PrintFormatted),
        ];
        Self { by_name: own.map(|(name, function)| (name.to_owned(), function)).into() }
    }
}

impl Functions {
    /// Those, and the plugins'.
    ///
    /// # Errors
    /// Names that two plugins give to different functions: all of them.
    pub fn of(plugins: &[Plugin]) -> Result<Self, Vec<Finding>> {
        let mut functions = Self::default();
        let mut findings = Vec::new();
        for Plugin { kind, prefix, from } in plugins {
            for (name, function) in functions_of(kind) {
                let name = format!("{prefix}{name}");
                match functions.by_name.get(&name) {
                    Some(other) if *other != function => {
                        let finding = Finding::error(from, format!("there is a function `{name}` already"));
                        findings.push(finding.hint("tell them apart with `func_prefix`"));
                    }
                    Some(_) | None => {
                        functions.by_name.insert(name, function);
                    }
                }
            }
        }
        if findings.is_empty() { Ok(functions) } else { Err(findings) }
    }

    /// All of them, by name.
    pub(in crate::definition) fn all(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.by_name.iter().map(|(name, function)| (name.as_str(), function))
    }

    /// The function of that name.
    pub(in crate::definition) fn get(&self, name: &str) -> Option<&Function> {
        self.by_name.get(name)
    }

    /// The states that a reference without one can be about: the one that `tfstate` is about, else those of all Terraform plugins.
    #[must_use]
    pub fn terraform_states(&self) -> Vec<&str> {
        if let Some(Function::Terraform { state, .. }) = self.by_name.get("tfstate") {
            return vec![state];
        }
        let mut states: Vec<&str> = Vec::new();
        for function in self.by_name.values() {
            if let Function::Terraform { state, .. } = function
                && !states.contains(&state.as_str())
            {
                states.push(state);
            }
        }
        states
    }

    /// What somebody may have meant, and which names there are.
    pub(super) fn unknown(&self, name: &str) -> String {
        let near = self.by_name.keys().filter(|known| strsim::damerau_levenshtein(known, name) <= 2).min();
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if name.starts_with("tfstate") || name.starts_with("cfn_") => {
                "its plugin has to be named in `plugins:` of ecspresso.yml".to_owned()
            }
            None => {
                let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
                format!("there are {}", crate::definition::finding::list(&names))
            }
        }
    }
}

fn functions_of(kind: &PluginKind) -> Vec<(String, Function)> {
    let named = |name: &str, function| (name.to_owned(), function);
    match kind {
        PluginKind::Terraform { state, optional } => {
            let function = |formatted| Function::Terraform { state: state.clone(), optional: *optional, formatted };
            vec![named("tfstate", function(false)), named("tfstatef", function(true))]
        }
        PluginKind::CloudFormation => {
            vec![named("cfn_output", Function::StackOutput), named("cfn_export", Function::StackExport)]
        }
        PluginKind::Parameters => vec![named("ssm", Function::Parameter)],
        PluginKind::Secrets => vec![named("secretsmanager_arn", Function::Secret)],
        PluginKind::External { name, command, arguments, json, timeout } => {
            let function = Function::External { command: command.clone(), arguments: *arguments, json: *json, timeout: *timeout };
            vec![named(name, function)]
        }
    }
}
