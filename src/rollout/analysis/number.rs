//! A number that is one: what is not a number, or without end, never gets into a judgement.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A finite number. NaN and infinities are no data, so there is no way to write them (flagger and Argo Rollouts compare NaN with
/// limits, which is true or false by accident).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Number(f64);

/// A value that is not a finite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a finite number")]
pub struct NotFinite;

impl Number {
    /// None for what is not a finite number.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Negative zero becomes zero, so that equal numbers are written alike.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Number {
    type Error = NotFinite;

    fn try_from(value: f64) -> Result<Self, NotFinite> {
        Self::new(value).ok_or(NotFinite)
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl From<u32> for Number {
    fn from(count: u32) -> Self {
        Self(f64::from(count))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn kayenta_1_a_nan_is_never_a_number() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Number::new(value), None);
        }
        assert!(serde_json::from_str::<Number>("null").is_err());
        assert_eq!(Number::new(-0.0), Number::new(0.0));
        assert_eq!(serde_json::from_str::<Number>("0.1").ok(), Number::new(0.1));
    }
}
