//! What else sets the size of a side: bounds and rules that people gave it. A rollout holds them and gives them back.
//!
//! Deliberately absent: the rules themselves, and who carries them out. Counts are tasks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How stable was scaled by itself when the rollout began: what is given back, and what the candidate gets too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scaling {
    /// The fewest tasks that it is given.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// What people had suspended already.
    pub suspended: Suspended,
    /// The rollout suspended some more, or may have, and has not given it back.
    pub held: bool,
}

impl Scaling {
    /// How people have a side scaled, from how it is now and what the rollout before has recorded (`before`). What that one held and never
    /// gave back is as it was before it; and so is a side that it left at rest, where somebody has brought requests back to that by hand.
    #[must_use]
    pub fn given(self, before: Option<Self>) -> Self {
        let rests = |before: &Self| self.min == 0 && self.suspended == before.suspended.resting();
        match before {
            Some(before) if rests(&before) => Self { min: before.min, suspended: before.suspended, ..self },
            Some(before) if before.held => Self { suspended: before.suspended, ..self },
            Some(_) | None => self,
        }
    }
}

/// Which kinds of scaling do not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Suspended {
    /// Fewer tasks, by a rule.
    pub scale_in: bool,
    /// More tasks, by a rule.
    pub scale_out: bool,
    /// Other bounds, by the time of day.
    pub scheduled: bool,
}

impl Suspended {
    /// A side of a rollout that is under way: it may grow as it could before, and not shrink.
    #[must_use]
    pub const fn steady(self) -> Self {
        Self { scale_in: true, ..self }
    }

    /// A side without work: nothing starts tasks in it, neither a rule nor the time of day.
    #[must_use]
    pub const fn resting(self) -> Self {
        Self { scale_out: true, scheduled: true, ..self }
    }

    const fn letters(self) -> [(bool, char); 3] {
        [(self.scale_in, 'i'), (self.scale_out, 'o'), (self.scheduled, 's')]
    }
}

/// The record's text form: `held:2:10:io` or `free:2:10:-`, with a letter for each kind that people had suspended.
impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: String = self.suspended.letters().into_iter().filter(|(is, _)| *is).map(|(_, letter)| letter).collect();
        let letters = if letters.is_empty() { "-" } else { &letters };
        write!(f, "{}:{}:{}:{letters}", if self.held { "held" } else { "free" }, self.min, self.max)
    }
}

/// A text that is no scaling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}`, not like `held:2:10:-`")]
pub struct ScalingError(String);

impl FromStr for Scaling {
    type Err = ScalingError;

    fn from_str(text: &str) -> Result<Self, ScalingError> {
        let wrong = || ScalingError(text.to_owned());
        let [held, min, max, letters] = text.split(':').collect::<Vec<_>>()[..] else { return Err(wrong()) };
        let held = match held {
            "held" => true,
            "free" => false,
            _ => return Err(wrong()),
        };
        let count = |text: &str| text.parse().map_err(|_| wrong());
        let has = |letter| letters.contains(letter);
        let suspended = Suspended { scale_in: has('i'), scale_out: has('o'), scheduled: has('s') };
        Ok(Self { min: count(min)?, max: count(max)?, suspended, held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed 100163719: a release that began on a slot at rest gave the other one its bounds, from 0 tasks on.
    #[test]
    fn what_a_rollout_before_has_left_is_not_what_people_gave() {
        let suspended = Suspended { scale_in: false, scale_out: true, scheduled: false };
        let before = Scaling { min: 2, max: 10, suspended, held: false };
        let seen = |min, suspended| Scaling { min, max: 9, suspended, held: true };
        let given = Scaling { max: 9, held: true, ..before };
        for (now, before, expected) in [
            (seen(0, suspended.resting()), Some(before), given),
            (seen(0, suspended.resting()), None, seen(0, suspended.resting())),
            (seen(1, suspended.resting()), Some(before), seen(1, suspended.resting())),
            (seen(0, suspended), Some(before), seen(0, suspended)),
            (seen(2, suspended.steady()), Some(before), seen(2, suspended.steady())),
            (seen(2, suspended.steady()), Some(Scaling { held: true, ..before }), seen(2, suspended)),
        ] {
            assert_eq!(now.given(before), expected, "{now} after {before:?}");
        }
    }

    #[test]
    fn the_text_form_reads_back() {
        for bits in 0..16_u8 {
            let bit = |place: u8| bits >> place & 1 == 1;
            let suspended = Suspended { scale_in: bit(0), scale_out: bit(1), scheduled: bit(2) };
            let scaling = Scaling { min: 2, max: 10, suspended, held: bit(3) };
            assert_eq!(scaling.to_string().parse(), Ok(scaling));
        }
        let held = Scaling { min: 0, max: 4, suspended: Suspended::default().steady().resting(), held: true };
        assert_eq!(held.to_string(), "held:0:4:ios");
        for wrong in ["", "held", "held:1:2", "kept:1:2:-", "held:-1:2:-", "free:1:x:-"] {
            assert!(wrong.parse::<Scaling>().is_err(), "{wrong}");
        }
    }
}
