//! Hooks: what a user has run at fixed points of a rollout, and what it is told about the rollout.
//!
//! The polarity is that of every program: 0 passes, everything else fails, at every point. (Flagger's `rollback` hook has it the
//! other way round, so that an endpoint that always answers 200 rolls everything back.)

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{journal::Release, outcome::Reason, record::Record, split::Split};

/// A point at which a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// The rollout is claimed, nothing else is written.
    BeforeRelease,
    /// The candidate is healthy enough for a step; its weights are not written. At every step.
    BeforeShift,
    /// A step's bake passed. At every step.
    AfterStep,
    /// Every step passed; the promotion is not recorded. At bootstrap: the first revision is healthy.
    BeforePromote,
    /// The promotion is recorded; the old slot still has its tasks.
    AfterPromote,
    /// The weights are back and it is recorded; the candidate still has its tasks.
    OnRollback,
}

impl Point {
    /// All of them, in the order of a rollout.
    pub const ALL: [Self; 6] =
        [Self::BeforeRelease, Self::BeforeShift, Self::AfterStep, Self::BeforePromote, Self::AfterPromote, Self::OnRollback];

    /// Its name, as the config has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeRelease => "before_release",
            Self::BeforeShift => "before_shift",
            Self::AfterStep => "after_step",
            Self::BeforePromote => "before_promote",
            Self::AfterPromote => "after_promote",
            Self::OnRollback => "on_rollback",
        }
    }

    /// Whether a failure keeps the rollout from going on. The other two come when nothing can be undone any more.
    #[must_use]
    pub const fn is_gate(self) -> bool {
        match self {
            Self::BeforeRelease | Self::BeforeShift | Self::AfterStep | Self::BeforePromote => true,
            Self::AfterPromote | Self::OnRollback => false,
        }
    }

    /// Whether it comes once for each step.
    #[must_use]
    pub const fn is_of_a_step(self) -> bool {
        matches!(self, Self::BeforeShift | Self::AfterStep)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the machine knows of one hook. Whoever carries effects out knows the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it runs, as people know it: `./smoke.sh`, `task ./probe`.
    pub what: String,
    /// How long it may take, from the first try to start it.
    pub limit: Duration,
}

/// The hooks of a rollout.
pub type Hooks = BTreeMap<Point, Hook>;

/// One run of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookOrder {
    /// Where.
    pub point: Point,
    /// The step, counted from 0, at the points that come at every step.
    pub step: Option<usize>,
    /// What made the rollout roll back, for [`Point::OnRollback`].
    pub cause: Option<Reason>,
}

/// What a tick saw of the hook that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookReading {
    /// How it ended; none while it runs.
    pub end: Option<HookEnd>,
    /// The last lines that it has said so far.
    pub tail: Vec<String>,
}

/// How a hook ended by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEnd {
    /// Its exit code; none where it has none, because a signal ended it or its task never started.
    pub exit: Option<i32>,
    /// What is known besides: the signal, the stop reason of its task.
    pub why: Option<String>,
}

/// Why a hook did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum HookFailure {
    /// It ended otherwise than with 0.
    Exited {
        /// The exit code, where there is one.
        exit: Option<i32>,
        /// The signal, or the stop reason of its task.
        why: Option<String>,
    },
    /// It ran into its limit.
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// It could not be started.
    NotStarted {
        /// Why, in words.
        message: String,
    },
}

impl HookEnd {
    /// Only exit code 0 passes; no exit code is no good news.
    ///
    /// # Errors
    /// The failure.
    pub fn verdict(&self) -> Result<(), HookFailure> {
        if self.exit == Some(0) { Ok(()) } else { Err(HookFailure::Exited { exit: self.exit, why: self.why.clone() }) }
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { exit: Some(exit), why: None } => write!(f, "exit code {exit}"),
            Self::Exited { exit: Some(exit), why: Some(why) } => write!(f, "exit code {exit}: {why}"),
            Self::Exited { exit: None, why: Some(why) } => write!(f, "no exit code: {why}"),
            Self::Exited { exit: None, why: None } => write!(f, "no exit code"),
            Self::TimedOut { limit } => {
                write!(f, "it ran longer than its limit of {}", humantime::format_duration(*limit))
            }
            Self::NotStarted { message } => write!(f, "it could not be started: {}", message.trim_end_matches('.')),
        }
    }
}

