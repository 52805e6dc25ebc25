//! What happened, in order: the one account of a rollout that every report is rendered from.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    analysis::{Assessment, Window},
    hooks::{HookFailure, Point},
    observation::Side,
    outcome::{Outcome, Reason},
    plan::Step,
    split::{Share, Split},
};
use crate::time::Timestamp;

/// One release: who, what, where. Fixed before the first entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The rollout's id.
    pub rollout_id: String,
    /// Which verb: `deploy`, `shift`, `promote`, `abort`, `rollback`, `resume`, `recover`.
    pub verb: String,
    /// What is released, as a person calls it: the ECS service's name, or the candidate group's for `shift`.
    pub name: String,
    /// The ECS cluster, where there is one.
    pub cluster: Option<String>,
    /// What serves now: `myservice:41`, or a target group's name; none at bootstrap.
    pub stable_revision: Option<String>,
    /// What is being released.
    pub candidate_revision: String,
    /// The slots' names of stable and candidate, such as `a` and `b`; the groups' names for `shift`.
    pub stable_slot: String,
    /// See `stable_slot`.
    pub candidate_slot: String,
    /// The traffic targets in words: `rule api (priority 10) of http-80`, `default action of http-80`.
    pub traffic_targets: Vec<String>,
    /// The plan's steps; empty at bootstrap.
    pub steps: Vec<Step>,
    /// What the data plane is given to follow, at each step.
    #[serde(default)]
    pub settle: Duration,
    /// The endpoint, when it is not AWS's own.
    pub endpoint: Option<String>,
    /// Where the rollout stood when this job took it up; none where nothing had moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// How far other jobs had brought a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The split that was read back last.
    pub split: Split,
    /// How many steps had passed, from the first.
    pub passed: usize,
    /// The step that the weights belong to, counted from 0; none where they are the baseline's again.
    pub step: Option<usize>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the clock that the rollout runs by.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Happening,
}

/// What can happen. Tagged `event` in the JSON-lines journal.
#[expect(clippy::large_enum_variant, reason = "most entries of a journal are the large one, a reading")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Happening {
    /// The rollout was claimed: the record is ours.
    Claimed,
    /// A rollout that another job began was taken over: the record is ours, and it goes on from there.
    TakenOver,
    /// Something was made ready before traffic moves, in words: `registered task definition myservice:42`.
    Prepared {
        /// What.
        what: String,
    },
    /// Waiting for the candidate's tasks to run and be healthy.
    Launching {
        /// Tasks wanted.
        wanted: u32,
    },
    /// The candidate is ready for weight.
    Ready {
        /// Healthy targets.
        healthy: u32,
    },
    /// A step begins; `index` counts from 0.
    StepBegun {
        /// Which step.
        index: usize,
        /// Its share.
        share: Share,
    },
    /// The weights were written on every traffic target and read back.
    Shifted {
        /// The split.
        split: Split,
    },
    /// The data plane has followed; the bake begins.
    Settled {
        /// Which step.
        index: usize,
    },
    /// One tick's readings, and what the rollout makes of them.
    Observed {
        /// The candidate's share as written.
        share: Share,
        /// Stable's side; none at bootstrap.
        stable: Option<Side>,
        /// The candidate's side.
        candidate: Side,
    },
    /// Something may end the rollout if it goes on, in words.
    Concern {
        /// What.
        what: String,
    },
    /// What metrics and alarms say, all of them, passing ones too; at most once a minute.
    Judged {
        /// Which step.
        index: usize,
        /// The minutes that were judged; none where alarms alone were.
        window: Option<Window>,
        /// Each metric that judges the step, then each alarm.
        assessments: Vec<Assessment>,
    },
    /// A step's bake ended well.
    StepPassed {
        /// Which step.
        index: usize,
    },
    /// Test requests reach the candidate, whatever the weights say.
    TestOpened {
        /// The test rules.
        rules: Vec<String>,
    },
    /// They do not any more.
    TestClosed {
        /// The test rules that were recorded.
        rules: Vec<String>,
    },
    /// A hook is started.
    HookBegun {
        /// Which.
        hook: Point,
        /// The step, counted from 0, at the points that come at every step.
        step: Option<usize>,
        /// What it runs, as people know it.
        what: String,
    },
    /// A hook ended, or ran into its limit.
    HookEnded {
        /// Which.
        hook: Point,
        /// See `HookBegun`.
        step: Option<usize>,
        /// Why it did not pass; none when it did.
        failure: Option<HookFailure>,
        /// How long it took, by the clock that the rollout runs by.
        took: Duration,
        /// The last lines that it said.
        tail: Vec<String>,
    },
    /// A call was refused and will be repeated.
    Retrying {
        /// What we were doing.
        doing: String,
        /// What the answer was.
        message: String,
    },
    /// The decision to roll back.
    RollingBack {
        /// Why.
        reason: Reason,
    },
    /// The baseline was written and read back.
    Restored,
    /// The candidate is stable now; roles are swapped and it is recorded.
    Promoted,
    /// The old slot's tasks are being stopped, or the rejected candidate's.
    Retiring {
        /// Whose: an ECS service's name.
        ecs_service: String,
    },
    /// They are gone.
    Retired {
        /// Whose.
        ecs_service: String,
    },
    /// Anything else a person should know, in words.
    Note {
        /// What.
        what: String,
    },
    /// The end.
    Finished {
        /// How.
        outcome: Outcome,
    },
    /// It ended without an outcome: the request is invalid or refused, a malfunction, or cancelled before anything was claimed.
    BrokenOff {
        /// The exit code (DESIGN §3).
        exit: u8,
        /// A signal ended it.
        cancelled: bool,
        /// What was wrong.
        problems: Vec<Problem>,
    },
}

/// One thing that was wrong, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where and what: `espalier.yml:3:1: unknown key`.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

/// The release and what has happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Who, what, where.
    pub release: Release,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// The outcome, once there is one.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| if let Happening::Finished { outcome } = &entry.event { Some(outcome) } else { None })
    }

    /// The newest split that was written and read back, with when.
    #[must_use]
    pub fn weights(&self) -> Option<(Timestamp, Split)> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| if let Happening::Shifted { split } = entry.event { Some((entry.at, split)) } else { None })
    }

    /// Every split that was written and read back, oldest first: the weights over time.
    pub fn shifts(&self) -> impl Iterator<Item = (Timestamp, Split)> + '_ {
        self.entries
            .iter()
            .filter_map(|entry| if let Happening::Shifted { split } = entry.event { Some((entry.at, split)) } else { None })
    }

    /// The newest judgement: the minutes that it was of, and what every metric and alarm said.
    #[must_use]
    pub fn judgement(&self) -> Option<(Option<Window>, &[Assessment])> {
        self.entries.iter().rev().find_map(|entry| {
            if let Happening::Judged { window, assessments, .. } = &entry.event {
                Some((*window, assessments.as_slice()))
            } else {
                None
            }
        })
    }

    /// The newest readings of both sides.
    #[must_use]
    pub fn sides(&self) -> Option<(Option<&Side>, &Side)> {
        self.entries.iter().rev().find_map(|entry| {
            if let Happening::Observed { stable, candidate, .. } = &entry.event {
                Some((stable.as_ref(), candidate))
            } else {
                None
            }
        })
    }
}
