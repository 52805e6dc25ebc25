//! Reading the condensed models.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::pattern::Pattern;
use crate::packed::{packed, unpacked};

/// The names of all the services, as botocore has them.
pub const SERVICES: [&str; 10] =
    ["vpc-lattice", "ecs", "application-autoscaling", "cloudwatch", "sts", "ssm", "iam", "ram", "route53", "ec2"];

/// One service of AWS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// botocore's name of it, such as `vpc-lattice`.
    #[serde(skip)]
    pub name: &'static str,
    /// The version of its API: `2022-11-30`.
    pub api_version: String,
    /// The prefix of `X-Amz-Target`, where the protocol has one.
    pub target_prefix: Option<String>,
    /// The version of the AWS JSON protocol: `1.0` or `1.1`.
    pub json_version: Option<String>,
    /// The protocols that it speaks: `rest-json`, `query`.
    pub protocols: Vec<String>,
    /// The name space of its XML, where the protocol has one.
    #[serde(default, rename = "xmlNamespace")]
    pub xml_namespace: Option<String>,
    /// What it is called in a signature's scope and in IAM's actions, where that is not its endpoint's prefix.
    pub signing_name: Option<String>,
    /// The first part of its host name.
    pub endpoint_prefix: String,
    /// The operations that were kept, by name.
    pub operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `CreateService`.
    #[serde(skip)]
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path with labels in braces; `/` where the protocol does not use it.
    pub uri: String,
    /// The HTTP status of success.
    #[serde(default = "ok")]
    pub status: u16,
    /// The shape of its request.
    pub input: Option<String>,
    /// The shape of its answer.
    pub output: Option<String>,
    /// The element around its answer, in the query protocol.
    pub result_wrapper: Option<String>,
    /// The shapes of its errors.
    #[serde(default)]
    pub errors: Vec<String>,
    /// Whether it answers in pages.
    #[serde(default)]
    pub paginated: bool,
}

fn ok() -> u16 {
    200
}

/// What a value may be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// Which kind of value.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The members of a structure, in the order of their names.
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    /// The names of the members that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// What a list holds.
    pub member: Option<Member>,
    /// What the keys of a map are.
    pub key: Option<Member>,
    /// What the values of a map are.
    pub value: Option<Member>,
    /// The words that a string may be; empty is any.
    #[serde(default, rename = "enum")]
    pub words: Vec<String>,
    /// The least number, length in characters, or count of items.
    pub min: Option<f64>,
    /// The greatest number, length in characters, or count of items.
    pub max: Option<f64>,
    /// What a string has to look like, all of it.
    pub pattern: Option<Pattern>,
    /// Whether exactly one member of the structure must be there.
    #[serde(default)]
    pub union: bool,
    /// The HTTP status of an error.
    pub status: Option<u16>,
    /// The code of an error where it is not the shape's name (query protocol).
    pub code: Option<String>,
    /// How a timestamp is written where the protocol leaves it open.
    pub timestamp_format: Option<String>,
}

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the models")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    Timestamp,
    Blob,
}

/// A member of a structure, or what a list or a map holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The name of its shape.
    pub shape: String,
    /// Where in an HTTP request or answer it stands; None is the body.
    #[serde(rename = "location")]
    pub place: Option<Place>,
    /// Its name there, where that is not the member's.
    pub location_name: Option<String>,
    /// Its name in requests of EC2's, where that is not [`Member::location_name`] with a capital.
    pub query_name: Option<String>,
    /// Whether a client fills it in by itself, so that a repeated request is recognised.
    #[serde(default)]
    pub idempotency_token: bool,
}

/// Where a member stands in an HTTP request or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// A label of the path.
    Uri,
    /// The query string.
    Querystring,
    /// A header.
    Header,
    /// The status.
    StatusCode,
}

impl Service {
    /// The shape of that name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// Whether it speaks this protocol.
    #[must_use]
    pub fn speaks(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|spoken| spoken == protocol)
    }

    /// Whether it speaks EC2's variant of the query protocol.
    #[must_use]
    pub fn is_ec2(&self) -> bool {
        self.endpoint_prefix == "ec2"
    }

    /// The first part of its actions in IAM policies, which is the name in a signature's scope too: `vpc-lattice`, `ecs`.
    #[must_use]
    pub fn signs_as(&self) -> &str {
        self.signing_name.as_deref().unwrap_or(&self.endpoint_prefix)
    }
}

