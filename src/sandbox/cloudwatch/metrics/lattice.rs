//! AWS/VpcLattice: the names and dimensions of "Amazon CloudWatch metrics for Amazon VPC Lattice" (VPC Lattice User Guide) over the
//! minutes of the data plane.
//!
//! A count is one sample a minute, which is the whole of what `Sum` needs; `RequestTime` has a sample for each request. Dimension
//! values are ids (`tg-…`, `svc-…`), as public dashboards have them; AWS does not say. Metrics of TLS (`TLSConnectionErrorCount`,
//! `TotalTLSConnectionHandshakeCount`) are absent: the data plane has none.

use super::{Distribution, Metric};
use crate::{
    clock::Timestamp,
    sandbox::{
        dataplane::{Key, Minute},
        world::World,
    },
};

pub(super) const NAMESPACE: &str = "AWS/VpcLattice";

/// How a minute is measured.
#[derive(Clone, Copy)]
enum Measure {
    Count(fn(&Minute) -> u64),
    Bytes(fn(&Minute) -> u64),
    Active,
    Time,
}

const BOTH: [(&str, Measure); 6] = [
    ("TotalRequestCount", Measure::Count(|minute| minute.requests)),
    ("RequestTime", Measure::Time),
    ("HTTPCode_2XX_Count", Measure::Count(|minute| minute.status_2xx)),
    ("HTTPCode_3XX_Count", Measure::Count(|minute| minute.status_3xx)),
    ("HTTPCode_4XX_Count", Measure::Count(|minute| minute.status_4xx)),
    ("HTTPCode_5XX_Count", Measure::Count(|minute| minute.status_5xx)),
];
const GROUP: [(&str, Measure); 8] = [
    ("TotalConnectionCount", Measure::Count(|minute| minute.connections)),
    ("HTTP1_ConnectionCount", Measure::Count(|minute| minute.connections)),
    // A connection for each request that is under way.
    ("ActiveConnectionCount", Measure::Active),
    ("ConnectionErrorCount", Measure::Count(|minute| minute.connection_errors)),
    ("ConnectionTimeoutCount", Measure::Count(|minute| minute.connection_timeouts)),
    ("TotalReceivedConnectionBytes", Measure::Bytes(|minute| minute.received_bytes)),
    ("TotalSentConnectionBytes", Measure::Bytes(|minute| minute.sent_bytes)),
    ("ActiveRequestCount", Measure::Active),
];
const SERVICE: [(&str, Measure); 8] = [
    ("RequestTimeoutCount", Measure::Count(|minute| minute.request_timeouts)),
    ("HTTPCode_VpcLattice_400_Count", Measure::Count(|minute| generated(minute, 400))),
    ("HTTPCode_VpcLattice_403_Count", Measure::Count(|minute| generated(minute, 403))),
    ("HTTPCode_VpcLattice_404_Count", Measure::Count(|minute| generated(minute, 404))),
    ("HTTPCode_VpcLattice_429_Count", Measure::Count(|minute| generated(minute, 429))),
    ("HTTPCode_VpcLattice_500_Count", Measure::Count(|minute| generated(minute, 500))),
    ("HTTPCode_VpcLattice_502_Count", Measure::Count(|minute| generated(minute, 502))),
    ("HTTPCode_VpcLattice_504_Count", Measure::Count(|minute| generated(minute, 504))),
];

fn generated(minute: &Minute, status: u16) -> u64 {
    minute.generated.get(&status).copied().unwrap_or_default()
}

/// The metrics of a target group or a service.
fn measures(key: &Key) -> impl Iterator<Item = (&'static str, Measure)> {
    let own = match key {
        Key::TargetGroup(_) => &GROUP,
        Key::Service(_) => &SERVICE,
    };
    BOTH.iter().chain(own).copied()
}

/// The zone in which every target of the data plane is.
fn zone(world: &World) -> String {
    format!("{}a", world.scenario.region)
}

fn dimension(key: &Key) -> &'static str {
    match key {
        Key::TargetGroup(_) => "TargetGroup",
        Key::Service(_) => "Service",
    }
}

/// Every metric of everything that had a request before `published`, with the beginning of its first minute.
pub(super) fn metrics(world: &World, published: Timestamp) -> Vec<(Metric, Timestamp)> {
    let zone = zone(world);
    let mut found = Vec::new();
    for key in world.traffic.keys() {
        let Some(first) = world.traffic.first(key).filter(|first| *first < published) else { continue };
        for (name, _) in measures(key) {
            let own = (dimension(key), key.id());
            found.push((Metric::new(NAMESPACE, name, &[own]), first));
            found.push((Metric::new(NAMESPACE, name, &[own, ("AvailabilityZone", &zone)]), first));
        }
    }
    found
}

/// What a metric measured in each minute, with its unit; none for what is no metric here.
pub(super) fn samples(world: &World, metric: &Metric, from: u64, to: u64) -> Option<(&'static str, Vec<(u64, Distribution)>)> {
    let mut dimensions = metric.dimensions.clone();
    if dimensions.remove("AvailabilityZone").is_some_and(|given| given != zone(world)) {
        return None;
    }
    let (name, id) = dimensions.pop_first()?;
    let key = match name.as_str() {
        "TargetGroup" => Key::TargetGroup(id),
        "Service" => Key::Service(id),
        _ => return None,
    };
    if !dimensions.is_empty() {
        return None;
    }
    let (_, measure) = measures(&key).find(|(name, _)| *name == metric.name)?;
    let zeros = world.scenario.knobs.metrics_zeros;
    let minutes = world.traffic.minutes(&key, Timestamp::from_secs(from), Timestamp::from_secs(to));
    let measured = minutes.map(|(at, minute)| (at.as_secs(), measured(measure, minute)));
    let measured = measured.filter(|(_, samples)| !samples.is_empty() && (zeros || samples.max() != Some(0.0)));
    let unit = match measure {
        Measure::Count(_) | Measure::Active => "Count",
        Measure::Bytes(_) => "Bytes",
        Measure::Time => "Milliseconds",
    };
    Some((unit, measured.collect()))
}

fn measured(measure: Measure, minute: &Minute) -> Distribution {
    match measure {
        #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^53")]
        Measure::Count(count) | Measure::Bytes(count) => Distribution::one(count(minute) as f64),
        Measure::Active => Distribution::one(minute.active_requests()),
        Measure::Time => Distribution::of(minute.latency.values()),
    }
}
