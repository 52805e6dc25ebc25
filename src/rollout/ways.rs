//! The commands by which another job goes on with a recorded rollout, finishes it or goes back on it, as people are told them. `holder` is
//! what its record hangs on. What would be refused is not told.

use super::{
    plan::OnTimeout,
    record::{Record, State},
};
use crate::time::Timestamp;

/// What the record does not hold, whoever goes on has to give. A config of the default name is found without a flag.
pub const WITH_CONFIG: &str = "going on takes the config that it began with, `-c FILE` where that is not espalier.yml, and hooks that were \
                               flags or a variable in ESPALIER_HOOKS";

/// Goes on with it to its next step, bound to this rollout and step: one that comes too late does nothing.
#[must_use]
pub fn on(record: &Record, holder: &str, now: Timestamp) -> Option<String> {
    let which = which(record, holder);
    match (record.state, record.hold) {
        // Nobody may promote it any more.
        (State::Held, Some(held)) if now >= held.until => {
            (record.on_timeout() == OnTimeout::Continue).then(|| format!("espalier resume {which}"))
        }
        (State::Held, Some(held)) => {
            let verb = if held.by_cancel { "resume" } else { "promote" };
            Some(format!("espalier {verb} {which} --step {}", held.next + 1))
        }
        (State::Held, None) | (State::Running, _) => Some(format!("espalier resume {which}")),
        (State::RolledBack | State::Promoted | State::Stuck | State::Closed, _) => None,
    }
}

/// Does what is left to do of one that is decided, where no job is at it any more.
#[must_use]
pub fn to_the_end(record: &Record, holder: &str) -> Option<String> {
    let verb = match record.state {
        State::Promoted => "resume",
        State::RolledBack => "abort",
        State::Running | State::Held | State::Stuck | State::Closed => return None,
    };
    Some(format!("espalier {verb} {}", which(record, holder)))
}

/// Goes back on one that is not over.
#[must_use]
pub fn back(record: &Record, holder: &str) -> Option<String> {
    let is_open = matches!(record.state, State::Running | State::Held | State::Stuck);
    is_open.then(|| format!("espalier abort {}", which(record, holder)))
}

fn which(record: &Record, holder: &str) -> String {
    format!("--traffic-target {holder} --rollout-id {}", record.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::takeover::{
        Takeover,
        tests::{NOW, held, record},
    };

    #[test]
    fn what_would_be_refused_is_not_told() {
        for (record, expected) in [
            (held(1, 60, false), Some("promote P --step 2")),
            (held(1, 60, true), Some("resume P --step 2")),
            (held(1, 0, false), None),
            (held(1, 0, true), None),
            (held(2, 0, false), Some("resume P")),
            (record(State::Running), Some("resume P")),
            (record(State::Stuck), None),
            (record(State::RolledBack), None),
            (record(State::Promoted), None),
            (record(State::Closed), None),
        ] {
            let told = on(&record, "a", NOW);
            let expected = expected.map(|words| format!("espalier {}", words.replace('P', "--traffic-target a --rollout-id id")));
            assert_eq!(told, expected, "{record:?}");
            let taken = match &told {
                Some(command) if command.starts_with("espalier promote") => Takeover::promote(&record, Some(2), NOW),
                Some(_) | None => Takeover::resume(&record, None, NOW),
            };
            assert!(told.is_none() || matches!(taken, Takeover::GoOn(_)), "{record:?}: {taken:?}");
        }
    }

    #[test]
    fn what_is_not_over_has_one_command_that_ends_it() {
        let ends = |state| (to_the_end(&record(state), "a").is_some(), back(&record(state), "a").is_some());
        for state in [State::Running, State::Held, State::Stuck] {
            assert_eq!(ends(state), (false, true), "{state}");
        }
        for state in [State::RolledBack, State::Promoted] {
            assert_eq!(ends(state), (true, false), "{state}");
        }
        assert_eq!(ends(State::Closed), (false, false));
    }
}
