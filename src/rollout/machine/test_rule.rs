//! A way to the candidate for tests, beside the weights: opened once its group is attached, closed when the release is decided.

use super::{core::Rollout, types::Effect};
use crate::rollout::{journal::Happening, observation::Observation, outcome::Reason};

/// What of it is this job's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TestDesk {
    /// It is to be opened.
    wanted: bool,
    /// It was closed, or cannot be.
    done: bool,
    /// What was asked for last is that it be opened.
    pub(super) opening: bool,
}

impl Rollout {
    /// This job opens a test rule. Whether one is there already is the record's to say.
    pub fn with_test_rule(&mut self) {
        self.test.wanted = self.record.stable.is_some();
        if self.test.wanted {
            self.record.test.get_or_insert_default();
        }
    }

    /// What makes the test rule be there, and recorded; none where it is, or none is wanted.
    pub(super) fn opened(&mut self, observation: &Observation) -> Option<Effect> {
        if !self.test.wanted {
            return None;
        }
        self.test.opening = observation.test.is_empty();
        if self.test.opening {
            if self.now >= self.give_up {
                let message = "the test rule does not come to be".to_owned();
                return Some(self.roll_back(Reason::Refused { doing: self.doing(), message }));
            }
            return Some(Effect::OpenTest);
        }
        if self.record.test.as_ref() == Some(&observation.test) {
            return None;
        }
        self.record.test = Some(observation.test.clone());
        self.say(Happening::TestOpened { rules: observation.test.clone() });
        Some(self.write_record())
    }

    /// There may be a test rule that nobody needs any more.
    pub(super) const fn is_test_open(&self) -> bool {
        self.record.test.is_some() && !self.test.done
    }

    /// It is closed; the next record says so.
    pub(super) fn test_closed(&mut self) {
        self.test.done = true;
        let rules = self.record.test.take().unwrap_or_default();
        // What was only announced need not have come to be.
        if !rules.is_empty() {
            self.say(Happening::TestClosed { rules });
        }
    }

    /// It cannot be closed: the record keeps it for the next release, which takes it away.
    pub(super) fn test_left(&mut self, reason: &Reason) {
        self.test.done = true;
        self.say(Happening::Concern {
            what: format!("the test rule stays for now, and still leads to the candidate's group: {reason}"),
        });
    }
}
