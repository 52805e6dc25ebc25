//! Latencies, counted: exact, mergeable, and small because the sandbox's latencies take few values.

use serde::{Serialize, Serializer};

/// How many requests took how long. What records into it gives values of three significant digits (see `latency`), so that even a
/// day of traffic is a few hundred entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    /// Microseconds with requests, ascending.
    counts: Vec<(u64, u64)>,
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts.iter().copied())
    }
}

impl Histogram {
    pub(crate) const fn new() -> Self {
        Self { counts: Vec::new() }
    }

    /// Microseconds with how many requests more took so long; in one go where they ascend.
    pub(crate) fn record(&mut self, several: impl IntoIterator<Item = (u64, u64)>) {
        let (mut place, mut last) = (0, 0);
        for (micros, requests) in several.into_iter().filter(|(_, requests)| *requests > 0) {
            place = if micros < last { 0 } else { place };
            last = micros;
            let rest = self.counts.get(place..).unwrap_or_default();
            place += rest.iter().take_while(|(known, _)| *known < micros).count();
            match self.counts.get_mut(place) {
                Some((known, count)) if *known == micros => *count += requests,
                Some(_) | None => self.counts.insert(place, (micros, requests)),
            }
        }
    }

    /// Adds another one's requests.
    #[cfg(test)]
    pub(crate) fn merge(&mut self, other: &Self) {
        self.record(other.counts.iter().copied());
    }

    /// Every latency that there was, in milliseconds and ascending, with its number of requests.
    pub(crate) fn values(&self) -> impl Iterator<Item = (f64, u64)> {
        self.counts.iter().map(|(micros, requests)| (millis(*micros), *requests))
    }

    /// How many requests there are.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().map(|(_, requests)| requests).sum()
    }

    /// Of all requests together, in milliseconds.
    pub(crate) fn sum(&self) -> f64 {
        millis(self.counts.iter().map(|(micros, requests)| micros.saturating_mul(*requests)).fold(0, u64::saturating_add))
    }

    /// In milliseconds; none without requests.
    pub(crate) fn mean(&self) -> Option<f64> {
        let count = self.count();
        // Both are far below 2^53.
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
        (count > 0).then(|| self.sum() / count as f64)
    }

    /// The shortest, in milliseconds; none without requests.
    pub(crate) fn min(&self) -> Option<f64> {
        self.counts.first().map(|(micros, _)| millis(*micros))
    }

    /// The longest, in milliseconds; none without requests.
    pub(crate) fn max(&self) -> Option<f64> {
        self.counts.last().map(|(micros, _)| millis(*micros))
    }

    /// What this part of the requests (0.99 for p99) did not exceed, by nearest rank, in milliseconds; none without requests.
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
        let wanted = self.count() as f64 * part.clamp(0.0, 1.0);
        let mut passed = 0;
        for (micros, requests) in &self.counts {
            passed += requests;
            #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^53")]
            // A rank that is a whole number but for rounding is that number.
            if passed as f64 >= wanted - 1e-6 {
                return Some(millis(*micros));
            }
        }
        None
    }
}

/// Microseconds in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53 microseconds")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Histogram;

    fn of(values: &[(u64, u64)]) -> Histogram {
        let mut all = Histogram::new();
        values.iter().for_each(|value| all.record([*value]));
        all
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let all = of(&[(10_000, 98), (50_000, 1), (200_000, 1)]);
        let quantiles = [0.0, 0.5, 0.98, 0.985, 0.99, 0.995, 1.0].map(|part| all.quantile(part).unwrap());
        assert_eq!(quantiles, [10.0, 10.0, 10.0, 50.0, 50.0, 200.0, 200.0]);
        assert_eq!((all.count(), all.sum(), all.mean()), (100, 1230.0, Some(12.3)));
        assert_eq!((all.min(), all.max()), (Some(10.0), Some(200.0)));
    }

    #[test]
    fn without_requests_there_is_nothing_to_say() {
        let none = of(&[(5, 0)]);
        assert_eq!((none.quantile(0.5), none.mean(), none.min(), none.max()), (None, None, None, None));
        assert_eq!((none.count(), none.sum()), (0, 0.0));
    }

    proptest! {
        #[test]
        fn merging_is_recording_both(
            one in proptest::collection::vec((0u64..500, 0u64..9), 0..20),
            other in proptest::collection::vec((0u64..500, 0u64..9), 0..20),
        ) {
            let mut merged = of(&one);
            merged.merge(&of(&other));
            let both: Vec<_> = one.into_iter().chain(other).collect();
            prop_assert_eq!(merged, of(&both));
        }

        #[test]
        fn a_quantile_has_that_part_below_it(values in proptest::collection::vec(1u64..500, 1..60), part in 0.0f64..=1.0) {
            let all = of(&values.iter().map(|micros| (*micros, 1)).collect::<Vec<_>>());
            let found = all.quantile(part).unwrap();
            let below = values.iter().filter(|micros| **micros as f64 / 1000.0 <= found).count();
            prop_assert!(below as f64 + 1e-6 >= part * values.len() as f64);
        }
    }
}
