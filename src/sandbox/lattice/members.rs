//! The members of the requests that carry a body, with the constraints of the service model (botocore 1.44.5,
//! `vpc-lattice/2022-11-30`), and the tag limits of AWS's tagging rules.

use super::shape::{Member, Pattern, Shape, opt, req};

const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, pattern: None }
}

const fn pattern(min: usize, max: usize, holds: fn(&str) -> bool, says: &'static str) -> Shape {
    Shape::Text { min, max, pattern: Some(Pattern { holds, says }) }
}

const NAME_SAYS: &str = "lower-case letters, digits and single hyphens, with none at either end, and not begin like an id";

/// A name: no hyphen at an edge, no two in a row, and not the prefix of the resource's own ids.
fn is_name(name: &str, prefix: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
        && (prefix.is_empty() || !name.starts_with(prefix))
}

/// Whether this is an id with that prefix, or an ARN that ends in one.
pub(super) fn is_identifier(text: &str, prefix: &str) -> bool {
    let id = text.rsplit('/').next().unwrap_or(text);
    let arn = text.starts_with("arn:") && text.split(':').nth(2) == Some("vpc-lattice");
    id.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 17 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        && (arn || id.len() == text.len())
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.chars().all(|c| c.is_ascii_alphanumeric() || "/@:%_+.~#?&=-".contains(c))
}

