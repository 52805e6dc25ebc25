//! Which services are emulated, and by what.

use serde_json::{Value, json};

use super::{Call, Refusal};
use crate::{
    models::{
        Kind,
        check::{Finding, Problem},
    },
    sandbox::{autoscaling, cloudwatch, ec2, ecs, iam, lattice, ram, route53, ssm, sts, world::World},
};

/// What does an operation: it changes the world and gives the answer's members, or says why not.
pub(crate) type Perform = fn(&mut World, &Call) -> Result<Value, Refusal>;

/// A service that is emulated.
pub(crate) struct Emulated {
    /// Its name in the models.
    pub(crate) name: &'static str,
    /// Its operations by name. An operation of the model that is not here is refused as unknown.
    pub(crate) operations: &'static [(&'static str, Perform)],
    /// What it says of a request that does not fit its model; at least one finding.
    pub(crate) invalid: fn(&[Finding]) -> Refusal,
    /// How it says that there are too many requests, without the text.
    pub(crate) throttled: fn() -> Refusal,
}

/// Every service that is emulated.
pub(crate) const EMULATED: &[Emulated] = &[
    Emulated {
        name: "vpc-lattice",
        operations: lattice::OPERATIONS,
        invalid: |findings| {
            let list: Vec<_> =
                findings.iter().map(|finding| json!({"name": finding.place(), "message": finding.problem.to_string()})).collect();
            let all: Vec<_> = findings.iter().map(|finding| format!("{} {}", finding.place(), finding.problem)).collect();
            Refusal::new("ValidationException", format!("{} validation error(s) detected: {}", list.len(), all.join("; ")))
                .with("reason", "fieldValidationFailed")
                .with("fieldList", list)
        },
        throttled: || Refusal::new("ThrottlingException", "Rate exceeded").header("retry-after", "1"),
    },
    Emulated {
        name: "ecs",
        operations: ecs::OPERATIONS,
        invalid: |findings| said_by_coral("InvalidParameterException", findings),
        throttled: || Refusal::new("ThrottlingException", "Rate exceeded"),
    },
    Emulated {
        name: "cloudwatch",
        operations: cloudwatch::OPERATIONS,
        invalid: cloudwatch::invalid_request,
        throttled: cloudwatch::throttled,
    },
    Emulated {
        name: "application-autoscaling",
        operations: autoscaling::OPERATIONS,
        invalid: |findings| said_by_coral("ValidationException", findings),
        throttled: || Refusal::new("ThrottlingException", "Rate exceeded"),
    },
    Emulated {
        name: "sts",
        operations: sts::OPERATIONS,
        invalid: |findings| said_by_coral("ValidationError", findings),
        throttled: || Refusal::new("Throttling", "Rate exceeded"),
    },
    Emulated {
        name: "ssm",
        operations: ssm::OPERATIONS,
        invalid: |findings| said_by_coral("ValidationException", findings),
        throttled: || Refusal::new("ThrottlingException", "Rate exceeded"),
    },
    Emulated {
        name: "iam",
        operations: iam::OPERATIONS,
        invalid: |findings| said_by_coral("ValidationError", findings),
        throttled: || Refusal::new("Throttling", "Rate exceeded"),
    },
    Emulated {
        name: "ram",
        operations: ram::OPERATIONS,
        invalid: |findings| said_by_coral("InvalidParameterException", findings),
        throttled: || Refusal::new("ThrottlingException", "Rate exceeded"),
    },
    Emulated {
        name: "route53",
        operations: route53::OPERATIONS,
        // Here a wrong kind of value is an invalid input as any other.
        invalid: |findings| Refusal { code: "InvalidInput", ..said_by_coral("InvalidInput", findings) },
        throttled: || Refusal::new("Throttling", "Rate exceeded"),
    },
    Emulated {
        name: "ec2",
        operations: ec2::OPERATIONS,
        invalid: |findings| said_by_coral("InvalidParameterValue", findings),
        throttled: || Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
    },
];

/// The service of that name in the models, if it is emulated.
pub(crate) fn emulated(name: &str) -> Option<&'static Emulated> {
    EMULATED.iter().find(|service| service.name == name)
}

/// The findings as the framework that most of AWS's services stand on prints them.
pub(crate) fn said_by_coral(code: &'static str, findings: &[Finding]) -> Refusal {
    let kind =
        findings.iter().find_map(|finding| if let Problem::Kind(kind) = finding.problem { Some((finding, kind)) } else { None });
    if let Some((finding, kind)) = kind {
        let got = match &finding.given {
            Value::Null => "NULL_VALUE",
            Value::Bool(_) => "BOOLEAN_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
        };
        let place = if finding.path.is_empty() { "the request".to_owned() } else { finding.place() };
        let wanted = match kind {
            Kind::Structure => "a structure",
            Kind::List => "a list",
            Kind::Map => "a map",
            Kind::String => "a String",
            Kind::Boolean => "a Boolean",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Float => "a Float",
            Kind::Double => "a Double",
            Kind::Timestamp => "a Timestamp",
            Kind::Blob => "a Blob",
        };
        return Refusal::new("SerializationException", format!("{got} can not be converted to {wanted} at {place}"));
    }
    let one = |finding: &Finding| {
        let place = finding.place();
        let given = finding.given.as_str().map_or_else(|| finding.given.to_string(), str::to_owned);
        let failed = |constraint: String| format!("Value '{given}' at '{place}' failed to satisfy constraint: {constraint}");
        match &finding.problem {
            Problem::Missing => format!("Value null at '{place}' failed to satisfy constraint: Member must not be null"),
            Problem::Unknown(known) => format!("Unknown parameter \"{place}\", must be one of: {}", known.join(", ")),
            Problem::Words(words) => failed(format!("Member must satisfy enum value set: [{}]", words.join(", "))),
            Problem::Pattern(pattern) => failed(format!("Member must satisfy regular expression pattern: {pattern}")),
            Problem::Length { min: Some(min), length, .. } if (*length as f64) < *min => {
                failed(format!("Member must have length greater than or equal to {min}"))
            }
            Problem::Length { max, .. } => {
                failed(format!("Member must have length less than or equal to {}", max.unwrap_or_default()))
            }
            Problem::Range { min: Some(min), .. } if finding.given.as_f64().is_some_and(|given| given < *min) => {
                failed(format!("Member must have value greater than or equal to {min}"))
            }
            Problem::Range { max, .. } => {
                failed(format!("Member must have value less than or equal to {}", max.unwrap_or_default()))
            }
            Problem::Kind(_) | Problem::Union(_) => failed(finding.problem.to_string()),
        }
    };
    let all: Vec<_> = findings.iter().map(one).collect();
    let errors = if all.len() == 1 { "error" } else { "errors" };
    Refusal::new(code, format!("{} validation {errors} detected: {}", all.len(), all.join("; ")))
}
