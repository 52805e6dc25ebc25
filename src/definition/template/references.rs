//! What a template refers to and only somebody else can say.

use std::fmt;

use serde_json::Value;

/// Something to be looked up. Its text form is how a person would name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// An attribute in a Terraform state.
    Terraform {
        /// Where the state is: a path or URL as it was written; empty for the only one that there is.
        state: String,
        /// The address, such as `aws_vpclattice_target_group.main.arn` or `output.arn`.
        address: String,
        /// A state that is not there is an empty one.
        optional: bool,
    },
    /// A parameter of Systems Manager.
    Parameter {
        /// Its name.
        name: String,
    },
    /// The ARN of a secret of Secrets Manager.
    Secret {
        /// Its name.
        name: String,
    },
    /// An output of a CloudFormation stack.
    StackOutput {
        /// The stack's name.
        stack: String,
        /// The output's key.
        key: String,
    },
    /// What a CloudFormation stack exports.
    StackExport {
        /// The export's name.
        name: String,
    },
    /// What a program prints (ecspresso's plugin `external`).
    External {
        /// The program and its fixed arguments.
        command: Vec<String>,
        /// What the template gives it.
        arguments: Vec<String>,
        /// Whether what it prints is JSON, or text.
        json: bool,
        /// How long it may take, in seconds; none for as long as it likes.
        timeout: Option<u64>,
    },
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terraform { state, address, .. } if state.is_empty() => write!(f, "{address} of the Terraform state"),
            Self::Terraform { state, address, .. } => write!(f, "{address} of the Terraform state {state}"),
            Self::Parameter { name } => write!(f, "the parameter {name}"),
            Self::Secret { name } => write!(f, "the secret {name}"),
            Self::StackOutput { stack, key } => write!(f, "the output {key} of the stack {stack}"),
            Self::StackExport { name } => write!(f, "the export {name}"),
            Self::External { command, arguments, .. } => {
                write!(f, "what `{}` prints", command.iter().chain(arguments).cloned().collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The value; for a list of strings an array.
    pub value: Value,
    /// It must not be shown: a `SecureString`, or what a program printed.
    pub is_secret: bool,
}

/// What came of looking something up: what was found, or why it was not, in words.
pub type Answer = Result<Found, String>;
