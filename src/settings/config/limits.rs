//! Values of metrics as people write them: `1%`, `800ms`, `+0.5`, `p99`.

use crate::rollout::analysis::{Margin, Number, Source, Unit};

/// What is wrong with a value, and what to write instead.
pub(super) type Wrong = (String, String);

fn wrong<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Wrong> {
    Err((message.into(), hint.into()))
}

/// A plain decimal number: no exponent, no infinity, no spaces.
fn decimal(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let fits = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.len() <= 18;
    text.parse().ok().filter(|_| fits).and_then(Number::new)
}

fn scaled(number: Number, by: f64) -> Option<Number> {
    Number::new(number.get() * by)
}

/// `800ms` or `1.2s`, as milliseconds.
fn milliseconds(text: &str) -> Option<Number> {
    match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => decimal(number.trim_end()),
        (None, Some(number)) => scaled(decimal(number.trim_end())?, 1000.0),
        (None, None) => None,
    }
}

/// A limit in the unit of what is measured.
pub(super) fn limit(unit: Unit, text: &str) -> Result<Number, Wrong> {
    let text = text.trim();
    match unit {
        Unit::Rate => {
            let percent = text.strip_suffix('%').and_then(|number| decimal(number.trim_end()));
            match percent.filter(|percent| (0.0..100.0).contains(&percent.get())).and_then(|percent| scaled(percent, 0.01)) {
                Some(rate) => Ok(rate),
                None => wrong(format!("`{text}` is not a limit of an error rate"), "write a percentage below 100%, such as `1%`"),
            }
        }
        Unit::Milliseconds => match milliseconds(text).filter(|limit| limit.get() > 0.0) {
            Some(limit) => Ok(limit),
            None => wrong(format!("`{text}` is not a length of time"), "write it with its unit, such as `800ms` or `1.2s`"),
        },
        Unit::Plain => match decimal(text) {
            Some(limit) => Ok(limit),
            None => wrong(format!("`{text}` is not a number"), "write a number without a unit, such as `0.99`"),
        },
    }
}

/// How far from stable: `+0.5` percentage points of an error rate, `+20%` or `+100ms` of a latency, `-5` where more is better.
pub(super) fn margin(source: &Source, text: &str) -> Result<Margin, Wrong> {
    let written = text.trim();
    let (sign, amount) = match (written.strip_prefix('+'), written.strip_prefix('-')) {
        (Some(rest), _) => (1.0, rest.trim_start()),
        (None, Some(rest)) => (-1.0, rest.trim_start()),
        (None, None) => (1.0, written),
    };
    if source.counts() && *source != Source::ErrorRate || *source == Source::RequestCount {
        return wrong(
            "a count cannot be compared with stable's: it depends on the share of the requests",
            "compare `error-rate`, which is a ratio and includes failed connections",
        );
    }
    let is_negative = sign < 0.0 || amount.starts_with('-');
    let percent = amount.strip_suffix('%').map(|number| decimal(number.trim_end()));
    match (source.unit(), percent) {
        (Unit::Rate, Some(_)) => wrong(
            format!("`{written}` could be a part of stable's rate or percentage points"),
            "error rates are compared in percentage points: write `+0.5` for half a point",
        ),
        (Unit::Rate, None) => match decimal(amount).filter(|points| !is_negative && points.get() < 100.0) {
            Some(points) => Ok(Margin::Absolute(scaled(points, 0.01).unwrap_or_default())),
            None => wrong(
                format!("`{written}` is not how far above stable's an error rate may be"),
                "write percentage points, such as `+0.5`, or `0` for no worse at all",
            ),
        },
        (Unit::Milliseconds, _) if is_negative => wrong(
            format!("`{written}` would want the candidate to be faster than stable"),
            "write how much slower it may be: `+20%`",
        ),
        (_, Some(Some(percent))) if percent.get() >= 0.0 => {
            Ok(Margin::Relative(scaled(percent, sign * 0.01).unwrap_or_default()))
        }
        (Unit::Milliseconds, None) => match milliseconds(amount) {
            Some(by) => Ok(Margin::Absolute(by)),
            None => wrong(
                format!("`{written}` is not how far above stable's a latency may be"),
                "write a part of stable's, such as `+20%`, or a time, such as `+100ms`",
            ),
        },
        (Unit::Plain, None) if decimal(amount).is_some_and(|by| by.get() >= 0.0) => {
            Ok(Margin::Absolute(decimal(amount).and_then(|by| scaled(by, sign)).unwrap_or_default()))
        }
        (_, _) => wrong(
            format!("`{written}` is not how far from stable's a value may be"),
            "write `+20%` or `+5` for how far above, `-20%` or `-5` for how far below",
        ),
    }
}

