//! `status`: what is live: weights, revisions, targets, the record.

use serde_json::{Value, json};

use super::{connect, status_watch};
use crate::{
    aws::{
        Aws,
        lattice::{
            action::Action,
            groups::{Target, TargetGroup},
            ids::TargetGroupId,
            traffic::{LatticeService, TrafficTarget},
        },
        ledger::{self, Found},
        observe,
    },
    exit::{Error, Exit},
    rollout::{
        observation::Side,
        plan::OnTimeout,
        record::{Record, State},
        split::Split,
    },
    settings::{Format, StatusSettings},
    time::Timestamp,
};

/// Runs it.
///
/// # Errors
/// When the Lattice service cannot be found or read.
pub(crate) async fn status(settings: StatusSettings) -> Result<Exit, Error> {
    let aws = connect::aws(&settings.aws).await?;
    if settings.watch {
        return status_watch::watch(&aws, &settings).await;
    }
    let view = look(&aws, &settings).await?;
    match settings.format {
        Format::Json => connect::print(&format!("{:#}", view.json())),
        Format::Text => connect::print(&view.lines().join("\n")),
        Format::Markdown => connect::print(&view.markdown()),
    }
    Ok(Exit::Done)
}

/// The same as lines of text.
///
/// # Errors
/// When the Lattice service cannot be found or read.
pub(super) async fn lines(settings: &StatusSettings) -> Result<Vec<String>, Error> {
    let aws = connect::aws(&settings.aws).await?;
    Ok(look(&aws, settings).await?.lines())
}

/// Reads all of it.
///
/// # Errors
/// When the Lattice service cannot be found or read.
pub(super) async fn look<'a>(aws: &'a Aws, settings: &StatusSettings) -> Result<View<'a>, Error> {
    let service = aws.lattice.resolve_service(&settings.lattice_service).await;
    let service = service.map_err(|error| connect::unresolved(aws, &error))?;
    let (targets, records) = tokio::join!(aws.lattice.traffic_targets(&service.id), ledger::on_service(aws, &service.arn));
    let (targets, records) = (targets?, records?);
    let groups = groups(aws, &targets).await?;
    Ok(View { aws, service, targets, groups, records })
}

/// What is live.
pub(super) struct View<'a> {
    aws: &'a Aws,
    service: LatticeService,
    targets: Vec<(TrafficTarget, Action)>,
    groups: Vec<(TargetGroup, Vec<Target>)>,
    pub(super) records: Vec<Found>,
}

/// Every group that an action lists, with its targets.
async fn groups(aws: &Aws, targets: &[(TrafficTarget, Action)]) -> Result<Vec<(TargetGroup, Vec<Target>)>, Error> {
    let mut ids: Vec<&TargetGroupId> = targets.iter().flat_map(|(_, action)| action.groups()).map(|(group, _)| group).collect();
    ids.sort();
    ids.dedup();
    let mut groups = Vec::with_capacity(ids.len());
    for id in ids {
        // One that was deleted meanwhile is shown by its id alone.
        if let Some(group) = aws.lattice.get_group(id.as_str()).await? {
            let targets = aws.lattice.list_targets(&group.arn).await?;
            groups.push((group, targets));
        }
    }
    groups.sort_by(|one, other| one.0.name.cmp(&other.0.name));
    Ok(groups)
}

