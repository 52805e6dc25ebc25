//! Shares of traffic, and how people write them.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The candidate's share of the requests: an exact fraction between nothing and everything, in lowest terms.
///
/// Parses from a percentage with up to fifteen decimals (`5%`, `0.5%`, `1.5625%`) or from a fraction (`1/3`), and prints as
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
    pub(super) const fn reduced(part: u64, whole: u64) -> Self {
        let divisor = greatest_common_divisor(part, whole);
        Self { part: part / divisor, whole: whole / divisor }
    }

    /// So many parts of a whole; none where there is no whole, or where they are more than it.
    pub(super) fn of_whole(part: u64, whole: u64) -> Option<Self> {
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
    fn enough_is_rounded_up() {
        assert_eq!(Share::percent(5).of(3), 1);
        assert_eq!(Share::percent(25).of(8), 2);
        assert_eq!(Share::FULL.of(3), 3);
        assert_eq!(Share::ZERO.of(3), 0);
        // Exactly two thirds, and no more.
        assert_eq!(share("2/3").of(3), 2);
        assert_eq!(Share::FULL.of(u32::MAX), u32::MAX);
    }

    proptest! {
        #[test]
        fn shares_are_in_the_order_of_their_numbers(one in (0..=999_u32, 1..=999_u32), other in (0..=999_u32, 1..=999_u32)) {
            let of = |(part, more): (u32, u32)| (Share::of_whole(part.into(), (part + more).into()).expect("a share"), part, part + more);
            let ((one, part, whole), (other, others, of_others)) = (of(one), of(other));
            prop_assert_eq!(one.cmp(&other), (part * of_others).cmp(&(others * whole)));
            prop_assert_eq!(one.of(whole), part);
        }
    }
}
