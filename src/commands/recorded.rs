//! A recorded rollout, found without a config: what `abort` and `rollback` begin from.

use super::connect;
use crate::{
    aws::{
        Aws, baselines,
        lattice::{action::Action, traffic::TrafficTarget},
        ledger::{self, Found, LedgerError},
    },
    exit::{Error, Exit},
    rollout::{
        journal::{Release, Standing},
        record::{Record, SlotRecord, State},
        split::Split,
    },
    settings::Which,
};

/// A record and where it hangs.
pub(crate) struct OnService {
    /// The Lattice service's ARN.
    pub(crate) service_arn: String,
    /// The record.
    pub(crate) found: Found,
}

/// What a person wants of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Traffic somewhere else, whatever it takes.
    Abort,
    /// To go on with one that is under way.
    GoOn,
    /// To go back, most of all from one that has ended.
    Rollback,
}

/// The same with what it moved.
pub(crate) struct Recorded {
    /// The Lattice service's ARN.
    pub(crate) service_arn: String,
    /// The record.
    pub(crate) found: Found,
    /// The traffic targets with the baselines that it recorded.
    pub(crate) targets: Vec<(TrafficTarget, Action)>,
}

impl OnService {
    /// With the traffic targets and their baselines: one call for each but the first.
    ///
    /// # Errors
    /// A baseline that cannot be read.
    pub(crate) async fn with_targets(self, aws: &Aws) -> Result<Recorded, Error> {
        let targets = baselines::targets(aws, &self.found).await?;
        Ok(Recorded { service_arn: self.service_arn, found: self.found, targets })
    }
}

/// Finds it: of several applications that share a Lattice service, the one with that id, the config's own, or where no config says it the
/// one whose rollout is under way; but whoever goes back goes back from what has ended too.
///
/// # Errors
/// When there is none, there are several, it is another than the one that was asked for, or it cannot be read.
pub(crate) async fn find(aws: &Aws, which: &Which, rollout_id: Option<&str>, wanted: Wanted) -> Result<OnService, Error> {
    let service_arn = service_arn(aws, which).await?;
    let mut records = records(aws, which, &service_arn).await?;
    let mut others = Vec::new();
    if let Some(id) = rollout_id {
        refuse_a_stale_id(&records, id)?;
        records.retain(|found| found.record.id == id);
    } else {
        (records, others) = own(records, which);
    }
    if records.len() > 1 && wanted != Wanted::Rollback && records.iter().any(Found::is_open) {
        records.retain(Found::is_open);
    }
    if records.len() > 1 {
        let each: Vec<_> =
            records.iter().map(|found| format!("{} (--traffic-target {})", found.record.name, found.holder)).collect();
        let message = format!("several applications share this Lattice service: {}", each.join(", "));
        return Err(Error::invalid(message).hint("say which one with `--traffic-target`"));
    }
    let Some(found) = records.pop() else {
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(in_words).collect();
            let message =
                format!("there is no record of a rollout of this config's slots on {service_arn}, only {}", others.join(", "));
            return Err(Error::new(Exit::Refused, message).hint("name what you mean: `--traffic-target`"));
        }
        let message = format!("there is no record of a rollout on {service_arn}");
        return Err(Error::new(Exit::Refused, message).hint(match wanted {
            Wanted::Abort => "with `--to TARGET_GROUP` it puts all traffic on one group without a record",
            Wanted::GoOn | Wanted::Rollback => "`espalier status` shows what is live, `espalier deploy` begins a release",
        }));
    };
    Ok(OnService { service_arn, found })
}

/// A command that is bound to a rollout is about that one, or does nothing.
///
/// # Errors
/// When none of the records is that rollout's.
pub(crate) fn refuse_a_stale_id(records: &[Found], id: &str) -> Result<(), Error> {
    if records.iter().any(|found| found.record.id == id) {
        return Ok(());
    }
    let others: Vec<_> = records.iter().map(in_words).collect();
    let there = if others.is_empty() { "no record".to_owned() } else { others.join(", ") };
    let message = format!("rollout {id} is not there any more: there is {there}; nothing was done");
    Err(Error::new(Exit::Refused, message).hint("without `--rollout-id` the command is about what is there"))
}

fn in_words(found: &Found) -> String {
    format!("rollout {} of {}", found.record.id, found.record.name)
}

/// The records that are the config's application's, and the others'. One that moves weights alone may be anybody's: it is taken where
/// there is no other.
pub(crate) fn own(records: Vec<Found>, which: &Which) -> (Vec<Found>, Vec<Found>) {
    let Which::Application(_, application) = which else { return (records, Vec::new()) };
    let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(|found| application.owns(&found.record));
    if !own.is_empty() {
        return (own, others);
    }
    others.into_iter().partition(|found| found.record.candidate.ecs_service.is_none())
}

/// Every record that the request may be about.
///
/// # Errors
/// When one cannot be read.
pub(crate) async fn records(aws: &Aws, which: &Which, service_arn: &str) -> Result<Vec<Found>, Error> {
    Ok(match which {
        Which::TrafficTarget(arn) => ledger::on_targets(aws, [arn.as_str()]).await?,
        Which::LatticeService(_) | Which::Application(..) => ledger::on_service(aws, service_arn).await.map_err(|error| {
            let hint = "where it is another application's, `--traffic-target` says which one you mean";
            let is_unreadable = matches!(error, LedgerError::Unreadable { .. });
            let error = Error::from(error);
            if is_unreadable { error.hint(hint) } else { error }
        })?,
    })
}