fn is_vpc(vpc: &str) -> bool {
    vpc.strip_prefix("vpc-").is_some_and(|rest| {
        (rest.len() == 8 || rest.len() == 17) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn is_tag(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
}

const CLIENT_TOKEN: Shape =
    pattern(1, 64, |t| t.bytes().any(|b| (b'!'..=b'~').contains(&b)), "a token with a printable character");
const SERVICE_NAME: Shape = pattern(3, 40, |name| is_name(name, "svc-"), NAME_SAYS);
const NETWORK_NAME: Shape = pattern(3, 63, |name| is_name(name, ""), NAME_SAYS);
const GROUP_NAME: Shape = pattern(3, 128, |name| is_name(name, "tg-"), NAME_SAYS);
const LISTENER_NAME: Shape = pattern(3, 63, |name| is_name(name, "listener-"), NAME_SAYS);
const RULE_NAME: Shape = pattern(3, 63, |name| is_name(name, "rule-"), NAME_SAYS);
const SERVICE_ID: Shape = pattern(17, 2048, |id| is_identifier(id, "svc-"), "the id or ARN of a service");
const NETWORK_ID: Shape = pattern(3, 2048, |id| is_identifier(id, "sn-"), "the id or ARN of a service network");
const GROUP_ID: Shape = pattern(17, 2048, |id| is_identifier(id, "tg-"), "the id or ARN of a target group");
const RULE_ID: Shape = pattern(20, 2048, |id| is_identifier(id, "rule-"), "the id or ARN of a rule");
const PORT: Shape = Shape::Number { min: 1, max: 65535 };
const AUTH: Shape = Shape::Choice(&["NONE", "AWS_IAM"]);
const CERTIFICATE: Shape =
    pattern(0, 2048, |arn| arn.is_empty() || (arn.starts_with("arn:") && arn.contains(":certificate/")), "an ARN");
const TAG_KEY: Shape = pattern(1, 128, is_tag, "letters, digits, spaces and _ . : / = + - @");
const TAG_VALUE: Shape = pattern(0, 256, is_tag, "letters, digits, spaces and _ . : / = + - @");
/// The model allows 200 entries, AWS's tagging rules 50 for each resource.
const TAGS: Shape = Shape::Map { key: &TAG_KEY, value: &TAG_VALUE, max: 50 };

const FORWARD: Shape = Shape::Struct(&[req(
    "targetGroups",
    &Shape::List {
        of: &Shape::Struct(&[req("targetGroupIdentifier", &GROUP_ID), opt("weight", &Shape::Number { min: 0, max: 999 })]),
        min: 1,
        max: 10,
    },
)]);
const FIXED: Shape = Shape::Struct(&[req("statusCode", &Shape::Number { min: 100, max: 599 })]);
const ACTION: Shape = Shape::Union(&[opt("forward", &FORWARD), opt("fixedResponse", &FIXED)]);

const PATH: Shape = pattern(1, 200, is_path, "a path that begins with /");
const PATH_MATCH: Shape = Shape::Struct(&[
    req("match", &Shape::Union(&[opt("exact", &PATH), opt("prefix", &PATH)])),
    opt("caseSensitive", &Shape::Flag),
]);
const WORDS: Shape = text(1, 200);
const HEADER_MATCH: Shape = Shape::Struct(&[
    req("name", &text(1, 100)),
    req("match", &Shape::Union(&[opt("exact", &WORDS), opt("prefix", &WORDS), opt("contains", &WORDS)])),
    opt("caseSensitive", &Shape::Flag),
]);
const MATCH: Shape = Shape::Union(&[opt(
    "httpMatch",
    &Shape::Struct(&[
        opt("method", &text(0, 16)),
        opt("pathMatch", &PATH_MATCH),
        opt("headerMatches", &Shape::List { of: &HEADER_MATCH, min: 1, max: 5 }),
    ]),
)]);
const PRIORITY: Shape = Shape::Number { min: 1, max: 2000 };

const HEALTH_CHECK: Shape = Shape::Struct(&[
    opt("enabled", &Shape::Flag),
    opt("protocol", &PROTOCOL),
    opt("protocolVersion", &Shape::Choice(&["HTTP1", "HTTP2"])),
    opt("port", &Shape::Number { min: 0, max: 65535 }),
    opt("path", &pattern(0, 2048, |path| path.is_empty() || is_path(path), "empty or a path that begins with /")),
    opt("healthCheckIntervalSeconds", &Shape::Number { min: 0, max: 300 }),
    opt("healthCheckTimeoutSeconds", &Shape::Number { min: 0, max: 120 }),
    opt("healthyThresholdCount", &Shape::Number { min: 0, max: 10 }),
    opt("unhealthyThresholdCount", &Shape::Number { min: 0, max: 10 }),
    opt(
        "matcher",
        &Shape::Union(&[opt("httpCode", &pattern(0, 2000, is_codes, "codes and ranges of codes, divided by commas"))]),
    ),
]);
const PROTOCOL: Shape = Shape::Choice(&["HTTP", "HTTPS", "TCP"]);
const GROUP_CONFIG: Shape = Shape::Struct(&[
    opt("port", &PORT),
    opt("protocol", &PROTOCOL),
    opt("protocolVersion", &Shape::Choice(&["HTTP1", "HTTP2", "GRPC"])),
    opt("ipAddressType", &Shape::Choice(&["IPV4", "IPV6"])),
    opt("vpcIdentifier", &pattern(5, 50, is_vpc, "the id of a VPC")),
    opt("healthCheck", &HEALTH_CHECK),
    opt("lambdaEventStructureVersion", &Shape::Choice(&["V1", "V2"])),
]);

const RULE_UPDATE: Shape =
    Shape::Struct(&[req("ruleIdentifier", &RULE_ID), opt("match", &MATCH), opt("priority", &PRIORITY), opt("action", &ACTION)]);
const SHARING: Shape = Shape::Struct(&[opt("enabled", &Shape::Flag)]);
const DOMAIN: Shape = text(3, 255);
const TARGET: Shape = Shape::Struct(&[req("id", &text(1, 200)), opt("port", &PORT)]);

fn is_codes(codes: &str) -> bool {
    codes.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b',')
}

/// The members of an operation's body; none for those that have no body.
pub(super) fn body(operation: &str) -> &'static [Member] {
    match operation {
        "CreateServiceNetwork" => {
            const {
                &[
                    opt("clientToken", &CLIENT_TOKEN),
                    req("name", &NETWORK_NAME),
                    opt("authType", &AUTH),
                    opt("tags", &TAGS),
                    opt("sharingConfig", &SHARING),
                ]
            }
        }
        "CreateService" => {
            const {
                &[
                    opt("clientToken", &CLIENT_TOKEN),
                    req("name", &SERVICE_NAME),
                    opt("tags", &TAGS),
                    opt("customDomainName", &DOMAIN),
                    opt("certificateArn", &CERTIFICATE),
                    opt("authType", &AUTH),
                    opt("idleTimeoutSeconds", &Shape::Number { min: 60, max: 600 }),
                ]
            }
        }
        "CreateServiceNetworkServiceAssociation" => {
            const {
                &[
                    opt("clientToken", &CLIENT_TOKEN),
                    req("serviceIdentifier", &SERVICE_ID),
                    req("serviceNetworkIdentifier", &NETWORK_ID),
                    opt("tags", &TAGS),
                ]
            }
        }
        "CreateTargetGroup" => {
            const {
                &[
                    req("name", &GROUP_NAME),
                    req("type", &Shape::Choice(&["IP", "LAMBDA", "INSTANCE", "ALB"])),
                    opt("config", &GROUP_CONFIG),
                    opt("clientToken", &CLIENT_TOKEN),
                    opt("tags", &TAGS),
                ]
            }
        }
        "UpdateTargetGroup" => const { &[req("healthCheck", &HEALTH_CHECK)] },
        "RegisterTargets" | "DeregisterTargets" => const { &[req("targets", &Shape::List { of: &TARGET, min: 1, max: 100 })] },
        "ListTargets" => const { &[opt("targets", &Shape::List { of: &TARGET, min: 0, max: 20 })] },
        "CreateListener" => {
            const {
                &[
                    req("name", &LISTENER_NAME),
                    req("protocol", &Shape::Choice(&["HTTP", "HTTPS", "TLS_PASSTHROUGH"])),
                    opt("port", &PORT),
                    req("defaultAction", &ACTION),
                    opt("clientToken", &CLIENT_TOKEN),
                    opt("tags", &TAGS),
                ]
            }
        }
        "UpdateListener" => const { &[req("defaultAction", &ACTION)] },
        "CreateRule" => {
            const {
                &[
                    req("name", &RULE_NAME),
                    req("match", &MATCH),
                    req("priority", &PRIORITY),
                    req("action", &ACTION),
                    opt("clientToken", &CLIENT_TOKEN),
                    opt("tags", &TAGS),
                ]
            }
        }
        "UpdateRule" => const { &[opt("match", &MATCH), opt("priority", &PRIORITY), opt("action", &ACTION)] },
        "BatchUpdateRule" => const { &[req("rules", &Shape::List { of: &RULE_UPDATE, min: 1, max: 10 })] },
        "TagResource" => const { &[req("tags", &TAGS)] },
        _ => const { &[] },
    }
}