impl View<'_> {
    fn name(&self, id: &TargetGroupId) -> Option<String> {
        self.groups.iter().find(|(group, _)| group.id == *id).map(|(group, _)| group.name.clone())
    }

    fn revision(&self, group: &TargetGroup) -> Option<String> {
        let slots = self.records.iter().flat_map(|found| found.record.stable.iter().chain([&found.record.candidate]));
        let mut of_group = slots.filter(|slot| slot.group == group.arn.as_str());
        of_group.find_map(|slot| slot.task_definition.as_deref().map(super::preflight::short))
    }

    /// As lines of text.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.aws.endpoint.iter().map(|endpoint| format!("not AWS: {endpoint}")).collect();
        lines.push(format!("{} ({})", self.service.name, self.service.id));
        for (target, action) in &self.targets {
            lines.push(format!("  {}: {}", target.label(), action.words(|group| self.name(group))));
        }
        for (group, targets) in &self.groups {
            let side = observe::side(targets, None, &[], None);
            let revision = self.revision(group);
            let revision = revision.map_or_else(String::new, |revision| format!(", last given {revision}"));
            lines.push(format!("  {}: {}{revision}", group.name, health(&side)));
        }
        // Without AWS's time nothing is said to have run out.
        let now = self.aws.date().unwrap_or_default();
        lines.extend(self.records.iter().flat_map(|found| rollout(found, now)));
        if self.records.is_empty() {
            lines.push("  no record of a rollout".to_owned());
        }
        lines
    }

    fn markdown(&self) -> String {
        let (title, rest) = (format!("### {}", self.service.name), self.lines());
        let items: Vec<_> =
            rest.iter().filter(|line| line.starts_with("  ")).map(|line| format!("- {}", line.trim_start())).collect();
        format!("{title}\n\n{}", items.join("\n"))
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|(target, action)| {
                let weights: serde_json::Map<String, Value> =
                    action.groups().iter().map(|(group, weight)| (group.to_string(), json!(weight))).collect();
                json!({ "arn": target.arn(), "label": target.label(), "weights": weights, "action": action.words(|group| self.name(group)) })
            })
            .collect();
        let groups: Vec<_> = self
            .groups
            .iter()
            .map(|(group, targets)| {
                let side = observe::side(targets, None, &[], None);
                let revision = self.revision(group);
                json!({
                    "id": group.id.to_string(), "name": group.name, "revision": revision, "healthy": side.healthy, "unhealthy": side.unhealthy,
                    "initial": side.initial, "draining": side.draining, "unchecked": side.unchecked,
                })
            })
            .collect();
        let rollouts: Vec<_> = self
            .records
            .iter()
            .map(|found| json!({ "record": found.record, "leased-until": found.leased_until.map(|until| until.to_string()) }))
            .collect();
        json!({
            "service": { "id": self.service.id.to_string(), "arn": self.service.arn, "name": self.service.name },
            "endpoint": self.aws.endpoint, "traffic-targets": targets, "target-groups": groups, "rollouts": rollouts,
        })
    }
}

/// One rollout: where it stands, and how to go on where it is held.
fn rollout(found: &Found, now: Timestamp) -> Vec<String> {
    let record = &found.record;
    let steps = record.plan.steps.len();
    let ended = if record.state == State::Closed { ended(record) } else { String::new() };
    let name = format!("rollout {} of {} ({}): {}{ended}", record.id, record.name, record.verb, record.state);
    if let (State::Held, Some(held)) = (record.state, record.hold) {
        let which = format!("--traffic-target {} --rollout-id {}", found.holder, record.id);
        let (place, go_on) = if held.by_cancel {
            ("by a cancelled job".to_owned(), format!("espalier resume {which} --step {}", held.next + 1))
        } else {
            let place = format!("before step {} of {steps}", held.next + 1);
            (place, format!("espalier promote {which} --step {}", held.next + 1))
        };
        let then = match record.on_timeout() {
            OnTimeout::Rollback => "then the next sweep rolls it back",
            OnTimeout::Continue if record.is_whole() && !record.hooked => "then the next sweep goes on with it",
            OnTimeout::Continue => "then the next sweep that has its config goes on with it, any other rolls it back",
        };
        return vec![
            format!("  {name}, {place}, until {}, {then}", held.until),
            format!("    to go on: {go_on}"),
            format!("    to go back: espalier abort {which}"),
        ];
    }
    let lease = match found.leased_until {
        None => "held by no job".to_owned(),
        Some(until) if until <= now => format!("held by no job since {until}"),
        Some(until) => format!("a job's until {until}"),
    };
    let step = record
        .plan
        .steps
        .get(record.step)
        .map_or_else(String::new, |step| format!(", step {} of {steps} ({})", record.step + 1, step.share));
    let mut lines = vec![format!("  {name}{step}, {lease}")];
    if record.state == State::Running && !found.is_held(now) {
        let which = format!("--traffic-target {} --rollout-id {}", found.holder, record.id);
        lines.push(format!("    to go on: espalier resume {which}"));
        lines.push(format!("    to go back: espalier abort {which}"));
    }
    lines
}

/// How a rollout ended that has nothing left to do. What `abort --to` has settled is neither.
fn ended(record: &Record) -> String {
    let has_all = record.verified == Split::CANDIDATE;
    match record.promoted {
        Some(at) if has_all && record.verb == "rollback" => format!(" (went back {at})"),
        Some(at) if has_all => format!(" (promoted {at})"),
        None if has_all && record.stable.is_some() => " (settled by hand)".to_owned(),
        Some(_) | None => " (not promoted)".to_owned(),
    }
}

fn health(side: &Side) -> String {
    let counts = [
        (side.healthy, "healthy"),
        (side.unhealthy, "unhealthy"),
        (side.initial, "starting"),
        (side.draining, "draining"),
        (side.unchecked, "unchecked"),
    ];
    let shown: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if shown.is_empty() { "no targets".to_owned() } else { shown.join(", ") }
}
