//! What a traffic target does with requests: forward them by weights, or answer them itself. Pure.

use std::{fmt::Write as _, str::FromStr};

use super::ids::TargetGroupId;
use crate::rollout::{
    observation::LiveAction,
    split::{MAX_WEIGHT, Split},
};

/// The most target groups that one action may list (service model, `WeightedTargetGroupList`).
pub const MAX_GROUPS: usize = 10;

/// The whole action of a rule, or of a listener's default rule. Equal when the same groups have the same weights, in any order.
#[derive(Clone, Debug)]
pub enum Action {
    /// To these groups, by weight.
    Forward(Vec<(TargetGroupId, u16)>),
    /// The answer is this status, 404 or 500.
    Fixed(u16),
    /// A kind of action that this version does not know. It is never a baseline and never written.
    Other,
}

/// A group with the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGroup {
    /// Its id.
    pub id: TargetGroupId,
    /// Its name.
    pub name: String,
}

/// Why an action with a split cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Neither side would get requests.
    #[error("both weights are 0: Lattice's answer to that is not documented, so it is never sent")]
    AllZero,
    /// A weight that Lattice refuses.
    #[error("{0} is not a weight: Lattice takes 0 to {MAX_WEIGHT}")]
    TooHeavy(u16),
    /// Somebody else gets requests here.
    #[error("the target group {0} has weight here too: take it out of the action, or give it weight 0, before releasing")]
    ThirdGroup(TargetGroupId),
    /// No room.
    #[error("the action would list {0} target groups and Lattice takes {MAX_GROUPS}: remove groups with weight 0 from it")]
    TooManyGroups(usize),
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Forward(ours), Self::Forward(theirs)) => sorted(ours) == sorted(theirs),
            (Self::Fixed(ours), Self::Fixed(theirs)) => ours == theirs,
            // Two unknown actions are not known to be the same.
            (Self::Forward(_) | Self::Fixed(_) | Self::Other, _) => false,
        }
    }
}

fn sorted(groups: &[(TargetGroupId, u16)]) -> Vec<&(TargetGroupId, u16)> {
    let mut groups: Vec<_> = groups.iter().collect();
    groups.sort();
    groups
}

impl Action {
    /// Everything to one group: how a bootstrap's candidate is attached.
    #[must_use]
    pub fn alone(group: &TargetGroupId) -> Self {
        Self::Forward(vec![(group.clone(), Split::CANDIDATE.candidate)])
    }

    /// The groups that it lists with their weights; none for a fixed response.
    #[must_use]
    pub fn groups(&self) -> &[(TargetGroupId, u16)] {
        match self {
            Self::Forward(groups) => groups,
            Self::Fixed(_) | Self::Other => &[],
        }
    }

    /// Whether every request goes to that group.
    #[must_use]
    pub fn is_all_on(&self, group: &TargetGroupId) -> bool {
        let mut weighted = self.groups().iter().filter(|(_, weight)| *weight > 0).map(|(group, _)| group);
        weighted.next() == Some(group) && weighted.next().is_none()
    }

    /// The group's weight, where it is listed.
    #[must_use]
    pub fn weight(&self, group: &TargetGroupId) -> Option<u16> {
        self.groups().iter().find(|(listed, _)| listed == group).map(|(_, weight)| *weight)
    }

    /// This baseline with a split instead of its weights: the two sides with explicit weights, and the baseline's other groups,
    /// all of them at 0, where they were.
    ///
    /// # Errors
    /// When a third group has weight, both weights are zero, a weight is too high, or there are too many groups.
    pub fn with_split(&self, stable: &TargetGroupId, candidate: &TargetGroupId, split: Split) -> Result<Self, ActionError> {
        if split.stable == 0 && split.candidate == 0 {
            return Err(ActionError::AllZero);
        }
        let heaviest = split.stable.max(split.candidate);
        if heaviest > MAX_WEIGHT {
            return Err(ActionError::TooHeavy(heaviest));
        }
        let mut groups = Vec::with_capacity(self.groups().len() + 2);
        for (group, weight) in self.groups() {
            match *weight {
                _ if group == stable => groups.push((group.clone(), split.stable)),
                _ if group == candidate => groups.push((group.clone(), split.candidate)),
                0 => groups.push((group.clone(), 0)),
                _ => return Err(ActionError::ThirdGroup(group.clone())),
            }
        }
        for (side, weight) in [(stable, split.stable), (candidate, split.candidate)] {
            if !groups.iter().any(|(group, _)| group == side) {
                groups.push((side.clone(), weight));
            }
        }
        if groups.len() > MAX_GROUPS { Err(ActionError::TooManyGroups(groups.len())) } else { Ok(Self::Forward(groups)) }
    }

