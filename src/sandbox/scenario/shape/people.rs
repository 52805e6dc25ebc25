//! Who edits the resources meanwhile.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ActionSeed, AlarmEdit, PullRequestSeed};

/// Somebody who edits the resources while a release runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, schemars(extend("required" = ["do"])))]
pub struct Person {
    /// Seconds after the start, or after the share is reached where there is one.
    pub at: u64,
    /// Not before each traffic target that lists an added group gives it at least this share, in percent.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub share_at_least: Option<f64>,
    /// The Lattice service's name; the first one when it is empty.
    pub service: String,
    /// The listener's name; the first one when it is empty.
    pub listener: String,
    /// The rule's name; empty is the listener's default action.
    pub rule: String,
    /// What they do to it.
    pub r#do: Edit,
}

/// What a person does, to a traffic target most of the time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Nothing.
    #[default]
    Nothing,
    /// Replaces the action.
    SetAction(ActionSeed),
    /// Deletes the rule.
    DeleteRule,
    /// Removes all the tags.
    RemoveTags,
    /// Removes all the tags of the Lattice service, as Terraform does with those that it does not know; `listener` and `rule` mean nothing
    /// to it.
    RemoveServiceTags,
    /// Sets the state of a CloudWatch alarm, as `SetAlarmState` does; `service`, `listener` and `rule` mean nothing to it.
    SetAlarm(AlarmEdit),
    /// Cancels the job, as GitHub does it: the command of `sandbox run` gets SIGINT, before it hears what time it is. Elsewhere nothing
    /// happens. `service`, `listener` and `rule` mean nothing to it.
    CancelJob,
    /// Has a pull request be so from now on: open or closed, with these labels, with that last commit. `service`, `listener` and `rule`
    /// mean nothing to it.
    SetPullRequest(PullRequestSeed),
}
