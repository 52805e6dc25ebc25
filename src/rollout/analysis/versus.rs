//! Candidate against stable over the same window: worse, better, no worse, or not enough requests to tell.
//!
//! Both rates get a confidence sequence (see [`super::rate`]) at half of what may go wrong. Where the candidate's least possible
//! rate is above stable's greatest by more than the margin, it is worse; where its greatest is within the margin of stable's
//! least, it is no worse, and where it is below stable's least altogether, it is better. By the union bound the answer is wrong at
//! any look of a window with at most the stated probability, so that looking every interval costs nothing. Each sequence has two sides
//! of which a comparison uses one; a sequence with one side would need somewhat fewer requests, and there is none as simple as this.
//!
//! A rollout compares in several windows, and its own probability is divided among all of them, again by the union bound (see
//! [`Part`]). How many its plan has is known beforehand: each step that the metric judges, and the look after each hold behind such
//! a step; nine tenths are theirs in equal parts. Beside these, a job that takes the rollout over in the middle of a step watches
//! that step once more, and nobody knows how often that will be: of the tenth that is left the first take-over has a half, the second a
//! quarter, and so on, so that any number of them stays within it. An ordinary rollout pays for that with some two hundredths more
//! requests, a step that is watched again with a third more. That a rollout ends on a wrong answer about a metric is then no more probable than
//! stated, whatever became of its jobs; requests of a window that was given up count for nothing.

use super::rate::{Counts, Interval, interval};

/// What is compared, and how sure the answer has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Versus {
    /// By how much the candidate's rate may exceed stable's, from 0 to 1: 0.005 is half a percentage point.
    pub margin: f64,
    /// The probability from 0 to 1 that a rollout ends on a wrong answer: 0.05 at 95 % confidence.
    pub alpha: f64,
    /// The part of that probability that the window has.
    pub part: Part,
}

/// Which window of its rollout is compared: what may go wrong in it is a part of what may go wrong in the whole rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One of so many that the plan has; at least 1.
    Planned(u32),
    /// That of a step which is watched once more, by the job that took the rollout over as the so-and-so-many-th, from 1.
    Again(u64),
}

/// What is kept for windows that are watched once more.
const KEPT: f64 = 0.1;

impl Part {
    /// The part, from 0 to 1. Those of all windows of a rollout come to 1 at most.
    fn of_all(self) -> f64 {
        match self {
            Self::Planned(windows) => (1.0 - KEPT) / f64::from(windows.max(1)),
            Self::Again(takeover) => KEPT * 0.5_f64.powi(i32::try_from(takeover).unwrap_or(i32::MAX)),
        }
    }
}

/// How the candidate compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Its rate exceeds stable's by more than the margin.
    Worse,
    /// Its rate is within the margin of stable's.
    NoWorse,
    /// Its rate is below stable's.
    Better,
    /// The counts do not tell yet.
    NotEnough {
        /// So many more requests of the candidate's would tell, if both rates stay what they look like; None where no number
        /// that a release could wait for would.
        missing: Option<u64>,
    },
}

/// The most requests that `missing` tells of.
const FARTHEST: f64 = 1e9;

impl Versus {
    /// Compares the counts of one window.
    #[must_use]
    pub fn compare(&self, candidate: Counts, stable: Counts) -> Comparison {
        self.verdict(candidate, stable).unwrap_or_else(|| Comparison::NotEnough { missing: self.missing(candidate, stable) })
    }

    fn verdict(&self, candidate: Counts, stable: Counts) -> Option<Comparison> {
        // Half for each of the two sequences.
        let alpha = self.alpha * self.part.of_all() / 2.0;
        let Interval { lower, upper } = interval(candidate, alpha);
        let other = interval(stable, alpha);
        if lower > other.upper + self.margin {
            Some(Comparison::Worse)
        } else if upper < other.lower {
            Some(Comparison::Better)
        } else if upper <= other.lower + self.margin {
            Some(Comparison::NoWorse)
        } else {
            None
        }
    }