/// The service of that name, one of [`SERVICES`].
#[must_use]
pub fn service(name: &str) -> Option<&'static Service> {
    static LATTICE: LazyLock<Service> = LazyLock::new(|| read("vpc-lattice", packed!("models-vpc-lattice.json")));
    static ECS: LazyLock<Service> = LazyLock::new(|| read("ecs", packed!("models-ecs.json")));
    static SCALING: LazyLock<Service> =
        LazyLock::new(|| read("application-autoscaling", packed!("models-application-autoscaling.json")));
    static CLOUDWATCH: LazyLock<Service> = LazyLock::new(|| read("cloudwatch", packed!("models-cloudwatch.json")));
    static STS: LazyLock<Service> = LazyLock::new(|| read("sts", packed!("models-sts.json")));
    static SSM: LazyLock<Service> = LazyLock::new(|| read("ssm", packed!("models-ssm.json")));
    static IAM: LazyLock<Service> = LazyLock::new(|| read("iam", packed!("models-iam.json")));
    static RAM: LazyLock<Service> = LazyLock::new(|| read("ram", packed!("models-ram.json")));
    static ROUTE53: LazyLock<Service> = LazyLock::new(|| read("route53", packed!("models-route53.json")));
    static EC2: LazyLock<Service> = LazyLock::new(|| read("ec2", packed!("models-ec2.json")));
    match name {
        "vpc-lattice" => Some(&LATTICE),
        "ecs" => Some(&ECS),
        "application-autoscaling" => Some(&SCALING),
        "cloudwatch" => Some(&CLOUDWATCH),
        "sts" => Some(&STS),
        "ssm" => Some(&SSM),
        "iam" => Some(&IAM),
        "ram" => Some(&RAM),
        "route53" => Some(&ROUTE53),
        "ec2" => Some(&EC2),
        _ => None,
    }
}

#[expect(clippy::expect_used, reason = "the model is part of the program; a test reads every one")]
fn read(name: &'static str, packed: &[u8]) -> Service {
    let mut service: Service = serde_json::from_str(&unpacked(packed)).expect("a condensed model is well formed");
    service.name = name;
    for (name, operation) in &mut service.operations {
        operation.name.clone_from(name);
    }
    service
}

#[cfg(test)]
mod tests {
    use super::{Kind, SERVICES, service};

    #[test]
    fn every_model_is_read_and_names_only_shapes_that_it_has() {
        for name in SERVICES {
            let service = service(name).unwrap();
            assert!(!service.operations.is_empty(), "{name}");
            for operation in service.operations.values() {
                let named = operation.input.iter().chain(&operation.output).chain(&operation.errors);
                for shape in named {
                    assert!(service.shape(shape).is_some(), "{name}:{} names {shape}", operation.name);
                }
            }
            for (at, shape) in &service.shapes {
                let parts = shape.members.values().chain(&shape.member).chain(&shape.key).chain(&shape.value);
                for part in parts {
                    assert!(service.shape(&part.shape).is_some(), "{name}: {at} names {}", part.shape);
                }
                if let Some(pattern) = &shape.pattern {
                    assert!(pattern.is_understood(), "{name}: {at}: {}", pattern.text());
                }
                assert!(shape.required.iter().all(|member| shape.members.contains_key(member)), "{name}: {at}");
            }
        }
    }

    #[test]
    fn a_model_tells_what_the_wire_needs() {
        let lattice = service("vpc-lattice").unwrap();
        assert_eq!(lattice.signs_as(), "vpc-lattice");
        let create = &lattice.operations["CreateRule"];
        assert_eq!((create.method.as_str(), create.status), ("POST", 201));
        assert_eq!(create.uri, "/services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules");
        assert_eq!(lattice.shape("ServiceQuotaExceededException").unwrap().status, Some(402));
        assert_eq!(lattice.shape("TargetGroupWeight").unwrap().max, Some(999.0));
        assert_eq!(service("ecs").unwrap().shape("Service").unwrap().kind, Kind::Structure);
        assert!(service("lambda").is_none());
    }
}
