//! The pairs of Lattice weights that represent shares of traffic; how these are written is in `share`.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use super::share::{Share, ShareError};

/// The highest weight Lattice accepts: `WeightedTargetGroup.weight` is 0 to 999 (service model 2022-11-30).
pub const MAX_WEIGHT: u16 = 999;

/// The weights of stable and candidate: always both, always absolute, never both zero.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Split {
    /// The stable revision's weight, 0 to 999.
    pub stable: u16,
    /// The candidate's weight, 0 to 999.
    pub candidate: u16,
}

/// A share that no pair of weights represents, with the nearest ones that a pair does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pair of Lattice weights (0 to 999) represents {share} exactly: {}", self.nearest())]
pub struct UnrepresentableShare {
    /// What was asked for.
    pub share: Share,
    /// The nearest representable share below it; none where that is nothing at all.
    pub below: Option<Share>,
    /// The nearest representable share above it.
    pub above: Share,
}

impl UnrepresentableShare {
    /// What can be written in its place.
    #[must_use]
    pub fn nearest(&self) -> String {
        let Self { below, above, .. } = self;
        below.map_or_else(|| format!("the nearest is {above}"), |below| format!("the nearest are {below} and {above}"))
    }
}

impl Split {
    /// Everything on stable.
    pub const STABLE: Self = Self { stable: 100, candidate: 0 };
    /// Everything on the candidate.
    pub const CANDIDATE: Self = Self { stable: 0, candidate: 100 };

    /// The split that gives the candidate exactly `share`: weights out of 100 where they are whole,
    /// otherwise the pair with the smallest sum.
    ///
    /// # Errors
    /// When no pair of weights represents the share; the error names the two nearest that one does.
    pub fn for_share(share: Share) -> Result<Self, UnrepresentableShare> {
        let (part, whole) = share.parts();
        let by = if 100_u64.is_multiple_of(whole) { 100 / whole } else { 1 };
        let pair = (weight((whole - part) * by), weight(part * by));
        if let (Some(stable), Some(candidate)) = pair { Ok(Self { stable, candidate }) } else { Err(Self::neighbours(share)) }
    }

    /// For each weight of stable, the candidate's that is just too small and the one that is just too large.
    fn neighbours(share: Share) -> UnrepresentableShare {
        let (part, whole) = share.parts();
        let (mut below, mut above) = (Share::ZERO, Share::FULL);
        let most = u64::from(MAX_WEIGHT);
        for stable in 1..=most {
            let under = (u128::from(stable) * u128::from(part) / u128::from(whole - part)).try_into().unwrap_or(most).min(most);
            below = below.max(Share::reduced(under, under + stable));
            if under < most {
                above = above.min(Share::reduced(under + 1, under + 1 + stable));
            }
        }
        UnrepresentableShare { share, below: (below > Share::ZERO).then_some(below), above }
    }

    /// The candidate's share of the requests; none when both weights are zero.
    #[must_use]
    pub fn share(self) -> Share {
        let candidate = u64::from(self.candidate);
        Share::of_whole(candidate, candidate + u64::from(self.stable)).unwrap_or(Share::ZERO)
    }
}

fn weight(number: u64) -> Option<u16> {
    u16::try_from(number).ok().filter(|weight| *weight <= MAX_WEIGHT)
}

/// Two splits are equal when they send the same share of requests to each side: weights are relative.
impl PartialEq for Split {
    fn eq(&self, other: &Self) -> bool {
        let zero = |split: &Self| split.stable == 0 && split.candidate == 0;
        zero(self) == zero(other)
            && u32::from(self.stable) * u32::from(other.candidate) == u32::from(self.candidate) * u32::from(other.stable)
    }
}

impl Eq for Split {}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stable {} / candidate {}", self.stable, self.candidate)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(text: &str) -> Share {
        text.parse().expect(text)
    }

    #[test]
    fn what_a_pair_represents_is_taken_however_many_decimals_it_has() {
        for (text, stable, candidate) in [
            ("0.5%", 199, 1),
            ("1.5625%", 63, 1),
            ("0.3125%", 319, 1),
            ("99.6875%", 1, 319),
            ("0.1%", 999, 1),
            ("33.30078125%", 683, 341),
            ("1/3", 2, 1),
            ("5%", 95, 5),
            ("50%", 50, 50),
        ] {
            let split = Split::for_share(share(text)).map(|split| (split.stable, split.candidate));
            assert_eq!(split, Ok((stable, candidate)), "{text}");
        }
    }

    #[test]
    fn a_share_that_no_pair_represents_names_its_neighbours() {
        let error = Split::for_share(share("0.05%")).expect_err("1999:1 is out of range");
        assert_eq!(
            error.to_string(),
            "no pair of Lattice weights (0 to 999) represents 0.05% exactly: the nearest is 0.1%",
            "a step of 0% is none"
        );
        for (text, nearest) in [
            ("33.333%", "499/1498 and 1/3"),
            ("33.334%", "1/3 and 500/1499"),
            ("99.95%", "99.9% and 100%"),
            ("0.15%", "1/667 and 1/666"),
            ("0.100000000000001%", "0.1% and 1/999"),
        ] {
            let error = Split::for_share(share(text)).expect_err(text);
            assert_eq!(error.nearest(), format!("the nearest are {nearest}"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_pair_is_a_share_that_reads_back_and_finds_its_pair(stable in 0..=MAX_WEIGHT, candidate in 0..=MAX_WEIGHT) {
            prop_assume!(stable + candidate > 0);
            let split = Split { stable, candidate };
            prop_assert_eq!(split.share().to_string().parse(), Ok(split.share()));
            let found = Split::for_share(split.share()).expect("itself");
            prop_assert_eq!(found, split);
            prop_assert!(found.stable <= MAX_WEIGHT && found.candidate <= MAX_WEIGHT);
            prop_assert_eq!(split.share().rest(), Split { stable: candidate, candidate: stable }.share());
        }

        /// Whatever decimals are asked for: exactly that, or the nearest on either side, which can be asked for and which no pair is
        /// nearer than.
        #[test]
        fn a_share_is_written_exactly_or_refused_between_its_neighbours(
            text in "[0-9]{1,2}(\\.[0-9]{1,15})?%", stable in 0..=MAX_WEIGHT, candidate in 1..=MAX_WEIGHT,
        ) {
            let share = share(&text);
            prop_assert_eq!(share.to_string().parse(), Ok(share));
            match Split::for_share(share) {
                Ok(split) => prop_assert_eq!(split.share(), share),
                Err(UnrepresentableShare { below, above, .. }) => {
                    for near in below.into_iter().chain([above]) {
                        prop_assert!(Split::for_share(near.to_string().parse().expect("a share")).is_ok(), "{}", near);
                    }
                    let below = below.unwrap_or(Share::ZERO);
                    prop_assert!(below < share && share < above);
                    let any = Split { stable, candidate }.share();
                    prop_assert!(any <= below || any >= above, "{} is between {} and {}", any, below, above);
                }
            }
        }
    }

    #[test]
    fn splits_are_equal_by_share_and_all_zero_equals_nothing_else() {
        assert_eq!(Split { stable: 95, candidate: 5 }, Split { stable: 190, candidate: 10 });
        assert_ne!(Split { stable: 0, candidate: 0 }, Split::STABLE);
        assert_ne!(Split::STABLE, Split { stable: 0, candidate: 0 });
        assert_ne!(Split::STABLE, Split::CANDIDATE);
    }
}
