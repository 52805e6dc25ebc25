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
        ways,
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

/// One rollout: where it stands, and how to go on with it where no job is at it.
fn rollout(found: &Found, now: Timestamp) -> Vec<String> {
    let Found { record, holder, .. } = found;
    let steps = record.plan.steps.len();
    let state = match record.state {
        State::Promoted if record.verb == "rollback" => "gone back".to_owned(),
        State::Closed => format!("{}{}", record.state, ended(record)),
        State::Running | State::Held | State::Stuck | State::RolledBack | State::Promoted => record.state.to_string(),
    };
    let name = format!("rollout {} of {} ({}): {state}", record.id, record.name, record.verb);
    let stands = if let (State::Held, Some(held)) = (record.state, record.hold) {
        let place =
            if held.by_cancel { "by a cancelled job".to_owned() } else { format!("before step {} of {steps}", held.next + 1) };
        let then = match record.on_timeout() {
            OnTimeout::Rollback => "the next sweep rolls it back",
            OnTimeout::Continue if !record.needs_config() => "the next sweep goes on with it",
            OnTimeout::Continue => "the next sweep that has its config goes on with it, any other rolls it back",
        };
        let until = if held.until <= now {
            format!("its time ended at {}: {then}", held.until)
        } else {
            format!("until {}, then {then}", held.until)
        };
        format!("  {name}, {place}, {until}")
    } else {
        let lease = match found.leased_until {
            None => "held by no job".to_owned(),
            Some(until) if until <= now => format!("held by no job since {until}"),
            Some(until) => format!("a job's until {until}"),
        };
        // What a first release has is no step of its plan.
        let step = record.plan.steps.get(record.step).filter(|_| record.stable.is_some());
        let step = step.map_or_else(String::new, |step| format!(", step {} of {steps} ({})", record.step + 1, step.share));
        format!("  {name}{step}, {lease}")
    };
    let mut lines = vec![stands];
    if !found.is_held(now) {
        let on = ways::on(record, holder, now);
        let with = on.as_ref().filter(|_| record.needs_config()).map(|_| format!("    ({})", ways::WITH_CONFIG));
        lines.extend(on.map(|command| format!("    to go on: {command}")));
        lines.extend(with);
        lines.extend(ways::to_the_end(record, holder).map(|command| format!("    to finish it: {command}")));
        lines.extend(ways::back(record, holder).map(|command| format!("    to go back: {command}")));
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
