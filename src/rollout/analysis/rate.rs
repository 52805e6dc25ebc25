//! What is known of a rate, however often one looks.
//!
//! A release is looked at every interval, and stopped at the first look that condemns it. An ordinary confidence interval is
//! wrong for that: at 95 % confidence and forty looks it would condemn a third of all good candidates. What is used here is a
//! *confidence sequence*, a series of intervals of which, with the stated confidence, **all** contain the true rate.
//!
//! Method: Robbins' mixture. With a Beta(½, ½) prior over the alternatives, the ratio of the marginal to the likelihood at the
//! true rate p, B(½ + s, ½ + n − s) / (B(½, ½) · pˢ (1 − p)ⁿ⁻ˢ) after s failures in n requests, is a non-negative martingale
//! that starts at 1. By Ville's inequality it ever reaches 1/α with a probability of at most α. The interval is every p at which
//! it is below 1/α. It holds at any time that depends on the data, so requests may come in batches of any size.
//!
//! Sources: H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics
//! 41 (1970); S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
//! sequences", Annals of Statistics 49 (2021), §3.

/// Requests and how many of them failed. Counts, not percentages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// How many requests there were.
    pub requests: f64,
    /// How many of them failed; at most `requests`.
    pub failures: f64,
}

impl Counts {
    /// Counts that were read from somewhere: nothing below zero, and no more failures than requests.
    #[must_use]
    pub fn new(requests: f64, failures: f64) -> Self {
        let requests = if requests.is_finite() { requests.max(0.0) } else { 0.0 };
        let failures = if failures.is_finite() { failures.clamp(0.0, requests) } else { 0.0 };
        Self { requests, failures }
    }

    /// The share of requests that failed, from 0 to 1; None without requests.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.requests > 0.0).then(|| self.failures / self.requests)
    }
}

/// The rates that are still possible, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The least.
    pub lower: f64,
    /// The greatest.
    pub upper: f64,
}

/// How near to where the evidence is enough an edge is; always beyond it.
const FINE: f64 = 1e-12;
/// More of Newton's steps than any counts need.
const STEPS: u32 = 100;

/// The interval that contains the true rate at this and at every other look, but for a probability of `alpha` (0 to 1).
#[must_use]
pub fn interval(counts: Counts, alpha: f64) -> Interval {
    let Some(rate) = counts.rate() else { return Interval { lower: 0.0, upper: 1.0 } };
    // On each side of the observed rate the evidence against p only grows, and is convex: from where it is more than enough Newton's
    // method comes nearer to where it is enough, and never passes it.
    let (evidence_against, enough) = (evidence(counts), -alpha.ln());
    let possible = |p: f64| evidence_against(p) < enough;
    let slope = |p: f64| (counts.requests - counts.failures) / (1.0 - p) - counts.failures / p;
    let edge = |end: f64| {
        if possible(end) {
            return end;
        }
        let mut beyond = f64::midpoint(rate, end);
        while possible(beyond) {
            if (beyond - end).abs() <= FINE {
                return end;
            }
            beyond = f64::midpoint(beyond, end);
        }
        for _ in 0..STEPS {
            let nearer = beyond - (evidence_against(beyond) - enough) / slope(beyond);
            if possible(nearer) || (beyond - nearer).abs() <= FINE {
                break;
            }
            beyond = nearer;
        }
        beyond
    };
    Interval { lower: edge(0.0), upper: edge(1.0) }
}

/// The logarithm of the martingale at a rate `p`: how much better the mixture explains the counts than `p` does.
fn evidence(Counts { requests, failures }: Counts) -> impl Fn(f64) -> f64 {
    let successes = requests - failures;
    // 0 · ln 0 is 0: a rate of 0 explains no failures perfectly.
    let weighed = |count: f64, probability: f64| if count > 0.0 { count * probability.ln() } else { 0.0 };
    let mixture = ln_beta(0.5 + failures, 0.5 + successes) - ln_beta(0.5, 0.5);
    move |p| mixture - (weighed(failures, p) + weighed(successes, 1.0 - p))
}

fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

#[cfg(test)]
mod tests {
    use super::{Counts, Interval, interval};

    /// Computed with mpmath 1.3 at 50 digits: the roots of log M(p) = log(1/α) on both sides of s/n.
    #[test]
    fn intervals_are_those_computed_elsewhere() {
        let table = include_str!("intervals.txt").lines().filter(|line| !line.starts_with('#'));
        let mut lines = 0;
        for line in table {
            let numbers: Vec<f64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
            let &[requests, failures, alpha, lower, upper] = numbers.as_slice() else { panic!("{line}") };
            let Interval { lower: l, upper: u } = interval(Counts::new(requests, failures), alpha);
            assert!((l - lower).abs() < 1e-9 && (u - upper).abs() < 1e-9, "{line}: {l} {u}");
            lines += 1;
        }
        assert!(lines > 10);
    }

    #[test]
    fn nothing_is_known_without_requests_and_nonsense_is_tamed() {
        assert_eq!(interval(Counts::default(), 0.05), Interval { lower: 0.0, upper: 1.0 });
        assert_eq!(Counts::new(f64::NAN, 3.0), Counts::default());
        assert_eq!(Counts::new(10.0, 30.0), Counts { requests: 10.0, failures: 10.0 });
        assert_eq!(Counts::new(-1.0, -1.0).rate(), None);
    }

    #[test]
    fn more_requests_narrow_the_interval_and_it_holds_the_observed_rate() {
        let mut width = 1.0;
        for hundreds in 1..60 {
            let counts = Counts::new(f64::from(hundreds) * 100.0, f64::from(hundreds) * 2.0);
            let Interval { lower, upper } = interval(counts, 0.05);
            assert!(lower <= 0.02 && 0.02 <= upper && upper - lower < width);
            width = upper - lower;
        }
    }
}
