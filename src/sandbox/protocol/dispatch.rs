//! Whose request it is, and the way every request of AWS's goes: find the operation, decode, validate, perform, encode, log.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Call, Emulated, Perform, Refusal, aws_json, cbor, emulated, form, query, rest_json, rest_xml};
use crate::{
    models::{self, Operation, Service, check},
    sandbox::{
        iam,
        wire::{Reply, Request},
        world::World,
    },
};

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    RestJson,
    RestXml,
    AwsJson,
    Query,
    Cbor,
}

impl Protocol {
    /// Whether the path is the operation.
    const fn is_rest(self) -> bool {
        matches!(self, Self::RestJson | Self::RestXml)
    }

    /// Whether it answers in XML, with the codes that STS has for what is wrong with whoever calls.
    pub(crate) const fn is_xml(self) -> bool {
        matches!(self, Self::Query | Self::RestXml)
    }
}

/// What a request to AWS asks for.
pub(crate) struct Asked {
    pub(crate) protocol: Protocol,
    /// The name of the service in the models; `aws` where it is none of them.
    pub(crate) service: &'static str,
    /// The operation's name, also one that is not known; method and path where nobody has such a route.
    pub(crate) operation: String,
    known: Option<(&'static Service, &'static Operation)>,
    labels: Vec<(&'static str, String)>,
}

impl Asked {
    /// Whether the operation changes anything, by its name.
    pub(crate) fn writes(&self) -> bool {
        !["Get", "List", "Describe", "Simulate"].iter().any(|prefix| self.operation.starts_with(prefix)) && self.known.is_some()
    }
}

/// The access key in a request's signature (AWS Signature Version 4); empty where it is not signed.
pub(crate) fn access_key(request: &Request) -> String {
    let scope = request.header("authorization").and_then(|value| value.split_once("Credential=")).map_or("", |(_, rest)| rest);
    scope.split('/').next().unwrap_or_default().to_owned()
}

/// What a request asks for. Whatever nobody else claims is VPC Lattice's, whose protocol has no mark of its own.
pub(crate) fn identify(request: &Request) -> Asked {
    let asked = |protocol, service: Option<&'static Service>, operation: &str| Asked {
        protocol,
        service: service.map_or("aws", |service| service.name),
        operation: operation.to_owned(),
        known: service.and_then(|service| service.operations.get(operation).map(|operation| (service, operation))),
        labels: Vec::new(),
    };
    if let Some(target) = request.header("x-amz-target") {
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let service = by(|service| service.target_prefix.as_deref() == Some(prefix));
        return asked(Protocol::AwsJson, service, if service.is_some() { operation } else { target });
    }
    if let Some((prefix, operation)) = rpc(&request.path) {
        let service = by(|service| service.target_prefix.as_deref() == Some(prefix));
        return asked(Protocol::Cbor, service, operation);
    }
    if let Some((service, operation, labels)) = rest(request) {
        let protocol = if service.speaks("rest-xml") { Protocol::RestXml } else { Protocol::RestJson };
        return Asked { labels, ..asked(protocol, Some(service), &operation.name) };
    }
    if request.header("content-type").is_some_and(|given| given.starts_with("application/x-www-form-urlencoded")) {
        let fields = form::pairs(&String::from_utf8_lossy(&request.body));
        let field = |name: &str| fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
        let version = field("Version");
        let service =
            by(|service| ["query", "ec2"].iter().any(|protocol| service.speaks(protocol)) && service.api_version == version);
        // Whoever leaves out the version has still asked for something of STS, the oldest of them.
        return asked(Protocol::Query, service.or_else(|| models::service("sts")), field("Action"));
    }
    let (named, path) = (format!("{} {}", request.method, request.path), request.path.trim_start_matches('/'));
    // Route 53's paths begin with the version of its API.
    match models::service("route53").filter(|service| path.starts_with(&service.api_version)) {
        Some(service) => asked(Protocol::RestXml, Some(service), &named),
        None => asked(Protocol::RestJson, models::service("vpc-lattice"), &named),
    }
}

