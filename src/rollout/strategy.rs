//! Short names for common steps. A strategy is nothing but the steps that it expands to; what is planned, recorded and shown
//! are those.

use std::{str::FromStr, time::Duration};

use super::{
    plan::{Step, StepsError},
    split::Share,
};

/// Steps by the names that ECS and others use for them (Amazon ECS, `DeploymentStrategy`: `CANARY`, `LINEAR`, `BLUE_GREEN`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// One small share, then everything: each is watched for the same time.
    Canary {
        /// The small share.
        weight: Share,
        /// How long each of the two steps is watched.
        bake: Duration,
    },
    /// Equal steps; where they do not come to 100 %, the last one is smaller.
    Linear {
        /// How much each step adds.
        step: Share,
        /// How long each step is watched.
        bake: Duration,
    },
    /// Everything at once.
    BlueGreen {
        /// How long it is watched.
        bake: Duration,
    },
}

impl Strategy {
    /// The steps that it stands for. A share of nothing gives none, which a plan refuses.
    #[must_use]
    pub fn expand(self) -> Vec<Step> {
        let (shares, bake): (Vec<Share>, Duration) = match self {
            Self::Canary { weight, bake } => (vec![weight, Share::FULL], bake),
            Self::BlueGreen { bake } => (vec![Share::FULL], bake),
            Self::Linear { step, bake } => {
                // Of more than a thousand steps no pair of weights represents the first, which a plan refuses.
                let climbing = (1..=1000).filter(|_| step > Share::ZERO).map_while(|count| step.times(count));
                let mut shares: Vec<Share> = climbing.collect();
                if shares.last().is_some_and(|last| *last != Share::FULL) {
                    shares.push(Share::FULL);
                }
                (shares, bake)
            }
        };
        shares.into_iter().map(|share| Step { share, bake, lag: Duration::ZERO, hold: None }).collect()
    }
}

/// As a flag has it: `canary:5%:10m`, `linear:10%:5m`, `blue_green:10m`.
impl FromStr for Strategy {
    type Err = StepsError;

    fn from_str(text: &str) -> Result<Self, StepsError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        if matches!(name.trim(), "canary" | "linear" | "blue_green" | "blue-green") && rest.trim().is_empty() {
            return Err(StepsError(format!("`{text}` says neither how far nor for how long")));
        }
        // What follows is written like a step.
        match name.trim() {
            "canary" => rest.parse().map(|Step { share: weight, bake, .. }| Self::Canary { weight, bake }),
            "linear" => rest.parse().map(|Step { share: step, bake, .. }| Self::Linear { step, bake }),
            "blue_green" | "blue-green" => format!("100%:{rest}").parse().map(|Step { bake, .. }| Self::BlueGreen { bake }),
            _ => Err(StepsError(format!("`{text}` is not a strategy"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However small the steps are: it never jumps.
    #[test]
    fn no_step_of_a_linear_strategy_is_larger_than_it_says() {
        for (text, each, count) in [("linear:0.7%:1s", 700, 143), ("linear:0.5%:1s", 500, 200), ("linear:0.1%:1s", 100, 1000)] {
            let shares: Vec<u32> =
                text.parse::<Strategy>().expect(text).expand().iter().map(|step| step.share.millipercent()).collect();
            let climbs = std::iter::once(&0).chain(&shares).zip(&shares).all(|(before, share)| share - before <= each);
            assert!(climbs && shares.len() == count && shares.last() == Some(&100_000), "{text}: {} steps", shares.len());
        }
    }

    #[test]
    fn strategies_are_nothing_but_steps() {
        for (text, steps) in [
            ("canary:5%:10m", "5%:10m,100%:10m"),
            ("canary:0.5%:1h", "0.5%:1h,100%:1h"),
            ("linear:25%:5m", "25%:5m,50%:5m,75%:5m,100%:5m"),
            ("linear:30%:1m", "30%:1m,60%:1m,90%:1m,100%:1m"),
            ("linear:1/3:1m", "1/3:1m,2/3:1m,100%:1m"),
            ("linear:33.333%:1m", "33.333%:1m,66.666%:1m,99.999%:1m,100%:1m"),
            ("canary:1.5625%:1h", "1.5625%:1h,100%:1h"),
            ("linear:100%:1m", "100%:1m"),
            ("linear:0%:1m", ""),
            ("blue_green:10m", "100%:10m"),
            ("blue-green:10m", "100%:10m"),
        ] {
            let expanded = text.parse::<Strategy>().expect(text).expand();
            assert_eq!(expanded.iter().map(ToString::to_string).collect::<Vec<_>>().join(","), steps, "{text}");
        }
        for text in ["", "rolling:10%:5m", "canary", "linear:10%", "blue_green", "canary:5:10m"] {
            assert!(text.parse::<Strategy>().is_err(), "{text}");
        }
    }
}
