//! Values with how often each was measured.

/// Values in ascending order, each once, with its number of samples; exact, so that percentiles of several minutes are those of
/// all their samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sandbox::cloudwatch) struct Distribution {
    values: Vec<(f64, u64)>,
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

impl Distribution {
    /// From values in any order.
    pub(in crate::sandbox::cloudwatch) fn of(values: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let mut values: Vec<_> = values.into_iter().filter(|(value, count)| value.is_finite() && *count > 0).collect();
        values.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        values.dedup_by(|(value, count), (kept, total)| {
            let same = value.total_cmp(kept).is_eq();
            if same {
                *total += *count;
            }
            same
        });
        Self { values }
    }

    /// One sample.
    pub(super) fn one(value: f64) -> Self {
        Self::of([(value, 1)])
    }

    /// All of these together.
    pub(in crate::sandbox::cloudwatch) fn merged<'d>(several: impl IntoIterator<Item = &'d Self>) -> Self {
        Self::of(several.into_iter().flat_map(|one| one.values.iter().copied()))
    }

    /// With half of its samples, rounded up.
    pub(super) fn halved(&self) -> Self {
        Self::of(self.values.iter().map(|(value, count)| (*value, count.div_ceil(2))))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn count(&self) -> f64 {
        self.values.iter().map(|(_, count)| float(*count)).sum()
    }

    pub(super) fn sum(&self) -> f64 {
        self.values.iter().map(|(value, count)| value * float(*count)).sum()
    }

    pub(super) fn min(&self) -> Option<f64> {
        self.values.first().map(|(value, _)| *value)
    }

    pub(super) fn max(&self) -> Option<f64> {
        self.values.last().map(|(value, _)| *value)
    }

    /// What this part of the samples (0.99 for p99) did not exceed, by nearest rank.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = self.count() * part.clamp(0.0, 1.0);
        let mut passed = 0.0;
        let found = self.values.iter().find(|(_, count)| {
            passed += float(*count);
            // A rank that is a whole number but for rounding is that number.
            passed >= wanted - 1e-6
        });
        found.map(|(value, _)| *value)
    }

    /// The samples whose ranks lie between these parts of all: 0 and 0.9 leave out the highest tenth.
    pub(super) fn ranks(&self, from: f64, to: f64) -> Self {
        let all = self.count();
        let (low, high) = ((all * from + 1e-6).floor(), (all * to - 1e-6).ceil());
        let mut passed = 0.0;
        let inside = self.values.iter().map(|(value, count)| {
            let (first, last) = (passed, passed + float(*count));
            passed = last;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count, not below 0")]
            let kept = (last.min(high) - first.max(low)).max(0.0) as u64;
            (*value, kept)
        });
        Self::of(inside.collect::<Vec<_>>())
    }

    /// The samples above `from` and not above `to`.
    pub(super) fn between(&self, from: f64, to: f64) -> Self {
        Self { values: self.values.iter().copied().filter(|(value, _)| *value > from && *value <= to).collect() }
    }

    /// Every sample moved to the nearer of these bounds where it is outside of them.
    pub(super) fn clamped(&self, from: f64, to: f64) -> Self {
        Self::of(self.values.iter().map(|(value, count)| (value.max(from).min(to), *count)))
    }
}

#[cfg(test)]
mod tests {
    use super::Distribution;

    #[test]
    fn percentiles_of_several_minutes_are_those_of_all_samples() {
        let quiet = Distribution::of([(10.0, 98), (50.0, 2)]);
        let slow = Distribution::of([(900.0, 10)]);
        let both = Distribution::merged([&quiet, &slow]);
        assert_eq!((both.count(), both.min(), both.max()), (110.0, Some(10.0), Some(900.0)));
        assert_eq!([0.5, 0.9, 0.91, 0.99].map(|part| both.quantile(part).unwrap()), [10.0, 50.0, 900.0, 900.0]);
        assert_eq!(Distribution::default().quantile(0.5), None);
        assert_eq!(both.ranks(0.0, 0.9).count(), 99.0);
        assert_eq!(quiet.halved().count(), 50.0);
    }
}
