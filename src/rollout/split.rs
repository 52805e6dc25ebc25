//! Shares of traffic and the pairs of Lattice weights that represent them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The candidate's share of the requests, in thousandths of a percent (100 % is 100 000).
///
/// Parses from and prints as a percentage: `5%`, `0.5%`, `100%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(u32);

impl Share {
    /// No traffic.
    pub const ZERO: Self = Self(0);
    /// All traffic.
    pub const FULL: Self = Self(100_000);

    /// From whole percents; more than 100 is 100.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self(percent.min(100) * 1000)
    }

    /// From thousandths of a percent; none above 100 000.
    #[must_use]
    pub const fn from_millipercent(millipercent: u32) -> Option<Self> {
        if millipercent > 100_000 { None } else { Some(Self(millipercent)) }
    }

    /// What is left for the other side.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self(100_000 - self.0)
    }

    /// Thousandths of a percent, 0 to 100 000.
    #[must_use]
    pub const fn millipercent(self) -> u32 {
        self.0
    }

    /// The share as a fraction between 0 and 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }

    /// How many of `count` this share needs, rounded up: the "enough" of a capacity gate.
    #[must_use]
    pub fn of(self, count: u32) -> u32 {
        let product = u64::from(self.0) * u64::from(count);
        u32::try_from(product.div_ceil(100_000)).unwrap_or(u32::MAX)
    }
}

/// A share that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`")]
pub struct ShareError {
    given: String,
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(given: &str) -> Result<Self, ShareError> {
        let error = || ShareError { given: given.to_owned() };
        let number = given.trim().strip_suffix('%').ok_or_else(error)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 3 {
            return Err(error());
        }
        let whole: u32 = whole.parse().map_err(|_| error())?;
        let thousandths: u32 = format!("{decimals:0<3}").parse().map_err(|_| error())?;
        match whole * 1000 + thousandths {
            share @ 0..=100_000 => Ok(Self(share)),
            _ => Err(error()),
        }
    }
}

impl TryFrom<String> for Share {
    type Error = ShareError;

    fn try_from(given: String) -> Result<Self, ShareError> {
        given.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 { write!(f, "{whole}%") } else { write!(f, "{whole}.{}%", format!("{rest:03}").trim_end_matches('0')) }
    }
}

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

/// A share that no pair of weights represents, with the nearest ones that can be written and that a pair does.
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
    /// When no pair of weights represents the share; the error names the two nearest that can be.
    pub fn for_share(share: Share) -> Result<Self, UnrepresentableShare> {
        let parts = share.millipercent();
        if parts.is_multiple_of(1000) {
            let candidate = u16::try_from(parts / 1000).unwrap_or(100);
            return Ok(Self { stable: 100 - candidate, candidate });
        }
        let divisor = greatest_common_divisor(parts, 100_000);
        let (candidate, stable) = (parts / divisor, (100_000 - parts) / divisor);
        match (u16::try_from(stable), u16::try_from(candidate)) {
            (Ok(stable), Ok(candidate)) if stable <= MAX_WEIGHT && candidate <= MAX_WEIGHT => Ok(Self { stable, candidate }),
            _ => Err(UnrepresentableShare {
                share,
                below: (1..parts).rev().map(Share).find(|near| Self::for_share_exists(*near)),
                above: (parts + 1..=100_000).map(Share).find(|near| Self::for_share_exists(*near)).unwrap_or(Share::FULL),
            }),
        }
    }

    fn for_share_exists(share: Share) -> bool {
        let parts = share.millipercent();
        let divisor = greatest_common_divisor(parts, 100_000);
        let max = u32::from(MAX_WEIGHT);
        parts / divisor <= max && (100_000 - parts) / divisor <= max
    }

    /// The candidate's share of the requests, rounded to a thousandth of a percent; none when both weights are zero.
    #[must_use]
    pub fn share(self) -> Share {
        let sum = u32::from(self.stable) + u32::from(self.candidate);
        Share((u32::from(self.candidate) * 100_000 + sum / 2).checked_div(sum).unwrap_or(0))
    }
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

const fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_and_print_as_percentages() {
        for text in ["0%", "5%", "0.5%", "12.345%", "100%"] {
            assert_eq!(text.parse::<Share>().expect(text).to_string(), text);
        }
        for text in ["", "%", "5", "-1%", "101%", "1e2%", "0.0001%", "5 %%", "+5%", "100.001%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_representable_share_is_represented_exactly() {
        for parts in 0..=100_000 {
            if let Ok(split) = Split::for_share(Share(parts)) {
                let sum = u64::from(split.stable) + u64::from(split.candidate);
                assert_eq!(u64::from(split.candidate) * 100_000, u64::from(parts) * sum, "{parts}");
                assert!(split.stable <= MAX_WEIGHT && split.candidate <= MAX_WEIGHT);
            }
        }
        assert_eq!(Split::for_share(Share(500)).map(|split| (split.stable, split.candidate)), Ok((199, 1)));
    }

    #[test]
    fn a_share_that_no_pair_represents_names_its_neighbours() {
        let error = Split::for_share("0.05%".parse().expect("a share")).expect_err("1999:1 is out of range");
        assert_eq!(
            error.to_string(),
            "no pair of Lattice weights (0 to 999) represents 0.05% exactly: the nearest is 0.1%",
            "a step of 0% is none"
        );
        for (share, nearest) in [("33.333%", "33.3% and 33.36%"), ("99.95%", "99.9% and 100%"), ("0.15%", "0.125% and 0.16%")] {
            let error = Split::for_share(share.parse().expect("a share")).expect_err(share);
            assert_eq!(error.nearest(), format!("the nearest are {nearest}"), "{share}");
        }
        // There is none between these.
        for parts in (33_301..33_360).chain(99_901..100_000) {
            assert!(Split::for_share(Share(parts)).is_err(), "{parts}");
        }
    }

    #[test]
    fn enough_is_rounded_up() {
        assert_eq!(Share::percent(5).of(3), 1);
        assert_eq!(Share::percent(25).of(8), 2);
        assert_eq!(Share::FULL.of(3), 3);
        assert_eq!(Share::ZERO.of(3), 0);
    }

    #[test]
    fn splits_are_equal_by_share_and_all_zero_equals_nothing_else() {
        assert_eq!(Split { stable: 95, candidate: 5 }, Split { stable: 190, candidate: 10 });
        assert_ne!(Split { stable: 0, candidate: 0 }, Split::STABLE);
        assert_ne!(Split::STABLE, Split { stable: 0, candidate: 0 });
        assert_ne!(Split::STABLE, Split::CANDIDATE);
    }
}
