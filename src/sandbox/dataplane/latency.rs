//! How latencies are spread, without chance: every hundred requests of a target take each hundredth of the distribution once.

use std::time::Duration;

/// The number of parts that a distribution is cut into.
const PARTS: u64 = 100;

/// The latency, in microseconds, that `part` + 1 hundredths of the requests do not exceed. Half of them take no longer than `p50`,
/// 99 of 100 no longer than `p99`; the lower half is at most half of `p50` faster, the upper half grows slowly at first and fast in
/// the end (with the cube), as the latencies of real services do.
fn quantile(p50: u64, p99: u64, part: u64) -> u64 {
    let spread = p99.saturating_sub(p50);
    if part < 49 {
        p50 - spread.min(p50) * (49 - part) / (2 * 49)
    } else if part <= 98 {
        let cubed = u128::from(part - 49).pow(3) * u128::from(spread) / 49_u128.pow(3);
        p50.saturating_add(u64::try_from(cubed).unwrap_or(u64::MAX))
    } else {
        p99.max(p50).saturating_add(spread / 2)
    }
}

/// The latencies, in microseconds, of `requests` requests of which the first is the target's request number `served`, each with
/// how many take so long, ascending. Neighbours take very different hundredths; the first takes the median.
pub(super) fn spread(p50: Duration, p99: Duration, served: u64, requests: u64) -> Vec<(u64, u64)> {
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let (p50, p99) = (micros(p50), micros(p99));
    if p99 <= p50 {
        return vec![(p50, requests)];
    }
    let (each, rest) = (requests / PARTS, requests % PARTS);
    let mut counts = [each; 100];
    // 37 and 100 have no common divisor: a hundred steps visit every part.
    for step in 0..rest {
        let index = usize::try_from(part(served.wrapping_add(step))).unwrap_or(0);
        if let Some(count) = counts.get_mut(index) {
            *count += 1;
        }
    }
    let mut taken = Vec::with_capacity(counts.len());
    taken.extend((0..PARTS).zip(counts).filter(|(_, count)| *count > 0).map(|(part, count)| (quantile(p50, p99, part), count)));
    taken
}

fn part(number: u64) -> u64 {
    (number % PARTS * 37 + 49) % PARTS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::spread;
    use crate::sandbox::dataplane::histogram::Histogram;

    fn of(p50: u64, p99: u64, parts: &[u64]) -> Histogram {
        let mut all = Histogram::new();
        let mut served = 0;
        for requests in parts {
            let taken = spread(Duration::from_millis(p50), Duration::from_millis(p99), served, *requests);
            assert_eq!(taken.iter().map(|(_, count)| count).sum::<u64>(), *requests);
            all.record(taken);
            served += requests;
        }
        all
    }

    #[test]
    fn the_median_and_the_99th_percentile_are_what_they_are_said_to_be() {
        let all = of(20, 120, &[100]);
        let quantiles = [0.0, 0.5, 0.9, 0.95, 0.99, 1.0].map(|part| all.quantile(part).unwrap());
        assert_eq!(quantiles, [10.0, 20.0, 74.399, 97.454, 120.0, 170.0]);
        let mean = all.mean().unwrap();
        assert!((30.0..32.5).contains(&mean), "{mean}");
        assert_eq!(of(20, 120, &[1]).mean(), Some(20.0), "the first request takes the median");
        assert_eq!(of(20, 20, &[7]).max(), Some(20.0), "no spread");
    }

    #[test]
    fn many_at_once_are_many_one_by_one() {
        let single = of(20, 120, &[1; 357]);
        for parts in [&[357][..], &[100, 257], &[99, 1, 200, 57], &[3, 354]] {
            assert_eq!(of(20, 120, parts), single, "{parts:?}");
        }
    }
}
