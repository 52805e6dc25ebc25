//! A request that came over the wire, and its answer.

use serde_json::{Value, json};

use super::{
    backends::{self, Backend},
    course::{Course, Forward, Group, Reason, Target, To, course},
    state::Passed,
    travel::{Portion, record},
};
use crate::sandbox::{
    ecs, lattice,
    wire::{Reply, Request},
    world::World,
};

/// A client may name its request; so much of the name is kept.
const LONGEST_ID: usize = 512;

/// The answer to a request whose `Host` header names the service. Nothing waits for the target's latency: it is the world's time
/// that passes in it.
pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    world.begin_request();
    let named = request.header("x-amzn-requestid").map(|id| id.chars().take(LONGEST_ID).collect::<String>());
    let id = named.filter(|id| !id.is_empty()).unwrap_or_else(|| world.request_id());
    let reply = if request.method == http::Method::CONNECT {
        refuse(501, "a tunnel is for TLS; the sandbox answers for HTTPS listeners too in clear text on this port")
    } else {
        let host = request.header("host").unwrap_or_default();
        let (domain, port) = host.rsplit_once(':').map_or((host, None), |(domain, port)| (domain, port.parse().ok()));
        let found = lattice::service_of_domain(world, domain);
        match found.and_then(|service| course(world, &service, port, request)) {
            Some(course) => follow(world, &course, request, &id),
            None => refuse(404, &format!("`{host}` is the domain name of no service that is ACTIVE")),
        }
    };
    reply.with("x-amzn-requestid", id)
}

fn refuse(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

/// Sends one request along its course.
fn follow(world: &mut World, course: &Course, request: &Request, id: &str) -> Reply {
    let rule = course.rule.as_ref().map(|(id, _)| id.as_str()).unwrap_or_default();
    let portions = match &course.to {
        To::Forward(forward) => world.dataplane.choices.forward(rule, forward, 1),
        To::Lattice(..) => Vec::new(),
    };
    let bytes = u64::try_from(request.body.len()).unwrap_or(u64::MAX);
    let now = world.now;
    record(&mut world.traffic, now, course, 1, &portions, bytes);
    let mut passed = Passed {
        at: now,
        method: request.method.to_string(),
        path: request.path.clone(),
        service: course.service.name.clone(),
        rule: course.rule.as_ref().map(|(_, name)| name.clone()),
        target_group: None,
        target: None,
        status: 0,
        latency_ms: None,
    };
    let reply = match (&course.to, portions.first()) {
        (To::Lattice(status, reason), _) => by_lattice(course, *status, *reason, request),
        (To::Forward(forward), Some(portion)) => match forward.groups.get(portion.group) {
            Some(group) => by_group(world, (course, forward, group), portion, request, id, &mut passed),
            None => refuse(500, "the request got lost"),
        },
        (To::Forward(_), None) => refuse(500, "the request got lost"),
    };
    passed.status = reply.status;
    world.dataplane.remember(passed);
    reply
}

fn by_lattice(course: &Course, status: u16, reason: Reason, request: &Request) -> Reply {
    let arn = &course.service.arn;
    match reason {
        Reason::FixedResponse => Reply::json(status, &json!({ "fixed_response": status })),
        Reason::NoListener => {
            refuse(status, &format!("nothing listens for {} yet, or no rule takes the request", course.service.name))
        }
        Reason::NoWeight => refuse(status, "no target group of the action has a weight above 0"),
        Reason::Passthrough => refuse(status, "the sandbox passes no TLS through: the listener's protocol is TLS_PASSTHROUGH"),
        Reason::NotAuthorized => {
            let resource = format!("{arn}{}", request.path);
            let text = format!(
                "AccessDeniedException: User: anonymous is not authorized to perform: vpc-lattice-svcs:Invoke on resource: {resource} \
                 because no service-based policy allows the vpc-lattice-svcs:Invoke action"
            );
            text_reply(status, text)
        }
    }
}

fn by_group(
    world: &World,
    (course, forward, group): (&Course, &Forward, &Group),
    portion: &Portion,
    request: &Request,
    id: &str,
    passed: &mut Passed,
) -> Reply {
    let network = course.service.network_arn.as_ref().map(|arn| format!("ServiceNetworkArn={arn};")).unwrap_or_default();
    let shown = format!("ServiceArn={};{network}TargetGroupArn={}", course.service.arn, group.arn);
    passed.target_group = Some(group.name.clone());
    let Some(target) = portion.target.and_then(|target| group.targets.get(target)) else {
        return refuse(forward.empty, &format!("the target group {} has no targets", group.name))
            .with("x-amzn-lattice-target", shown);
    };
    passed.target = Some(target.label());
    let micros = portion.latencies.first().map(|(micros, _)| *micros);
    #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53 microseconds")]
    let latency = micros.map(|micros| micros as f64 / 1000.0);
    passed.latency_ms = latency;
    let status = portion.answered.iter().find(|(_, count)| *count > 0).map(|(status, _)| *status);
    let reply = match (target.backend, status) {
        (Backend::Refuses, _) => refuse(502, &format!("{} of {} refuses the connection", target.label(), group.name)),
        (Backend::Nobody, _) => refuse(504, &format!("nobody is at {} of {}", target.label(), group.name)),
        (Backend::Answers(_), None) => refuse(504, &format!("{} of {} does not answer in time", target.label(), group.name)),
        (Backend::Answers(_), Some(status)) => {
            let sent = sent_on(course, request, id, &shown);
            by_target(world, group, target, status, latency, request, &sent)
        }
    };
    reply.with("x-amzn-lattice-target", shown)
}

/// The headers that VPC Lattice adds on the way to the target.
fn sent_on(course: &Course, request: &Request, id: &str, shown: &str) -> Value {
    let (protocol, port) = course.listener.clone().unwrap_or_default();
    let before = request.header("x-forwarded-for").map(|before| format!("{before}, ")).unwrap_or_default();
    json!({
        "x-forwarded-for": format!("{before}127.0.0.1"),
        "x-forwarded-port": port.to_string(),
        "x-forwarded-proto": protocol.to_ascii_lowercase(),
        "x-amzn-requestid": id,
        "x-amzn-lattice-target": shown,
    })
}

/// What the target says: the text that the scenario has for it, or who it is.
fn by_target(
    world: &World,
    group: &Group,
    target: &Target,
    status: u16,
    latency: Option<f64>,
    request: &Request,
    sent: &Value,
) -> Reply {
    let behaviour = backends::behaviour(world, group.place(target));
    let text = behaviour.and_then(|behaviour| behaviour.bodies.get(&request.path).or(behaviour.body.as_ref()));
    if let Some(text) = text {
        let path = percent_encoding::percent_decode_str(request.path.trim_start_matches('/')).decode_utf8_lossy();
        return text_reply(status, text.replace("{path}", &path));
    }
    let mut body = json!({
        "target_group": group.name,
        "target_group_id": group.id,
        "target": target.label(),
        "latency_ms": latency,
        "headers": sent,
    });
    if let Some(occupant) = ecs::occupant(world, &target.id).filter(|_| group.kind == "IP") {
        body["revision"] = json!(occupant.revision);
        body["task"] = json!(occupant.task);
    }
    Reply::json(status, &body)
}

fn text_reply(status: u16, text: String) -> Reply {
    Reply { status, headers: Vec::new(), body: text.into_bytes() }.with("content-type", "text/plain; charset=utf-8")
}