/// The Lattice service's ARN: asked of AWS only when neither it nor a traffic target's was given.
pub(crate) async fn service_arn(aws: &Aws, which: &Which) -> Result<String, Error> {
    match which {
        Which::LatticeService(given) | Which::Application(given, _) if given.starts_with("arn:") => Ok(given.clone()),
        Which::LatticeService(given) | Which::Application(given, _) => {
            let service = aws.lattice.resolve_service(given).await.map_err(|error| connect::unresolved(aws, &error))?;
            Ok(service.arn)
        }
        Which::TrafficTarget(arn) => match arn.split_once("/listener/") {
            Some((service, _)) if TrafficTarget::from_arn(arn).is_ok() => Ok(service.to_owned()),
            Some(_) | None => Err(Error::invalid(format!("`{arn}` is not the ARN of a rule or a listener"))),
        },
    }
}

/// Who, what, where, and how far it had come, as a record knows it. A record that was taken over does not say any more whether it
/// was held: give it as it was found.
pub(crate) fn release(aws: &Aws, record: &Record, verb: &str, targets: &[(TrafficTarget, Action)]) -> Release {
    let revision = |slot: &SlotRecord| super::preflight::short(slot.task_definition.as_deref().unwrap_or(&slot.group));
    Release {
        rollout_id: record.id.clone(),
        verb: verb.to_owned(),
        name: record.name.clone(),
        cluster: record.cluster.as_deref().map(super::preflight::short),
        stable_revision: record.stable.as_ref().map(revision),
        candidate_revision: revision(&record.candidate),
        stable_slot: record.stable.as_ref().map(|slot| slot.name.clone()).unwrap_or_default(),
        candidate_slot: record.candidate.name.clone(),
        traffic_targets: targets.iter().map(|(target, _)| target.label()).collect(),
        // At bootstrap there are no steps to walk.
        steps: record.stable.as_ref().map(|_| record.plan.steps.clone()).unwrap_or_default(),
        settle: record.plan.settle,
        endpoint: aws.endpoint.clone(),
        standing: standing(record),
    }
}

/// How far it had come; none where nothing had moved.
fn standing(record: &Record) -> Option<Standing> {
    record.stable.as_ref()?;
    let passed = match (record.state, record.hold) {
        (State::Promoted, _) => record.plan.steps.len(),
        (State::Held, Some(held)) if !held.by_cancel => held.next,
        (State::Running | State::RolledBack | State::Held | State::Stuck | State::Closed, _) => record.step,
    };
    let step = [record.intent, record.verified].iter().any(|split| *split != Split::STABLE).then_some(record.step);
    (step.is_some() || passed > 0).then_some(Standing { split: record.verified, passed, step })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rollout::{
        plan::{HealthLimits, OnCancel, OnDrift, Plan, parse_steps},
        record::Held,
        split::Share,
    };
    use crate::time::Timestamp;

    fn record(state: State, step: usize, percent: u32) -> Record {
        let plan = Plan {
            steps: parse_steps("5%:1m,hold:1h,50%:1m,100%:1m").expect("steps"),
            settle: Duration::from_secs(90),
            timeout: Duration::from_secs(2700),
            interval: Duration::from_secs(15),
            retire_after: None,
            on_cancel: OnCancel::Rollback,
            on_drift: OnDrift::Stop,
            health: HealthLimits::default(),
        };
        let slot = |name: &str| SlotRecord { name: name.to_owned(), ..SlotRecord::default() };
        let mut record = Record::new("id".to_owned(), "deploy", Timestamp::default(), plan, Some(slot("a")), slot("b"));
        let split = Split::for_share(Share::percent(percent)).expect("a split");
        (record.state, record.step, record.intent, record.verified) = (state, step, split, split);
        record
    }

    #[test]
    fn where_a_rollout_stood_is_what_its_record_says() {
        let passed = |record: &Record| standing(record).map(|standing| (standing.passed, standing.step));
        let held = |next, by_cancel| {
            let now = Timestamp::default();
            Record { hold: Some(Held { next, since: now, until: now, by_cancel }), ..record(State::Held, 0, 5) }
        };
        assert_eq!(passed(&held(1, false)), Some((1, Some(0))));
        assert_eq!(passed(&held(0, true)), Some((0, Some(0))), "its bake was cut short");
        assert_eq!(passed(&record(State::Running, 0, 0)), None, "nothing has moved");
        assert_eq!(passed(&record(State::Running, 1, 50)), Some((1, Some(1))));
        assert_eq!(passed(&record(State::RolledBack, 1, 0)), Some((1, None)));
        assert_eq!(passed(&record(State::Promoted, 2, 100)), Some((3, Some(2))));
        let announced = Record { intent: Split { stable: 95, candidate: 5 }, ..record(State::Running, 0, 0) };
        assert_eq!(passed(&announced), Some((0, Some(0))), "whether it was written is not known");
        assert_eq!(passed(&Record { stable: None, ..record(State::Promoted, 0, 100) }), None, "a first release has no steps");
    }
}