    /// This baseline and the candidate's group beside it at 0, so that its targets are checked before it gets requests. A baseline
    /// that lists it already stays as it is. None where that cannot be: a fixed response, or ten groups already.
    #[must_use]
    pub fn beside(&self, candidate: &TargetGroupId) -> Option<Self> {
        let Self::Forward(groups) = self else { return None };
        if self.weight(candidate).is_some() {
            return Some(self.clone());
        }
        let mut groups = groups.clone();
        groups.push((candidate.clone(), 0));
        (groups.len() <= MAX_GROUPS).then_some(Self::Forward(groups))
    }

    /// This action as the rollout sees it. `stable` is none while nothing serves.
    #[must_use]
    pub fn live(&self, baseline: &Self, stable: Option<&NamedGroup>, candidate: &NamedGroup) -> LiveAction {
        let sides = |group: &TargetGroupId| *group == candidate.id || stable.is_some_and(|stable| *group == stable.id);
        let others_are_light = self.groups().iter().all(|(group, weight)| sides(group) || *weight == 0);
        let split = Split {
            stable: stable.and_then(|stable| self.weight(&stable.id)).unwrap_or(0),
            candidate: self.weight(&candidate.id).unwrap_or(0),
        };
        let names = |group: &TargetGroupId| {
            stable.into_iter().chain([candidate]).find(|named| named.id == *group).map(|named| named.name.clone())
        };
        LiveAction {
            split: (others_are_light && (split.stable, split.candidate) != (0, 0)).then_some(split),
            is_baseline: self == baseline,
            lists_candidate: self.weight(&candidate.id).is_some(),
            shown: self.words(names),
        }
    }

    /// In words, such as `myservice-a 95, myservice-b 5`; a group without a name is shown by its id.
    pub fn words(&self, names: impl Fn(&TargetGroupId) -> Option<String>) -> String {
        match self {
            Self::Forward(groups) => groups.iter().fold(String::new(), |mut text, (group, weight)| {
                let comma = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{comma}{} {weight}", names(group).unwrap_or_else(|| group.to_string()));
                text
            }),
            Self::Fixed(status) => format!("fixed response {status}"),
            Self::Other => "an action of an unknown kind".to_owned(),
        }
    }

    /// As text that a tag can hold and [`Action::from_str`] reads: `forward tg-…=100 tg-…=0`, `fixed 404`.
    ///
    /// None for an action of an unknown kind: what cannot be written back cannot be recorded.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Forward(groups) => Some(groups.iter().fold("forward".to_owned(), |mut text, (group, weight)| {
                let _ = write!(text, " {group}={weight}");
                text
            })),
            Self::Fixed(status) => Some(format!("fixed {status}")),
            Self::Other => None,
        }
    }
}

/// Text that is no action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a recorded action: it should read like `forward tg-0123456789abcdef0=100` or `fixed 404`")]
pub struct ActionTextError(String);

impl FromStr for Action {
    type Err = ActionTextError;

