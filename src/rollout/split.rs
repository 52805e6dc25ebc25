//! Shares of traffic and the pairs of Lattice weights that represent them.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The candidate's share of the requests: an exact fraction between nothing and everything, in lowest terms.
///
/// Parses from a percentage with up to [`MAX_DECIMALS`] decimals (`5%`, `0.5%`, `1.5625%`) or from a fraction (`1/3`), and prints as
/// the percentage where decimals can say it, otherwise as the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share {
    part: u64,
    whole: u64,
}

/// Decimals of a percentage. Eight would do for each that a pair of weights represents (100 % ÷ 1024); with more there is room to say
/// which pairs are near. A hundred percent of so many decimals, and ten times as much, are still an `u64`.
const MAX_DECIMALS: usize = 15;

impl Share {
    /// No traffic.
    pub const ZERO: Self = Self { part: 0, whole: 1 };
    /// All traffic.
    pub const FULL: Self = Self { part: 1, whole: 1 };

    /// In lowest terms, so that equal shares are equal values.
    const fn reduced(part: u64, whole: u64) -> Self {
        let divisor = greatest_common_divisor(part, whole);
        Self { part: part / divisor, whole: whole / divisor }
    }

    /// So many parts of a whole; none where there is no whole, or where they are more than it.
    fn of_whole(part: u64, whole: u64) -> Option<Self> {
        (part <= whole && whole > 0).then(|| Self::reduced(part, whole))
    }

    /// From whole percents; more than 100 is 100.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self::reduced(u64::from(percent.min(100)), 100)
    }

    /// From thousandths of a percent; none above 100 000.
    #[must_use]
    pub fn from_millipercent(millipercent: u32) -> Option<Self> {
        Self::of_whole(u64::from(millipercent), 100_000)
    }

    /// What is left for the other side.
    #[must_use]
    pub const fn rest(self) -> Self {
        Self { part: self.whole - self.part, whole: self.whole }
    }

    /// The share as many times over; none above everything.
    #[must_use]
    pub fn times(self, count: u64) -> Option<Self> {
        Self::of_whole(self.part.checked_mul(count)?, self.whole)
    }

    /// Part and whole, in lowest terms.
    #[must_use]
    pub const fn parts(self) -> (u64, u64) {
        (self.part, self.whole)
    }

    /// Thousandths of a percent, 0 to 100 000, rounded: for what is drawn, not for what is decided.
    #[must_use]
    pub fn millipercent(self) -> u32 {
        self.scaled(100_000, self.whole / 2)
    }

    /// The share as a fraction between 0 and 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest number that there is")]
    pub fn fraction(self) -> f64 {
        self.part as f64 / self.whole as f64
    }

    /// How many of `count` this share needs, rounded up: the "enough" of a capacity gate.
    #[must_use]
    pub fn of(self, count: u32) -> u32 {
        self.scaled(count, self.whole - 1)
    }

    fn scaled(self, count: u32, rounding: u64) -> u32 {
        let product = u128::from(self.part) * u128::from(count) + u128::from(rounding);
        u32::try_from(product / u128::from(self.whole)).unwrap_or(count)
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let across = |one: &Self, other: &Self| u128::from(one.part) * u128::from(other.whole);
        across(self, other).cmp(&across(other, self))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A share that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`, or a fraction, such as `1/3`"
)]
pub struct ShareError {
    given: String,
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(given: &str) -> Result<Self, ShareError> {
        // Fifteen digits and three, and no sign: what is multiplied below cannot overflow.
        let number = |text: &str, longest: usize| -> Option<u64> {
            let is_number = text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number)
        };
        let text = given.trim();
        let read = || {
            if let Some((part, whole)) = text.split_once('/') {
                return Self::of_whole(number(part, MAX_DECIMALS)?, number(whole, MAX_DECIMALS)?);
            }
            let percent = text.strip_suffix('%')?.trim_end();
            let (whole, decimals) = percent.split_once('.').unwrap_or((percent, "0"));
            let unit = decimals.bytes().fold(1, |unit: u64, _| unit.saturating_mul(10));
            let (whole, decimals) = (number(whole, 3)?, number(decimals, MAX_DECIMALS)?);
            Self::of_whole(whole * unit + decimals, 100 * unit)
        };
        read().ok_or_else(|| ShareError { given: given.to_owned() })
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
        let Self { part, whole } = *self;
        let mut decimals = String::new();
        let mut rest = part * 100 % whole;
        while rest > 0 && decimals.len() < MAX_DECIMALS {
            rest *= 10;
            decimals.push(char::from(b'0' + u8::try_from(rest / whole).unwrap_or(0)));
            rest %= whole;
        }
        match (rest, decimals.as_str()) {
            (0, "") => write!(f, "{}%", part * 100 / whole),
            (0, decimals) => write!(f, "{}.{decimals}%", part * 100 / whole),
            _ => write!(f, "{part}/{whole}"),
        }
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

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(text: &str) -> Share {
        text.parse().expect(text)
    }

    #[test]
    fn shares_read_and_print_as_percentages_and_where_these_cannot_say_it_as_fractions() {
        for text in
            ["0%", "5%", "0.5%", "12.345%", "1.5625%", "0.09765625%", "33.333%", "0.000000000000001%", "1/3", "1/667", "100%"]
        {
            assert_eq!(share(text).to_string(), text);
        }
        for (text, same) in
            [("1/64", "1.5625%"), ("2/6", "1/3"), ("0.50%", "0.5%"), ("7/7", "100%"), (" 5 % ", "5%"), ("05%", "5%")]
        {
            assert_eq!(share(text).to_string(), same);
        }
        for text in [
            "",
            "%",
            "5",
            "-1%",
            "101%",
            "1e2%",
            "5 %%",
            "+5%",
            "5.%",
            ".5%",
            "100.001%",
            "0.0000000000000001%",
            "1/0",
            "0/0",
            "3/2",
            "1/",
            "/3",
            "+1/3",
            "1/3%",
            "1/3/5",
            "1:2",
        ] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
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

        #[test]
        fn shares_are_in_the_order_of_their_numbers(one in (0..=999_u32, 1..=999_u32), other in (0..=999_u32, 1..=999_u32)) {
            let of = |(part, more): (u32, u32)| (Share::of_whole(part.into(), (part + more).into()).expect("a share"), part, part + more);
            let ((one, part, whole), (other, others, of_others)) = (of(one), of(other));
            prop_assert_eq!(one.cmp(&other), (part * of_others).cmp(&(others * whole)));
            prop_assert_eq!(one.of(whole), part);
        }
    }

    #[test]
    fn enough_is_rounded_up() {
        assert_eq!(Share::percent(5).of(3), 1);
        assert_eq!(Share::percent(25).of(8), 2);
        assert_eq!(Share::FULL.of(3), 3);
        assert_eq!(Share::ZERO.of(3), 0);
        // Exactly two thirds, and no more.
        assert_eq!(Split { stable: 1, candidate: 2 }.share().of(3), 2);
        assert_eq!(Share::FULL.of(u32::MAX), u32::MAX);
    }

    #[test]
    fn splits_are_equal_by_share_and_all_zero_equals_nothing_else() {
        assert_eq!(Split { stable: 95, candidate: 5 }, Split { stable: 190, candidate: 10 });
        assert_ne!(Split { stable: 0, candidate: 0 }, Split::STABLE);
        assert_ne!(Split::STABLE, Split { stable: 0, candidate: 0 });
        assert_ne!(Split::STABLE, Split::CANDIDATE);
    }
}
