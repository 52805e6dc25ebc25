//! What to say of many values: "CloudWatch statistics definitions" of the CloudWatch User Guide.

use super::Distribution;

/// A statistic by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox::cloudwatch) enum Statistic {
    SampleCount,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// Of 0 to 1.
    Percentile(f64),
    /// What is left between two bounds.
    Trimmed(Of, Bounds),
    /// The mean with what is outside of the bounds moved to them.
    Winsorized(Bounds),
    /// The percentage of samples between two values.
    Rank(f64, f64),
}

/// What is said of the samples between the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox::cloudwatch) enum Of {
    Mean,
    Sum,
    Count,
}

/// Where a trimmed statistic cuts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox::cloudwatch) enum Bounds {
    /// Parts of all samples, 0 to 1.
    Parts(f64, f64),
    /// Values; the lower one is outside.
    Values(f64, f64),
}

impl Statistic {
    /// `Average`, `p99.9`, `tm90`, `TM(2%:98%)`, `PR(:300)`, `IQM`; none for what CloudWatch does not know.
    pub(in crate::sandbox::cloudwatch) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "IQM" => Self::Trimmed(Of::Mean, Bounds::Parts(0.25, 0.75)),
            _ => return Self::extended(text),
        })
    }

    fn extended(text: &str) -> Option<Self> {
        if let Some(percent) = text.strip_prefix('p') {
            return part(percent).map(Self::Percentile);
        }
        let (name, rest) = text.split_at_checked(2)?;
        if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            let bounds = bounds(inner)?;
            return match (name, bounds) {
                ("PR", Bounds::Values(from, to)) => Some(Self::Rank(from, to)),
                ("PR", Bounds::Parts(..)) => None,
                ("WM", bounds) => Some(Self::Winsorized(bounds)),
                (_, bounds) => Some(Self::Trimmed(trimmed(name)?, bounds)),
            };
        }
        if name != name.to_ascii_lowercase() {
            return None;
        }
        let bounds = Bounds::Parts(0.0, part(rest)?);
        if name == "wm" {
            Some(Self::Winsorized(bounds))
        } else {
            Some(Self::Trimmed(trimmed(&name.to_ascii_uppercase())?, bounds))
        }
    }

    /// The statistic of some samples; none of none.
    pub(in crate::sandbox::cloudwatch) fn of(self, samples: &Distribution) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        let mean = |of: &Distribution| (!of.is_empty()).then(|| of.sum() / of.count());
        match self {
            Self::SampleCount => Some(samples.count()),
            Self::Sum => Some(samples.sum()),
            Self::Average => mean(samples),
            Self::Minimum => samples.min(),
            Self::Maximum => samples.max(),
            Self::Percentile(part) => samples.quantile(part),
            Self::Rank(from, to) => Some(100.0 * samples.between(from, to).count() / samples.count()),
            Self::Trimmed(of, bounds) => {
                let left = match bounds {
                    Bounds::Parts(from, to) => samples.ranks(from, to),
                    Bounds::Values(from, to) => samples.between(from, to),
                };
                match of {
                    Of::Mean => mean(&left),
                    Of::Sum => Some(left.sum()),
                    Of::Count => Some(left.count()),
                }
            }
            Self::Winsorized(bounds) => {
                let (from, to) = match bounds {
                    Bounds::Parts(from, to) => (samples.quantile(from)?, samples.quantile(to)?),
                    Bounds::Values(from, to) => (from, to),
                };
                mean(&samples.clamped(from, to))
            }
        }
    }
}

fn trimmed(name: &str) -> Option<Of> {
    match name {
        "TM" => Some(Of::Mean),
        "TS" => Some(Of::Sum),
        "TC" => Some(Of::Count),
        _ => None,
    }
}

/// A percentage as a part: digits with at most ten behind the point, 0 to 100.
fn part(text: &str) -> Option<f64> {
    number(text).filter(|percent| *percent <= 100.0).map(|percent| percent / 100.0)
}

fn number(text: &str) -> Option<f64> {
    let (whole, behind) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(behind) && behind.len() <= 10).then(|| text.parse().ok()).flatten()
}

/// `10%:90%`, `:300`, `150:`.
fn bounds(text: &str) -> Option<Bounds> {
    let (from, to) = text.split_once(':')?;
    let percent = from.ends_with('%') || to.ends_with('%');
    let read = |text: &str, open: f64| match text {
        "" => Some(open),
        text if percent => part(text.strip_suffix('%')?),
        text => number(text),
    };
    let (low, high) =
        (read(from, if percent { 0.0 } else { f64::NEG_INFINITY })?, read(to, if percent { 1.0 } else { f64::INFINITY })?);
    if (from.is_empty() && to.is_empty()) || low >= high {
        return None;
    }
    Some(if percent { Bounds::Parts(low, high) } else { Bounds::Values(low, high) })
}

#[cfg(test)]
mod tests {
    use super::{Distribution, Statistic};

    #[test]
    fn statistics_of_a_hundred_values() {
        let hundred = Distribution::of((1..=100).map(|value| (f64::from(value), 1)));
        let table = [
            ("SampleCount", 100.0),
            ("Sum", 5050.0),
            ("Average", 50.5),
            ("Minimum", 1.0),
            ("Maximum", 100.0),
            ("p50", 50.0),
            ("p99.5", 100.0),
            ("p0", 1.0),
            ("p100", 100.0),
            ("tm90", 45.5),
            ("tc90", 90.0),
            ("ts90", 4095.0),
            ("wm98", (4851.0 + 98.0 * 2.0) / 100.0),
            ("IQM", 50.5),
            ("TM(2%:98%)", 50.5),
            ("TM(10:20)", 15.5),
            ("TC(10:)", 90.0),
            ("TS(:2)", 3.0),
            ("PR(:30)", 30.0),
            ("PR(30:60)", 30.0),
            ("WM(:10)", (45.0 + 91.0 * 10.0) / 100.0),
        ];
        for (name, wanted) in table {
            let found = Statistic::parse(name).and_then(|statistic| statistic.of(&hundred));
            assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-9), "{name}: {found:?}, wanted is {wanted}");
        }
        assert_eq!(Statistic::Sum.of(&Distribution::default()), None);
    }

    #[test]
    fn what_is_no_statistic() {
        for name in [
            "",
            "p",
            "p101",
            "pp",
            "p-1",
            "average",
            "Median",
            "tm",
            "tm(1:2)",
            "TM90",
            "PR(1%:2%)",
            "TM(:)",
            "TM(9:1)",
            "p1e1",
            "µ9",
        ] {
            assert_eq!(Statistic::parse(name), None, "{name}");
        }
    }
}
