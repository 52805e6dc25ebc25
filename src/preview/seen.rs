//! What is there of a preview. Only what carries its tags counts; what has one of its names and not its tags is somebody else's.

use super::claim::Claim;
use crate::time::Timestamp;

/// Where the life of something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// It is being made.
    Coming,
    /// It is there.
    Ready,
    /// It could not be made or taken away, with AWS's reason.
    Failed(String),
    /// It is being taken away.
    Going,
}

/// Its target group: made first and deleted last, so that its tags tell of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its ARN.
    pub arn: String,
    /// Where its life stands.
    pub life: Life,
    /// The job that is at it.
    pub claim: Option<Claim>,
    /// Until when it is wanted.
    pub until: Option<Timestamp>,
    /// The commit that it runs.
    pub commit: Option<String>,
    /// Its branch, as a tag has it.
    pub branch: Option<String>,
    /// Targets that are registered and not draining.
    pub targets: usize,
    /// Targets that are draining.
    pub draining: usize,
}

/// Its rule on the real service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// It says what it is to say: this header, this target group.
    pub fits: bool,
}

/// One of its own service's places in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The association's ARN.
    pub arn: String,
    /// The network's id.
    pub network: String,
    /// Where its life stands.
    pub life: Life,
}

/// Its own Lattice service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its ARN.
    pub arn: String,
    /// Where its life stands.
    pub life: Life,
    /// It has a listener to the target group.
    pub listens: bool,
    /// It is as open, and as closed, as the real one.
    pub guarded: bool,
    /// The networks that it is in.
    pub joined: Vec<Joined>,
}

/// Its ECS service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tasks {
    /// There is none.
    #[default]
    Absent,
    /// Its tasks are being stopped.
    Draining,
    /// It is there.
    Active {
        /// Its ARN.
        arn: String,
        /// The task definition's ARN that it is to run.
        task_definition: String,
    },
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its target group.
    pub group: Option<Group>,
    /// Its rules, on whichever listener.
    pub rules: Vec<Rule>,
    /// Its own Lattice service.
    pub own: Option<Own>,
    /// Its ECS service.
    pub tasks: Tasks,
    /// Its task definitions that can still be run.
    pub definitions: Vec<String>,
    /// What has one of its names and is not its own.
    pub foreign: Vec<String>,
}

impl Seen {
    /// There is nothing of it.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.group.is_none()
            && self.rules.is_empty()
            && self.own.is_none()
            && matches!(self.tasks, Tasks::Absent)
            && self.definitions.is_empty()
    }
}
