//! Comparing numbers by value without ever rounding them.

/// A JSON number as sign, significant digits and power of ten, so that `1.0`, `1` and `10e-1` are the same.
#[derive(Debug, PartialEq, Eq)]
struct Canonical {
    negative: bool,
    digits: String,
    exponent: i64,
}

fn canonical(text: &str) -> Option<Canonical> {
    let (negative, magnitude) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut exponent: i64 = exponent.parse().ok()?;
    exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(Canonical { negative: false, digits: String::new(), exponent: 0 });
    }
    exponent = exponent.checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    Some(Canonical { negative, digits: significant.to_owned(), exponent })
}

/// Whether two JSON number texts have the same value, exactly.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || matches!((canonical(one), canonical(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn numbers_are_compared_by_value_and_never_rounded() {
        for (one, other) in [
            ("1", "1.0"),
            ("10", "1e1"),
            ("1.5e-9223372036854775808", "1.5e-9223372036854775808"),
            ("-0", "0"),
            ("0.50", "5E-1"),
            ("1200", "1.2e+3"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "-1"),
            ("1.5e-9223372036854775808", "0"),
            ("0.1", "0.10000000000000000001"),
            ("9007199254740993", "9007199254740992"),
            ("1", "10"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
