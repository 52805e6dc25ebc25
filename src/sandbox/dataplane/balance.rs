//! Whose turn it is: weights that come out even, and each target in turn. Without chance, and the same for a million requests at
//! once as for one after the other.

use std::collections::BTreeMap;

/// Smooth weighted round robin: of all requests each group gets its share exactly, whatever their number, and those of one group are
/// spread among those of the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Wheel {
    weights: Vec<u32>,
    owed: Vec<i64>,
}

impl Wheel {
    /// How many of the next `requests` each group gets, in the order of the weights; none when all weights are 0. Other weights than
    /// last time begin anew.
    pub(super) fn take(&mut self, weights: &[u32], requests: u64) -> Option<Vec<u64>> {
        let unit = weights.iter().copied().fold(0, gcd);
        if unit == 0 {
            return None;
        }
        if self.weights != weights {
            weights.clone_into(&mut self.weights);
            self.owed = vec![0; weights.len()];
        }
        // After so many requests each group had its weight's worth, and everything is as it was.
        let turns: u64 = weights.iter().map(|weight| u64::from(weight / unit)).sum();
        let rounds = requests / turns;
        let mut taken: Vec<u64> = weights.iter().map(|weight| u64::from(weight / unit).saturating_mul(rounds)).collect();
        for _ in 0..requests % turns {
            if let Some(next) = self.next()
                && let Some(count) = taken.get_mut(next)
            {
                *count += 1;
            }
        }
        Some(taken)
    }

    /// The group that is owed the most, the first of those; all are owed their weight, and it has had one request.
    fn next(&mut self) -> Option<usize> {
        let total: i64 = self.weights.iter().map(|weight| i64::from(*weight)).sum();
        let mut best: Option<(usize, i64)> = None;
        for (index, (owed, weight)) in self.owed.iter_mut().zip(&self.weights).enumerate() {
            *owed += i64::from(*weight);
            if *weight > 0 && best.is_none_or(|(_, most)| *owed > most) {
                best = Some((index, *owed));
            }
        }
        let (best, _) = best?;
        if let Some(owed) = self.owed.get_mut(best) {
            *owed -= total;
        }
        Some(best)
    }
}

fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// Round robin over so many targets.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(u64);

impl Turns {
    /// How many of the next `requests` each of `targets` gets.
    pub(super) fn take(&mut self, targets: usize, requests: u64) -> Vec<u64> {
        let Some(count) = u64::try_from(targets).ok().filter(|count| *count > 0) else { return Vec::new() };
        let (each, rest, next) = (requests / count, requests % count, self.0 % count);
        self.0 = self.0.wrapping_add(requests);
        // The first `rest` from `next` on get one more.
        (0..count).map(|target| each + u64::from((target + count - next) % count < rest)).collect()
    }
}

/// What every rule's weights and every group's targets have come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Balance {
    wheels: BTreeMap<String, Wheel>,
    turns: BTreeMap<String, Turns>,
}

impl Balance {
    pub(super) fn wheel(&mut self, rule: &str) -> &mut Wheel {
        entry(&mut self.wheels, rule)
    }

    pub(super) fn turns(&mut self, group: &str) -> &mut Turns {
        entry(&mut self.turns, group)
    }
}

/// The value of this key, a new one where there is none.
pub(super) fn entry<'a, V: Default>(map: &'a mut BTreeMap<String, V>, key: &str) -> &'a mut V {
    map.entry(key.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Turns, Wheel};

    #[test]
    fn every_group_gets_its_share_exactly_and_evenly_spread() {
        let mut wheel = Wheel::default();
        let order: Vec<_> = (0..8).map(|_| wheel.take(&[75, 25, 0], 1).unwrap()).collect();
        let first: Vec<u64> = order.iter().map(|taken| taken[0]).collect();
        assert_eq!(first, [1, 1, 0, 1, 1, 1, 0, 1]);
        assert_eq!(wheel.take(&[75, 25, 0], 4_000_000_000), Some(vec![3_000_000_000, 1_000_000_000, 0]));
        assert_eq!(wheel.take(&[20, 10], 3_000), Some(vec![2_000, 1_000]));
        assert_eq!(wheel.take(&[0, 0], 5), None);
        assert_eq!(wheel.take(&[], 5), None);
        assert_eq!(wheel.take(&[0, 999], 5), Some(vec![0, 5]));
    }

    #[test]
    fn targets_take_turns() {
        let mut turns = Turns::default();
        assert_eq!(turns.take(3, 4), [2, 1, 1]);
        assert_eq!(turns.take(3, 1), [0, 1, 0]);
        assert_eq!(turns.take(3, 2), [1, 0, 1]);
        assert_eq!(turns.take(2, 0), [0, 0]);
        assert!(turns.take(0, 5).is_empty());
    }

    fn sum(all: impl Iterator<Item = Vec<u64>>) -> Vec<u64> {
        all.reduce(|one, other| one.iter().zip(other).map(|(one, other)| one + other).collect()).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn many_at_once_are_many_one_by_one(weights in proptest::collection::vec(0u32..60, 1..5), parts in proptest::collection::vec(0u64..200, 1..6)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let (mut bulk, mut single) = (Wheel::default(), Wheel::default());
            let total = parts.iter().sum();
            let bulk = sum(parts.iter().map(|part| bulk.take(&weights, *part).unwrap()));
            prop_assert_eq!(bulk.iter().sum::<u64>(), total);
            let single = sum((0..total).map(|_| single.take(&weights, 1).unwrap()));
            prop_assert!(single.is_empty() || bulk == single, "{:?} {:?}", bulk, single);

            let (mut bulk, mut single) = (Turns::default(), Turns::default());
            let bulk = sum(parts.iter().map(|part| bulk.take(weights.len(), *part)));
            let single = sum((0..total).map(|_| single.take(weights.len(), 1)));
            prop_assert!(single.is_empty() || bulk == single, "{:?} {:?}", bulk, single);
        }
    }
}