/// A statistic as CloudWatch spells it.
pub(super) fn statistic(text: &str) -> Result<String, Wrong> {
    let known = [("average", "Average"), ("sum", "Sum"), ("minimum", "Minimum"), ("maximum", "Maximum")];
    if let Some((_, spelt)) = known.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)) {
        return Ok((*spelt).to_owned());
    }
    let percentile = text.strip_prefix('p').and_then(decimal).filter(|percent| (0.0..=100.0).contains(&percent.get()));
    match percentile {
        Some(_) => Ok(text.to_owned()),
        None => wrong(
            format!("`{text}` is not a statistic"),
            "write `average`, `minimum`, `maximum`, `sum`, or a percentile such as `p99` or `p99.9`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_the_unit_of_what_is_measured() {
        let read = |unit, text| limit(unit, text).map(Number::get);
        assert_eq!(read(Unit::Rate, "1%"), Ok(0.01));
        assert_eq!(read(Unit::Rate, "0%"), Ok(0.0));
        assert_eq!(read(Unit::Milliseconds, "800ms"), Ok(800.0));
        assert_eq!(read(Unit::Milliseconds, "1.5s"), Ok(1500.0));
        assert_eq!(read(Unit::Plain, "-0.99"), Ok(-0.99));
        for (unit, text) in [
            (Unit::Rate, "1"),
            (Unit::Rate, "100%"),
            (Unit::Rate, "-1%"),
            (Unit::Rate, "NaN%"),
            (Unit::Milliseconds, "800"),
            (Unit::Milliseconds, "0ms"),
            (Unit::Milliseconds, "1m"),
            (Unit::Plain, "1e9"),
            (Unit::Plain, "inf"),
            (Unit::Plain, "1%"),
            (Unit::Plain, ""),
        ] {
            assert!(limit(unit, text).is_err(), "{unit:?} {text}");
        }
    }

    #[test]
    fn margins_are_points_parts_or_amounts() {
        let absolute = |value: f64| Ok(Margin::Absolute(Number::new(value).expect("finite")));
        let relative = |value: f64| Ok(Margin::Relative(Number::new(value).expect("finite")));
        let (rate, time) = (Source::ErrorRate, Source::RequestTime("p99".to_owned()));
        let other = Source::Expression("x".to_owned());
        assert_eq!(margin(&rate, "+0.5"), absolute(0.005));
        assert_eq!(margin(&rate, "0"), absolute(0.0));
        assert_eq!(margin(&time, "+20%"), relative(0.2));
        assert_eq!(margin(&time, "+100ms"), absolute(100.0));
        assert_eq!(margin(&other, "-5"), absolute(-5.0));
        assert_eq!(margin(&other, "-20%"), relative(-0.2));
        for (source, text) in [
            (&rate, "+0.5%"),
            (&rate, "-0.5"),
            (&rate, "+100"),
            (&time, "+20"),
            (&time, "-20%"),
            (&time, "faster"),
            (&other, "+-5"),
            (&other, "x"),
            (&Source::RequestCount, "+5"),
            (&Source::ConnectionErrors, "+5"),
        ] {
            assert!(margin(source, text).is_err(), "{source} {text}");
        }
    }

    #[test]
    fn statistics_are_spelt_as_cloudwatch_spells_them() {
        assert_eq!(statistic("average").as_deref(), Ok("Average"));
        assert_eq!(statistic("p99.9").as_deref(), Ok("p99.9"));
        for text in ["p101", "p", "99", "median", "p-1"] {
            assert!(statistic(text).is_err(), "{text}");
        }
    }
}