    fn from_str(text: &str) -> Result<Self, ActionTextError> {
        let error = || ActionTextError(text.to_owned());
        let number = |digits: &str| digits.parse::<u16>().map_err(|_| error());
        let (kind, rest) = text.split_once(' ').ok_or_else(error)?;
        match kind {
            "fixed" => Ok(Self::Fixed(number(rest)?)),
            "forward" => {
                let group = |word: &str| -> Result<_, ActionTextError> {
                    let (group, weight) = word.split_once('=').ok_or_else(error)?;
                    // AWS's ids are stricter, but what was read from AWS must be readable again, whatever it looked like.
                    let group = Some(group).filter(|group| group.starts_with("tg-") && group.len() > 3).ok_or_else(error)?;
                    Ok((TargetGroupId::of(group), number(weight)?))
                };
                Ok(Self::Forward(rest.split(' ').map(group).collect::<Result<_, _>>()?))
            }
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(letter: char) -> TargetGroupId {
        TargetGroupId::of(&format!("tg-0000000000000000{letter}"))
    }

    fn named(letter: char) -> NamedGroup {
        NamedGroup { id: id(letter), name: format!("app-{letter}") }
    }

    fn forward(groups: &[(char, u16)]) -> Action {
        Action::Forward(groups.iter().map(|(letter, weight)| (id(*letter), *weight)).collect())
    }

    const FIVE: Split = Split { stable: 95, candidate: 5 };

    #[test]
    fn gateway_2_actions_are_equal_without_regard_to_order() {
        assert_eq!(forward(&[('a', 95), ('b', 5)]), forward(&[('b', 5), ('a', 95)]));
        assert_ne!(forward(&[('a', 95), ('b', 5)]), forward(&[('a', 5), ('b', 95)]));
        assert_ne!(forward(&[('a', 100)]), forward(&[('a', 100), ('b', 0)]), "the baseline is restored member for member");
        assert_ne!(forward(&[('a', 100)]), Action::Fixed(404));
        assert_eq!(Action::Fixed(404), Action::Fixed(404));
        assert_ne!(Action::Other, Action::Other);
    }

    #[test]
    fn a_split_replaces_the_sides_weights_and_keeps_the_other_groups_at_zero() {
        let split = |baseline: &[(char, u16)], split| forward(baseline).with_split(&id('a'), &id('b'), split);
        assert_eq!(split(&[('a', 100)], FIVE), Ok(forward(&[('a', 95), ('b', 5)])));
        assert_eq!(split(&[('c', 0), ('b', 0), ('a', 1)], FIVE), Ok(forward(&[('c', 0), ('b', 5), ('a', 95)])));
        assert_eq!(split(&[('a', 100)], Split::STABLE), Ok(forward(&[('a', 100), ('b', 0)])), "both are always sent");
        assert_eq!(Action::Fixed(404).with_split(&id('a'), &id('b'), FIVE), Ok(forward(&[('a', 95), ('b', 5)])));
        assert_eq!(split(&[('a', 1)], Split { stable: 0, candidate: 0 }), Err(ActionError::AllZero));
        assert_eq!(split(&[('a', 1)], Split { stable: 1000, candidate: 0 }), Err(ActionError::TooHeavy(1000)));
        assert_eq!(split(&[('a', 50), ('c', 50)], FIVE), Err(ActionError::ThirdGroup(id('c'))));
        let nine: Vec<(char, u16)> = ('c'..='k').map(|letter| (letter, 0)).collect();
        assert_eq!(split(&nine, FIVE), Err(ActionError::TooManyGroups(11)));
    }

    #[test]
    fn the_candidate_is_put_beside_the_baseline_at_zero() {
        assert_eq!(forward(&[('a', 100)]).beside(&id('b')), Some(forward(&[('a', 100), ('b', 0)])));
        assert_eq!(forward(&[('a', 100), ('b', 0)]).beside(&id('b')), Some(forward(&[('a', 100), ('b', 0)])));
        assert_eq!(Action::Fixed(404).beside(&id('b')), None);
        let ten: Vec<(char, u16)> = ('c'..='l').map(|letter| (letter, 1)).collect();
        assert_eq!(forward(&ten).beside(&id('b')), None);
        assert_eq!(Action::alone(&id('b')), forward(&[('b', 100)]));
    }

    #[test]
    fn what_is_live_is_seen_from_the_rollout() {
        let baseline = forward(&[('a', 100)]);
        let live = |action: &Action| action.live(&baseline, Some(&named('a')), &named('b'));
        let seen = live(&forward(&[('b', 5), ('a', 95), ('c', 0)]));
        assert_eq!((seen.split, seen.is_baseline, seen.lists_candidate), (Some(FIVE), false, true));
        assert_eq!(seen.shown, "app-b 5, app-a 95, tg-0000000000000000c 0");
        let seen = live(&baseline);
        assert_eq!((seen.split, seen.is_baseline, seen.lists_candidate), (Some(Split::STABLE), true, false));
        assert_eq!(live(&forward(&[('a', 95), ('c', 5)])).split, None, "somebody else has weight");
        assert_eq!(live(&forward(&[('a', 0), ('b', 0)])).split, None, "nobody has");
        let fixed = live(&Action::Fixed(404));
        assert_eq!((fixed.split, fixed.shown.as_str()), (None, "fixed response 404"));

        let bootstrap = Action::Fixed(404).live(&Action::Fixed(404), None, &named('b'));
        assert_eq!((bootstrap.split, bootstrap.is_baseline), (None, true));
        assert_eq!(Action::alone(&id('b')).live(&Action::Fixed(404), None, &named('b')).split, Some(Split::CANDIDATE));
    }

    #[test]
    fn text_that_is_no_action_is_an_error() {
        for text in [
            "",
            "forward",
            "forward ",
            "fixed",
            "fixed 99999",
            "forward tg-1",
            "forward tg-=1",
            "forward svc-1=1",
            "forward tg-1=1  tg-2=1",
            "other x",
        ] {
            assert!(text.parse::<Action>().is_err(), "{text}");
        }
        assert_eq!(Action::Other.to_text(), None);
    }

    proptest! {
        #[test]
        fn text_reads_back_as_the_same_action(groups in prop::collection::vec(("[0-9a-z]{17}", 0..=999_u16), 1..=10), status in 100..600_u16) {
            let groups = groups.into_iter().map(|(id, weight)| (TargetGroupId::of(&format!("tg-{id}")), weight)).collect();
            for action in [Action::Forward(groups), Action::Fixed(status)] {
                let text = action.to_text().expect("a known kind");
                prop_assert_eq!(text.parse::<Action>(), Ok(action));
                prop_assert!(super::super::packing::pack("baseline", &text).is_ok());
            }
        }
    }
}