/// An operation with the labels of its path, in its service.
type Routed = (&'static Service, &'static Operation, Vec<(&'static str, String)>);

/// The operation that method and path mean in one of the services that have paths.
fn rest(request: &Request) -> Option<Routed> {
    ["vpc-lattice", "ram", "route53"].into_iter().filter_map(models::service).find_map(|service| {
        let (operation, labels) = rest_json::find(service, request)?;
        Some((service, operation, labels))
    })
}

fn by(wanted: impl Fn(&Service) -> bool) -> Option<&'static Service> {
    static ALL: LazyLock<Vec<&'static Service>> =
        LazyLock::new(|| models::SERVICES.into_iter().filter_map(models::service).collect());
    ALL.iter().copied().find(|service| wanted(service))
}

/// `/service/PREFIX/operation/NAME`, the path of RPC v2.
fn rpc(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/service/")?.split_once("/operation/")
}

/// Does a request of AWS's and answers as the service would.
pub(crate) fn perform(world: &mut World, asked: Asked, request: &Request) -> Reply {
    let line = world.log.len();
    world.note(format!("{}:{}", asked.service, asked.operation), "");
    let (protocol, known, name) = (asked.protocol, asked.known, asked.service);
    let mut subject = String::new();
    let outcome = attempt(world, asked, request, &mut subject);
    let id = world.request_id();
    let said = outcome.as_ref().err().map(|refusal| format!(" {}: {}", refusal.code, refusal.message)).unwrap_or_default();
    let reply = match (outcome, known) {
        (Ok(answer), Some((service, operation))) => {
            if cfg!(debug_assertions) {
                let odd = check::answer(service, operation, &answer);
                assert!(odd.is_empty(), "{}:{} answers what its model does not know: {odd:?}", service.name, operation.name);
            }
            match protocol {
                Protocol::RestJson => rest_json::encode(operation, answer),
                Protocol::RestXml => rest_xml::encode(service, operation, &answer),
                Protocol::AwsJson => aws_json::encode(service, &answer),
                Protocol::Query => query::encode(service, operation, &id, &answer),
                Protocol::Cbor => cbor::encode(service, operation, &answer),
            }
        }
        // Nothing is done without a known operation.
        (Ok(_), None) => Reply::empty(500),
        (Err(refusal), _) => refuse(protocol, name, &id, &refusal),
    };
    if let Some(line) = world.log.get_mut(line) {
        line.summary = format!("{subject} → {}{said}", reply.status);
    }
    reply
}

fn attempt(world: &mut World, asked: Asked, request: &Request, subject: &mut String) -> Result<Value, Refusal> {
    // Where the path is the operation, an unknown one is a path that is not there.
    let status = if asked.protocol.is_rest() { 404 } else { 400 };
    let code = if asked.protocol == Protocol::Query { "InvalidAction" } else { "UnknownOperationException" };
    let unknown = |what: &str| Refusal::new(code, format!("The sandbox does not speak {what}.")).status(status);
    let named = format!("{}:{}", asked.service, asked.operation);
    let Some((service, operation)) = asked.known else { return Err(unknown(&named)) };
    let Some((emulated, perform)) = performer(service.name, &operation.name) else { return Err(unknown(&named)) };
    let protocol = asked.protocol;
    // A token is all that this one brings.
    if operation.name != "AssumeRoleWithWebIdentity" {
        iam::authenticate(world, protocol, request)?;
    }
    let call = match protocol {
        Protocol::RestJson => rest_json::decode(service, operation, asked.labels, request),
        Protocol::RestXml => rest_xml::decode(service, operation, asked.labels, request),
        Protocol::AwsJson => aws_json::decode(service, operation, request),
        Protocol::Query => query::decode(service, operation, request),
        Protocol::Cbor => cbor::decode(service, operation, request),
    }?;
    *subject = about(&call, request);
    held(emulated, service, operation, &call.input)?;
    iam::authorize(world, protocol, &call)?;
    perform(world, &call)
}

/// Holds what would be the members of a request against the service's model.
pub(crate) fn validate(service: &str, operation: &str, input: &Value) -> Result<(), Refusal> {
    let unknown = || Refusal::new("UnknownOperationException", format!("The sandbox does not speak {service}:{operation}."));
    let emulated = emulated(service).ok_or_else(unknown)?;
    let model = models::service(service).ok_or_else(unknown)?;
    held(emulated, model, model.operations.get(operation).ok_or_else(unknown)?, input)
}

fn held(emulated: &Emulated, service: &Service, operation: &Operation, input: &Value) -> Result<(), Refusal> {
    let findings = check::request(service, operation, input);
    if findings.is_empty() { Ok(()) } else { Err((emulated.invalid)(&findings)) }
}

fn performer(service: &str, operation: &str) -> Option<(&'static Emulated, Perform)> {
    let emulated = emulated(service)?;
    let (_, perform) = emulated.operations.iter().find(|(name, _)| *name == operation)?;
    Some((emulated, *perform))
}

/// What a log line says about the thing that a request is about.
fn about(call: &Call, request: &Request) -> String {
    if call.service == "vpc-lattice" {
        let decoded = percent_encoding::percent_decode_str(&request.path).decode_utf8_lossy().into_owned();
        return decoded.trim_start_matches('/').to_owned();
    }
    [
        "service",
        "serviceName",
        "family",
        "AlarmName",
        "ResourceId",
        "Name",
        "resourceShareArn",
        "name",
        "HostedZoneId",
        "DNSName",
        "Id",
    ]
    .into_iter()
    .find_map(|name| call.given(name))
    .unwrap_or_default()
    .to_owned()
}

/// An error in the words of the protocol.
pub(crate) fn refuse(protocol: Protocol, service: &str, id: &str, refusal: &Refusal) -> Reply {
    match (protocol, models::service(service)) {
        (Protocol::RestJson, Some(service)) => rest_json::refuse(service, refusal),
        (Protocol::Query | Protocol::RestXml, Some(service)) => query::refuse(service, id, refusal),
        (Protocol::Cbor, Some(service)) => cbor::refuse(service, refusal),
        (Protocol::AwsJson, service) => aws_json::refuse(service, refusal),
        (Protocol::RestJson | Protocol::RestXml | Protocol::Query | Protocol::Cbor, None) => aws_json::refuse(None, refusal),
    }
}