    /// How many more requests of the candidate's there have to be if both sides go on as they began.
    fn missing(&self, candidate: Counts, stable: Counts) -> Option<u64> {
        if candidate.requests <= 0.0 || stable.requests <= 0.0 {
            return None;
        }
        let grown = |counts: Counts, times: f64| Counts::new(counts.requests * times, counts.failures * times);
        let tells = |times: f64| self.verdict(grown(candidate, times), grown(stable, times)).is_some();
        let mut enough = 2.0;
        while !tells(enough) {
            enough *= 2.0;
            if candidate.requests * enough > FARTHEST {
                return None;
            }
        }
        let mut short = enough / 2.0;
        for _ in 0..20 {
            let middle = f64::midpoint(short, enough);
            if tells(middle) {
                enough = middle;
            } else {
                short = middle;
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and FARTHEST")]
        Some((candidate.requests * (enough - 1.0)).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rate::interval, Comparison, Counts, Interval, Part, Versus};

    const USUAL: Versus = Versus { margin: 0.005, alpha: 0.05, part: Part::Planned(1) };

    fn counts(requests: u32, failures: u32) -> Counts {
        Counts::new(f64::from(requests), f64::from(failures))
    }

    #[test]
    fn a_clear_difference_tells_and_a_small_one_waits() {
        let stable = counts(20_000, 20);
        let table = [
            (counts(1000, 50), Comparison::Worse),
            (counts(100, 30), Comparison::Worse),
            (counts(5000, 5), Comparison::NoWorse),
            (counts(60_000, 2), Comparison::Better),
            (counts(20_000, 0), Comparison::NoWorse),
        ];
        for (candidate, wanted) in table {
            assert_eq!(USUAL.compare(candidate, stable), wanted, "{candidate:?}");
        }
        for candidate in [counts(0, 0), counts(10, 1), counts(500, 3)] {
            let told = USUAL.compare(candidate, stable);
            assert!(matches!(told, Comparison::NotEnough { .. }), "{candidate:?}: {told:?}");
        }
    }

    #[test]
    fn what_is_missing_is_enough_once_it_is_there() {
        let (candidate, stable) = (counts(200, 0), counts(4000, 4));
        let Comparison::NotEnough { missing: Some(missing) } = USUAL.compare(candidate, stable) else { panic!() };
        let times = 1.0 + f64::from(u32::try_from(missing).unwrap()) / 200.0;
        let grown = |counts: Counts| Counts::new(counts.requests * times, counts.failures * times);
        assert_eq!(USUAL.compare(grown(candidate), grown(stable)), Comparison::NoWorse, "{missing}");
        assert!((500..3000).contains(&missing), "{missing}");
        // Exactly at the margin no number of requests would tell.
        assert_eq!(USUAL.compare(counts(1000, 6), counts(1000, 1)), Comparison::NotEnough { missing: None });
        assert_eq!(USUAL.compare(counts(0, 0), stable), Comparison::NotEnough { missing: None });
    }

    /// How many requests of the candidate's it takes to be told no worse than stable, of which 19 times as many come, where both have this
    /// rate of errors.
    fn needed(margin: f64, windows: u32, rate: f64) -> u64 {
        let versus = Versus { margin, part: Part::Planned(windows), ..USUAL };
        let enough = |requests: f64| {
            let candidate = Counts::new(requests, requests * rate);
            versus.compare(candidate, Counts::new(19.0 * requests, 19.0 * requests * rate)) == Comparison::NoWorse
        };
        (1_u32..).map(|hundreds| hundreds * 100).find(|requests| enough(f64::from(*requests))).map_or(0, u64::from)
    }

    #[test]
    fn the_readme_says_how_many_requests_a_comparison_takes() {
        let readme = include_str!("../../../README.md");
        for (margin, words) in [(0.005, "+0.5"), (0.01, "+1"), (0.02, "+2")] {
            let cells = [0.0, 0.001, 0.01].map(|rate| needed(margin, 1, rate).to_string());
            let row = format!("| `{words}` | {} |", cells.join(" | "));
            assert!(readme.contains(&row), "{row}");
        }
    }

    /// SplitMix64: the same numbers in every run.
    struct Numbers(u64);

    impl Numbers {
        fn chance(&mut self, probability: f64) -> bool {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            f64::from(u32::try_from(mixed >> 32).unwrap()) / f64::from(u32::MAX) < probability
        }

        fn failures(&mut self, requests: u32, rate: f64) -> u32 {
            u32::try_from((0..requests).filter(|_| self.chance(rate)).count()).unwrap()
        }
    }

    /// The share of runs that ever say `wanted`, looked at after every interval of a window.
    fn share(runs: u32, (candidate, stable): (f64, f64), versus: Versus, wanted: Comparison) -> f64 {
        let mut numbers = Numbers(7);
        let ends = (0..runs).filter(|_| {
            let (mut c, mut s) = ((0, 0), (0, 0));
            (0..40).any(|_| {
                c = (c.0 + 25, c.1 + numbers.failures(25, candidate));
                s = (s.0 + 75, s.1 + numbers.failures(75, stable));
                versus.verdict(counts(c.0, c.1), counts(s.0, s.1)) == Some(wanted)
            })
        });
        f64::from(u32::try_from(ends.count()).unwrap()) / f64::from(runs)
    }

    #[test]
    fn a_candidate_no_worse_than_stable_is_rejected_no_more_often_than_stated_however_often_one_looks() {
        let no_margin = Versus { margin: 0.0, alpha: 0.2, ..USUAL };
        for rate in [0.01, 0.3] {
            let rejected = share(150, (rate, rate), no_margin, Comparison::Worse);
            assert!(rejected <= 0.2, "{rate}: {rejected}");
        }
        let at_the_margin = Versus { margin: 0.02, ..no_margin };
        assert!(share(150, (0.05, 0.03), at_the_margin, Comparison::Worse) <= 0.2);
        assert!(share(150, (0.08, 0.03), at_the_margin, Comparison::NoWorse) <= 0.2);
    }

    #[test]
    fn the_parts_of_all_windows_come_to_no_more_than_the_whole() {
        for planned in [1, 2, 7] {
            let windows: f64 = (0..planned).map(|_| Part::Planned(planned).of_all()).sum();
            let again: f64 = (1..200).map(|takeover| Part::Again(takeover).of_all()).sum();
            assert!(windows + again <= 1.0 + 1e-12, "{planned}: {windows} and {again}");
        }
        let never = Versus { part: Part::Again(u64::MAX), ..USUAL };
        assert_eq!(never.compare(counts(1000, 500), counts(1000, 0)), Comparison::NotEnough { missing: None });
    }

    /// A rollout of two steps and a hold between them, whose first step is watched by three jobs: each window is looked at forty times.
    const ROLLOUT: [Part; 5] = [Part::Planned(3), Part::Again(1), Part::Again(2), Part::Planned(3), Part::Planned(3)];

    #[test]
    fn a_whole_rollout_rejects_a_candidate_no_worse_than_stable_no_more_often_than_stated() {
        const RUNS: u32 = 100;
        for (margin, candidate, stable) in [(0.0, 0.3, 0.3), (0.02, 0.05, 0.03)] {
            let mut numbers = Numbers(13);
            let mut is_rejected = |part| {
                let versus = Versus { margin, alpha: 0.2, part };
                let (mut c, mut s) = ((0, 0), (0, 0));
                (0..40).any(|_| {
                    c = (c.0 + 25, c.1 + numbers.failures(25, candidate));
                    s = (s.0 + 75, s.1 + numbers.failures(75, stable));
                    versus.verdict(counts(c.0, c.1), counts(s.0, s.1)) == Some(Comparison::Worse)
                })
            };
            let rejected = (0..RUNS).filter(|_| ROLLOUT.into_iter().any(&mut is_rejected)).count();
            assert!(rejected <= 20, "{margin}: {rejected} of {RUNS}");
        }
    }

    /// What that rests on, without the slack of a comparison of two, and with a job lost after the other: the true rate leaves any interval
    /// of the rollout no more often than stated. Divided among its steps alone it does.
    #[test]
    fn the_true_rate_leaves_the_intervals_of_a_whole_rollout_no_more_often_than_stated() {
        let parts = || ROLLOUT.into_iter().chain((3..25).map(Part::Again));
        let ever = |part: fn(Part) -> f64| {
            const RUNS: u32 = 100;
            let mut numbers = Numbers(17);
            let mut leaves = |alpha: f64| {
                let mut seen = (0, 0);
                (0..40).any(|_| {
                    seen = (seen.0 + 25, seen.1 + numbers.failures(25, 0.3));
                    let Interval { lower, upper } = interval(counts(seen.0, seen.1), alpha);
                    !(lower..=upper).contains(&0.3)
                })
            };
            let left = (0..RUNS).filter(|_| parts().any(|window| leaves(0.2 * part(window)))).count();
            f64::from(u32::try_from(left).unwrap()) / f64::from(RUNS)
        };
        let divided = ever(Part::of_all);
        assert!(divided <= 0.2, "{divided}");
        let by_steps_alone = ever(|_| 0.5);
        assert!(by_steps_alone > 0.2, "{by_steps_alone}");
    }

    /// An ordinary 95 % interval for a rate (E. B. Wilson, 1927), which holds at one look: `z` is the normal quantile.
    fn wilson(counts: Counts, z: f64) -> Interval {
        let (n, rate) = (counts.requests, counts.failures / counts.requests);
        let middle = (rate + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (rate * (1.0 - rate) / n + z * z / (4.0 * n * n)).sqrt();
        Interval { lower: middle - half, upper: middle + half }
    }

    /// The share of runs in which the true rate is ever outside of the interval, looked at forty times.
    fn ever_left(rate: f64, of: impl Fn(Counts) -> Interval) -> f64 {
        const RUNS: u32 = 300;
        let mut numbers = Numbers(11);
        let left = (0..RUNS).filter(|_| {
            let mut seen = (0, 0);
            let looks = (0..40).map(|_| {
                seen = (seen.0 + 25, seen.1 + numbers.failures(25, rate));
                let Interval { lower, upper } = of(counts(seen.0, seen.1));
                rate < lower || rate > upper
            });
            looks.fold(false, |left, now| left | now)
        });
        f64::from(u32::try_from(left.count()).unwrap()) / f64::from(RUNS)
    }

    /// An ordinary interval would not do: the same looks find it wrong many times as often as it says.
    #[test]
    fn the_true_rate_ever_leaves_its_interval_no_more_often_than_stated_and_would_leave_an_ordinary_one() {
        for rate in [0.05, 0.3] {
            for (alpha, z) in [(0.05, 1.96), (0.2, 1.2816)] {
                let ours = ever_left(rate, |counts| interval(counts, alpha));
                assert!(ours <= alpha, "{rate}, {alpha}: {ours}");
                let ordinary = ever_left(rate, |counts| wilson(counts, z));
                assert!(ordinary > 2.0 * alpha, "{rate}, {alpha}: an ordinary one {ordinary}");
            }
        }
    }

    #[test]
    fn a_candidate_that_is_much_worse_is_found_out() {
        assert!(share(100, (0.1, 0.005), USUAL, Comparison::Worse) > 0.95);
        assert!(share(100, (0.005, 0.005), Versus { margin: 0.05, ..USUAL }, Comparison::NoWorse) > 0.9);
    }
}