/// What a hook is told: variables that it gets in addition to those of the job. All of them are always there, empty where they
/// do not apply. None is a secret.
#[must_use]
pub fn variables(order: &HookOrder, record: &Record, release: &Release) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let stable = record.stable.clone().unwrap_or_default();
    let weights = if record.stable.is_some() { record.verified } else { Split { stable: 0, ..record.verified } };
    let step = order.step.and_then(|index| record.plan.steps.get(index).map(|step| (index, step)));
    let outcome = match (order.point, &order.cause) {
        (Point::AfterPromote, _) => "promoted",
        (Point::OnRollback, _) => "rolled-back",
        _ => "",
    };
    vec![
        ("ESPALIER_HOOK", order.point.name().to_owned()),
        ("ESPALIER_ROLLOUT_ID", record.id.clone()),
        ("ESPALIER_VERB", record.verb.clone()),
        ("ESPALIER_NAME", record.name.clone()),
        ("ESPALIER_CLUSTER", text(&record.cluster)),
        ("ESPALIER_STABLE_REVISION", text(&release.stable_revision)),
        ("ESPALIER_STABLE_SLOT", stable.name),
        ("ESPALIER_STABLE_ECS_SERVICE", text(&stable.ecs_service)),
        ("ESPALIER_STABLE_TARGET_GROUP", stable.group),
        ("ESPALIER_STABLE_WEIGHT", weights.stable.to_string()),
        ("ESPALIER_CANDIDATE_REVISION", release.candidate_revision.clone()),
        ("ESPALIER_CANDIDATE_SLOT", record.candidate.name.clone()),
        ("ESPALIER_CANDIDATE_ECS_SERVICE", text(&record.candidate.ecs_service)),
        ("ESPALIER_CANDIDATE_TARGET_GROUP", record.candidate.group.clone()),
        ("ESPALIER_CANDIDATE_WEIGHT", weights.candidate.to_string()),
        ("ESPALIER_STEP", step.map(|(index, _)| (index + 1).to_string()).unwrap_or_default()),
        ("ESPALIER_STEP_COUNT", record.plan.steps.len().to_string()),
        ("ESPALIER_STEP_SHARE", step.map(|(_, step)| step.share.to_string()).unwrap_or_default()),
        ("ESPALIER_OUTCOME", outcome.to_owned()),
        ("ESPALIER_OUTCOME_REASON", order.cause.as_ref().map(|cause| cause.code().to_owned()).unwrap_or_default()),
        ("ESPALIER_OUTCOME_TEXT", order.cause.as_ref().map(ToString::to_string).unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rollout::{
            plan::{HealthLimits, OnCancel, OnDrift, Plan, parse_steps},
            record::SlotRecord,
        },
        time::Timestamp,
    };

    fn record() -> Record {
        let slot = |name: &str| SlotRecord {
            name: name.to_owned(),
            group: format!("arn:tg-{name}"),
            ecs_service: Some(format!("service-{name}")),
            ..SlotRecord::default()
        };
        let plan = Plan {
            steps: parse_steps("5%:2m,100%:1m").expect("steps"),
            settle: Duration::ZERO,
            timeout: Duration::from_secs(600),
            interval: Duration::from_secs(15),
            health: HealthLimits::default(),
            on_cancel: OnCancel::Rollback,
            on_drift: OnDrift::Stop,
            retire_after: None,
        };
        let mut record = Record::new("id".to_owned(), "deploy", Timestamp::default(), plan, Some(slot("a")), slot("b"));
        record.verified = Split { stable: 95, candidate: 5 };
        record
    }

    fn told(order: &HookOrder, record: &Record) -> BTreeMap<&'static str, String> {
        variables(order, record, &Release { candidate_revision: "s:2".to_owned(), ..Release::default() }).into_iter().collect()
    }

    #[test]
    fn a_hook_is_told_where_the_rollout_is() {
        let told = told(&HookOrder { point: Point::AfterStep, step: Some(0), cause: None }, &record());
        for (name, value) in [
            ("ESPALIER_HOOK", "after_step"),
            ("ESPALIER_ROLLOUT_ID", "id"),
            ("ESPALIER_STEP", "1"),
            ("ESPALIER_STEP_COUNT", "2"),
            ("ESPALIER_STEP_SHARE", "5%"),
            ("ESPALIER_STABLE_WEIGHT", "95"),
            ("ESPALIER_CANDIDATE_WEIGHT", "5"),
            ("ESPALIER_CANDIDATE_TARGET_GROUP", "arn:tg-b"),
            ("ESPALIER_STABLE_ECS_SERVICE", "service-a"),
            ("ESPALIER_CANDIDATE_REVISION", "s:2"),
            ("ESPALIER_STABLE_REVISION", ""),
            ("ESPALIER_OUTCOME", ""),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn the_manual_knows_every_point_and_every_variable() {
        let manual = include_str!("../../docs/hooks.md");
        let order = HookOrder { point: Point::AfterStep, step: None, cause: None };
        let names = variables(&order, &record(), &Release::default()).into_iter().map(|(name, _)| name);
        for name in names.chain(Point::ALL.map(Point::name)) {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn a_hook_after_a_rollback_is_told_why() {
        let cause = Some(Reason::Cancelled);
        let told = told(&HookOrder { point: Point::OnRollback, step: None, cause }, &record());
        let outcome = ["ESPALIER_OUTCOME", "ESPALIER_OUTCOME_REASON", "ESPALIER_OUTCOME_TEXT", "ESPALIER_STEP"];
        assert_eq!(outcome.map(|name| told[name].as_str()), ["rolled-back", "cancelled", "the job was cancelled", ""]);
    }

    /// Hazard of Flagger's `rollback` hook: there an answer that means "all is well" everywhere else rolls back.
    #[test]
    fn hazard_inverted_polarity_zero_passes_at_every_point_and_nothing_else_does() {
        let end = |exit| HookEnd { exit, why: None };
        assert_eq!(end(Some(0)).verdict(), Ok(()));
        for exit in [Some(1), Some(2), Some(137), Some(-1), None] {
            assert_eq!(end(exit).verdict(), Err(HookFailure::Exited { exit, why: None }), "{exit:?}");
        }
    }
}
